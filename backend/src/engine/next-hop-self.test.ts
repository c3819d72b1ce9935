/** Peers with `nextHopSelf`: this replica, on n1, tells them of n1 alone. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { aNode, aPeer, endpointsOn, someSettings } from '../domain/testing/builders.ts';
import type { InputDelta } from './messages.ts';
import type { Bench } from './testing/bench.ts';
import { holding, INPUTS, N1, N2, started } from './testing/shop.ts';

const one = { families: [{ family: 'ipv4', sendMax: 1 }] } as const;
const SELF = aPeer('self', '10.0.0.253', { nextHopSelf: true, ...one });
const OTHER = aPeer('other', '10.0.0.254', one);

const inputs: InputDelta = {
  ...INPUTS,
  peers: new Map([
    ['self', SELF],
    ['other', OTHER],
  ]),
};

/** `<next hops> med <MED> ...` of web's address. */
function told(bench: Bench, peer: string): string | undefined {
  return bench.speaker.announced()[peer]?.['192.0.2.1/32'];
}

/** What is told of its MED. */
function med(bench: Bench, peer = 'self'): number {
  return Number(/med (\d+)/.exec(told(bench, peer) ?? '')?.[1]);
}

suite('a peer that hears of our own node alone', () => {
  test('hears of it with the same MED from whoever is first and whoever isn’t', () => {
    const bench = started(inputs);
    assert.match(told(bench, 'self') ?? '', /^10\.0\.0\.1 /);
    bench.answering = ['0'];
    bench.othersAreNewcomers = false;
    bench.engine.replicasChanged();
    assert.deepEqual([med(bench, 'other'), med(bench)], [200, 100]);
    // The lowest that a router hears is what metrics and the API say.
    assert.equal(bench.engine.facts([]).medOffset, 100);
    bench.engine.change({ peers: new Map([['self', null]]) });
    assert.equal(bench.engine.facts([]).medOffset, 200);
    bench.engine.change({ peers: new Map(Object.entries({ self: SELF, other: null })) });
    assert.equal(bench.engine.facts([]).medOffset, 100);
  });

  test('doesn’t hide which replica the other routers prefer: its rank there is told apart', () => {
    for (const site of [inputs, { ...inputs, peers: new Map([['self', SELF]]) }]) {
      const ranks = [true, false].map((isFirst) => {
        const bench = started(site);
        bench.answering = isFirst ? [] : ['0'];
        bench.othersAreNewcomers = false;
        bench.engine.replicasChanged();
        const { rank, medOffset } = bench.engine.facts([]);
        return [rank, medOffset];
      });
      assert.deepEqual(ranks, [
        [100, 100],
        [200, 100],
      ]);
    }
  });

  test('hears nothing while our node takes no traffic of the address', () => {
    const bench = started(inputs);
    const local = { ...holding('web', '192.0.2.1'), trafficPolicy: 'Local' } as const;
    bench.engine.change({ services: new Map([['shop/web', local]]) });
    assert.match(told(bench, 'self') ?? '', /^10\.0\.0\.1 /);
    bench.engine.change({ endpoints: new Map([['shop/web', endpointsOn(['n2'])]]) });
    assert.deepEqual([told(bench, 'self'), /^10\.0\.0\.2 /.test(told(bench, 'other') ?? '')], [undefined, true]);
    bench.engine.change({ endpoints: new Map([['shop/web', endpointsOn(['n1'])]]) });
    bench.engine.change({ nodes: new Map([['n1', { ...N1, excluded: true }]]) });
    assert.equal(told(bench, 'self'), undefined);
    bench.engine.change({ nodes: new Map([['n1', N1]]) });
    bench.health.set('n1', 'dead');
    bench.engine.healthChanged();
    assert.equal(told(bench, 'self'), undefined);
  });

  test('hears no other MED because a replica is away whose machine works', () => {
    const bench = started(inputs);
    bench.health.set('n2', 'alive');
    bench.goneNodes = ['n2'];
    bench.lost = ['b'];
    bench.engine.replicasChanged();
    assert.equal(med(bench), 100);
  });

  test('hears a better one when a machine died with its replica, until what that has said is over', () => {
    const bench = started(inputs);
    bench.goneNodes = ['n2'];
    bench.engine.replicasChanged();
    bench.health.set('n2', 'dead');
    bench.engine.healthChanged();
    assert.equal(med(bench), 99);
    bench.goneNodes = [];
    bench.engine.replicasChanged();
    assert.equal(med(bench), 100);
  });

  test('hears no better one when the object of a node is deleted that was excluded before', () => {
    const bench = started(inputs);
    bench.engine.change({ nodes: new Map([['n2', { ...N2, excluded: true }]]) });
    bench.goneNodes = ['n2'];
    bench.engine.replicasChanged();
    bench.engine.change({ nodes: new Map([['n2', null]]) });
    assert.equal(med(bench), 100);
  });

  test('hears no better one where the router drops what a dead machine has left by itself: with BFD, and without graceful restart', () => {
    const bfd = { transmitIntervalMs: 300, receiveIntervalMs: 300, detectMultiplier: 3, multihop: false, minTtl: 1 };
    const gracefulRestart = { enabled: false, restartTimeSeconds: 120 };
    const peers = new Map([
      ['self', SELF],
      ['drops', { ...SELF, name: 'drops', address: '10.0.0.252', bfd, gracefulRestart }],
      ['retains', { ...SELF, name: 'retains', address: '10.0.0.251', bfd }],
      ['waits', { ...SELF, name: 'waits', address: '10.0.0.250', gracefulRestart }],
    ]);
    const bench = started({ ...inputs, peers });
    bench.goneNodes = ['n2'];
    bench.health.set('n2', 'dead');
    bench.engine.healthChanged();
    assert.deepEqual(
      [...peers.keys()].map((peer) => med(bench, peer)),
      [99, 100, 99, 99],
    );
    bench.engine.change({ settings: someSettings({ gracefulRestart }) });
    assert.deepEqual([med(bench, 'retains'), med(bench, 'self')], [100, 99]);
    bench.engine.setStale(true);
    assert.equal(med(bench, 'drops'), 400);
  });

  test('hears a worse one from a view that is stale', () => {
    const bench = started(inputs);
    bench.engine.setStale(true);
    assert.equal(med(bench), 400);
  });

  test('is left without a word, for the successor; others are handed over', async () => {
    const bench = started(inputs);
    bench.answering = ['b'];
    const stopped = bench.engine.stop();
    assert.deepEqual([med(bench, 'other'), med(bench)], [900, 100]);
    bench.clock.advance(1_000);
    await stopped;
    const how = { self: 'retain', other: 'handover' };
    assert.deepEqual(bench.speaker.takeCalls().at(-1), { call: 'stop', how });
  });

  test('asks for no ADD-PATH, and isn’t warned of for the next hops of other nodes', () => {
    const bench = started(inputs);
    bench.engine.change({ nodes: new Map([['n2', { ...N2, ...aNode('n2', ['10.9.0.2']) }]]) });
    assert.equal(bench.engine.offSubnetNextHop('other'), '10.9.0.2 (node n2)');
    assert.equal(bench.engine.offSubnetNextHop('self'), undefined);
  });
});
