import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { NodeHealth } from '../announce/snapshot.ts';
import type { Node } from '../domain/node.ts';
import { aNode } from '../domain/testing/builders.ts';
import { DeadSpeakers } from './dead-speakers.ts';

/** Nodes of which these are dead; the others answer. */
function cluster(
  dead: readonly string[],
  ...more: Node[]
): { nodes: Map<string, Node>; health: Map<string, NodeHealth> } {
  const nodes = [...['n1', 'n2', 'n3'].map((name, i) => aNode(name, [`10.0.0.${i + 1}`])), ...more];
  return {
    nodes: new Map(nodes.map((node) => [node.name, node])),
    health: new Map(nodes.map(({ name }) => [name, dead.includes(name) ? 'dead' : 'alive'])),
  };
}

const gone = (...names: string[]): Set<string> => new Set(names);

suite('deaths of machines with a replica', () => {
  test('are none while the machine works, or a dead one has left nothing', () => {
    const speakers = new DeadSpeakers();
    assert.equal(speakers.deaths(gone('n1'), cluster([])), 0);
    assert.equal(speakers.deaths(gone(), cluster(['n1'])), 0);
    const excluded = aNode('cp', ['10.0.0.9'], { excluded: true });
    assert.equal(speakers.deaths(gone('cp'), cluster(['cp'], excluded)), 0);
  });

  test('are found by probes, else by Kubernetes, or by the object that is gone', () => {
    assert.equal(new DeadSpeakers().deaths(gone('n1'), cluster(['n1'])), 1);
    const notReady = { ...cluster([], aNode('n4', ['10.0.0.4'], { ready: false })), health: new Map() };
    assert.equal(new DeadSpeakers().deaths(gone('n4'), notReady), 1);
    assert.equal(new DeadSpeakers().deaths(gone('n9'), cluster([])), 1);
  });

  test('count on as long as any of them is known, so that the later one stays outbid when the earlier one is over', () => {
    const speakers = new DeadSpeakers();
    assert.equal(speakers.deaths(gone('n1'), cluster(['n1'])), 1);
    assert.equal(speakers.deaths(gone('n1', 'n2'), cluster(['n1', 'n2'])), 2);
    assert.equal(speakers.deaths(gone('n2'), cluster(['n1', 'n2'])), 2);
    assert.equal(speakers.deaths(gone(), cluster(['n1'])), 0);
  });

  test('are as many for those that notice them together or in another order', () => {
    const [one, other] = [new DeadSpeakers(), new DeadSpeakers()];
    one.deaths(gone('n2'), cluster(['n2']));
    assert.equal(one.deaths(gone('n1', 'n2'), cluster(['n1', 'n2'])), 2);
    assert.equal(other.deaths(gone('n1', 'n2'), cluster(['n1', 'n2'])), 2);
  });
});
