import type { Clock, SinceBoot, Timer } from '../ports.ts';

interface Pending {
  readonly at: number;
  readonly sequence: number;
  readonly callback: () => void;
}

/** A clock that stands still until a test moves it. Timers fire in order of their time, then of their creation. */
export class FakeClock implements Clock {
  #now = 0;
  #sequence = 0;
  /** In reverse order: the next one is the last. */
  readonly #pending: Pending[] = [];
  #epoch: number;
  #boots = 1;

  constructor(epoch: Date = new Date('2026-01-01T00:00:00Z')) {
    this.#epoch = epoch.getTime();
  }

  now(): number {
    return this.#now;
  }

  wallTime(): Date {
    return new Date(this.#epoch + this.#now);
  }

  sinceBoot(): SinceBoot {
    return { boot: `boot-${this.#boots}`, ms: this.#now };
  }

  /** Somebody sets the wall clock, forward or back. */
  setWall(byMs: number): void {
    this.#epoch += byMs;
  }

  /** Moments from before can't be compared with those from now on. */
  reboot(): void {
    this.#boots += 1;
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    const pending = { at: this.#now + Math.max(0, delayMs), sequence: this.#sequence++, callback };
    this.#pending.splice(this.#place(pending), 0, pending);
    return {
      cancel: () => {
        const place = this.#place(pending);
        if (this.#pending[place] === pending) this.#pending.splice(place, 1);
      },
    };
  }

  /** Number of timers that wait: a leak shows here. */
  get pendingTimers(): number {
    return this.#pending.length;
  }

  /** Moves time forward and fires what falls due, including timers set by those callbacks. */
  advance(ms: number): void {
    const until = this.#now + ms;
    for (let next = this.#pending.at(-1); next !== undefined && next.at <= until; next = this.#pending.at(-1)) {
      this.#pending.pop();
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

  /** Where a timer stands, or belongs. */
  #place({ at, sequence }: Pending): number {
    let [from, to] = [0, this.#pending.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      const other = this.#pending[middle];
      const isLater = other !== undefined && (other.at > at || (other.at === at && other.sequence > sequence));
      if (isLater) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}
