import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Peer } from '../domain/peer.ts';
import { aPeer } from '../domain/testing/builders.ts';
import type { SessionSight } from './ranks.ts';
import { Bench } from './testing/bench.ts';
import { INPUTS, meds, N1, N2, R1, started } from './testing/shop.ts';
import { TAKING_OVER_MS } from './worse-ranks.ts';

suite('leaving', () => {
  test('alone: routers keep the routes for the successor; nothing is changed before', async () => {
    const bench = started();
    await bench.engine.stop();
    assert.deepEqual(bench.speaker.takeCalls(), [{ call: 'stop', how: { r1: 'retain' } }]);
    assert.deepEqual(bench.prober, ['start', 'stop']);
    assert.deepEqual(bench.posted, [{ type: 'stopped' }]);
    assert.equal(bench.clock.pendingTimers, 0);
  });

  test('beside one whose sessions are not up (a rolling update): as if alone, or routers would have nobody', async () => {
    const bench = started();
    bench.answering = ['b'];
    bench.othersAnnounce = false;
    await bench.engine.stop();
    assert.deepEqual(bench.speaker.takeCalls(), [{ call: 'stop', how: { r1: 'retain' } }]);
    assert.deepEqual(bench.prober, ['start', 'stop']);
  });

  test('others hear that it announces while all of its sessions are established', () => {
    const bench = started();
    const told = (...states: SessionSight['state'][]): boolean => {
      bench.engine.sessionsChanged(states.map((state, i) => ({ key: `r${i}`, state, endOfRibSent: true })));
      return bench.toldAnnouncing;
    };
    assert.equal(told('Established', 'OpenConfirm'), false);
    assert.equal(told('Established', 'Established'), true);
    assert.equal(told('Established', 'Idle'), false);
    assert.equal(told(), false);
  });

  test('others hear that it announces once routers have all of its routes, which may take a while', () => {
    const bench = started();
    for (const endOfRibSent of [false, true]) {
      bench.engine.sessionsChanged([{ key: 'r1', state: 'Established', endOfRibSent }]);
      assert.equal(bench.toldAnnouncing, endOfRibSent);
    }
  });

  test('with another replica: the worst routes, a second for routers to move, then handing over', async () => {
    const bench = started();
    bench.answering = ['b'];
    const stopped = bench.engine.stop();
    assert.deepEqual(meds(bench), ['900']);
    assert.deepEqual(bench.prober, ['start', 'leaving']);
    bench.clock.advance(999);
    await new Promise(setImmediate);
    assert.ok(!bench.speaker.calls.some(({ call }) => call === 'stop'));
    bench.clock.advance(1);
    await stopped;
    assert.deepEqual(bench.speaker.takeCalls().at(-1), { call: 'stop', how: { r1: 'handover' } });
    assert.deepEqual(bench.prober, ['start', 'leaving', 'stop']);
    assert.deepEqual(bench.posted, [{ type: 'stopped' }]);
  });

  test('with another replica that announces: its better routes first, then the worst ones of ours, then a second', async () => {
    const bench = started();
    bench.answering = ['b'];
    bench.engine.sessionsChanged([{ key: 'r1', state: 'Established', endOfRibSent: true }]);
    const stopped = bench.engine.stop();
    assert.deepEqual(bench.prober, ['start', 'leaving']);
    bench.clock.advance(TAKING_OVER_MS - 1);
    assert.deepEqual(meds(bench), ['100']);
    bench.clock.advance(1);
    assert.deepEqual(meds(bench), ['900']);
    await new Promise(setImmediate);
    bench.clock.advance(999);
    await new Promise(setImmediate);
    assert.ok(!bench.speaker.calls.some(({ call }) => call === 'stop'));
    bench.clock.advance(1);
    await stopped;
    assert.deepEqual(bench.speaker.takeCalls().at(-1), { call: 'stop', how: { r1: 'handover' } });
    assert.equal(bench.clock.pendingTimers, 0);
  });

  test('the second begins when the worst routes are written to the routers, however long that takes with many of them', async () => {
    const bench = started();
    bench.answering = ['b'];
    bench.speaker.isWriting = true;
    const stopped = bench.engine.stop();
    bench.clock.advance(4_000);
    bench.speaker.written();
    bench.clock.advance(999);
    await new Promise(setImmediate);
    assert.ok(!bench.speaker.calls.some(({ call }) => call === 'stop'));
    bench.clock.advance(1);
    await stopped;
    assert.deepEqual(bench.speaker.takeCalls().at(-1), { call: 'stop', how: { r1: 'handover' } });
    assert.equal(bench.clock.pendingTimers, 0);
  });

  test('a router that takes nothing keeps us for five seconds more, and no longer', async () => {
    const bench = started();
    bench.answering = ['b'];
    bench.speaker.isWriting = true;
    const stopped = bench.engine.stop();
    bench.clock.advance(6_000);
    await stopped;
    assert.deepEqual(bench.speaker.takeCalls().at(-1), { call: 'stop', how: { r1: 'handover' } });
    bench.speaker.written();
    assert.equal(bench.clock.pendingTimers, 0);
  });

  test('with another replica that leaves meanwhile, too: routers keep the routes', async () => {
    const bench = started();
    bench.answering = ['b'];
    const stopped = bench.engine.stop();
    bench.answering = [];
    bench.clock.advance(1_000);
    await stopped;
    assert.deepEqual(bench.speaker.takeCalls().at(-1), { call: 'stop', how: { r1: 'retain' } });
  });

  /** A router per rack beside the one for all; our replica is in rack a, the other one where `rack` says. */
  function racks(rack: string): Bench {
    const inRack = (of: string): Peer['nodeSelector'] => ({ matchLabels: { rack: of }, matchExpressions: [] });
    const bench = started({
      ...INPUTS,
      nodes: new Map([
        ['n1', { ...N1, labels: { rack: 'a' } }],
        ['n2', { ...N2, labels: { rack } }],
      ]),
      peers: new Map([
        ['tor-a', aPeer('tor-a', '10.0.0.253', { nodeSelector: inRack('a') })],
        ['tor-b', aPeer('tor-b', '10.0.0.252', { nodeSelector: inRack('b') })],
      ]),
    });
    bench.answering = ['b'];
    return bench;
  }

  test("with another replica in another rack: our rack's router has nobody else and keeps the routes", async () => {
    const bench = racks('b');
    const stopped = bench.engine.stop();
    bench.clock.advance(1_000);
    await stopped;
    assert.deepEqual(bench.speaker.takeCalls(), [{ call: 'stop', how: { 'tor-a': 'retain' } }]);
    assert.deepEqual(bench.prober, ['start', 'stop']);
  });

  test("with another replica in the same rack: our rack's router gets its routes", async () => {
    const bench = racks('a');
    const stopped = bench.engine.stop();
    bench.clock.advance(1_000);
    await stopped;
    assert.deepEqual(bench.speaker.takeCalls().at(-1), { call: 'stop', how: { 'tor-a': 'handover' } });
  });

  test('each router as it needs it: the one for all is handed over, the one of our rack keeps the routes', async () => {
    const bench = racks('b');
    bench.engine.change({ peers: new Map([['r1', R1]]) });
    const stopped = bench.engine.stop();
    assert.deepEqual(meds(bench), ['900']);
    bench.clock.advance(1_000);
    await stopped;
    assert.deepEqual(bench.speaker.takeCalls().at(-1), { call: 'stop', how: { 'tor-a': 'retain', r1: 'handover' } });
    assert.deepEqual(bench.prober, ['start', 'leaving', 'stop']);
  });

  test('with another replica on a node that nobody knows: it serves the routers for all nodes, and no other', async () => {
    const bench = racks('a');
    bench.engine.change({ peers: new Map([['r1', R1]]), nodes: new Map([['n2', null]]) });
    const stopped = bench.engine.stop();
    bench.clock.advance(1_000);
    await stopped;
    assert.deepEqual(bench.speaker.takeCalls().at(-1), { call: 'stop', how: { 'tor-a': 'retain', r1: 'handover' } });
  });

  test('for good: withdrawn from all routers at once, whoever else still announces', async () => {
    const bench = racks('a');
    bench.engine.change({ peers: new Map([['r1', R1]]) });
    bench.speaker.takeCalls();
    await bench.engine.stop('none');
    assert.deepEqual(bench.speaker.takeCalls(), [{ call: 'stop', how: { 'tor-a': 'withdraw', r1: 'withdraw' } }]);
    assert.deepEqual(bench.prober, ['start', 'stop']);
    assert.equal(bench.clock.pendingTimers, 0);
  });

  test('for good, as it turns out when others have taken over: withdrawn all the same', async () => {
    const bench = started();
    bench.answering = ['b'];
    const handedOver = bench.engine.handOver();
    assert.deepEqual(meds(bench), ['900']);
    bench.clock.advance(1_000);
    await handedOver;
    bench.answering = [];
    await bench.engine.stop('none');
    assert.deepEqual(bench.speaker.takeCalls().at(-1), { call: 'stop', how: { r1: 'withdraw' } });
  });

  test('when others have taken over: at once', async () => {
    const bench = started();
    bench.answering = ['b'];
    const handedOver = bench.engine.handOver();
    bench.clock.advance(1_000);
    await handedOver;
    await bench.engine.stop();
    assert.deepEqual(bench.speaker.takeCalls().at(-1), { call: 'stop', how: { r1: 'handover' } });
    assert.deepEqual(bench.prober, ['start', 'leaving', 'stop']);
  });

  test('alone nobody can take over: nothing is changed, and whoever comes up meanwhile does', async () => {
    const bench = started();
    await bench.engine.handOver();
    assert.deepEqual(bench.speaker.takeCalls(), []);
    assert.deepEqual(bench.prober, ['start']);
    bench.answering = ['b'];
    const stopped = bench.engine.stop();
    bench.clock.advance(1_000);
    await stopped;
    assert.deepEqual(bench.speaker.takeCalls().at(-1), { call: 'stop', how: { r1: 'handover' } });
  });

  test('what changes meanwhile is still announced, as the worst', () => {
    const bench = started();
    bench.answering = ['b'];
    void bench.engine.stop();
    bench.engine.change({ services: new Map([['shop/db', null]]) });
    assert.deepEqual(bench.speaker.announced(), { r1: { '192.0.2.1/32': '10.0.0.1 10.0.0.2 med 900' } });
  });

  test('before the inputs were known: without a word, so that routers keep what a predecessor announced', async () => {
    const bench = new Bench();
    await bench.engine.stop();
    assert.deepEqual(bench.speaker.takeCalls(), [{ call: 'stop', how: {} }]);
    assert.deepEqual(bench.posted, [{ type: 'stopped' }]);
  });
});
