import { FakeClock } from '../../../platform/fake/clock.ts';
import { FakeDialer, type RemoteEnd } from '../../../platform/fake/dialer.ts';
import { FakeListeners } from '../../../platform/fake/listeners.ts';
import { FakeLogger } from '../../../platform/fake/logger.ts';
import type { Random } from '../../../platform/ports.ts';
import type { PeerConfig, SessionStatus } from '../model.ts';
import { BgpSpeaker, type BgpSpeakerOptions } from '../speaker.ts';
import type { Capability } from '../wire/capabilities/capability.ts';
import type { CodecContext } from '../wire/context.ts';
import { FrameReader } from '../wire/frame.ts';
import { decodeMessage, encodeMessage, type Message, type ReceivedMessage } from '../wire/message.ts';
import { describeNotification } from '../wire/notification.ts';
import type { OpenMessage } from '../wire/open.ts';
import { PeerTable } from './peer-table.ts';

export const peer: PeerConfig = {
  key: 'r1',
  address: '192.0.2.1',
  port: 179,
  peerAs: 65001,
  localAs: 65000,
  routerId: '192.0.2.2',
  holdTimeSeconds: 90,
  connectRetrySeconds: 60,
  families: [
    { family: 'ipv4-unicast', addPathSendMax: 8 },
    { family: 'ipv6-unicast', addPathSendMax: 8 },
  ],
  gracefulRestart: { restartTimeSeconds: 120 },
};

const families = ['ipv4-unicast', 'ipv6-unicast'] as const;
export const addPathReceive: Capability = {
  type: 'add-path',
  families: families.map((family) => ({ family, mode: 1 })),
};
export const gracefulRestartBoth: Extract<Capability, { type: 'graceful-restart' }> = {
  type: 'graceful-restart',
  restarting: false,
  notification: true,
  restartTimeSeconds: 120,
  families: [],
};

/** The router's OPEN: both families, 4-octet AS, route refresh, and what the test adds. */
export function routerOpen(...more: readonly Capability[]): OpenMessage {
  const capabilities: Capability[] = [
    ...families.map((family) => ({ type: 'multiprotocol', family }) as const),
    { type: 'route-refresh' },
    { type: 'four-octet-as', as: 65001 },
    ...more,
  ];
  return { type: 'open', as: 65001, holdTimeSeconds: 90, identifier: '192.0.2.1', capabilities };
}

/** One connection as the router sees it. It answers OPEN and KEEPALIVE unless told otherwise. */
export class RouterConnection {
  readonly messages: ReceivedMessage[] = [];
  readonly remote: RemoteEnd;
  readonly table: PeerTable;
  readonly #reader = new FrameReader();
  readonly #context: CodecContext;

  constructor(remote: RemoteEnd, open: OpenMessage | undefined) {
    this.remote = remote;
    const addPath = open?.capabilities.includes(addPathReceive) === true ? families : [];
    this.#context = { fourOctetAs: true, addPath: new Set(addPath) };
    this.table = new PeerTable(this.#context);
    remote.onData = (chunk) => this.#receive(chunk, open);
  }

  /** What came, in short: `open`, `keepalive`, `update`, or a NOTIFICATION in words. */
  get log(): string[] {
    return this.messages.map((message) =>
      message.type === 'notification' ? describeNotification(message) : message.type,
    );
  }

  send(message: Message): void {
    this.remote.write(encodeMessage(message, this.#context));
  }

  #receive(chunk: Uint8Array, open: OpenMessage | undefined): void {
    for (const frame of this.#reader.frames(chunk)) {
      const message = decodeMessage(frame, this.#context);
      this.messages.push(message);
      if (message.type === 'update') this.table.apply(message);
      if (message.type !== 'open' || open === undefined) continue;
      this.send(open);
      this.send({ type: 'keepalive' });
    }
  }
}

/** A speaker, a clock that stands still and routers that a test scripts. */
export class Scene {
  readonly clock = new FakeClock();
  readonly dialer = new FakeDialer(this.clock);
  readonly listeners = new FakeListeners(this.clock);
  readonly logger = new FakeLogger();
  readonly changes: SessionStatus[] = [];
  /** What was reported as gone, and which sessions there were then: `r1, left: r2`. */
  readonly gone: string[] = [];
  readonly connections: RouterConnection[] = [];
  readonly speaker: BgpSpeaker;

  /** @param random jitter; at its least unless told otherwise: timers run their full length */
  constructor(options: BgpSpeakerOptions = {}, random: Random = { next: () => 0 }) {
    const { clock, dialer, listeners, logger } = this;
    const onSessionChange = (status: SessionStatus): void => void this.changes.push(status);
    const onSessionGone = (key: string): void => {
      const left = this.speaker.sessions().map((status) => status.key);
      this.gone.push(`${key}, left: ${left.join()}`);
    };
    this.speaker = new BgpSpeaker(
      { clock, dialer, listeners, logger, random, onSessionChange, onSessionGone },
      options,
    );
  }

  /** A router that accepts connections; without an OPEN it only listens to what comes. */
  router(open: OpenMessage | undefined = routerOpen(addPathReceive), address = peer.address, port = 179): void {
    this.dialer.listen(address, port, (remote) => void this.connections.push(new RouterConnection(remote, open)));
  }

  silentRouter(): void {
    this.dialer.listen(peer.address, 179, (remote) => {
      this.connections.push(new RouterConnection(remote, undefined));
    });
  }

  /** Delivers what is on its way. */
  settle(): void {
    this.clock.advance(0);
  }

  /** Lets seconds pass, in which the router at `connection` sends its keepalives. */
  pass(seconds: number, connection?: RouterConnection): void {
    for (let i = 0; i < seconds; i++) {
      connection?.send({ type: 'keepalive' });
      this.clock.advance(1_000);
    }
  }

  /** The newest connection. */
  get connection(): RouterConnection {
    const newest = this.connections.at(-1);
    if (newest === undefined) throw new Error('nobody has connected');
    return newest;
  }

  get status(): SessionStatus {
    const [only] = this.speaker.sessions();
    if (only === undefined) throw new Error('there is no session');
    return only;
  }

  /** States that were reported, in order. */
  get states(): string[] {
    return this.changes.map(({ state }) => state);
  }
}
