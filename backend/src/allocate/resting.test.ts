import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Resting } from './resting.ts';

test('what has rested is taken out in the order of time, and nothing before', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20)), fc.nat(20), (times, now) => {
      const resting = new Resting();
      times.forEach((until, i) => resting.add({ pool: 'p', ip: `ip${i}`, until }));
      const sorted = times.toSorted((a, b) => a - b);
      assert.equal(resting.next, sorted[0]);
      assert.deepEqual(
        resting.due(now).map(({ until }) => until),
        sorted.filter((until) => until <= now),
      );
      assert.equal(
        resting.next,
        sorted.find((until) => until > now),
      );
    }),
  );
});
