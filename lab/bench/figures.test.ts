import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { inParallel, milliseconds, percentile } from './figures.ts';

test('percentiles by nearest rank, as its textbook example has them', () => {
  const samples = [50, 15, 35, 40, 20];
  const expected = { 0: 15, 5: 15, 30: 20, 40: 20, 50: 35, 95: 50, 100: 50 };
  for (const [percent, value] of Object.entries(expected)) assert.equal(percentile(samples, Number(percent)), value);
  assert.deepEqual(samples, [50, 15, 35, 40, 20]);
  assert.throws(() => percentile([], 50), RangeError);
});

test('a percentile is a sample, and at least that share of the samples is not above it', () => {
  const samples = fc.array(fc.double({ noNaN: true }), { minLength: 1 });
  fc.assert(
    fc.property(samples, fc.integer({ min: 0, max: 100 }), (values, percent) => {
      const value = percentile(values, percent);
      assert.ok(values.includes(value));
      assert.ok(values.filter((other) => other <= value).length >= (percent / 100) * values.length);
    }),
  );
});

test('a line of figures names the median, p95 and the number of samples', () => {
  const samples = Array.from({ length: 30 }, (_, i) => i + 1);
  assert.equal(milliseconds(samples), '15.0 ms (p95 29.0, n 30)');
});

test('work in lanes is done once each, and never more than the lanes at a time', async () => {
  const done: number[] = [];
  let running = 0;
  let most = 0;
  await inParallel(10, 3, async (index) => {
    most = Math.max(most, (running += 1));
    await Promise.resolve();
    running -= 1;
    done.push(index);
  });
  assert.deepEqual(
    done.sort((a, b) => a - b),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  );
  assert.equal(most, 3);
});
