import { setTimeout as sleep } from 'node:timers/promises';

export interface UntilOptions {
  /** What is waited for, in words that complete "waited 60 s for". */
  readonly what: string;
  /** Default: a minute. No promise of anybody, but when to give up: a machine that has far more to do than it can takes its time. */
  readonly timeoutMs?: number;
  /**
   * Default: 50 ms. After a check that takes longer the pause is as long as that, up to half a second: a program that is started again and
   * again to look takes a core from what it looks at.
   */
  readonly intervalMs?: number;
  /** Adds to the error what there was instead. */
  readonly explain?: () => Promise<string> | string;
  readonly signal?: AbortSignal | undefined;
}

const longestPauseMs = 500;

/**
 * Calls `check` until it returns something else than `undefined` or `false`, and returns that. What `check` throws counts
 * as "not yet" and is told when time is up.
 * @throws {Error} when time is up, or `signal` aborts.
 */
export async function until<T>(check: () => Promise<T | undefined | false>, options: UntilOptions): Promise<T> {
  const { timeoutMs = 60_000, intervalMs = 50, signal } = options;
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    signal?.throwIfAborted();
    const began = performance.now();
    const { result, problem } = await attempt(check);
    if (result !== undefined && result !== false) return result;
    const now = performance.now();
    if (now > deadline) throw await timeIsUp(options, timeoutMs, problem);
    await sleep(Math.max(intervalMs, Math.min(now - began, longestPauseMs)));
  }
}

async function attempt<T>(check: () => Promise<T>): Promise<{ result?: T; problem?: string }> {
  try {
    return { result: await check() };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

async function timeIsUp({ what, explain }: UntilOptions, timeoutMs: number, problem?: string): Promise<Error> {
  const reasons = [problem, await explain?.()].filter((reason) => reason !== undefined && reason !== '');
  return new Error([`waited ${timeoutMs / 1000} s for ${what}`, ...reasons].join(':\n'));
}
