import { readFileSync } from 'node:fs';
import type { Clock, Random, SinceBoot, Timer } from '../ports.ts';

/** proc(5): /proc/uptime counts as CLOCK_BOOTTIME does. */
function sinceBoot(): SinceBoot | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const seconds = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
    return Number.isFinite(seconds) && boot !== '' ? { boot, ms: seconds * 1000 } : undefined;
  } catch {
    return undefined;
  }
}

export const systemClock: Clock = {
  // CLOCK_MONOTONIC as it is: `performance.now()` has another origin in each thread.
  now: () => Number(process.hrtime.bigint()) / 1e6,
  wallTime: () => new Date(),
  sinceBoot,
  setTimer(delayMs: number, callback: () => void): Timer {
    const handle = setTimeout(callback, Math.max(0, delayMs));
    return { cancel: () => clearTimeout(handle) };
  },
};

export const systemRandom: Random = { next: Math.random };
