import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../platform/fake/clock.ts';
import { Paced } from './paced.ts';

test('what is asked for again and again is done soon, and then as often as it may', () => {
  const clock = new FakeClock();
  const done: number[] = [];
  const paced = new Paced(clock, 50, () => done.push(clock.now()));
  paced.request();
  paced.request();
  assert.deepEqual(done, []);
  for (let ms = 0; ms < 120; ms++) {
    clock.advance(1);
    paced.request();
  }
  clock.advance(1_000);
  assert.deepEqual(done, [0, 50, 100, 150]);
  paced.request();
  clock.advance(0);
  assert.equal(done.at(-1), 1_120);
  assert.equal(clock.pendingTimers, 0);
});
