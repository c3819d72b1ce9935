import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { NodeHealth } from '../announce/snapshot.ts';
import { Strangers } from './strangers.ts';

const ready = { ready: true };

suite('the nodes that a replica has not met since it began', () => {
  test('are all at first, and none once each has answered or is known to be dead', () => {
    const nodes = new Map([
      ['n1', ready],
      ['n2', ready],
    ]);
    const strangers = new Strangers(nodes);
    const health = new Map<string, NodeHealth>([['n1', 'alive']]);
    assert.equal(strangers.remain(nodes, health), true);
    health.set('n2', 'dead');
    assert.equal(strangers.remain(nodes, health), false);
  });

  test('are not those that Kubernetes calls not Ready, or that are gone', () => {
    const nodes = new Map([
      ['n1', ready],
      ['n2', ready],
    ]);
    const strangers = new Strangers(nodes);
    assert.equal(strangers.remain(new Map([['n1', { ready: false }]]), new Map()), false);
  });

  test('are none that came later, and none that was met once', () => {
    const strangers = new Strangers(new Map([['n1', ready]]));
    const nodes = new Map([
      ['n1', ready],
      ['n2', ready],
    ]);
    assert.equal(strangers.remain(nodes, new Map([['n1', 'alive']])), false);
    assert.equal(
      strangers.remain(
        nodes,
        new Map([
          ['n1', 'unknown'],
          ['n2', 'unknown'],
        ]),
      ),
      false,
    );
  });
});
