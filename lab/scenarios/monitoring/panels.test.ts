import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DASHBOARD } from '../../../tools/monitoring/dashboard.ts';
import { CUT_OFF, ILL, WELL, wrongWith } from './panels.ts';

test('a panel that shows nothing, no number, too much or something else is wrong', () => {
  const wrong = (shown: Record<string, number>, expected: Parameters<typeof wrongWith>[1]): string | undefined =>
    wrongWith(new Map(Object.entries(shown)), expected);
  assert.equal(wrong({ a: 1, b: 0.5 }, { a: 1, b: [0, 1] }), undefined);
  assert.equal(wrong({}, { a: 1 }), 'shows nothing for a, not 1');
  assert.equal(wrong({ a: 0 }, { a: 1 }), 'shows 0 for a, not 1');
  assert.equal(wrong({ a: 2 }, { a: [0, 1] }), 'shows 2 for a, not 0,1');
  assert.equal(wrong({ a: 1, b: 1 }, { a: 1 }), 'shows b too');
  assert.equal(wrong({ a: 1, b: 1 }, { a: [0, 1] }), undefined);
  assert.equal(wrong({ a: Number.NaN }, { a: [0, 1] }), 'shows NaN for a');
  assert.equal(wrong({ a: 1, b: Number.NaN }, { a: [0, 1] }), 'shows NaN for b');
});

test('of each panel it is known what it has to show where all is well, and no other is told of', () => {
  const titles = DASHBOARD.flatMap(({ panels }) => panels).map(({ title }) => title);
  assert.deepEqual(Object.keys(WELL).sort(), [...titles].sort());
  for (const title of [...Object.keys(ILL), ...Object.keys(CUT_OFF)]) assert.ok(titles.includes(title), title);
});

test('whatever may be bad shows more than 0 where something is wrong', () => {
  const bad = DASHBOARD.flatMap(({ panels }) => panels).filter(({ badFrom }) => badFrom !== undefined);
  assert.ok(bad.length > 3);
  for (const { title } of bad) {
    const [figure] = Object.values(ILL[title] ?? {});
    assert.ok(typeof figure === 'number' && figure > 0, title);
  }
});
