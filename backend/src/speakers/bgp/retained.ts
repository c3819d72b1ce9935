import type { Clock, Timer } from '../../platform/ports.ts';
import type { Negotiated } from './fsm/negotiate.ts';

/**
 * What a router may still go by of a session that is lost: the routes that it had then. By its own hold time it notices the loss (RFC 4271), by the restart
 * time it gives up waiting (RFC 4724); before that it forgets them only when a session after it has brought all routes again.
 */
export class Retained {
  readonly #clock: Clock;
  #until = -Infinity;
  #timer: Timer | undefined;
  #waiting: (() => void)[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isOver(): boolean {
    return this.#clock.now() >= this.#until;
  }

  /** The session in which that was agreed on is lost, by whatever. */
  begin({ holdTimeSeconds, restartTimes }: Negotiated): void {
    const ms = (holdTimeSeconds + (restartTimes?.oursSeconds ?? 0)) * 1_000;
    this.#until = Math.max(this.#until, this.#clock.now() + ms);
    if (this.#waiting.length > 0) this.#watch();
  }

  /** The router has all routes again. */
  end(): void {
    this.#until = -Infinity;
    this.#timer?.cancel();
    for (const then of this.#waiting.splice(0)) then();
  }

  /** Calls back when the router goes by nothing of before; at once if that is so. */
  whenOver(then: () => void): void {
    if (this.isOver) return then();
    this.#waiting.push(then);
    this.#watch();
  }

  #watch(): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.setTimer(this.#until - this.#clock.now(), () => this.end());
  }
}
