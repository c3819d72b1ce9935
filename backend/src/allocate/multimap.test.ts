import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addTo, count, has, MANY, removeFrom, type Multimap } from './multimap.ts';

const KEYS = ['a', 'b'];
const VALUES = Array.from({ length: 2 * MANY }, (_, i) => `v${i}`);
const STEP = fc.record({
  isAdded: fc.boolean(),
  key: fc.constantFrom(...KEYS),
  values: fc.subarray(VALUES),
});

test('values of few and of many are those of a Set for each key, in the order in which they came', () => {
  fc.assert(
    fc.property(fc.array(STEP, { maxLength: 12 }), (steps) => {
      const index: Multimap = new Map();
      const plain = new Map<string, Set<string>>(KEYS.map((key) => [key, new Set()]));
      for (const { isAdded, key, values } of steps) {
        for (const value of values) {
          if (isAdded) addTo(index, key, value);
          const isLast = !isAdded && plain.get(key)?.size === 1 && plain.get(key)?.has(value) === true;
          if (!isAdded) assert.equal(removeFrom(index, key, value), isLast);
          plain.get(key)?.[isAdded ? 'add' : 'delete'](value);
        }
        for (const [name, all] of plain) {
          assert.deepEqual([...(index.get(name) ?? [])], [...all]);
          assert.equal(index.has(name), all.size > 0);
          assert.equal(count(index.get(name)), all.size);
          assert.deepEqual(
            VALUES.filter((value) => has(index.get(name), value)),
            VALUES.filter((value) => all.has(value)),
          );
          assert.equal(index.get(name) instanceof Set, all.size > MANY, 'as small as a list, or as quick as a Set');
        }
      }
    }),
    { numRuns: 200 },
  );
});

test('a list that somebody goes through stays as it is', () => {
  const index: Multimap = new Map();
  addTo(index, 'a', 'v');
  const before = index.get('a');
  addTo(index, 'a', 'w');
  removeFrom(index, 'a', 'v');
  assert.deepEqual([before, index.get('a')], [['v'], ['w']]);
});
