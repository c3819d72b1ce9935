import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Heads } from './heads.ts';
import { byServiceAge, type Aged } from './waiting.ts';

const ITEMS = Array.from({ length: 12 }, (_, i) => i);
/** Some of one age, and one name twice: whoever is created anew. */
const HEADS: readonly Aged[] = [3, 1, 2, 2, 5, 4].map((createdAt, i) => ({ key: `a/${i % 5}`, createdAt }));
const STEP = fc.record({
  what: fc.constantFrom('set', 'set', 'set', 'delete', 'take'),
  item: fc.constantFrom(...ITEMS),
  head: fc.constantFrom(...HEADS),
});

test('the oldest is who a look at all of them finds', () => {
  fc.assert(
    fc.property(fc.array(STEP, { maxLength: 60, size: 'max' }), (steps) => {
      const heads = new Heads<number>();
      const plain = new Map<number, Aged>();
      for (const { what, item, head } of steps) {
        if (what === 'set') {
          heads.set(item, head);
          plain.set(item, head);
        } else if (what === 'delete') {
          heads.delete(item);
          plain.delete(item);
        } else {
          const key = [...plain.values()].sort(byServiceAge)[0]?.key;
          const taken = heads.takeOldest();
          assert.equal(taken?.key, key);
          const its = [...plain].flatMap(([one, { key: its }]) => (its === key ? [one] : []));
          assert.deepEqual([...(taken?.items ?? [])].sort(), its.sort());
          for (const one of its) plain.delete(one);
        }
      }
    }),
    { numRuns: 300 },
  );
});

test('of thousands each costs a few steps', () => {
  let looks = 0;
  const aged = (i: number): Aged => ({
    key: `a/${i}`,
    get createdAt() {
      looks++;
      return (i * 7_919) % 4_096;
    },
  });
  const heads = new Heads<number>();
  for (let i = 0; i < 4_096; i++) heads.set(i, aged(i));
  for (let i = 0; i < 4_096; i++) assert.equal(heads.takeOldest()?.items.length, 1);
  assert.equal(heads.takeOldest(), undefined);
  assert.ok(looks < 4_096 * 100, `${looks} looks`);
});
