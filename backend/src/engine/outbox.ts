import type { Clock, Timer } from '../platform/ports.ts';
import { coalesce } from './coalesce.ts';
import type { InputDelta } from './messages.ts';

/**
 * How far apart messages are in a burst of new Services, in milliseconds. Each one wakes the engine, and that every router, at a price
 * that does not depend on how many Services it tells of. FRR alone holds back a route for 60 ms.
 */
const PACE_MS = 100;
/** So many messages may come faster before that: Services that users make by hand, and what is written of these, are no burst. */
const ALLOWANCE = 5;

export interface OutboxDeps {
  readonly clock: Clock;
  readonly send: (delta: InputDelta) => void;
}

/**
 * Changes on their way to the engine, coalesced per turn of the event loop. Whatever may take something back is sent as the turn ends, with
 * all that came before it; a Service that comes alone doesn't wait for that, as its turn may have more to do; only Services that come in a
 * burst wait for each other, but for the first few.
 */
export class Outbox {
  readonly #deps: OutboxDeps;
  #pending: InputDelta | undefined;
  /** When the allowance is whole again. */
  #restedAt = -Infinity;
  #paced: Timer | undefined;
  #soon = false;
  /** Something was sent in this turn that didn't wait for its end: what follows does, together. */
  #isLate = false;

  constructor(deps: OutboxDeps) {
    this.#deps = deps;
  }

  add(delta: InputDelta): void {
    const isAlone = this.#pending === undefined && !this.#isLate;
    this.#pending = this.#pending === undefined ? delta : coalesce(this.#pending, delta);
    const isNoLoss = mayWait(delta);
    const waitMs = isNoLoss ? this.#restedAt - (ALLOWANCE - 1) * PACE_MS - this.#deps.clock.now() : 0;
    if (waitMs > 0) this.#paced ??= this.#deps.clock.setTimer(waitMs, () => this.flush());
    else if (isAlone && isNoLoss) this.#sendNow();
    else this.#sendSoon();
  }

  /** Sends what waits now. */
  flush(): void {
    const delta = this.#pending;
    this.clear();
    if (delta === undefined) return;
    // However many could not wait, those that can wait no longer than that for them.
    const now = this.#deps.clock.now();
    this.#restedAt = Math.min(Math.max(this.#restedAt, now) + PACE_MS, now + ALLOWANCE * PACE_MS);
    this.#deps.send(delta);
  }

  /** Forgets what waits. */
  clear(): void {
    this.#pending = undefined;
    this.#paced?.cancel();
    this.#paced = undefined;
  }

  #sendNow(): void {
    this.#isLate = true;
    setImmediate(() => (this.#isLate = false));
    this.flush();
  }

  #sendSoon(): void {
    if (this.#soon) return;
    this.#soon = true;
    setImmediate(() => {
      this.#soon = false;
      this.flush();
    });
  }
}

/** Whether a delta has nothing but Services that hold addresses: what goes, moves to other nodes or changes rank must not wait. */
function mayWait({ services, endpoints: _theirs, ...others }: InputDelta): boolean {
  if (services === undefined || Object.keys(others).length > 0) return false;
  return [...services.values()].every((service) => service !== null);
}
