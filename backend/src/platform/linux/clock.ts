import type { Clock, Random, Timer } from '../ports.ts';

export const systemClock: Clock = {
  // CLOCK_MONOTONIC as it is: `performance.now()` has another origin in each thread.
  now: () => Number(process.hrtime.bigint()) / 1e6,
  wallTime: () => new Date(),
  setTimer(delayMs: number, callback: () => void): Timer {
    const handle = setTimeout(callback, Math.max(0, delayMs));
    return { cancel: () => clearTimeout(handle) };
  },
};

export const systemRandom: Random = { next: Math.random };
