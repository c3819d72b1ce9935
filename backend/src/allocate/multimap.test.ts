import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addTo, count, has, MANY, removeFrom, type Multimap } from './multimap.ts';

const KEYS = ['a', 'b'];
const VALUES = Array.from({ length: 2 * MANY }, (_, i) => `v${i}`);
interface Step {
  readonly isAdded: boolean;
  readonly key: string;
  readonly values: readonly string[];
}

const STEP: fc.Arbitrary<Step> = fc.record({
  isAdded: fc.boolean(),
  key: fc.constantFrom(...KEYS),
  values: fc.subarray(VALUES),
});

function change(index: Multimap, plain: ReadonlyMap<string, Set<string>>, { isAdded, key, values }: Step): void {
  const all = plain.get(key) ?? new Set();
  for (const value of values) {
    const isLast = all.size === 1 && all.has(value);
    if (isAdded) addTo(index, key, value);
    else assert.equal(removeFrom(index, key, value), isLast);
    all[isAdded ? 'add' : 'delete'](value);
  }
}

test('values of few and of many are those of a Set for each key, in the order in which they came', () => {
  fc.assert(
    fc.property(fc.array(STEP, { maxLength: 12 }), (steps) => {
      const index: Multimap = new Map();
      const plain = new Map<string, Set<string>>(KEYS.map((key) => [key, new Set()]));
      for (const step of steps) {
        change(index, plain, step);
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
