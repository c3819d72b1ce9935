import type { Clock } from '../../platform/ports.ts';

/** Does a millisecond or two of work. @returns whether there is more */
export type Work = () => boolean;

/** How long this thread may be kept from everything else that it does; the last one of a turn may take a little more. */
const turnMs = 4;
/** For how long the first goes on while others wait: a router that asks for all routes again and again would never be done. */
const patienceMs = 500;

/**
 * Work for many peers, a little at a time, and between two turns whatever else is due in this thread: keepalives, BFD, answers to ARP, probes of nodes.
 * A hundred peers that want a full table would else keep it from them for seconds. Of all that waits the first is done to its end, or for
 * half a second: a little of each in turn would be no sooner for any, and keep the memory of all.
 */
export class Turns {
  readonly #clock: Clock;
  /** In the order in which they have their turn. */
  readonly #waiting = new Set<Work>();
  /** Has begun. */
  #current: Work | undefined;
  #begunAt = 0;
  #isComing = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Has it done soon, never at once. What waits already goes on waiting where it stands. */
  request(work: Work): void {
    this.#waiting.add(work);
    this.#next();
  }

  #next(): void {
    if (this.#isComing || (this.#waiting.size === 0 && this.#current === undefined)) return;
    this.#isComing = true;
    this.#clock.setTimer(0, () => {
      this.#isComing = false;
      this.#turn();
    });
  }

  #turn(): void {
    const now = this.#clock.now();
    const until = now + turnMs;
    if (this.#current !== undefined && this.#waiting.size > 0 && now - this.#begunAt >= patienceMs) {
      this.#waiting.delete(this.#current);
      this.#waiting.add(this.#current);
      this.#current = undefined;
    }
    do {
      const work = this.#current ?? this.#waiting.values().next().value;
      if (work === undefined) return;
      if (work !== this.#current) this.#begunAt = now;
      this.#waiting.delete(work);
      this.#current = work() ? work : undefined;
    } while (this.#clock.now() < until);
    this.#next();
  }
}
