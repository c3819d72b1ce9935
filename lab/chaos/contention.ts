import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';

const everyMs = 100;

interface Sample {
  readonly at: number;
  /** Processes that ran or waited for a processor. */
  readonly runnable: number;
}

/** How much more there is to do on this machine than it can do at once: what takes longer here than on a machine of its own. */
export class Contention {
  readonly #samples: Sample[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor() {
    this.#timer = setInterval(() => void this.#look(), everyMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /**
   * Runnable processes per processor on the average of a span (`performance.now()`), at least 1. Where this process got no time to look,
   * the machine was as busy as at the next look.
   */
  factor(from: number, to: number): number {
    const within = this.#samples.filter(({ at }) => at >= from && at <= to);
    const [first] = within;
    if (first === undefined) return 1;
    let [before, sum] = [from, 0];
    for (const { at, runnable } of within) {
      sum += runnable * (at - before);
      before = at;
    }
    return before === from ? 1 : Math.max(1, sum / (before - from) / availableParallelism());
  }

  async #look(): Promise<void> {
    const runnable = runnableIn(await readFile('/proc/loadavg', 'latin1'));
    this.#samples.push({ at: performance.now(), runnable });
  }
}

/** The runnable processes in `/proc/loadavg` (proc(5), fourth field), without the one that looks. */
export function runnableIn(loadavg: string): number {
  const [running = ''] = (loadavg.split(' ')[3] ?? '').split('/');
  return Math.max(0, Number(running) - 1);
}
