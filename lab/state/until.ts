import { setTimeout as sleep } from 'node:timers/promises';

export interface UntilOptions {
  /** What is waited for, in words that complete "waited 30 s for". */
  readonly what: string;
  /** Default: 30 s. */
  readonly timeoutMs?: number;
  /** Default: 50 ms. */
  readonly intervalMs?: number;
  /** Adds to the error what there was instead. */
  readonly explain?: () => Promise<string> | string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Calls `check` until it returns something else than `undefined` or `false`, and returns that. What `check` throws counts
 * as "not yet" and is told when time is up.
 * @throws {Error} when time is up, or `signal` aborts.
 */
export async function until<T>(check: () => Promise<T | undefined | false>, options: UntilOptions): Promise<T> {
  const { what, timeoutMs = 30_000, intervalMs = 50, signal } = options;
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    signal?.throwIfAborted();
    let problem: unknown;
    try {
      const result = await check();
      if (result !== undefined && result !== false) return result;
    } catch (error) {
      problem = error;
    }
    if (performance.now() > deadline) {
      const explanation = await options.explain?.();
      const reason = [problem instanceof Error ? problem.message : undefined, explanation].filter(Boolean).join('\n');
      throw new Error(`waited ${timeoutMs / 1000} s for ${what}${reason === '' ? '' : `:\n${reason}`}`);
    }
    await sleep(intervalMs);
  }
}
