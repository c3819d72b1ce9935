/**
 * What a router has of three replicas while the first of them leaves, has a stale view, comes back or has not met all nodes: in which order
 * their ranks change, to the millisecond.
 */
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
/** Enough for replicas to hear each other and to act on it. */
const SETTLED_MS = 3_000;
/** From the start of a replica until its sessions are there. */
const SESSIONS_MS = 1_200;

interface Replica {
  readonly prober: ReplicaProber;
  readonly ranks: Ranks;
  announcing: boolean;
  stale: boolean;
  newcomer: boolean;
  leaving: boolean;
}

/** A router that has the routes of each replica with that replica's MED, and uses all of the least. */
class Site {
  readonly clock = new FakeClock();
  readonly replicas = new Map<string, Replica>();
  /** Whose routes it used, each time that this changed. */
  readonly used: string[] = [];
  /** Of those changes the ones that nobody bridged: no other replica's routes were in use before and after. */
  readonly breaks: string[] = [];
  readonly #table = new Map<string, number>();
  readonly #datagrams = new FakeDatagrams(this.clock);
  #seed = 7;

  start(name: string): void {
    const next = (): number => (this.#seed = (this.#seed * 16_807) % 2_147_483_647) / 2_147_483_647;
    const deps = { clock: this.clock, random: { next }, logger: new FakeLogger() };
    const onChange = (): void => this.#rank(name);
    const own = { self: name, host: ADDRESS[name] ?? '', port: 1 };
    const prober = new ReplicaProber({ ...deps, datagrams: this.#datagrams, onChange }, own);
    const hearing = (): Map<string, string> => new Map([['r1', 'r1']]);
    const speaker = { whenHeard: (then: () => void) => then() };
    const ranks = new Ranks({ ...deps, replicas: prober, speaker, hearing, isDead: () => false, onDue: onChange });
    const replica = { prober, ranks, announcing: false, stale: false, newcomer: true, leaving: false };
    this.replicas.set(name, replica);
    prober.setNewcomer(true);
    prober.start();
    prober.setReplicas(MEMBERS);
    this.clock.setTimer(SESSIONS_MS, () => {
      replica.announcing = true;
      prober.setAnnouncing(true);
      ranks.sessionsChanged([{ key: 'r1', state: 'Established', endOfRibSent: true }]);
      this.#rank(name);
    });
  }

  /** The engine says so to the others, and then looks at its rank. */
  change(name: string, change: Partial<Pick<Replica, 'stale' | 'newcomer' | 'leaving'>>): void {
    const replica = this.#of(name);
    Object.assign(replica, change);
    replica.prober.setStale(replica.stale);
    replica.prober.setNewcomer(replica.newcomer);
    if (replica.leaving) replica.prober.announceLeaving();
    this.#rank(name);
  }

  stop(name: string): void {
    const { prober, ranks } = this.#of(name);
    prober.stop();
    ranks.stop();
    this.replicas.delete(name);
    this.#tell(name, undefined);
  }

  /** With its machine: the router retains what it said last. */
  die(name: string): void {
    const { prober, ranks } = this.#of(name);
    prober.stop();
    ranks.stop();
    this.replicas.delete(name);
  }

  #of(name: string): Replica {
    const replica = this.replicas.get(name);
    assert.ok(replica !== undefined);
    return replica;
  }

  #rank(name: string): void {
    const replica = this.replicas.get(name);
    if (replica === undefined) return;
    const { ranks, announcing, stale, newcomer, leaving } = replica;
    ranks.update({ name, stale, newcomer, leaving, hearing: new Map([['r1', 'r1']]) });
    if (announcing) this.#tell(name, ranks.offset('r1'));
    ranks.routed();
  }

  #tell(name: string, med: number | undefined): void {
    if (this.#table.get(name) === med) return;
    const before = this.#winners();
    if (med === undefined) this.#table.delete(name);
    else this.#table.set(name, med);
    const after = this.#winners();
    const isBridged = after.some((other) => other !== name && before.includes(other));
    const isUnseen = !before.includes(name) && !after.includes(name);
    const shown = after.join('');
    if (!isBridged && !isUnseen && before.length > 0) this.breaks.push(`${before.join('')} > ${shown}`);
    if (before.join('') !== shown) this.used.push(shown);
  }

  #winners(): string[] {
    const best = Math.min(...this.#table.values());
    return [...this.#table].flatMap(([name, med]) => (med === best ? [name] : [])).sort();
  }
}

/** All three, at rest: what follows is new. */
function started(): Site {
  const site = new Site();
  for (const name of 'abc') site.start(name);
  site.clock.advance(SETTLED_MS);
  for (const name of 'abc') site.change(name, { newcomer: false });
  site.clock.advance(SETTLED_MS);
  assert.equal(site.used.at(-1), 'a');
  site.used.length = 0;
  site.breaks.length = 0;
  return site;
}

suite('a router goes from one replica’s routes to those of another by way of both', () => {
  test('the first one leaves', () => {
    const site = started();
    site.change('a', { leaving: true });
    site.clock.advance(1_200);
    site.stop('a');
    site.clock.advance(SETTLED_MS);
    assert.deepEqual(site.used, ['ab', 'b']);
    assert.deepEqual(site.breaks, []);
  });

  test('a new first one comes', () => {
    const site = started();
    site.change('a', { leaving: true });
    site.clock.advance(1_200);
    site.stop('a');
    site.clock.advance(SETTLED_MS);
    site.used.length = 0;
    site.start('a');
    site.clock.advance(SETTLED_MS);
    site.change('a', { newcomer: false });
    site.clock.advance(SETTLED_MS);
    assert.deepEqual(site.used, ['ab', 'a']);
    assert.deepEqual(site.breaks, []);
  });

  test('the view of the first one becomes stale, and fresh again', () => {
    const site = started();
    site.change('a', { stale: true });
    site.clock.advance(SETTLED_MS);
    assert.deepEqual(site.used, ['ab', 'b']);
    site.change('a', { stale: false });
    site.clock.advance(SETTLED_MS);
    assert.deepEqual(site.used, ['ab', 'b', 'ab', 'a']);
    assert.deepEqual(site.breaks, []);
  });

  test('the first one hears of a node that it has not met, and meets it', () => {
    const site = started();
    for (const newcomer of [true, false]) {
      site.change('a', { newcomer });
      site.clock.advance(SETTLED_MS);
    }
    assert.deepEqual(site.used, ['ab', 'b', 'ab', 'a']);
    assert.deepEqual(site.breaks, []);
  });

  test('a new first one that has met all nodes before its sessions are there: nobody steps back for it until then', () => {
    const site = started();
    site.change('a', { leaving: true });
    site.clock.advance(1_200);
    site.stop('a');
    site.clock.advance(SETTLED_MS);
    site.used.length = 0;
    site.start('a');
    site.clock.advance(SESSIONS_MS / 2);
    site.change('a', { newcomer: false });
    site.clock.advance(SETTLED_MS);
    assert.deepEqual(site.used, ['ab', 'a']);
    assert.deepEqual(site.breaks, []);
  });
});

test('the first one leaves, and its machine dies before its routes are the worst: what the router retains of them is outbid', () => {
  const site = started();
  site.change('a', { leaving: true });
  site.clock.advance(100);
  site.die('a');
  site.clock.advance(SETTLED_MS);
  assert.deepEqual(site.used, ['ab', 'b']);
});

test('the first one leaves, and its machine dies after that: nobody has anything to outbid', () => {
  const site = started();
  site.change('a', { leaving: true });
  site.clock.advance(600);
  site.die('a');
  site.clock.advance(SETTLED_MS);
  assert.deepEqual(site.used, ['ab', 'b']);
  assert.equal(site.replicas.get('b')?.ranks.offset('r1'), 100);
});

test('the API server goes, and all notice one after the other: their order holds in the end', () => {
  const site = started();
  for (const name of 'abc') {
    site.change(name, { stale: true });
    site.clock.advance(50);
  }
  site.clock.advance(SETTLED_MS);
  assert.equal(site.used.at(-1), 'a');
});

test('one with a stale view that has nobody to leave to is worse at once', () => {
  const site = started();
  for (const name of 'bc') {
    site.change(name, { leaving: true });
    site.clock.advance(1_500);
    site.stop(name);
  }
  site.clock.advance(SETTLED_MS);
  site.change('a', { stale: true });
  assert.equal(site.replicas.get('a')?.ranks.offset('r1'), 400);
});
