import type { Clock } from '../platform/ports.ts';

export interface Rate {
  /** How many may be used in a row. */
  readonly burst: number;
  readonly perSecond: number;
}

interface Bucket {
  tokens: number;
  at: number;
}

/** Callers that are remembered; beyond it the one that was quiet for longest is forgotten. */
const MAX_CALLERS = 10_000;

/** A token bucket per caller. Bounded: who asks under ever new names costs no memory. */
export class RateLimit {
  readonly #clock: Clock;
  readonly #rate: Rate;
  readonly #buckets = new Map<string, Bucket>();

  constructor({ clock }: { readonly clock: Clock }, rate: Rate) {
    this.#clock = clock;
    this.#rate = rate;
  }

  /**
   * Takes one token; returns undefined if there was one, else after how many seconds there will be.
   * @param reserve tokens that must be left then
   */
  take(caller: string, reserve = 0): number | undefined {
    const { burst, perSecond } = this.#rate;
    const at = this.#clock.now();
    const before = this.#buckets.get(caller);
    const tokens = Math.min(burst, (before?.tokens ?? burst) + ((at - (before?.at ?? at)) * perSecond) / 1_000);
    this.#buckets.delete(caller);
    if (this.#buckets.size >= MAX_CALLERS) this.#buckets.delete(this.#buckets.keys().next().value ?? '');
    const missing = 1 + reserve - tokens;
    this.#buckets.set(caller, { tokens: missing > 0 ? tokens : tokens - 1, at });
    return missing > 0 ? Math.ceil(missing / perSecond) : undefined;
  }
}
