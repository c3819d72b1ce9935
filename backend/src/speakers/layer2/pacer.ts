import type { Clock, Timer } from '../../platform/ports.ts';
import { DueHeap } from './due-heap.ts';

export interface PacerOptions {
  /** Most turns per second, in the long run; after a rest, turns of 50 ms may come at once. */
  readonly perSecond: number;
}

/** Somebody who takes turns. */
export interface Paced {
  /** @returns in how many milliseconds it wants the next turn, or undefined if it wants none */
  turn(): number | undefined;
}

interface Entry {
  readonly item: Paced;
  readonly due: number;
}

const ALLOWANCE_MS = 50;
/** While more is due than may be done: timers fire no finer than this. */
const TICK_MS = 5;
/** Timers count in whole milliseconds: who is due within one has his turn, rather than another timer. */
const GRAIN_MS = 1;

/** Lets many take turns at a bounded rate. Who asks for a turn now goes before those who only wait for their time, the last one first. */
export class Pacer {
  readonly #clock: Clock;
  readonly #perMs: number;
  readonly #allowance: number;
  readonly #entries = new Map<Paced, Entry>();
  readonly #urgent: Entry[] = [];
  readonly #waiting = new DueHeap<Entry>();
  #tokens: number;
  #filledAt: number;
  #timer: { readonly at: number; readonly timer: Timer } | undefined;
  #running = false;

  constructor(deps: { readonly clock: Clock }, { perSecond }: PacerOptions) {
    this.#clock = deps.clock;
    this.#perMs = perSecond / 1000;
    this.#allowance = Math.max(1, this.#perMs * ALLOWANCE_MS);
    this.#tokens = this.#allowance;
    this.#filledAt = deps.clock.now();
  }

  /** A turn with the next `run`, or as soon as the rate allows; in place of any other it was to have. Nothing happens within. */
  now(item: Paced): void {
    this.#urgent.push(this.#enter(item, 0));
    this.#arm();
  }

  /** A turn in `delayMs`, in place of any other it was to have. */
  after(item: Paced, delayMs: number): void {
    this.#waiting.push(this.#enter(item, this.#clock.now() + delayMs));
    this.#arm();
  }

  cancel(item: Paced): void {
    this.#entries.delete(item);
  }

  /** Gives the turns that are due, as far as the rate allows, and sees to the rest by itself. */
  run(): void {
    if (this.#running) return;
    this.#running = true;
    const now = this.#clock.now();
    this.#tokens = Math.min(this.#allowance, this.#tokens + (now - this.#filledAt) * this.#perMs);
    this.#filledAt = now;
    try {
      while (this.#tokens >= 1) {
        const entry = this.#next(now);
        if (entry === undefined) break;
        this.#entries.delete(entry.item);
        this.#tokens--;
        this.#take(entry.item);
      }
    } finally {
      this.#running = false;
    }
    this.#arm();
  }

  /** No turn is given any more. */
  close(): void {
    this.#entries.clear();
    this.#timer?.timer.cancel();
    this.#timer = undefined;
  }

  #take(item: Paced): void {
    const delay = item.turn();
    if (delay !== undefined && !this.#entries.has(item)) this.after(item, delay);
  }

  #enter(item: Paced, due: number): Entry {
    const entry = { item, due };
    this.#entries.set(item, entry);
    return entry;
  }

  #isCurrent(entry: Entry | undefined): boolean {
    return entry !== undefined && this.#entries.get(entry.item) === entry;
  }

  #next(now: number): Entry | undefined {
    this.#forgetStale();
    if (this.#urgent.length > 0) return this.#urgent.pop();
    const top = this.#waiting.top;
    return top !== undefined && top.due < now + GRAIN_MS ? this.#waiting.pop() : undefined;
  }

  /** Cancelled and replaced entries stay where they are until they would be next. */
  #forgetStale(): void {
    while (this.#urgent.length > 0 && !this.#isCurrent(this.#urgent.at(-1))) this.#urgent.pop();
    while (this.#waiting.top !== undefined && !this.#isCurrent(this.#waiting.top)) this.#waiting.pop();
  }

  #arm(): void {
    if (this.#running) return;
    this.#forgetStale();
    const at = this.#nextRun();
    if (this.#timer?.at === at) return;
    this.#timer?.timer.cancel();
    this.#timer = undefined;
    if (at === undefined) return;
    const timer = this.#clock.setTimer(Math.max(0, at - this.#clock.now()), () => {
      this.#timer = undefined;
      this.run();
    });
    this.#timer = { at, timer };
  }

  #nextRun(): number | undefined {
    const due = this.#urgent.length > 0 ? this.#clock.now() : this.#waiting.top?.due;
    if (due === undefined) return undefined;
    const allowed = this.#filledAt + (this.#tokens >= 1 ? 0 : Math.max(TICK_MS, (1 - this.#tokens) / this.#perMs));
    return Math.max(due, allowed);
  }
}
