import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Fault } from './faults.ts';
import {
  judgeDeath,
  judgeWithdrawals,
  momentsWithout,
  neededUntil,
  outagesOf,
  partsOutside,
  routedFrom,
  routedWhileDead,
  type Happened,
  type RouteEvent,
} from './judge.ts';

const event = (at: number, destination: string, ...gateways: string[]): RouteEvent => ({ at, destination, gateways });

suite('for how long a route led to a dead node', () => {
  const span = { from: 1_000, to: 9_000 };

  test('until the last one left it', () => {
    const events = [event(0, 'a', 'x', 'y'), event(0, 'b', 'x'), event(2_500, 'a', 'y'), event(3_100, 'b', 'y')];
    assert.equal(routedWhileDead(events, 'x', span), 2_100);
    assert.equal(routedWhileDead(events, 'z', span), 0);
  });

  test('until its end, if one never did', () => {
    assert.equal(routedWhileDead([event(0, 'a', 'x')], 'x', span), 8_000);
    assert.equal(routedWhileDead([event(0, 'a', 'x'), event(9_500, 'a', 'y')], 'x', span), 8_000);
  });

  test('also when it came back to the dead one meanwhile', () => {
    const events = [event(0, 'a', 'x'), event(2_000, 'a', 'y'), event(5_000, 'a', 'x'), event(6_000, 'a')];
    assert.equal(routedWhileDead(events, 'x', span), 5_000);
  });

  test('not at all, where it had left before', () => {
    assert.equal(routedWhileDead([event(0, 'a', 'x'), event(900, 'a', 'y'), event(4_000, 'a', 'z')], 'x', span), 0);
  });
});

suite('what a router made of a death', () => {
  const death = { from: 1_000, to: 9_000 };
  const none = { outages: [], leftovers: [] };

  test('is judged by the gateways of both families, where a route led there', () => {
    const events = [event(0, 'a', 'x'), event(0, 'b', 'x6'), event(2_000, 'a', 'y'), event(4_000, 'b', 'y6')];
    assert.deepEqual(judgeDeath(events, ['x', 'x6'], death, none), [
      { ...death, routedMs: 3_000, isRouted: true, routed: [{ from: 1_000, to: 4_000 }] },
    ]);
    assert.deepEqual(judgeDeath(events, ['z', 'z6'], death, none), [
      { ...death, routedMs: 0, isRouted: false, routed: [] },
    ]);
  });

  test('counts anew from when a router is back, and is judged until it goes', () => {
    const events = [event(0, 'a', 'x'), event(4_500, 'a', 'y')];
    const outages = [{ from: 3_000, to: 4_000 }];
    assert.deepEqual(judgeDeath(events, ['x'], death, { ...none, outages }), [
      { from: 1_000, to: 3_000, routedMs: 2_000, isRouted: true, routed: [{ from: 1_000, to: 3_000 }] },
      { from: 4_000, to: 9_000, routedMs: 500, isRouted: true, routed: [{ from: 4_000, to: 4_500 }] },
    ]);
  });

  test('leaves out what the router keeps by itself: that gateway of that address, for that time, and nothing else', () => {
    const events = [event(0, 'a', 'x', 'y'), event(0, 'b', 'x')];
    const leftover = { ip: 'a', gateway: 'x', from: 500, to: Infinity };
    const routed = (...leftovers: (typeof leftover)[]): number =>
      Math.max(...judgeDeath(events, ['x'], death, { ...none, leftovers }).map(({ routedMs }) => routedMs));
    assert.equal(routed(leftover), 8_000);
    assert.equal(routed(leftover, { ...leftover, ip: 'b' }), 0);
    assert.equal(routed({ ...leftover, gateway: 'y' }, { ...leftover, ip: 'b', gateway: 'y' }), 8_000);
    const before = { ...leftover, ip: 'b', from: 0, to: 3_000 };
    assert.equal(routed({ ...leftover, to: 3_000 }, before), 8_000);
    const after = { ...leftover, ip: 'b', from: 4_000 };
    assert.equal(routed({ ...leftover, from: 4_000 }, after), 3_000);
  });
});

test('the parts of a span outside of others', () => {
  const span = { from: 10, to: 20 };
  assert.deepEqual(partsOutside(span, []), [span]);
  assert.deepEqual(
    partsOutside(span, [
      { from: 15, to: 17 },
      { from: 0, to: 12 },
    ]),
    [
      { from: 12, to: 15 },
      { from: 17, to: 20 },
    ],
  );
  assert.deepEqual(partsOutside(span, [{ from: 0, to: 30 }]), []);
  assert.deepEqual(
    partsOutside(span, [
      { from: 20, to: 30 },
      { from: 0, to: 10 },
    ]),
    [span],
  );
});

suite('moments without a route', () => {
  const span = { from: 1_000, to: 9_000 };

  test('are those at which it went within the span', () => {
    const events = [event(0, 'a', 'x'), event(2_000, 'a'), event(2_001, 'a', 'x'), event(9_500, 'a')];
    assert.deepEqual(momentsWithout(events, 'a', span), [2_000]);
  });

  test('begin with the span, if there was none', () => {
    assert.deepEqual(momentsWithout([event(2_000, 'a', 'x')], 'a', span), [1_000]);
    assert.deepEqual(momentsWithout([event(0, 'a', 'x'), event(500, 'a')], 'a', span), [1_000]);
  });

  test('are looked for except where the router was away, until it has a route again', () => {
    const events = [
      event(0, 'a', 'x'),
      event(2_000, 'a'),
      event(4_000, 'a', 'x'),
      event(6_000, 'a'),
      event(6_001, 'a', 'x'),
    ];
    assert.deepEqual(judgeWithdrawals(events, 'a', span, []), { judgedMs: 8_000, moments: [2_000, 6_000] });
    const outages = [{ from: 1_900, to: 3_000 }];
    assert.deepEqual(judgeWithdrawals(events, 'a', span, outages), { judgedMs: 5_900, moments: [6_000] });
    const never = [
      { from: 5_900, to: 5_950 },
      { from: 8_000, to: 8_100 },
    ];
    assert.deepEqual(judgeWithdrawals(events.slice(0, 1), 'a', span, never), { judgedMs: 7_850, moments: [] });
  });

  test('end when there is a route again', () => {
    const events = [event(0, 'a', 'x'), event(2_000, 'a'), event(3_000, 'b', 'x'), event(4_000, 'a', 'x')];
    assert.deepEqual(
      [1_000, 2_500, 5_000].map((moment) => routedFrom(events, 'a', moment)),
      [1_000, 4_000, 5_000],
    );
    assert.equal(routedFrom(events, 'c', 0), Infinity);
  });
});

suite('what faults must not touch', () => {
  const nodes = ['n1', 'n2'];
  const everywhere = { name: 'everywhere', policy: 'Cluster', nodes } as const;
  const local = { name: 'local', policy: 'Local', nodes: ['n1'] } as const;
  const happened = (...faults: Fault[]): Happened[] =>
    faults.map((fault, i) => ({ fault, from: 10 * i, to: 10 * i + 5 }));
  const until = (...faults: Fault[]): number[] =>
    [everywhere, local].map((service) => neededUntil(service, happened(...faults), nodes));

  test('all Services to the end, where anything else fails', () => {
    const harmless: Fault[] = [
      ...(
        ['replica-killed', 'replica-stopped', 'replica-suspended', 'replica-without-api', 'node-cordoned'] as const
      ).map((kind): Fault => ({ kind, node: 'n1' })),
      ...(['session-reset', 'tcp-reset'] as const).map((kind): Fault => ({ kind, router: 'r1', node: 'n1' })),
      ...(['router-restarted', 'router-crashed'] as const).map((kind): Fault => ({ kind, router: 'r1' })),
      ...(['api-down', 'all-replicas-killed', 'pool-shrunk'] as const).map((kind): Fault => ({ kind })),
      { kind: 'invalid-edit', of: 'pool' },
      { kind: 'service-created', service: { ...local, name: 'other' } },
      { kind: 'service-deleted', name: 'other' },
    ];
    assert.deepEqual(until(...harmless), [Infinity, Infinity]);
  });

  test('each until its last node is lost, its endpoints have left that, or it is deleted', () => {
    const first: Fault = { kind: 'api-down' };
    for (const kind of ['node-off', 'node-apart', 'node-excluded'] as const) {
      assert.deepEqual(until(first, { kind, node: 'n1' }), [Infinity, 10]);
      assert.deepEqual(until(first, { kind, node: 'n2' }), [Infinity, Infinity]);
    }
    assert.deepEqual(until({ kind: 'node-off', node: 'n1' }, first, { kind: 'node-off', node: 'n2' }), [20, 0]);
    assert.deepEqual(until(first, { kind: 'endpoints-moved', service: { ...local, nodes: ['n2'] } }), [Infinity, 10]);
    assert.deepEqual(until(first, { kind: 'endpoints-moved', service: { ...local, nodes } }), [Infinity, Infinity]);
    assert.deepEqual(until(first, { kind: 'endpoints-moved', service: { ...everywhere, nodes: ['n2'] } }), [
      Infinity,
      Infinity,
    ]);
    assert.deepEqual(until(first, { kind: 'service-deleted', name: 'everywhere' }), [10, Infinity]);
  });

  test('a router is away only while it is restarted', () => {
    const faults = happened(
      { kind: 'router-crashed', router: 'r1' },
      { kind: 'session-reset', router: 'r2', node: 'n1' },
      { kind: 'router-restarted', router: 'r1' },
    );
    const spans = (router: string): number[][] => outagesOf(router, faults).map(({ from, to }) => [from, to]);
    assert.deepEqual(spans('r1'), [
      [0, 5],
      [20, 25],
    ]);
    assert.deepEqual(spans('r2'), []);
  });
});
