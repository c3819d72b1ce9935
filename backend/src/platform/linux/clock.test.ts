import { setTimeout as sleep } from 'node:timers/promises';
import { clockCompliance } from '../clock-compliance.ts';
import { systemClock } from './clock.ts';

clockCompliance('system clock', () => ({
  clock: systemClock,
  async pass(ms) {
    const until = performance.now() + ms;
    while (performance.now() < until) await sleep(1);
  },
}));
