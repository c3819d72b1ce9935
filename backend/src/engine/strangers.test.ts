import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { NodeHealth } from '../announce/snapshot.ts';
import type { Node } from '../domain/node.ts';
import { aNode } from '../domain/testing/builders.ts';
import { FakeClock } from '../platform/fake/clock.ts';
import { Strangers } from './strangers.ts';

const N1 = aNode('n1', ['10.0.0.1']);
const N2 = aNode('n2', ['10.0.0.2']);
const nodesOf = (...nodes: Node[]): Map<string, Node> => new Map(nodes.map((node) => [node.name, node]));

function met(...nodes: Node[]): { clock: FakeClock; strangers: Strangers; givenUp: () => number } {
  const clock = new FakeClock();
  let times = 0;
  const strangers = new Strangers({ clock, onGivenUp: () => void (times += 1) }, nodesOf(...nodes));
  return { clock, strangers, givenUp: () => times };
}

suite('the nodes that a replica has not met since it began', () => {
  test('are all at first, and none once each has answered or is known to be dead', () => {
    const { strangers, clock } = met(N1, N2);
    const health = new Map<string, NodeHealth>([['n1', 'alive']]);
    assert.equal(strangers.remain(nodesOf(N1, N2), health), true);
    health.set('n2', 'dead');
    assert.equal(strangers.remain(nodesOf(N1, N2), health), false);
    assert.equal(clock.pendingTimers, 0);
  });

  test('are not those that Kubernetes calls not Ready, or that are gone', () => {
    const { strangers } = met(N1, N2);
    assert.equal(strangers.remain(nodesOf({ ...N1, ready: false }), new Map()), false);
  });

  test('are not those that take no traffic by their label, or that have no address to probe', () => {
    const { strangers } = met(N1, N2);
    assert.equal(strangers.remain(nodesOf({ ...N1, excluded: true }, aNode('n2', [])), new Map()), false);
  });

  test('are none that came later, and none that was met once', () => {
    const { strangers } = met(N1);
    assert.equal(strangers.remain(nodesOf(N1, N2), new Map([['n1', 'alive']])), false);
    const forgotten = new Map<string, NodeHealth>([
      ['n1', 'unknown'],
      ['n2', 'unknown'],
    ]);
    assert.equal(strangers.remain(nodesOf(N1, N2), forgotten), false);
  });

  test('are none after a minute: Kubernetes has noticed by then which are dead', () => {
    const { strangers, clock, givenUp } = met(N1);
    clock.advance(59_999);
    assert.deepEqual([strangers.remain(nodesOf(N1), new Map()), givenUp()], [true, 0]);
    clock.advance(1);
    assert.deepEqual([strangers.remain(nodesOf(N1), new Map()), givenUp()], [false, 1]);
  });

  test('are nothing to wait for when the replica stops', () => {
    const { strangers, clock } = met(N1);
    strangers.stop();
    assert.equal(clock.pendingTimers, 0);
  });
});
