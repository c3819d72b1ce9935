import type { Clock, Timer } from '../../platform/ports.ts';

/** For how long after taking office another leader's last writes may still show up: the duration of a lease. */
const ADOPTION_MS = 15_000;
/** How often it is asked whether the view is current. */
const STEP_MS = 1_000;

export interface AdoptionDeps {
  readonly clock: Clock;
  /** Whether this replica leads, with a current view. */
  readonly mayWrite: () => boolean;
  readonly onEnd: () => void;
}

/**
 * The time in which a new leader believes what turns up in the Services. Only the time with a current view counts: with a stale one
 * nothing can show up, and what was written before would be taken for a forgery later.
 */
export class Adoption {
  readonly #deps: AdoptionDeps;
  #leftMs = ADOPTION_MS;
  #wasCurrent = false;
  #timer: Timer | undefined;

  constructor(deps: AdoptionDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#wasCurrent = this.#deps.mayWrite();
    this.#timer = this.#deps.clock.setTimer(STEP_MS, () => this.#step());
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #step(): void {
    if (this.#wasCurrent && this.#deps.mayWrite()) this.#leftMs -= STEP_MS;
    if (this.#leftMs > 0) this.start();
    else this.#deps.onEnd();
  }
}
