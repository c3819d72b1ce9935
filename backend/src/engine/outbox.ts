import type { Clock, Timer } from '../platform/ports.ts';
import { coalesce } from './coalesce.ts';
import type { InputDelta } from './messages.ts';

/**
 * How far apart messages are in a burst of new Services, in milliseconds. Each one wakes the engine, and that every router, at a price
 * that does not depend on how many Services it tells of. FRR alone holds back a route for 60 ms.
 */
const PACE_MS = 100;

export interface OutboxDeps {
  readonly clock: Clock;
  readonly send: (delta: InputDelta) => void;
}

/**
 * Changes on their way to the engine, coalesced per turn of the event loop. A change that comes alone is sent at once, and so is, with
 * all that came before it, whatever may take something back; only Services that come in a burst wait for each other.
 */
export class Outbox {
  readonly #deps: OutboxDeps;
  #pending: InputDelta | undefined;
  #sentAt = -Infinity;
  #paced: Timer | undefined;
  #soon = false;

  constructor(deps: OutboxDeps) {
    this.#deps = deps;
  }

  add(delta: InputDelta): void {
    this.#pending = this.#pending === undefined ? delta : coalesce(this.#pending, delta);
    const waitMs = mayWait(delta) ? this.#sentAt + PACE_MS - this.#deps.clock.now() : 0;
    if (waitMs <= 0) this.#sendSoon();
    else this.#paced ??= this.#deps.clock.setTimer(waitMs, () => this.flush());
  }

  /** Sends what waits now. */
  flush(): void {
    const delta = this.#pending;
    this.clear();
    if (delta === undefined) return;
    this.#sentAt = this.#deps.clock.now();
    this.#deps.send(delta);
  }

  /** Forgets what waits. */
  clear(): void {
    this.#pending = undefined;
    this.#paced?.cancel();
    this.#paced = undefined;
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
