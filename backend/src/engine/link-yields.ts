import type { Clock, Timer } from '../platform/ports.ts';

export interface LinkYieldsDeps {
  readonly clock: Clock;
  /** It has been long enough: whoever has the address will say so when the link is asked. */
  readonly onEnd: (ip: string) => void;
}

/** How long another replica is believed to be right that speaks for an address of ours, before we ask the link ourselves. */
const YIELD_MS = 3_000;

/** The addresses that were left to another replica, which spoke for them on the wire, although they are ours by what we know. */
export class LinkYields {
  readonly #deps: LinkYieldsDeps;
  readonly #timers = new Map<string, Timer>();
  readonly #doubtful = new Set<string>();

  constructor(deps: LinkYieldsDeps) {
    this.#deps = deps;
  }

  has(ip: string): boolean {
    return this.#timers.has(ip);
  }

  /** It was another replica's when we looked last: the link is asked before it is announced again. */
  isDoubtful(ip: string): boolean {
    return this.#doubtful.has(ip);
  }

  add(ip: string): void {
    if (this.#timers.has(ip)) return;
    this.#doubtful.add(ip);
    const timer = this.#deps.clock.setTimer(YIELD_MS, () => {
      this.#timers.delete(ip);
      this.#deps.onEnd(ip);
    });
    this.#timers.set(ip, timer);
  }

  /** Nobody else had it when the link was asked. */
  proved(ip: string): void {
    this.#doubtful.delete(ip);
  }

  /** Whoever had these addresses may be gone; who is not will say so again. */
  endAll(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  delete(ip: string): void {
    this.#timers.get(ip)?.cancel();
    this.#timers.delete(ip);
    this.#doubtful.delete(ip);
  }
}
