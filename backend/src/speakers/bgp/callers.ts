import type {
  Clock,
  Connection,
  ConnectionHandlers,
  IncomingConnection,
  Logger,
  TcpOptions,
  Timer,
} from '../../platform/ports.ts';
import { asOf } from './fsm/negotiate.ts';
import type { PeerConfig } from './model.ts';
import { type PeerSessions, ttlOptions } from './peer-sessions.ts';
import { rejection } from './refusals.ts';
import { canonicalText } from './wire/address.ts';
import { FrameReader } from './wire/frame.ts';
import { decodeMessage } from './wire/message.ts';
import type { OpenMessage } from './wire/open.ts';
import { ProtocolError } from './wire/protocol-error.ts';

/** Whom a connection may be for. */
export interface Callee {
  readonly config: PeerConfig;
  readonly sessions: Pick<PeerSessions, 'accept' | 'status'>;
}

/** Who is no peer may try as often as it likes: that is worth a line now and then. */
const quietMs = 60_000;
/** How long somebody who may be several peers has to say which one. */
const openMs = 10_000;
/** How long a word of refusal may take to leave. */
const flushMs = 1_000;

/** Whoever connects to us, until it is known which peer that is. A router is known by its address: the port that it connects from says nothing. */
export class Callers {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #unclaimed = new Map<string, Unclaimed>();
  #refused = 0;
  #quiet: Timer | undefined;

  constructor({ clock, logger }: { readonly clock: Clock; readonly logger: Logger }) {
    this.#clock = clock;
    this.#logger = logger;
  }

  accept(incoming: IncomingConnection, peers: Iterable<Callee>): void {
    const { remoteAddress } = incoming;
    const caller = canonicalText(remoteAddress);
    const callees = [...peers].filter(({ config }) => canonicalText(config.address) === caller);
    const [first, ...others] = callees;
    if (first === undefined) this.#refuse(incoming);
    else if (others.length === 0) first.sessions.accept(incoming);
    else this.#askWhose(incoming, first, callees);
  }

  stop(): void {
    this.#quiet?.cancel();
    for (const unclaimed of this.#unclaimed.values()) unclaimed.refuse(rejection);
  }

  #refuse(incoming: IncomingConnection): void {
    incoming.refuse(rejection);
    this.#refused++;
    if (this.#quiet === undefined) this.#tellRefused(incoming.remoteAddress);
  }

  #tellRefused(address: string): void {
    const count = this.#refused;
    this.#refused = 0;
    this.#logger.info({ address, count }, 'connections from addresses that are no peer were refused');
    this.#quiet = this.#clock.setTimer(quietMs, () => {
      this.#quiet = undefined;
      if (this.#refused > 0) this.#tellRefused(address);
    });
  }

  /** Several peers have the address, on ports of their own: the AS in the OPEN tells which of them this is. */
  #askWhose(incoming: IncomingConnection, first: Callee, callees: readonly Callee[]): void {
    const { remoteAddress } = incoming;
    // Who connects again without having said a word has given up the connection before.
    this.#unclaimed.get(remoteAddress)?.refuse(rejection);
    // They are one host, and equally far away.
    const { config } = callees.find(({ config: each }) => each.ttlSecurityHops !== undefined) ?? first;
    const unclaimed = new Unclaimed(this.#clock, incoming, ttlOptions(config), {
      onOpen: (open) => calleeOf(open, callees, first).sessions.accept(unclaimed),
      onEnd: () => {
        if (this.#unclaimed.get(remoteAddress) === unclaimed) this.#unclaimed.delete(remoteAddress);
      },
    });
    this.#unclaimed.set(remoteAddress, unclaimed);
  }
}

/** Of those that suit the one that waits to be called, then one without a session. */
function calleeOf(open: OpenMessage | undefined, callees: readonly Callee[], first: Callee): Callee {
  const suited = callees.filter(({ config }) => open !== undefined && config.peerAs === asOf(open));
  const rank = ({ config, sessions }: Callee): number =>
    (sessions.status().state === 'Established' ? 2 : 0) + (config.passive === true ? 0 : 1);
  return suited.sort((one, other) => rank(one) - rank(other))[0] ?? first;
}

interface UnclaimedEvents {
  /** The first message, if it is an OPEN; `open` or `refuse` must follow at once. */
  onOpen(open: OpenMessage | undefined): void;
  /** It is somebody's, or gone. */
  onEnd(): void;
}

/** A connection whose OPEN is read before it is anybody's; whoever gets it sees all of it from the beginning. */
class Unclaimed implements IncomingConnection {
  readonly remoteAddress: string;
  readonly #clock: Clock;
  readonly #events: UnclaimedEvents;
  readonly #connection: Connection;
  readonly #timer: Timer;
  readonly #reader = new FrameReader();
  /** What has come and was not handed on yet. */
  readonly #early: Uint8Array[] = [];
  #handlers: ConnectionHandlers | undefined;
  #phase: 'unclaimed' | 'claimed' | 'handed on' | 'over' = 'unclaimed';

  constructor(
    clock: Clock,
    incoming: IncomingConnection,
    options: Omit<TcpOptions, 'password'>,
    events: UnclaimedEvents,
  ) {
    this.remoteAddress = incoming.remoteAddress;
    this.#clock = clock;
    this.#events = events;
    this.#timer = clock.setTimer(openMs, () => this.refuse(rejection));
    this.#connection = incoming.open(options, {
      onConnect: () => {},
      onData: (chunk) => this.#receive(chunk),
      onDrain: () => this.#handlers?.onDrain(),
      onClose: (error) => this.#closed(error),
    });
  }

  open(_options: Omit<TcpOptions, 'password'>, handlers: ConnectionHandlers): Connection {
    this.#end('claimed');
    this.#handlers = handlers;
    this.#clock.setTimer(0, () => this.#handOn(handlers));
    return this.#connection;
  }

  refuse(farewell?: Uint8Array): void {
    this.#end('over');
    if (farewell !== undefined) this.#connection.write(farewell);
    this.#connection.end();
    this.#clock.setTimer(flushMs, () => this.#connection.destroy());
  }

  #end(phase: 'claimed' | 'over'): void {
    this.#phase = phase;
    this.#timer.cancel();
    this.#events.onEnd();
  }

  #receive(chunk: Uint8Array): void {
    if (this.#phase === 'handed on') return this.#handlers?.onData(chunk);
    if (this.#phase === 'over') return;
    this.#early.push(chunk.slice());
    if (this.#phase === 'unclaimed') this.#read(chunk);
  }

  #read(chunk: Uint8Array): void {
    try {
      for (const frame of this.#reader.frames(chunk)) {
        const message = decodeMessage(frame, { fourOctetAs: true, addPath: new Set() });
        return this.#events.onOpen(message.type === 'open' ? message : undefined);
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      // Whoever gets it says what is wrong.
      this.#events.onOpen(undefined);
    }
  }

  #handOn(handlers: ConnectionHandlers): void {
    if (this.#phase !== 'claimed') return;
    this.#phase = 'handed on';
    handlers.onConnect();
    for (const chunk of this.#early.splice(0)) handlers.onData(chunk);
  }

  #closed(error: Error | undefined): void {
    if (this.#phase === 'unclaimed') this.#end('over');
    this.#phase = 'over';
    this.#handlers?.onClose(error);
  }
}
