import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import type { PeerConfig, Route } from '../../../backend/src/speakers/bgp/speaker.ts';
import { until } from '../../state/until.ts';
import { SpeakerHandle } from '../bgp-frr/speaker-handle.ts';
import { peers } from './peers.ts';
import { inNamespace } from './router-network.ts';
import { RoutedTraffic } from './traffic.ts';
import type { Ability, Inabilities, Router, RouterOptions } from './router.ts';

const restartTimeSeconds = 30;
const { v4, v6 } = peers({ gracefulRestart: { restartTimeSeconds } });
/** A route that is withdrawn is gone before one that is only retained would be. */
export const withdrawnMs = (restartTimeSeconds - 5) * 1_000;

/** By the number of the Service's address: the last numbers of its nodes' addresses. */
export type Announced = Readonly<Record<number, readonly number[]>>;

/** What the addresses of nodes begin with. */
const nodeAddress = { 4: '10.211.0.', 6: 'fd00:211::' } as const;

function routes(family: 4 | 6, announced: Announced, more: Partial<Route> = {}): Route[] {
  const node = nodeAddress[family];
  return Object.entries(announced).map(([number, nodes]) => ({
    prefix: prefixOf(family, Number(number)),
    med: 100,
    paths: nodes.map((id) => ({ id, nextHop: `${node}${id}` })),
    ...more,
  }));
}

function prefixOf(family: 4 | 6, number: number): string {
  return family === 4 ? `10.77.${number >> 8}.${number & 255}/32` : `fd00:77::${number.toString(16)}/128`;
}

function expected(announced: Announced): Record<string, string[]> {
  const all = [...routes(4, announced), ...routes(6, announced)];
  return Object.fromEntries(all.map(({ prefix, paths }) => [prefix, paths.map(({ nextHop }) => nextHop).sort()]));
}

function sorted(table: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(Object.entries(table).sort());
}

/** The scenarios of a router of some make, and what its own need. */
export class Interop<R extends Router> {
  readonly #start: () => Promise<R>;
  #router: R | undefined;
  #speakers: SpeakerHandle[] = [];

  readonly #cannot: Inabilities;

  constructor(start: () => Promise<R>, cannot: Inabilities = {}) {
    this.#start = start;
    this.#cannot = cannot;
    before(async () => void (this.#router = await this.#start()));
    after(() => this.#router?.remove());
    afterEach(async () => {
      for (const speaker of this.#speakers.splice(0)) await speaker.kill();
    });
  }

  get router(): R {
    return this.#router ?? assert.fail('the router is not there yet');
  }

  /** A speaker with both sessions, of which nobody knows yet whether they come up. */
  async speaker(
    announced: Announced,
    more: Partial<PeerConfig> = {},
    listenPort = 0,
    keys: readonly string[] = ['v4', 'v6'],
  ): Promise<SpeakerHandle> {
    const speaker = new SpeakerHandle(this.router.speakerNamespace);
    this.#speakers.push(speaker);
    await this.configure(speaker, more, listenPort, keys);
    await this.announce(speaker, announced);
    return speaker;
  }

  /** @param more for both sessions, or by their keys */
  async configure(
    speaker: SpeakerHandle,
    more: Partial<PeerConfig> | ((key: string) => Partial<PeerConfig>),
    listenPort = 0,
    keys: readonly string[] = ['v4', 'v6'],
  ): Promise<void> {
    const own = (key: string): Partial<PeerConfig> => (typeof more === 'function' ? more(key) : more);
    const wanted = [v4, v6].filter(({ key }) => keys.includes(key)).map((peer) => ({ ...peer, ...own(peer.key) }));
    await speaker.configure(wanted, listenPort);
  }

  /** How many segments the kernel on the speaker's side has dropped by their TTL (RFC 5082). */
  async tooFar(): Promise<number> {
    const [names = [], values = []] = (await inNamespace(this.router.speakerNamespace, 'cat', '/proc/net/netstat'))
      .split('\n')
      .map((line) => line.split(' '));
    return Number(values[names.indexOf('TCPMinTTLDrop')]);
  }

  /** How many packets the kernel on the speaker's side has dropped of those that ask for connections, for each socket that listens. */
  async unheard(): Promise<number[]> {
    const sockets = await inNamespace(this.router.speakerNamespace, 'ss', '-HtlnmO', 'sport = :179');
    return [...sockets.matchAll(/skmem:\([^)]*,d(\d+)\)/g)].map(([, dropped]) => Number(dropped));
  }

  async announce(speaker: SpeakerHandle, announced: Announced, more: Partial<Route> = {}): Promise<void> {
    await speaker.setRoutes('v4', routes(4, announced, more));
    await speaker.setRoutes('v6', routes(6, announced, more));
  }

  /** Waits until the router's table, and its kernel's, is what is announced, in both families, and nothing else. */
  async routed(announced: Announced, timeoutMs?: number): Promise<void> {
    const wanted = sorted(expected(announced));
    let last: readonly string[] = [];
    const all = async (): Promise<boolean> => {
      last = (await this.router.tables()).map((table) => sorted(Object.fromEntries(table)));
      return last.every((table) => table === wanted);
    };
    const what = `the router's tables to be ${wanted.slice(0, 500)}`;
    await until(all, {
      what,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      explain: () => `${last.join('\n').slice(0, 2_000)}\n${this.router.log}`,
    });
  }

  /** Runs `work` with the router started anew for it, and after it as it was. */
  async with(options: RouterOptions, work: () => Promise<void>): Promise<void> {
    await this.router.restart(options);
    try {
      await work();
    } finally {
      await this.router.restart();
    }
  }

  /** A test of what not every router is made for. */
  needs(ability: Ability, name: string, work: () => Promise<void>): void {
    const reason = this.#cannot[ability];
    test(name, reason === undefined ? {} : { skip: reason }, work);
  }

  /** Flows from the router to the first Service by these nodes, in both families, while `work` goes on: none may be lost. */
  async losesNothing(nodes: readonly number[], work: (traffic: RoutedTraffic) => Promise<void>): Promise<void> {
    const traffic = new RoutedTraffic(this.router, {
      hops: nodes.flatMap((id) => [`${nodeAddress[4]}${id}`, `${nodeAddress[6]}${id}`]),
      services: ([4, 6] as const).map((family) => prefixOf(family, 1).replace(/\/.*/, '')),
    });
    try {
      await traffic.start();
      await work(traffic);
      await traffic.more(100);
      const { sent, lost } = await traffic.settled();
      assert.ok(sent >= 150, `${sent} flows`);
      assert.equal(lost, 0, `of ${sent}`);
    } finally {
      await traffic.stop();
    }
  }

  async sessionsUp(count: number): Promise<void> {
    await until(async () => (await this.router.established()) === count, {
      what: `${count} sessions to be established at the router`,
      explain: () => this.router.log,
    });
  }
}
