import type { Clock, Connection, Logger, Timer } from '../../platform/ports.ts';

export interface DeliveriesDeps {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** From one look to the next while something is under way, in milliseconds. */
const LOOK_MS = 100;
/** A few packets that are lost in a row are sent again and acknowledged within less (RFC 6298), in milliseconds. */
export const UNHEARD_MS = 2_000;

/**
 * Whether the router's host gets what is sent to it. Neither end of a session notices before the hold time is over that nothing comes through
 * any more, and afterwards, when it does again, TCP waits for as long as it has waited already: until then the router goes by what it was told before.
 */
export class Deliveries {
  readonly #deps: DeliveriesDeps;
  /** `isUnheard` is another one. */
  readonly #onChange: () => void;
  #isUnheard = false;
  #acknowledged: number | undefined;
  /** Clock time of the last sign that something arrives, or of when there was something to send. */
  #since = 0;
  #timer: Timer | undefined;
  #waiting: (() => void)[] = [];

  constructor(deps: DeliveriesDeps, onChange: () => void) {
    this.#deps = deps;
    this.#onChange = onChange;
  }

  /** Something was sent a while ago, and nothing of it has arrived since. */
  get isUnheard(): boolean {
    return this.#isUnheard;
  }

  /** Something was written. */
  written(connection: Connection): void {
    if (this.#timer !== undefined) return;
    this.#acknowledged = connection.delivery?.acknowledged;
    this.#since = this.#deps.clock.now();
    this.#lookSoon(connection);
  }

  /** Calls back when all that was written has arrived, at once if that is so or this host doesn't say; or there is no connection any more. */
  whenArrived(connection: Connection | undefined, then: () => void): void {
    if (this.#timer === undefined || connection?.delivery?.isUnderWay !== true) then();
    else this.#waiting.push(then);
  }

  /** The connection is no longer ours. */
  cancel(): void {
    this.#timer?.cancel();
    this.#rest();
  }

  #lookSoon(connection: Connection): void {
    this.#timer = this.#deps.clock.setTimer(LOOK_MS, () => this.#look(connection));
  }

  #look(connection: Connection): void {
    const found = connection.delivery;
    if (found?.isUnderWay !== true) return this.#rest();
    const now = this.#deps.clock.now();
    if (found.acknowledged !== this.#acknowledged) this.#since = now;
    this.#acknowledged = found.acknowledged;
    this.#lookSoon(connection);
    this.#find(now - this.#since >= UNHEARD_MS);
  }

  #rest(): void {
    this.#timer = undefined;
    this.#find(false);
    for (const then of this.#waiting.splice(0)) then();
  }

  #find(isUnheard: boolean): void {
    if (isUnheard === this.#isUnheard) return;
    this.#isUnheard = isUnheard;
    if (isUnheard) this.#deps.logger.warn({ ms: UNHEARD_MS }, 'nothing that is sent to the router arrives there');
    else this.#deps.logger.info({}, 'what is sent to the router arrives again, or the session is over');
    this.#onChange();
  }
}
