import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Outcome } from '../network/client.ts';
import { longestGap } from './traffic.ts';

/** One request each 20 ms, answered after 3 ms or given up after 300 ms: `+` or `-`. */
function outcomes(pattern: string): Outcome[] {
  return [...pattern].map((sign, i) =>
    sign === '+'
      ? { sentAt: 20 * i, endedAt: 20 * i + 3, status: 200, body: '' }
      : { sentAt: 20 * i, endedAt: 20 * i + 300, error: 'no answer within 300 ms' },
  );
}

suite('the longest gap in steady traffic', () => {
  test('goes from the sending of the last answered request to the answer to the first one after', () => {
    assert.deepEqual(longestGap(outcomes('+++---++-+')), { from: 40, to: 123, ms: 83, lost: 3 });
  });

  test('is none where all were answered', () => {
    assert.equal(longestGap(outcomes('++++')), undefined);
    assert.equal(longestGap([]), undefined);
  });

  test('has no end where nothing was answered any more, and starts with the first where nothing was before', () => {
    assert.equal(longestGap(outcomes('+-+--'))?.ms, Infinity);
    assert.deepEqual(longestGap(outcomes('--+')), { from: 0, to: 43, ms: 43, lost: 2 });
  });

  test('does not depend on the order in which the outcomes came', () => {
    const all = outcomes('++--+');
    assert.deepEqual(longestGap([...all].reverse()), longestGap(all));
  });

  test('an answer that is an error is none', () => {
    const refused = { sentAt: 20, endedAt: 22, status: 503, body: '' };
    assert.equal(longestGap([...outcomes('+'), refused, { sentAt: 40, endedAt: 42, status: 200 }])?.ms, 42);
  });
});
