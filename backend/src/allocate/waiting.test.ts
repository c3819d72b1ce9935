import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { byServiceAge, Waiting } from './waiting.ts';

const aged = (key: string, createdAt: number): { key: string; createdAt: number } => ({ key, createdAt });

test('older first, of one age by name', () => {
  const all = [aged('b', 2), aged('a', 2), aged('c', 1)];
  assert.deepEqual(
    all.sort(byServiceAge).map(({ key }) => key),
    ['c', 'a', 'b'],
  );
});

suite('who waits for an address', () => {
  const waiting = new Waiting();
  waiting.set(aged('young', 3), { pools: ['p'], ips: [] });
  waiting.set(aged('old', 1), { pools: ['p', 'q'], ips: [] }, 'shop/k');
  waiting.set(aged('middle', 2), { pools: [], ips: ['192.0.2.1'] });

  test('of a pool, or for this one', () => {
    assert.deepEqual([...waiting.interestedIn('p', '192.0.2.1')], ['old', 'middle', 'young']);
    assert.deepEqual([...waiting.interestedIn('q', '192.0.2.9')], ['old']);
    assert.deepEqual([...waiting.interestedIn('r', '192.0.2.9')], []);
  });
  test('of a sharing group', () => assert.deepEqual(waiting.inGroup('shop/k'), ['old']));
  test('for something else since, or for nothing any more', () => {
    waiting.set(aged('old', 1), { pools: ['q'], ips: [] });
    waiting.delete('middle');
    assert.deepEqual([...waiting.interestedIn('p', '192.0.2.1')], ['young']);
    assert.deepEqual(waiting.inGroup('shop/k'), []);
    assert.deepEqual([waiting.keys(), waiting.size, waiting.has('middle')], [['old', 'young'], 2, false]);
  });
});

test('the queues hold who waits, in order of age, whatever came before', () => {
  const step = fc.record({
    key: fc.constantFrom('a', 'b', 'c', 'd'),
    createdAt: fc.nat(2),
    pools: fc.option(fc.subarray(['p', 'q'])),
    ips: fc.subarray(['1', '2']),
  });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const waiting = new Waiting();
      const model = new Map<string, (typeof steps)[number]>();
      for (const each of steps) {
        model.delete(each.key);
        if (each.pools === null) waiting.delete(each.key);
        else {
          waiting.set(each, { pools: each.pools, ips: each.ips });
          model.set(each.key, each);
        }
      }
      const sorted = [...model.values()].sort(byServiceAge);
      assert.deepEqual(
        waiting.keys(),
        sorted.map(({ key }) => key),
      );
      const interested = sorted.filter(({ pools, ips }) => pools?.includes('p') === true || ips.includes('1'));
      assert.deepEqual(
        [...new Set(waiting.interestedIn('p', '1'))],
        interested.map(({ key }) => key),
      );
    }),
  );
});
