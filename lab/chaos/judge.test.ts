import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Batch, Fault } from './faults.ts';
import {
  judgedDeath,
  momentsWithout,
  routedWhileDead,
  steadyRouters,
  steadyServices,
  type RouteEvent,
} from './judge.ts';

const event = (at: number, destination: string, ...gateways: string[]): RouteEvent => ({ at, destination, gateways });
const batchOf = (...faults: Fault[]): Batch => ({
  number: 1,
  faults: faults.map((fault) => ({ fault, from: 0, to: 1_000 })),
});

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

suite('the part of a death that is judged', () => {
  const death = { from: 20_000, to: 30_000 };

  test('is all of it, unless replicas begin meanwhile', () => {
    assert.deepEqual(judgedDeath(death, [0, 31_000]), death);
    assert.deepEqual(judgedDeath(death, [0, 26_000, 24_000]), { from: 20_000, to: 24_000 });
  });

  test('is nothing where they have just begun', () => {
    assert.equal(judgedDeath(death, [15_000, 24_000]), undefined);
  });
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
});

suite('what a batch must not touch', () => {
  const nodes = ['n1', 'n2'];
  const everywhere = { name: 'everywhere', policy: 'Cluster', nodes } as const;
  const local = { name: 'local', policy: 'Local', nodes: ['n1'] } as const;
  const steady = (...faults: Fault[]): string[] => steadyServices([everywhere, local], batchOf(...faults), nodes);

  test('all Services, where replicas and the API server fail', () => {
    const faults: Fault[] = [{ kind: 'replica-killed', node: 'n1' }, { kind: 'api-down' }, { kind: 'pool-shrunk' }];
    assert.deepEqual(steady(...faults), ['everywhere', 'local']);
  });

  test('but those whose only node is lost, or whose endpoints leave it, or that are deleted', () => {
    for (const kind of ['node-off', 'node-apart', 'node-excluded'] as const) {
      assert.deepEqual(steady({ kind, node: 'n1' }), ['everywhere']);
      assert.deepEqual(steady({ kind, node: 'n2' }), ['everywhere', 'local']);
    }
    assert.deepEqual(steady({ kind: 'endpoints-moved', service: { ...local, nodes: ['n2'] } }), ['everywhere']);
    assert.deepEqual(steady({ kind: 'service-deleted', name: 'everywhere' }), ['local']);
  });

  test('the routers that are not restarted', () => {
    const batch = batchOf(
      { kind: 'router-crashed', router: 'r1' },
      { kind: 'session-reset', router: 'r2', node: 'n1' },
    );
    assert.deepEqual(steadyRouters(['r1', 'r2'], batch), ['r2']);
  });
});
