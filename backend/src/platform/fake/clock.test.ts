import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clockCompliance } from '../clock-compliance.ts';
import { FakeClock } from './clock.ts';

clockCompliance('fake clock', () => {
  const clock = new FakeClock();
  return { clock, pass: async (ms) => clock.advance(ms) };
});

test('fake clock: stands still until it is moved, and knows who waits', () => {
  const clock = new FakeClock(new Date('2026-05-01T00:00:00Z'));
  const timer = clock.setTimer(1_000, () => {});
  assert.equal(clock.now(), 0);
  assert.equal(clock.pendingTimers, 1);
  timer.cancel();
  assert.equal(clock.pendingTimers, 0);
  clock.advance(90_000);
  assert.equal(clock.wallTime().toISOString(), '2026-05-01T00:01:30.000Z');
});
