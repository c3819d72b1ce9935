import type { Random } from '../platform/ports.ts';

export interface Backoff {
  /** Delay after the first failure, in milliseconds. */
  readonly baseMs: number;
  /** Longest delay, in milliseconds. */
  readonly maxMs: number;
}

/**
 * Milliseconds to wait after `failures` (>= 1) failures in a row: doubles each time, up to the bound, of which the upper half is
 * random, so that replicas that failed together don't come back together.
 */
export function backoffMs(failures: number, { baseMs, maxMs }: Backoff, random: Random): number {
  // 2 ** 30 is beyond any bound and keeps the product finite.
  const full = Math.min(maxMs, baseMs * 2 ** Math.min(30, Math.max(0, failures - 1)));
  return full * (0.5 + 0.5 * random.next());
}

/** `ms`, moved by up to `share` (0 to 1) of it in either direction. */
export function jittered(ms: number, share: number, random: Random): number {
  return ms * (1 - share + 2 * share * random.next());
}
