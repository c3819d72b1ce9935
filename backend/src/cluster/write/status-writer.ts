import type { Clock, Logger, Random } from '../../platform/ports.ts';
import { isConflict, isNotFound, retryAfterMsOf } from '../errors.ts';
import { WorkQueue, type Outcome, type QueueLoad } from './queue.ts';

export interface StatusWriterDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export interface StatusWriterOptions {
  readonly name: string;
  /** Changes of one object within this time become one write, in milliseconds. */
  readonly settleMs: (key: string) => number;
  /**
   * Writes the status of one object as it should be now; does nothing if it is that already. Resolves with the milliseconds after
   * which to look again, although nothing may have been reported as changed until then.
   */
  readonly write: (key: string) => Promise<number | undefined>;
}

/** How often a last write is tried against others who write the same object, and how long to wait for the watch in between. */
const LAST_ATTEMPTS = 5;
const LAST_PAUSE_MS = 200;

/** Writes statuses that follow from what is known now: late rather than often, again after failures, never in anybody's way. */
export class StatusWriter {
  readonly #queue: WorkQueue;
  readonly #options: StatusWriterOptions;
  readonly #deps: StatusWriterDeps;

  constructor(deps: StatusWriterDeps, options: StatusWriterOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#queue = new WorkQueue(deps, { name: options.name, concurrency: 2, process: (key) => this.#process(key) });
  }

  get load(): QueueLoad {
    return this.#queue.load;
  }

  changed(key: string): void {
    this.#queue.addAfter(key, this.#options.settleMs(key));
  }

  /** The API server answers again: whatever waits for its backoff need not. */
  retryNow(): void {
    this.#queue.retryNow();
  }

  async stop(): Promise<void> {
    await this.#queue.stop();
  }

  /** Stops, and writes these once more without waiting for more changes. Never rejects: who leaves can't wait for better times. */
  async finish(keys: Iterable<string>): Promise<void> {
    await this.stop();
    await Promise.all([...keys].map(async (key) => await this.#finishOne(key)));
  }

  async #finishOne(key: string): Promise<void> {
    const { clock, logger } = this.#deps;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#options.write(key);
        return;
      } catch (error) {
        if (isNotFound(error)) return;
        if (!isConflict(error) || attempt === LAST_ATTEMPTS) {
          logger.warn({ err: error, queue: this.#options.name, key }, 'the last write of a status failed');
          return;
        }
      }
      await new Promise<void>((resolve) => void clock.setTimer(LAST_PAUSE_MS, resolve));
    }
  }

  async #process(key: string): Promise<Outcome> {
    try {
      const ms = await this.#options.write(key);
      return ms === undefined ? { type: 'done' } : { type: 'after', ms };
    } catch (error) {
      if (isNotFound(error)) return { type: 'done' };
      if (isConflict(error)) return { type: 'after', ms: this.#options.settleMs(key) };
      this.#deps.logger.warn({ err: error, queue: this.#options.name, key }, 'writing a status failed, trying again');
      return { type: 'retry', error, notBeforeMs: retryAfterMsOf(error) };
    }
  }
}
