import type { Clock, Logger, Random, Timer } from '../../platform/ports.ts';
import { backoffMs } from '../backoff.ts';
import type { Backoff } from '../backoff.ts';
import { errorFields } from '../errors.ts';

/** What became of one key. */
export type Outcome =
  | { readonly type: 'done' }
  /** Fine so far; look again in `ms` milliseconds. */
  | { readonly type: 'after'; readonly ms: number }
  /** Failed, may work later: exponential backoff, but not before `notBeforeMs`, where the server named a time. */
  | { readonly type: 'retry'; readonly error: unknown; readonly notBeforeMs?: number };

export interface WorkQueueDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export interface WorkQueueOptions {
  /** For logs. */
  readonly name: string;
  /** Brings the world of one key in line with the caches, which it reads when it runs. A rejection counts as `retry`. */
  readonly process: (key: string, signal: AbortSignal) => Promise<Outcome>;
  /** How many keys are worked on at once; never two runs for one key. */
  readonly concurrency: number;
  readonly backoff?: Backoff;
}

const defaultBackoff: Backoff = { baseMs: 50, maxMs: 60_000 };

interface Delay {
  readonly at: number;
  readonly timer: Timer;
  /** Nothing but our own backoff. */
  readonly isBackoff: boolean;
}

/** Per key; keys without any of this are forgotten, so that the queue is as large as its work. */
interface Entry {
  running: boolean;
  /** Added while it was being worked on: once more when that is through. */
  again: boolean;
  failures: number;
  delay: Delay | undefined;
}

/** How much work there is. */
export interface QueueLoad {
  readonly queue: string;
  /** Keys that wait for their turn. */
  readonly ready: number;
  /** All keys that are known: waiting, delayed, failing or being worked on. */
  readonly keys: number;
}

/**
 * A queue of keys, each at most once. Events only say *which* key to look at, what to do is read from the caches when its turn
 * comes; thus a burst of events of one object is one piece of work. Order is first come, first served.
 */
export class WorkQueue {
  readonly #deps: WorkQueueDeps;
  readonly #options: WorkQueueOptions;
  readonly #ready = new Set<string>();
  readonly #entries = new Map<string, Entry>();
  readonly #abort = new AbortController();
  #running = 0;
  #idle: (() => void)[] = [];

  constructor(deps: WorkQueueDeps, options: WorkQueueOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** Keys that wait for their turn, without those that wait for a time. */
  get depth(): number {
    return this.#ready.size;
  }

  /** All keys that are known: waiting, delayed, failing or being worked on. */
  get size(): number {
    return this.#entries.size;
  }

  get load(): QueueLoad {
    return { queue: this.#options.name, ready: this.depth, keys: this.size };
  }

  /** Asks for a run as soon as possible, also if the key waits for a time: there is news. Its count of failures stays. */
  add(key: string): void {
    if (this.#abort.signal.aborted) return;
    const entry = this.#entry(key);
    this.#cancelDelay(entry);
    if (entry.running) entry.again = true;
    else this.#ready.add(key);
    this.#fill();
  }

  /** Asks for a run in `delayMs`, unless an earlier one is due. */
  addAfter(key: string, delayMs: number): void {
    this.#addAfter(key, delayMs, false);
  }

  /** What made keys fail is over: whatever waits for its backoff need not. Times that the server or the work named stand. */
  retryNow(): void {
    for (const [key, { delay }] of [...this.#entries]) if (delay?.isBackoff === true) this.add(key);
  }

  #addAfter(key: string, delayMs: number, isBackoff: boolean): void {
    if (this.#abort.signal.aborted) return;
    if (delayMs <= 0) {
      this.add(key);
      return;
    }
    const entry = this.#entry(key);
    if (entry.again || this.#ready.has(key)) return;
    const at = this.#deps.clock.now() + delayMs;
    if (entry.delay !== undefined && entry.delay.at <= at) return;
    this.#cancelDelay(entry);
    entry.delay = { at, timer: this.#deps.clock.setTimer(delayMs, () => this.add(key)), isBackoff };
  }

  /** Drops what waits, tells what runs by its signal, and resolves when nothing runs any more. The queue can't be used again. */
  async stop(): Promise<void> {
    this.#abort.abort();
    this.#ready.clear();
    for (const entry of this.#entries.values()) this.#cancelDelay(entry);
    if (this.#running === 0) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #entry(key: string): Entry {
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = { running: false, again: false, failures: 0, delay: undefined };
      this.#entries.set(key, entry);
    }
    return entry;
  }

  #fill(): void {
    for (const key of this.#ready) {
      if (this.#running >= this.#options.concurrency) return;
      this.#ready.delete(key);
      void this.#run(key, this.#entry(key));
    }
  }

  async #run(key: string, entry: Entry): Promise<void> {
    entry.running = true;
    this.#running += 1;
    let outcome: Outcome;
    try {
      outcome = await this.#options.process(key, this.#abort.signal);
    } catch (error) {
      outcome = { type: 'retry', error };
    }
    entry.running = false;
    this.#running -= 1;
    this.#settle(key, entry, outcome);
    if (this.#running === 0 && this.#abort.signal.aborted) for (const resolve of this.#idle.splice(0)) resolve();
    this.#fill();
  }

  #settle(key: string, entry: Entry, outcome: Outcome): void {
    entry.failures = outcome.type === 'retry' ? entry.failures + 1 : 0;
    if (entry.again) {
      entry.again = false;
      this.add(key);
    } else if (outcome.type === 'after') {
      this.addAfter(key, outcome.ms);
    } else if (outcome.type === 'retry') {
      this.#retry(key, entry.failures, outcome);
    }
    this.#forget(key, entry);
  }

  #retry(key: string, failures: number, outcome: Outcome & { readonly type: 'retry' }): void {
    const wait = backoffMs(failures, this.#options.backoff ?? defaultBackoff, this.#deps.random);
    const delayMs = Math.max(wait, outcome.notBeforeMs ?? 0);
    const fields = { queue: this.#options.name, key, failures, retryInMs: Math.round(delayMs) };
    this.#deps.logger.info({ ...fields, ...errorFields(outcome.error) }, 'will be tried again');
    this.#addAfter(key, delayMs, outcome.notBeforeMs === undefined || outcome.notBeforeMs === 0);
  }

  #forget(key: string, entry: Entry): void {
    const needed = entry.running || entry.delay !== undefined || this.#ready.has(key);
    if (!needed) this.#entries.delete(key);
  }

  #cancelDelay(entry: Entry): void {
    entry.delay?.timer.cancel();
    entry.delay = undefined;
  }
}
