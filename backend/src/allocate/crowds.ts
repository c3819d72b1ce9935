import type { Service } from '../domain/service.ts';
import { familyOf } from './assignments.ts';
import type { HeldBack } from './held-back.ts';
import type { Ledger } from './ledger.ts';
import type { PoolSet } from './pool-set.ts';
import type { Crowd, PlainWish, Waiting } from './waiting.ts';

/**
 * What a Service asks for if nothing but its pools decides what it gets: it has nothing, or one address of two families, had nothing
 * else, and asks for no address of its own. Who names no pools looks to them in the order of their priorities, which an edit may change.
 */
export function plainWish(service: Service): PlainWish | undefined {
  const { claims, recorded, wantedIPs, sharing, wantedPools, familyPolicy, families } = service;
  if (wantedIPs.length > 0 || sharing.key !== undefined) return undefined;
  const isHalf = claims && recorded.length === 1 && familyPolicy !== 'SingleStack' && isContent(service);
  if (!isHalf && (claims || recorded.length > 0)) return undefined;
  const needed = familyPolicy === 'SingleStack' ? families.slice(0, 1) : families;
  return { text: JSON.stringify([familyPolicy, needed, recorded.map(familyOf), wantedPools]), has: recorded.length };
}

/** Whether a Service asks for nothing else instead of what it has. */
function isContent({ recorded, wantedPools, families }: Service): boolean {
  const isNamed = (pool: string): boolean => wantedPools.length === 0 || wantedPools.includes(pool);
  return recorded.every((assignment) => families.includes(familyOf(assignment)) && isNamed(assignment.pool));
}

interface CrowdsDeps {
  readonly waiting: Waiting;
  readonly ledger: Ledger;
  readonly heldBack: HeldBack;
  readonly pools: () => PoolSet;
}

/**
 * Services that wait for the same pools for the same reason, while something is offered, or an edit of pools is followed that leaves alone
 * who may use them: what doesn't help one helps none of the others, from which the same is held back, so that of a crowd as many are planned
 * as get an address, and one more.
 */
export class Crowds {
  readonly #deps: CrowdsDeps;
  /** With what was held back from them. */
  readonly #hopeless = new Map<Crowd, string>();

  constructor(deps: CrowdsDeps) {
    this.#deps = deps;
  }

  /** This Service gets nothing, nor has it anything new to hear. */
  add(service: Service): void {
    const crowd = this.#crowdOf(service.key);
    if (crowd !== undefined) this.#hopeless.set(crowd, this.#deps.heldBack.view(service));
  }

  /** Whether that is so of another one of its crowd. */
  isHopeless(service: Service): boolean {
    if (this.#hopeless.size === 0) return false;
    const crowd = this.#crowdOf(service.key);
    const view = crowd === undefined ? undefined : this.#hopeless.get(crowd);
    return view !== undefined && view === this.#deps.heldBack.view(service);
  }

  /** Somebody got an address: others may have to hear that there is one less. */
  clear(): void {
    this.#hopeless.clear();
  }

  /**
   * Undefined for a Service that is like no other: it has something kept or held back for it, may get back what it had, or is to leave
   * what it has to a stranger.
   */
  #crowdOf(key: string): Crowd | undefined {
    const { waiting, ledger, heldBack, pools } = this.#deps;
    const standing = waiting.standing(key);
    if (standing?.crowd === undefined) return undefined;
    const its = ledger.assignments(key);
    const isAsItWas = its.length === standing.has && (its.length === 0 || ledger.written(key).length === its.length);
    if (!isAsItWas || heldBack.of(key).length > 0) return undefined;
    if (its.some(({ ip }) => pools().strangers.has(ip))) return undefined;
    return standing.pools.some((pool) => ledger.hasReleased(pool, key)) ? undefined : standing.crowd;
  }
}
