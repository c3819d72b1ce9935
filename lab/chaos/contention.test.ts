import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runnableIn } from './contention.ts';

test('what waits for a processor, without the one that looks', () => {
  assert.equal(runnableIn('3.30 2.77 2.22 4/199 25528\n'), 3);
  assert.equal(runnableIn('0.00 0.00 0.00 1/99 7\n'), 0);
});
