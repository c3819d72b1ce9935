import type { Clock } from '../platform/ports.ts';

/**
 * Does something soon after it was asked for, and once for all who have asked until then: at once when it was not done lately, else a while after the
 * last time.
 */
export class Paced {
  readonly #clock: Clock;
  readonly #paceMs: number;
  readonly #action: () => void;
  #doneAt = -Infinity;
  #isComing = false;

  constructor(clock: Clock, paceMs: number, action: () => void) {
    this.#clock = clock;
    this.#paceMs = paceMs;
    this.#action = action;
  }

  /** Never done before it returns. */
  request(): void {
    if (this.#isComing) return;
    this.#isComing = true;
    this.#clock.setTimer(Math.max(0, this.#doneAt + this.#paceMs - this.#clock.now()), () => {
      this.#isComing = false;
      this.#doneAt = this.#clock.now();
      this.#action();
    });
  }
}
