/**
 * What a router goes by while a replica's machine is cut off and back before its hold time is over: neither end of the session has noticed, and
 * TCP, which waits longer each time, takes a while to say again what was said meanwhile.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { aReplica } from '../domain/testing/builders.ts';
import { ReplicaProber } from '../health/replicas.ts';
import { FakeClock } from '../platform/fake/clock.ts';
import { FakeDatagrams } from '../platform/fake/datagrams.ts';
import { FakeDialer } from '../platform/fake/dialer.ts';
import { FakeListeners } from '../platform/fake/listeners.ts';
import { FakeLogger } from '../platform/fake/logger.ts';
import { BgpSpeaker } from '../speakers/bgp/speaker.ts';
import { addPathReceive, gracefulRestartBoth, peer } from '../speakers/bgp/testing/scripted-router.ts';
import { RouterConnection, routerOpen } from '../speakers/bgp/testing/scripted-router.ts';
import { Ranks } from './ranks.ts';

const ADDRESS: Readonly<Record<string, string>> = { a: '10.0.0.1', b: '10.0.0.2' };
const MEMBERS = Object.entries(ADDRESS).map(([name, address]) => aReplica(name, address, `node-${name}`));
const PREFIX = '192.0.2.200/32';
const LIVING = '10.0.0.1 10.0.0.2';
const DEAD = '10.0.0.3';
const SETTLED_MS = 8_000;
/** Until others have missed a replica, and longer than an unread word is taken for one that is on its way. */
const AWAY_MS = 12_000;
/** From the end of a cut until TCP says again what was lost: as long as the cut at most. */
const BACKOFF_MS = 10_000;
/** How long a replica takes to find that a node is dead. */
const PROBING_MS = 2_600;

interface Running {
  readonly prober: ReplicaProber;
  readonly ranks: Ranks;
  readonly speaker: BgpSpeaker;
  hops: string;
}

/** Two replicas with a session each with one router, and a third node. */
class Site {
  readonly clock = new FakeClock();
  readonly #running = new Map<string, Running>();
  readonly #connections = new Map<string, RouterConnection>();
  readonly #datagrams = new FakeDatagrams(this.clock);
  #seed = 7;

  static started(): Site {
    const site = new Site();
    for (const name of 'ab') site.#start(name);
    site.clock.advance(SETTLED_MS);
    assert.equal(site.routed, `${LIVING} ${DEAD}`);
    assert.deepEqual([site.med('a'), site.med('b')], [100, 200]);
    return site;
  }

  #start(name: string): void {
    const next = (): number => (this.#seed = (this.#seed * 16_807) % 2_147_483_647) / 2_147_483_647;
    const { clock } = this;
    const deps = { clock, random: { next }, logger: new FakeLogger() };
    const onChange = (): void => this.#rank(name);
    const own = { self: name, host: ADDRESS[name] ?? '', port: 1 };
    const prober = new ReplicaProber({ ...deps, datagrams: this.#datagrams, onChange }, own);
    const dialer = new FakeDialer(clock);
    dialer.listen(peer.address, peer.port, (remote) => {
      this.#connections.set(name, new RouterConnection(remote, routerOpen(addPathReceive, gracefulRestartBoth)));
    });
    const sessionsChanged = (): void => prober.setAnnouncing(ranks.sessionsChanged(speaker.sessions()));
    const handlers = { onSessionChange: sessionsChanged, onSessionGone: sessionsChanged };
    const speaker: BgpSpeaker = new BgpSpeaker({ ...deps, ...handlers, dialer, listeners: new FakeListeners(clock) });
    const hearing = (): Map<string, string> => new Map([[peer.key, 'r1']]);
    const ranks = new Ranks({ ...deps, replicas: prober, speaker, hearing, isDead: () => false, onDue: onChange });
    this.#running.set(name, { prober, ranks, speaker, hops: `${LIVING} ${DEAD}` });
    prober.start();
    prober.setReplicas(MEMBERS);
    speaker.configure([peer]);
    this.#rank(name);
  }

  #rank(name: string): void {
    const running = this.#running.get(name);
    if (running === undefined) return;
    const { ranks, speaker, hops } = running;
    ranks.update({ name, stale: false, newcomer: false, leaving: false, hearing: new Map([[peer.key, 'r1']]) });
    const paths = hops.split(' ').map((nextHop, i) => ({ id: i + 1, nextHop }));
    const route = { prefix: PREFIX, med: ranks.offset(peer.key) ?? NaN, paths };
    speaker.setRoutes(peer.key, new Map([[PREFIX, route]]));
    ranks.routed();
  }

  /** A replica has found the third node dead. */
  miss(name: string): void {
    const running = this.#running.get(name);
    assert.ok(running !== undefined);
    running.hops = LIVING;
    this.#rank(name);
  }

  cut(name: string): void {
    this.#datagrams.cut(ADDRESS[name] ?? '');
    this.#connections.get(name)?.remote.cut();
  }

  /** Others hear it again; the router doesn't yet. */
  heal(name: string): void {
    this.#datagrams.heal(ADDRESS[name] ?? '');
  }

  hear(name: string): void {
    this.#connections.get(name)?.remote.mend();
  }

  /** The MED by which the router has the routes of a replica. */
  med(name: string): number | undefined {
    const paths = this.#connections.get(name)?.table.paths.get(PREFIX);
    return [...(paths?.values() ?? [])][0]?.med;
  }

  /** The next hops that the router uses: those of the best MED, whoever told them. */
  get routed(): string {
    const tables = [...this.#connections.values()].map(({ table }) => [...(table.paths.get(PREFIX)?.values() ?? [])]);
    const best = Math.min(...tables.flat().map(({ med = 0 }) => med));
    const hops = tables.flat().flatMap(({ nextHop, med = 0 }) => (med === best ? [nextHop] : []));
    return [...new Set(hops)].sort().join(' ');
  }

  /** Lets time pass; whether the third node is no next hop all the while. */
  isOut(ms: number): boolean {
    for (let passed = 0; passed < ms; passed += 50) {
      this.clock.advance(50);
      if (this.routed.includes(DEAD)) return false;
    }
    return true;
  }
}

suite('the first one is cut off with its machine, and another node dies meanwhile', () => {
  test('it is back, and what it says does not arrive for a while: the dead node is no next hop again', () => {
    const site = Site.started();
    site.cut('a');
    site.clock.advance(AWAY_MS / 2);
    site.miss('b');
    site.clock.advance(AWAY_MS / 2);
    assert.equal(site.routed, LIVING);
    // What it had to say while nobody heard it: it found itself alone.
    site.miss('a');
    site.clock.advance(2_500);
    site.heal('a');
    assert.ok(site.isOut(BACKOFF_MS), `${site.med('a')} ${site.med('b')}`);
    site.hear('a');
    assert.ok(site.isOut(SETTLED_MS));
    assert.deepEqual([site.med('a'), site.med('b')], [100, 200]);
  });

  test('it is back after a moment, and has still to find that: the same', () => {
    const site = Site.started();
    site.cut('a');
    site.clock.advance(3_000);
    site.miss('b');
    site.heal('a');
    site.hear('a');
    site.clock.advance(50);
    assert.equal(site.routed, LIVING);
    assert.ok(site.isOut(PROBING_MS), `${site.med('a')} ${site.med('b')}`);
    site.miss('a');
    assert.ok(site.isOut(SETTLED_MS));
    assert.deepEqual([site.med('a'), site.med('b')], [100, 200]);
  });

  test('it is back after a moment in which it said something that does not arrive for as long: the same', () => {
    const site = Site.started();
    site.cut('a');
    site.clock.advance(2_500);
    site.miss('b');
    site.miss('a');
    site.clock.advance(500);
    site.heal('a');
    assert.ok(site.isOut(BACKOFF_MS), `${site.med('a')} ${site.med('b')}`);
    site.hear('a');
    assert.ok(site.isOut(SETTLED_MS));
  });
});

suite('a firewall drops what the first one and the router say to each other', () => {
  test('and a node dies: the next one, which the router hears, wins within seconds, not when the hold time is over', () => {
    const site = Site.started();
    site.cut('a');
    site.heal('a');
    site.clock.advance(1_000);
    for (const name of 'ab') site.miss(name);
    site.clock.advance(3_000);
    assert.equal(site.routed, LIVING);
    assert.ok(site.isOut(60_000));
    site.hear('a');
    assert.ok(site.isOut(SETTLED_MS));
    assert.deepEqual([site.med('a'), site.med('b')], [100, 200]);
  });
});
