import type { FakeClock } from '../../platform/fake/clock.ts';

/** Lets everything run that is waiting for nothing but its turn. */
export async function settle(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
}

/** Lets time pass in small steps, so that what one timer sets off is through before the next one fires. */
export async function pass(clock: FakeClock, ms: number, stepMs = 50): Promise<void> {
  await settle();
  for (let left = ms; left > 0; left -= stepMs) {
    clock.advance(Math.min(stepMs, left));
    await settle();
  }
}
