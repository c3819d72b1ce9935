import type { Kube } from '../cluster/kube.ts';
import type { Clock, Logger } from '../platform/ports.ts';

export interface HookDeps {
  readonly api: Kube;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface Waiting {
  /** What is waited for, for people. */
  readonly what: string;
  /** From one look to the next, in milliseconds. */
  readonly everyMs: number;
  /** When to give up, in milliseconds. */
  readonly timeoutMs: number;
}

/**
 * Looks again and again until it is true; an API server that can't be asked for a moment, or refuses because somebody else wrote first, is
 * asked again as well.
 * @throws {Error} after the time, with the last error as its cause
 */
export async function eventually(deps: HookDeps, waiting: Waiting, look: () => Promise<boolean>): Promise<void> {
  const { clock, logger } = deps;
  const { what, everyMs, timeoutMs } = waiting;
  const end = clock.now() + timeoutMs;
  let cause: unknown;
  for (;;) {
    try {
      if (await look()) return;
    } catch (error) {
      cause = error;
      logger.warn({ err: error, waitingFor: what }, 'asking again');
    }
    if (clock.now() >= end) throw new Error(`waited for ${what}, in vain, for ${timeoutMs / 1_000} s`, { cause });
    await new Promise<void>((resolve) => void clock.setTimer(everyMs, resolve));
  }
}
