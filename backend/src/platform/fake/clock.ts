import type { Clock, Timer } from '../ports.ts';

interface Pending {
  readonly at: number;
  readonly sequence: number;
  readonly callback: () => void;
}

/** A clock that stands still until a test moves it. Timers fire in order of their time, then of their creation. */
export class FakeClock implements Clock {
  #now = 0;
  #sequence = 0;
  readonly #pending = new Set<Pending>();
  readonly #epoch: number;

  constructor(epoch: Date = new Date('2026-01-01T00:00:00Z')) {
    this.#epoch = epoch.getTime();
  }

  now(): number {
    return this.#now;
  }

  wallTime(): Date {
    return new Date(this.#epoch + this.#now);
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const pending = { at: this.#now + Math.max(0, delayMs), sequence: this.#sequence++, callback };
    this.#pending.add(pending);
    return { cancel: () => void this.#pending.delete(pending) };
  }

  /** Number of timers that wait: a leak shows here. */
  get pendingTimers(): number {
    return this.#pending.size;
  }

  /** Moves time forward and fires what falls due, including timers set by those callbacks. */
  advance(ms: number): void {
    const until = this.#now + ms;
    for (let next = this.#next(until); next !== undefined; next = this.#next(until)) {
      this.#pending.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.callback();
    }
    this.#now = until;
  }

  /** As for a process that was stopped and goes on: time has passed, and every timer that is overdue fires once. */
  suspend(ms: number): void {
    this.#now += ms;
    this.advance(0);
  }

  #next(until: number): Pending | undefined {
    let first: Pending | undefined;
    for (const pending of this.#pending) {
      if (pending.at > until) continue;
      if (
        first === undefined ||
        pending.at < first.at ||
        (pending.at === first.at && pending.sequence < first.sequence)
      ) {
        first = pending;
      }
    }
    return first;
  }
}
