import type { Clock } from '../../platform/ports.ts';
import type { Rate } from '../rate-limit.ts';

/** Turns that come at a rate, and a few of them in a row. */
export class Turns {
  readonly #clock: Clock;
  readonly #rate: Rate;
  #left: number;
  #at: number;

  constructor({ clock }: { readonly clock: Clock }, rate: Rate) {
    this.#clock = clock;
    this.#rate = rate;
    this.#left = rate.burst;
    this.#at = clock.now();
  }

  /** Takes one if there is one: 0. Else after how many milliseconds there will be one. */
  take(): number {
    const { burst, perSecond } = this.#rate;
    const now = this.#clock.now();
    this.#left = Math.min(burst, this.#left + ((now - this.#at) * perSecond) / 1_000);
    this.#at = now;
    if (this.#left < 1) return Math.ceil(((1 - this.#left) * 1_000) / perSecond);
    this.#left -= 1;
    return 0;
  }
}
