import type { Clock } from '../../platform/ports.ts';

export interface BurstOptions {
  /** So many in a second begin it. */
  readonly perSecond: number;
  /** More than that many in a second keep it going. */
  readonly few: number;
}

/** It is over when it has not been kept going for that long, in milliseconds. */
const CALM_MS = 2_000;

/** Notices when things come in a burst, and when that is over. */
export class Burst {
  readonly #clock: Clock;
  readonly #options: BurstOptions;
  #second = { since: 0, count: 0 };
  #until = 0;

  constructor(deps: { readonly clock: Clock }, options: BurstOptions) {
    this.#clock = deps.clock;
    this.#options = options;
  }

  get isOn(): boolean {
    return this.#clock.now() < this.#until;
  }

  /** One more came. */
  note(): void {
    const now = this.#clock.now();
    if (now - this.#second.since >= 1_000) this.#second = { since: now, count: 0 };
    this.#second.count += 1;
    const { perSecond, few } = this.#options;
    if (this.#second.count > (this.isOn ? few : perSecond)) this.#until = now + CALM_MS;
  }
}
