import type { Clock, Connection, Timer } from '../../platform/ports.ts';

/** RFC 9687 section 4: the greater of 8 minutes and twice the hold time; by `steps` it may be an eighth longer. */
const leastMs = 480_000;
/** How often within the send hold time it is looked whether something has left. */
const steps = 8;

/** RFC 9687: a peer that takes nothing at all for the send hold time is given up; one that is slow isn't. */
export class SendHold {
  readonly #clock: Clock;
  readonly #onExpired: () => void;
  #timer: Timer | undefined;

  constructor(clock: Clock, onExpired: () => void) {
    this.#clock = clock;
    this.#onExpired = onExpired;
  }

  /** Something waits to be taken. With a hold time of 0 nobody is given up for that either (RFC 9687 section 3.2). */
  start(connection: Connection, holdTimeSeconds: number): void {
    if (holdTimeSeconds === 0) return;
    this.#look(connection, Math.max(leastMs, 2_000 * holdTimeSeconds), connection.sentBytes, 0);
  }

  /** Nothing does any more. */
  cancel(): void {
    this.#timer?.cancel();
  }

  #look(connection: Connection, limit: number, sentBytes: number, stuckMs: number): void {
    const step = limit / steps;
    this.cancel();
    this.#timer = this.#clock.setTimer(step, () => {
      const stuck = connection.sentBytes === sentBytes ? stuckMs + step : 0;
      if (stuck >= limit) this.#onExpired();
      else this.#look(connection, limit, connection.sentBytes, stuck);
    });
  }
}
