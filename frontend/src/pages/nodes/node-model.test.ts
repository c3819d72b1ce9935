import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Failure } from '../../api/failure.ts';
import type { Node } from '../../generated/api.ts';
import { nodeOf, signKeys, trafficWord, verdictWord, witnessKey } from './node-model.ts';
import { replicas, worker } from './node.stories.ts';

suite('whether a node takes traffic', () => {
  function word(change: Partial<Node>): unknown {
    const { level, title, detail } = trafficWord({ ...worker, ...change });
    return [level, title, detail];
  }

  test('is no fault where somebody has decided that it shall not', () => {
    const because = { reason: 'NodeExcluded', text: 'By its label.' };
    assert.deepEqual(word({ takesTraffic: false, because }), ['off', 'NO', 'By its label.']);
  });

  test('is a fault where it should', () => {
    const because = { reason: 'NodeDead', text: 'It is silent.' };
    assert.deepEqual(word({ takesTraffic: false, because }), ['bad', 'NO', 'It is silent.']);
    assert.deepEqual(word({ takesTraffic: false, because: null }), ['bad', 'NO', undefined]);
  });

  test('ends soon where its object says that it goes, which a cordon alone does not', () => {
    assert.deepEqual(word({ drains: ['cordoned', 'deleting'] }), ['warning', 'NODE_ABOUT_TO_GO', undefined]);
    assert.deepEqual(word({ drains: ['cordoned'] }), ['good', 'YES', undefined]);
    assert.deepEqual(word({}), ['good', 'YES', undefined]);
  });
});

suite('what is found of a node', () => {
  test('is not known where this page has no word for it', () => {
    assert.deepEqual(verdictWord('dead').level, 'bad');
    assert.deepEqual(verdictWord('odd').title, 'NODE_NOT_KNOWN');
    assert.deepEqual(signKeys({ ...worker, drains: ['cordoned', 'odd' as 'deleting'] }), ['NODE_CORDONED']);
  });

  test('by a second witness is told only where it was asked', () => {
    const [evidence] = worker.evidence;
    assert.ok(evidence);
    assert.equal(witnessKey(evidence), undefined);
    assert.equal(witnessKey({ ...evidence, witness: 'host' }), 'WITNESS_HOST');
    assert.equal(witnessKey({ ...evidence, witness: 'nothing' }), 'WITNESS_NOTHING');
  });
});

test('one node of a list is the one that is called so, and none that has that in its name', () => {
  const page = { items: [{ ...worker, name: 'my-worker-1' }, worker], totalItems: 2, replicas };
  assert.equal(nodeOf(page, 'worker-1', ''), worker);
  const gone = nodeOf(page, 'worker', 'gone');
  assert.ok(gone instanceof Failure);
  assert.deepEqual([gone.kind, gone.message], ['notFound', 'gone']);
  assert.equal(nodeOf(undefined, 'worker-1', ''), undefined);
});
