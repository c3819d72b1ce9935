import { Allocator } from '../../allocate/allocator.ts';
import { choose } from '../../allocate/choose.ts';
import type { PoolSet } from '../../allocate/pool-set.ts';
import { parseAddress, type Family } from '../../domain/address.ts';
import type { Pool } from '../../domain/pool.ts';
import type { Finding } from '../../domain/reason.ts';
import type { Service } from '../../domain/service.ts';
import type { ClusterPicture } from './picture.ts';

/** Pools that are asked one by one; how many more there are is told. */
const MAX_POOLS = 20;

/** For how long what they say of a Service counts, in milliseconds: between two moments of one plan, addresses that rest no more are all that differs. */
const TOLD_MS = 1_000;

/** What one pool would answer a Service; no finding: an address. */
export interface PoolWord {
  readonly pool: string;
  readonly finding: Finding | undefined;
}

/** What pools would answer it. */
export interface PoolWords {
  readonly asked: readonly PoolWord[];
  /** How many there are besides. */
  readonly more: number;
}

/**
 * What a leader that begins now would plan, by the same functions and from what stands in the objects alone: so every replica says the
 * same. It differs from the leader's own plan where that knows what nobody has written yet.
 */
export class Allocation {
  readonly #allocator: Allocator;
  readonly #picture: ClusterPicture;
  #now: number;
  readonly #told = new WeakMap<Service, { readonly at: number; readonly words: PoolWords }>();

  private constructor(picture: ClusterPicture, now: number) {
    const { services, namespaces, words } = picture.view;
    this.#picture = picture;
    this.#now = now;
    this.#allocator = new Allocator({ services, namespaces, words });
  }

  /**
   * Made in steps, since it goes through all Services.
   * @param now milliseconds since the epoch
   * @param edited what would be in force after an edit, in place of what is
   */
  static *made(picture: ClusterPicture, now: number, edited?: PoolSet): Generator<void, Allocation> {
    const allocation = new Allocation(picture, now);
    yield;
    yield* allocation.#adopt();
    if (edited !== undefined) allocation.#allocator.configure(edited, now);
    return allocation;
  }

  /** From here on it says what is so at this moment, in milliseconds since the epoch: addresses rest no more by time alone. */
  moveTo(now: number): void {
    this.#now = Math.max(this.#now, now);
  }

  /** `Allocated`, or what keeps the Service from an address that it asks for. */
  finding(service: Service): Finding {
    return this.#allocator.plan(service, this.#now).finding;
  }

  /** The same, and whoever is asked about later finds taken what the Service would get: for one who has made it for himself alone. */
  give(service: Service): Finding {
    const planned = this.#allocator.plan(service, this.#now);
    this.#allocator.take(service, planned, this.#now);
    return planned.finding;
  }

  /** What pools say to the Service of an address of the family that it lacks, in the order in which it concerns the Service. */
  pools(service: Service): PoolWords {
    const told = this.#told.get(service);
    if (told !== undefined && this.#now - told.at < TOLD_MS) return told.words;
    const words = this.#ask(service);
    this.#told.set(service, { at: this.#now, words });
    return words;
  }

  #ask(service: Service): PoolWords {
    const { namespaces } = this.#picture.view;
    const { pools, ledger, heldBack } = this.#allocator;
    const view = { pools, ledger, heldBack, namespaces, now: this.#now };
    const family = missingFamily(service, view);
    const all = this.#poolsFor(service);
    const asked = all.slice(0, MAX_POOLS).map((name) => {
      const choice = choose({ ...service, wantedPools: [name], wantedIPs: [], recorded: [] }, family, view);
      return { pool: name, finding: choice.ok ? undefined : choice.finding };
    });
    return { asked, more: all.length - asked.length };
  }

  /** Names of all pools: those that the Service names first, then those that it could get an address from unasked, then those of the lowest priority value. */
  #poolsFor(service: Service): readonly string[] {
    const { pools } = this.#allocator;
    const named = service.wantedPools.filter((name) => pools.get(name) !== undefined);
    const candidates = pools.candidates(service, this.#picture.view.namespaces.get(service.namespace));
    const all = [...pools.pools.values()].sort((a, b) => a.priority - b.priority || (a.name < b.name ? -1 : 1));
    return [...new Set([...named, ...[...candidates, ...all].map(({ name }: Pool) => name)])];
  }

  *#adopt(): Generator<void, void> {
    const { view } = this.#picture;
    // Not the set that others have used for a moment: what is made of this may count for much longer than that.
    const pools = this.#picture.poolSetWith(view.poolsInForce());
    const remembered = view.words.remembered();
    yield;
    yield* this.#allocator.adopting(pools, remembered, this.#now);
  }
}

/** Of the families that it has no address of yet the first one that nobody gives it. */
function missingFamily(service: Service, view: Parameters<typeof choose>[2]): Family {
  const { families, familyPolicy, recorded } = service;
  const needed = familyPolicy === 'SingleStack' ? families.slice(0, 1) : families;
  const missing = needed.filter((family) => recorded.every(({ ip }) => parseAddress(ip)?.family !== family));
  return missing.find((family) => !choose(service, family, view).ok) ?? missing[0] ?? families[0] ?? 'ipv4';
}
