/** What two routers have of three replicas that live, while sessions are lost: a router goes on with what a lost session has told it. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { aReplica } from '../domain/testing/builders.ts';
import { ReplicaProber } from '../health/replicas.ts';
import { FakeClock } from '../platform/fake/clock.ts';
import { FakeDatagrams } from '../platform/fake/datagrams.ts';
import { FakeLogger } from '../platform/fake/logger.ts';
import { Ranks } from './ranks.ts';

const ADDRESS: Readonly<Record<string, string>> = { a: '10.0.0.1', b: '10.0.0.2', c: '10.0.0.3' };
const MEMBERS = Object.entries(ADDRESS).map(([name, address]) => aReplica(name, address, `node-${name}`));
const ROUTERS = ['r1', 'r2'] as const;
type Router = (typeof ROUTERS)[number];
const SETTLED_MS = 4_000;
/** So long after it has all of its sessions again what a replica thinks of those of others counts. */
const STEADY_MS = 6_000;
/** Of a death all replicas know after two seconds, and no route is to lead there after three. */
const PROMISED_MS = 1_000;

interface Running {
  readonly prober: ReplicaProber;
  readonly ranks: Ranks;
  readonly sessions: Set<Router>;
  newcomer: boolean;
}

class Site {
  readonly clock = new FakeClock();
  /** Whose routes each router used, each time that this changed. */
  readonly used: string[] = [];
  readonly #running = new Map<string, Running>();
  /** MEDs by router and replica, what is retained as well. */
  readonly #tables = new Map<Router, Map<string, number>>(ROUTERS.map((router) => [router, new Map()]));
  readonly #datagrams = new FakeDatagrams(this.clock);
  #seed = 7;

  static started(): Site {
    const site = new Site();
    for (const name of 'abc') site.#start(name);
    site.clock.advance(SETTLED_MS);
    for (const name of 'abc') for (const router of ROUTERS) site.restore(name, router);
    site.clock.advance(STEADY_MS);
    assert.deepEqual(site.winners, { r1: 'a', r2: 'a' });
    site.used.length = 0;
    return site;
  }

  #start(name: string, newcomer = false): void {
    const next = (): number => (this.#seed = (this.#seed * 16_807) % 2_147_483_647) / 2_147_483_647;
    const deps = { clock: this.clock, random: { next }, logger: new FakeLogger() };
    const onChange = (): void => this.#rank(name);
    const own = { self: name, host: ADDRESS[name] ?? '', port: 1 };
    const prober = new ReplicaProber({ ...deps, datagrams: this.#datagrams, onChange }, own);
    const hearing = (): Map<string, string> => new Map(ROUTERS.map((router) => [router, router]));
    const speaker = { whenHeard: (then: () => void) => then() };
    const ranks = new Ranks({ ...deps, replicas: prober, speaker, hearing, isDead: () => false, onDue: onChange });
    this.#running.set(name, { prober, ranks, sessions: new Set(), newcomer });
    prober.setNewcomer(newcomer);
    prober.start();
    prober.setReplicas(MEMBERS);
  }

  lose(name: string, router: Router): void {
    this.#of(name).sessions.delete(router);
    this.#sessionsChanged(name);
  }

  restore(name: string, router: Router): void {
    this.#of(name).sessions.add(router);
    this.#sessionsChanged(name);
    this.#rank(name);
  }

  /** There are nodes that it hasn't met. */
  setNewcomer(name: string): void {
    const running = this.#of(name);
    running.newcomer = true;
    running.prober.setNewcomer(true);
    this.#rank(name);
  }

  /** It dies without a word. */
  stop(name: string): void {
    const { prober, ranks } = this.#of(name);
    prober.stop();
    ranks.stop();
    this.#running.delete(name);
  }

  /** Its process ends without a word, and another one begins in its place that has not met all nodes. */
  restart(name: string, awayMs: number): void {
    this.stop(name);
    this.clock.advance(awayMs);
    this.#start(name, true);
  }

  /** Of each router, those whose routes have the least MED. */
  get winners(): Record<Router, string> {
    const of = (router: Router): string => {
      const table = this.#tables.get(router) ?? new Map<string, number>();
      const best = Math.min(...table.values());
      return [...table]
        .flatMap(([name, med]) => (med === best ? [name] : []))
        .sort()
        .join('');
    };
    return { r1: of('r1'), r2: of('r2') };
  }

  /** What a replica told a router last that it adds to its MEDs. */
  told(name: string, router: Router): number | undefined {
    return this.#tables.get(router)?.get(name);
  }

  /** The time until no router uses any routes but of one that it has a session with, in milliseconds. */
  untilAllAreHeard(): number {
    for (let ms = 0; ms < 60_000; ms += 50) {
      const isHeard = ROUTERS.every((router) => this.#running.get(this.winners[router])?.sessions.has(router) === true);
      if (isHeard) return ms;
      this.clock.advance(50);
    }
    return Infinity;
  }

  #of(name: string): Running {
    const running = this.#running.get(name);
    assert.ok(running !== undefined);
    return running;
  }

  #sessionsChanged(name: string): void {
    const { prober, ranks, sessions } = this.#of(name);
    const sights = ROUTERS.map((key) => {
      const isUp = sessions.has(key);
      return { key, state: isUp ? ('Established' as const) : ('Idle' as const), endOfRibSent: isUp };
    });
    prober.setAnnouncing(ranks.sessionsChanged(sights));
  }

  #rank(name: string): void {
    const running = this.#running.get(name);
    if (running === undefined) return;
    const { ranks, sessions, newcomer } = running;
    const hearing = new Map(ROUTERS.map((router) => [router, router]));
    ranks.update({ name, stale: false, newcomer, leaving: false, hearing });
    for (const router of sessions) this.#tell(name, router, ranks.offset(router) ?? NaN);
    ranks.routed();
  }

  #tell(name: string, router: Router, med: number): void {
    const before = this.winners[router];
    this.#tables.get(router)?.set(name, med);
    const after = this.winners[router];
    if (before !== after) this.used.push(`${router}: ${after}`);
  }
}

suite('a session is lost between a router and a replica that lives', () => {
  test('the first one’s: the next one wins with the router at once, which goes by what it is told now, until it is back', () => {
    const site = Site.started();
    site.lose('a', 'r2');
    assert.ok(site.untilAllAreHeard() <= PROMISED_MS, JSON.stringify(site.winners));
    assert.equal(site.winners.r2, 'b');
    site.clock.advance(20_000);
    assert.equal(site.winners.r2, 'b');
    site.restore('a', 'r2');
    site.clock.advance(SETTLED_MS);
    assert.deepEqual(site.winners, { r1: 'a', r2: 'a' });
  });

  test('for as long as it lasts nothing changes any more, however long that is', () => {
    const site = Site.started();
    site.lose('a', 'r2');
    site.clock.advance(SETTLED_MS);
    site.used.length = 0;
    site.clock.advance(3_600_000);
    assert.deepEqual(site.used, []);
    assert.equal(site.untilAllAreHeard(), 0);
  });

  test('the first one’s, and another one’s with the other router: the third one wins with both', () => {
    const site = Site.started();
    site.lose('a', 'r2');
    site.clock.advance(SETTLED_MS);
    site.lose('b', 'r1');
    assert.ok(site.untilAllAreHeard() <= PROMISED_MS, JSON.stringify(site.winners));
    assert.deepEqual(site.winners, { r1: 'c', r2: 'c' });
  });

  test('the next one has not met all nodes, and does not win where the first one is heard: it may lead to a dead one', () => {
    const site = Site.started();
    site.setNewcomer('b');
    site.setNewcomer('c');
    site.clock.advance(SETTLED_MS);
    site.lose('a', 'r2');
    site.clock.advance(SETTLED_MS);
    assert.deepEqual(site.winners, { r1: 'a', r2: 'a' });
  });

  test('its process was another one within a second: what the one before it said is outbid', () => {
    const site = Site.started();
    site.restart('a', 900);
    site.clock.advance(SETTLED_MS);
    assert.deepEqual(site.winners, { r1: 'b', r2: 'b' });
  });

  test('for good, and another one’s with the other router now and then: as much is left to go below each time', () => {
    const site = Site.started();
    site.lose('a', 'r2');
    site.clock.advance(SETTLED_MS);
    const told = Array.from({ length: 5 }, () => {
      site.lose('b', 'r1');
      site.clock.advance(SETTLED_MS);
      assert.deepEqual(site.winners, { r1: 'c', r2: 'c' });
      site.restore('b', 'r1');
      site.clock.advance(600_000);
      assert.deepEqual(site.winners, { r1: 'b', r2: 'b' });
      return site.told('b', 'r1');
    });
    assert.deepEqual([...new Set(told)], told.slice(0, 1));
  });

  test('the one that won in its place dies: the third one alone wins, with the router that hears both as well', () => {
    const site = Site.started();
    site.lose('a', 'r2');
    site.clock.advance(60_000);
    site.stop('b');
    site.clock.advance(SETTLED_MS);
    assert.deepEqual(site.winners, { r1: 'c', r2: 'c' });
  });

  test('that of one that has just outbid a dead one: the next one alone wins with both, though that one loses its other session, too', () => {
    const site = Site.started();
    site.stop('a');
    site.clock.advance(SETTLED_MS);
    site.lose('b', 'r2');
    site.clock.advance(SETTLED_MS);
    assert.deepEqual(site.winners, { r1: 'c', r2: 'c' });
    site.lose('b', 'r1');
    site.clock.advance(SETTLED_MS);
    assert.deepEqual(site.winners, { r1: 'c', r2: 'c' });
  });

  test('one that is not the first: nothing changes', () => {
    const site = Site.started();
    site.lose('b', 'r2');
    site.clock.advance(SETTLED_MS);
    site.restore('b', 'r2');
    site.clock.advance(SETTLED_MS);
    assert.deepEqual(site.used, []);
  });

  test('for a moment only: nothing changes', () => {
    const site = Site.started();
    site.lose('a', 'r2');
    site.clock.advance(200);
    site.restore('a', 'r2');
    site.clock.advance(SETTLED_MS);
    assert.deepEqual(site.used, []);
  });
});

suite('a router is away', () => {
  for (const order of ['abc', 'cba', 'bca']) {
    test(`all lose their sessions with it, and have them again one after the other (${order}): the other router notices nothing`, () => {
      const site = Site.started();
      for (const name of order) {
        site.lose(name, 'r2');
        site.clock.advance(20);
      }
      site.clock.advance(60_000);
      for (const name of order) {
        site.restore(name, 'r2');
        site.clock.advance(1_500);
      }
      site.clock.advance(SETTLED_MS);
      assert.deepEqual(
        site.used.filter((each) => each.startsWith('r1')),
        [],
      );
      assert.deepEqual(site.winners, { r1: 'a', r2: 'a' });
    });
  }

  test('and the sessions end seconds apart, with their hold times: the same in the end', () => {
    const site = Site.started();
    for (const name of 'abc') {
      site.lose(name, 'r2');
      site.clock.advance(2_000);
    }
    site.clock.advance(SETTLED_MS);
    assert.equal(site.winners.r1, 'a');
    for (const name of 'abc') site.restore(name, 'r2');
    site.clock.advance(SETTLED_MS);
    assert.deepEqual(site.winners, { r1: 'a', r2: 'a' });
  });

  test('and the last one has its session again long before the others: it alone wins', () => {
    const site = Site.started();
    for (const name of 'abc') {
      site.lose(name, 'r2');
      site.clock.advance(10_000);
    }
    site.restore('c', 'r2');
    site.clock.advance(STEADY_MS);
    assert.deepEqual(site.winners, { r1: 'c', r2: 'c' });
  });

  test('and takes and ends sessions time and again: the other router notices nothing', () => {
    const site = Site.started();
    for (const name of 'abc') site.lose(name, 'r2');
    for (let round = 0; round < 20; round += 1) {
      for (const name of 'abc') {
        site.clock.advance(1_000);
        site.restore(name, 'r2');
      }
      for (const name of 'abc') {
        site.clock.advance(1_000);
        site.lose(name, 'r2');
      }
    }
    assert.deepEqual(
      site.used.filter((each) => each.startsWith('r1')),
      [],
    );
  });
});
