import { setTimeout as sleep } from 'node:timers/promises';
import { clockCompliance } from '../clock-compliance.ts';
import { systemClock } from './clock.ts';

clockCompliance('system clock', () => ({
  clock: systemClock,
  async pass(ms) {
    const until = performance.now() + ms;
    while (performance.now() < until) await sleep(1);
    // Where this process stood still meanwhile, much is due at once: all of it has its turn, and what was set by it.
    await sleep(5);
    await new Promise((resolve) => setImmediate(resolve));
  },
}));
