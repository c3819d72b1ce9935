import type { Clock, Timer } from '../platform/ports.ts';

/** Others hear of what makes us worse within some 20 ms, and routers from them about as soon; the rest is to spare. In milliseconds. */
export const TAKING_OVER_MS = 200;
/** For how long a successor is waited for that is there and doesn't announce, as one that has just begun, in milliseconds. */
const COMING_MS = 5_000;
/** The same where what we announce may be old, or ends. */
const COMING_FOR_OLD_MS = 1_000;

/** Who is to win in our place at a router: nobody, or somebody that doesn't announce yet, or does. */
export type Succession = 'nobody' | 'coming' | 'announces';

export interface WantedRank {
  readonly offset: number;
  readonly succession: Succession;
}

/**
 * Puts ranks into force, each by itself: a better one at once, a worse one once the better one of somebody else had the time to reach the
 * router. For that moment both are as good, and their next hops the same. The other way round a router would have nothing but the worse
 * ones until the successor has heard of it: all the others would win together, be it one that has not met all nodes, and a router that
 * chooses anew after each message would drop our next hops from its route one by one.
 */
export class WorseRanks {
  readonly #clock: Clock;
  /** It is time to look again. */
  readonly #onDue: () => void;
  /** By peer, since when a worse one is wanted than the one in force. */
  readonly #since = new Map<string, number>();
  #waiting: (() => void)[] = [];
  #timer: Timer | undefined;

  constructor(clock: Clock, onDue: () => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /**
   * By peer, what is to be in force now.
   *
   * @param told what the peers have been told: those that are missing have heard nothing, or not all of it
   * @param isOld what we announce may be old, or ends
   */
  settle(
    wanted: ReadonlyMap<string, WantedRank>,
    told: ReadonlyMap<string, number>,
    isOld: boolean,
  ): Map<string, number> {
    for (const peer of this.#since.keys()) if (!wanted.has(peer)) this.#since.delete(peer);
    const patienceMs = isOld ? COMING_FOR_OLD_MS : COMING_MS;
    const offsets = [...wanted].map(([peer, rank]): [string, number] => {
      const before = told.get(peer);
      if (before === undefined || rank.offset <= before || !this.#waits(peer, rank.succession, patienceMs)) {
        this.#since.delete(peer);
        return [peer, rank.offset];
      }
      return [peer, before];
    });
    this.#wake();
    return new Map(offsets);
  }

  /** Calls back once no rank waits, at once if none does; else when whoever called `settle` is done. */
  whenSettled(then: () => void): void {
    if (this.#since.size === 0) then();
    else this.#waiting.push(then);
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #waits(peer: string, succession: Succession, patienceMs: number): boolean {
    if (succession === 'nobody') return false;
    const now = this.#clock.now();
    const since = this.#since.get(peer) ?? now;
    this.#since.set(peer, since);
    return now - since < (succession === 'announces' ? TAKING_OVER_MS : patienceMs);
  }

  /** That a successor begins to announce is no news that anybody is told of. */
  #wake(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#since.size > 0) this.#timer = this.#clock.setTimer(this.#nextLookMs(), this.#onDue);
    else for (const then of this.#waiting.splice(0)) this.#clock.setTimer(0, then);
  }

  #nextLookMs(): number {
    const now = this.#clock.now();
    const left = [...this.#since.values()].map((since) => since + TAKING_OVER_MS - now);
    const next = Math.min(...left.filter((ms) => ms > 0));
    return Math.min(next, TAKING_OVER_MS);
  }
}
