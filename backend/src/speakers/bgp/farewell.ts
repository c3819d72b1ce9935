import type { Clock, Timer } from '../../platform/ports.ts';

/** How long a router may take to take what is said at last. */
const routerMs = 2_000;
/** How long others that have their turn before may take. */
const othersMs = 5_000;

/** A wait for the last words of a session to leave, which has an end in any case. */
export class Farewell {
  readonly #clock: Clock;
  #timer: Timer | undefined;
  #onLate: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param whenSaid calls back when all is said */
  async end(whenSaid: (then: () => void) => void): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#onLate = resolve;
      this.#timer = this.#clock.setTimer(othersMs, resolve);
      whenSaid(resolve);
    });
    this.#onLate = undefined;
    this.#timer?.cancel();
  }

  /** It is the session's turn: from now on only its router is waited for. */
  turnCame(): void {
    const onLate = this.#onLate;
    if (onLate === undefined) return;
    this.#onLate = undefined;
    this.#timer?.cancel();
    this.#timer = this.#clock.setTimer(routerMs, onLate);
  }
}
