import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MED_FIRST, MED_LEAVING, MED_OTHER, MED_TAKEOVER } from '../announce/med.ts';
import type { Replica } from '../domain/replica.ts';
import { aReplica } from '../domain/testing/builders.ts';
import { ReplicaProber } from '../health/replicas.ts';
import { FakeClock } from '../platform/fake/clock.ts';
import { FakeDatagrams } from '../platform/fake/datagrams.ts';
import { FakeLogger } from '../platform/fake/logger.ts';
import type { Datagrams } from '../platform/ports.ts';
import { Ranks } from './ranks.ts';

/** In this model; 210 s in life. */
const RETENTION_MS = 15_000;
/** From the start of a replica until it has met all nodes, and its sessions are established. */
const READY_MS = 1_500;
/** Enough to notice whatever was last, though two answers in a row are lost, and to act on it. */
const SETTLED_MS = 6_000;
const PLACES = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5'];
const ROUTERS: Readonly<Record<string, readonly string[]>> = {
  '10.0.0.1': ['left', 'spine'],
  '10.0.0.2': ['left', 'spine'],
  '10.0.0.3': ['left'],
  '10.0.0.4': ['right', 'spine'],
  '10.0.0.5': ['right', 'spine'],
};

interface Running {
  readonly since: number;
  readonly address: string;
  readonly prober: ReplicaProber;
  readonly ranks: Ranks;
  newcomer: boolean;
  announcing: boolean;
  /** How often it has changed the MED of its routes. */
  changes: number;
}

/** By replica, the offset of the routes that a router has of it, and until when it retains those of a dead one. */
type Table = Map<string, { readonly med: number; readonly until: number }>;

/** What three routers have of up to five replicas, which ask each other over a network that loses answers. */
class Site {
  readonly clock = new FakeClock();
  readonly running = new Map<string, Running>();
  readonly routers: Readonly<Record<string, Table>> = { left: new Map(), right: new Map(), spine: new Map() };
  readonly #datagrams = new FakeDatagrams(this.clock);
  readonly #lost = new Map<string, number>();
  #members: readonly Replica[] = [];
  #seed: number;

  constructor(seed: number) {
    this.#seed = seed + 1;
  }

  random(): number {
    this.#seed = (this.#seed * 16_807) % 2_147_483_647;
    return this.#seed / 2_147_483_647;
  }

  /** One whose Pod has this name, in place of whatever had the name or the address. */
  start(name: string, address: string): void {
    const replica = aReplica(name, address, `node-${address}`);
    const deps = { clock: this.clock, random: { next: () => this.random() }, logger: new FakeLogger() };
    const onChange = (): void => this.#rank(name);
    const prober = new ReplicaProber(
      { ...deps, datagrams: this.#lossy(), onChange },
      { self: name, host: address, port: 1 },
    );
    prober.setRetention(RETENTION_MS);
    const hearing = (node = ''): Map<string, string> =>
      new Map(ROUTERS[node.replace('node-', '')]?.map((router) => [router, router]));
    const written = { whenHeard: (then: () => void) => then() };
    const ranks = new Ranks({
      ...deps,
      replicas: prober,
      speaker: written,
      hearing,
      isDead: () => true,
      onDue: onChange,
    });
    const parts = { address, prober, ranks };
    const running = { since: this.clock.now(), ...parts, newcomer: true, announcing: false, changes: 0 };
    this.running.set(name, running);
    prober.setNewcomer(true);
    this.#members = [...this.#members.filter((other) => other.name !== name && other.address !== address), replica];
    prober.start();
    for (const other of this.running.values()) other.prober.setReplicas(this.#members);
    this.clock.setTimer(READY_MS, () => {
      if (this.running.get(name) !== running) return;
      Object.assign(running, { newcomer: false, announcing: true });
      prober.setNewcomer(false);
      prober.setAnnouncing(true);
      ranks.sessionsChanged((ROUTERS[address] ?? []).map((key) => ({ key, state: 'Established', endOfRibSent: true })));
      this.#rank(name);
    });
  }

  /** Whether each router would have another one left that had the time to hear of what happened before it began: else nobody can know. */
  canSpare(name: string): boolean {
    const others = [...this.running].filter(([other]) => other !== name).map(([, running]) => running);
    const knowing = others.filter(({ since }) => this.clock.now() - since >= SETTLED_MS);
    const routers = ROUTERS[this.running.get(name)?.address ?? ''] ?? [];
    return routers.every((router) => knowing.some(({ address }) => ROUTERS[address]?.includes(router)));
  }

  /** With its node, so that routers hear nothing of it. */
  die(name: string): void {
    this.running.get(name)?.prober.stop();
    this.running.get(name)?.ranks.stop();
    this.running.delete(name);
    for (const table of this.#tables) {
      const routes = table.get(name);
      // One that had not come so far as to announce again has left nothing new.
      if (routes?.until === Infinity) table.set(name, { ...routes, until: this.clock.now() + RETENTION_MS });
    }
  }

  pass(ms: number): void {
    this.clock.advance(ms);
    for (const table of this.#tables) {
      for (const [name, { until }] of table) if (until <= this.clock.now()) table.delete(name);
    }
  }

  get #tables(): Table[] {
    return Object.values(this.routers);
  }

  /** As the engine does. */
  #rank(name: string): void {
    const running = this.running.get(name);
    if (running === undefined) return;
    const { address, ranks, newcomer, announcing } = running;
    const hearing = new Map(ROUTERS[address]?.map((router) => [router, router]));
    ranks.update({ name, newcomer, stale: false, leaving: false, hearing });
    if (announcing) for (const router of hearing.keys()) this.#announce(name, router, running);
    ranks.routed();
  }

  #announce(name: string, router: string, running: Running): void {
    const table = this.routers[router];
    const said = table?.get(name);
    const med = running.ranks.offset(router) ?? NaN;
    if (said?.med === med && said.until === Infinity) return;
    running.changes += 1;
    table?.set(name, { med, until: Infinity });
  }

  #loses(path: string): boolean {
    const lost = this.#lost.get(path) ?? 0;
    const isLost = lost < 2 && this.random() < 0.4;
    this.#lost.set(path, isLost ? lost + 1 : 0);
    return isLost;
  }

  /** Loses answers, but never three in a row of one replica to another. */
  #lossy(): Datagrams {
    return {
      bind: (host, port, handlers) => {
        const socket = this.#datagrams.bind(host, port, handlers);
        const send = (bytes: Uint8Array, toPort: number, to: string): void => {
          if (bytes[3] === 0x21 && this.#loses(`${host} ${to}`)) return;
          socket.send(bytes, toPort, to);
        };
        return { send, close: () => socket.close() };
      },
    };
  }
}

/** The replicas whose routes a router uses. */
function winnersOf(table: Table): string[] {
  const best = Math.min(...[...table.values()].map(({ med }) => med));
  return [...table].filter(([, { med }]) => med === best).map(([name]) => name);
}

/** Each router uses the routes of one replica, which lives. */
function assertServed({ routers, running }: Site): void {
  for (const [router, table] of Object.entries(routers)) {
    const shown = `${router}: ${JSON.stringify([...table])}`;
    const [winner = '', ...others] = winnersOf(table);
    assert.deepEqual(others, [], shown);
    assert.ok(running.has(winner), shown);
    for (const { med } of table.values()) assert.ok(med >= MED_TAKEOVER && med <= MED_LEAVING, shown);
  }
}

/** When all that routers retained is over there is a first replica at each of them. Returns how often each has changed its MEDs. */
function comesToRest(site: Site): number[] {
  const changesNow = (): number[] => [...site.running.values()].map(({ changes }) => changes);
  // What a dead one has said of others before it is over last.
  site.pass(2 * RETENTION_MS + SETTLED_MS);
  const changes = changesNow();
  site.pass(RETENTION_MS);
  assert.deepEqual(changesNow(), changes, 'at rest nothing changes');
  for (const table of Object.values(site.routers)) {
    const meds = [...table.values()].map(({ med }) => med).sort((a, b) => a - b);
    assert.deepEqual(meds, [MED_FIRST, ...Array.from({ length: table.size - 1 }, () => MED_OTHER)]);
  }
  return changes;
}

const events = fc.array(
  fc.record({
    /** Whose turn it is. */
    place: fc.nat(PLACES.length - 1),
    /** Where nobody runs there: the same Pod again, or a new one by whatever name. */
    again: fc.boolean(),
    name: fc.constantFrom(...'abcdefghijklm'),
    /** Time until the next one, and whether what came of it is looked at first. */
    ms: fc.integer({ min: 0, max: 8_000 }),
    look: fc.boolean(),
  }),
  { minLength: 1, maxLength: 14 },
);

test('whatever routers retain of dead replicas loses against a living one, however many die and return one after the other', () => {
  fc.assert(
    fc.property(fc.nat(1_000_000), events, (seed, sequence) => {
      const site = new Site(seed);
      const pods = new Map<string, string>();
      const start = (name: string, place: string): void => {
        pods.set(place, name);
        site.start(name, place);
      };
      for (const [i, place] of PLACES.entries()) start('cfhka'[i] ?? '', place);
      site.pass(SETTLED_MS);
      const look = (): void => {
        site.pass(SETTLED_MS);
        assertServed(site);
      };
      for (const [i, { place, again, name, ms, look: isLooked }] of sequence.entries()) {
        const address = PLACES[place] ?? '';
        const pod = pods.get(address) ?? '';
        if (!site.running.has(pod)) start(again ? pod : `${name}${i}`, address);
        else if (site.canSpare(pod)) site.die(pod);
        site.pass(ms);
        if (isLooked) look();
      }
      look();
      const changes = comesToRest(site);
      assert.ok(Math.max(...changes) <= 12 * sequence.length + 12, changes.join());
    }),
    { numRuns: 12, seed: 1 },
  );
});
