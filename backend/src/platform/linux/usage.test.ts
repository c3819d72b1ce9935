import assert from 'node:assert/strict';
import { openSync, closeSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { watchUsage } from './usage.ts';

test('a loop that stood still shows in the longest delay, and so does one that has not begun to turn', async () => {
  const usage = watchUsage();
  assert.deepEqual(usage.thread().loopDelay, { mean: 0, p99: 0, max: 0 });
  // The first look is needed to know when the second one is due.
  await sleep(400);
  const blocked = performance.now() + 600;
  while (performance.now() < blocked);
  await sleep(400);
  const { max, mean, p99 } = usage.thread().loopDelay;
  usage.stop();
  assert.ok(max >= 0.2, `${max}`);
  assert.ok(mean <= max && p99 <= max);
  assert.ok(usage.thread().heapUsedBytes > 1e6);
});

test('what the process uses is that of the kernel', () => {
  const usage = watchUsage();
  usage.stop();
  const before = usage.process();
  const file = openSync('/dev/null', 'r');
  assert.equal(usage.process().openFiles, before.openFiles + 1);
  closeSync(file);
  assert.ok(before.residentBytes > 1e7 && before.cpuSeconds > 0);
  assert.ok(Math.abs(before.startedAt + process.uptime() - Date.now() / 1e3) < 1);
  assert.ok(before.maxFiles === undefined || before.maxFiles > before.openFiles);
});
