import type { Service } from '../domain/service.ts';
import type { Ledger } from './ledger.ts';
import type { Crowd, Waiting } from './waiting.ts';

/**
 * The pools that a Service names, in its order, if nothing but its pools decides what it gets: it has and had nothing, and asks for no
 * address of its own. Who names none looks to them in the order of their priorities, which an edit may change.
 */
export function plainWish({
  claims,
  recorded,
  wantedIPs,
  sharing,
  wantedPools,
}: Service): readonly string[] | undefined {
  const isPlain = !claims && recorded.length === 0 && wantedIPs.length === 0 && sharing.key === undefined;
  return isPlain ? wantedPools : undefined;
}

/**
 * Services that wait for the same pools for the same reason, while an edit of pools is followed that leaves alone who may use them:
 * what doesn't help one helps none of the others, so that of a crowd as many are planned as get an address, and one more.
 */
export class Crowds {
  readonly #waiting: Waiting;
  readonly #ledger: Ledger;
  readonly #hopeless = new Set<Crowd>();

  constructor(waiting: Waiting, ledger: Ledger) {
    this.#waiting = waiting;
    this.#ledger = ledger;
  }

  /** The edit gives this Service nothing, nor has it anything new to hear. */
  add(service: string): void {
    const crowd = this.#crowdOf(service);
    if (crowd !== undefined) this.#hopeless.add(crowd);
  }

  /** Whether that is so of another one of its crowd. */
  isHopeless(service: string): boolean {
    if (this.#hopeless.size === 0) return false;
    const crowd = this.#crowdOf(service);
    return crowd !== undefined && this.#hopeless.has(crowd);
  }

  /** Somebody got an address: others may have to hear that there is one less. */
  clear(): void {
    this.#hopeless.clear();
  }

  /** Undefined for a Service that is like no other: it has something kept for it, or may get back what it had. */
  #crowdOf(service: string): Crowd | undefined {
    const standing = this.#waiting.standing(service);
    if (standing?.crowd === undefined || this.#ledger.assignments(service).length > 0) return undefined;
    const hadOne = standing.pools.some((pool) => this.#ledger.hasReleased(pool, service));
    return hadOne ? undefined : standing.crowd;
  }
}
