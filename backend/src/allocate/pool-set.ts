import { formatAddress, parseAddress, rangeContains, type Address, type AddressRange } from '../domain/address.ts';
import { allowsNamespace, byAge, type Conflict, type Pool } from '../domain/pool.ts';
import { formatRange, intersect, subtract } from '../domain/ranges.ts';
import { finding, type Finding } from '../domain/reason.ts';
import { selects, type Labels } from '../domain/selector.ts';
import type { Assignment, Service } from '../domain/service.ts';
import { NOTHING_RESERVED, isBuggy, single, type Reserved } from './reserved.ts';

/** A part of a pool that is somebody else's too. */
export type Overlap =
  | { readonly kind: 'pool'; readonly other: string; readonly otherIsOlder: boolean; readonly part: AddressRange }
  | { readonly kind: 'serviceRange'; readonly other: string; readonly part: AddressRange }
  | { readonly kind: 'node'; readonly other: string; readonly part: AddressRange };

/** Lower priority value first; then the older pool; then by name, so that every leader chooses alike. */
function byPreference(a: Pool, b: Pool): number {
  return a.priority - b.priority || byAge(a, b);
}

function isBoundByLabels(pool: Pool): boolean {
  const byNamespace = Object.keys(pool.namespaceSelector ?? {}).length > 0;
  return byNamespace || (pool.namespaces.length === 0 && pool.serviceSelector !== undefined);
}

/** Pools with the same text are for the same Services. */
export function whoMayUse({ isDefault, namespaces, namespaceSelector, serviceSelector }: Pool): string {
  return JSON.stringify([isDefault, namespaces, namespaceSelector, serviceSelector]);
}

/**
 * The pools in force with what follows from them, computed once per change: order of preference, overlaps, and what each may really
 * give. A value: it never changes.
 */
export class PoolSet {
  readonly pools: ReadonlyMap<string, Pool>;
  readonly unreadable: ReadonlySet<string>;
  readonly hasDefault: boolean;
  readonly reserved: Reserved;
  readonly #preferred: readonly Pool[];
  readonly #defaults: readonly Pool[];
  readonly #byLabels: readonly Pool[];
  readonly #byNamespace = new Map<string, Pool[]>();
  readonly #rank = new Map<string, number>();
  /** What was found of a namespace while it had these labels: Services come in thousands, namespaces in dozens. */
  readonly #ofNamespace = new Map<string, { readonly labels: Labels | undefined; readonly pools: readonly Pool[] }>();
  readonly #allocatable = new Map<string, readonly AddressRange[]>();
  readonly #overlaps = new Map<string, Overlap[]>();
  readonly #strangers: ReadonlyMap<string, Conflict>;

  /**
   * `before`: an earlier set that much may be like; it saves work and changes nothing. `unreadable`: names of Eips that are there and
   * not in force, as nobody ever could read them.
   */
  constructor(
    pools: ReadonlyMap<string, Pool>,
    reserved: Reserved = NOTHING_RESERVED,
    before?: PoolSet,
    unreadable: ReadonlySet<string> = new Set(),
  ) {
    this.pools = pools;
    this.unreadable = unreadable;
    this.reserved = reserved;
    this.#preferred = [...pools.values()].sort(byPreference);
    this.#defaults = this.#preferred.filter(({ isDefault }) => isDefault);
    this.hasDefault = this.#defaults.length > 0;
    this.#byLabels = this.#preferred.filter(isBoundByLabels);
    this.#preferred.forEach((pool, rank) => this.#rank.set(pool.name, rank));
    for (const pool of this.#preferred) for (const namespace of pool.namespaces) this.#bind(namespace, pool);
    this.#strangers = strangersOf(this.#preferred);
    this.#findOverlaps(before);
    for (const pool of this.#preferred) {
      const same = before !== undefined && this.#hasAllOf(pool, before);
      this.#allocatable.set(pool.name, same ? before.allocatable(pool.name) : this.#allocatableOf(pool));
    }
  }

  get(name: string): Pool | undefined {
    return this.pools.get(name);
  }

  /** Whether the same pools are there as in an earlier set, each for the same Services, whatever they may give. */
  isForTheSame(before: PoolSet): boolean {
    if (before.pools.size !== this.pools.size) return false;
    return this.#preferred.every((pool) => {
      const earlier = before.get(pool.name);
      return earlier === pool || (earlier !== undefined && whoMayUse(earlier) === whoMayUse(pool));
    });
  }

  /**
   * The pools that may give something else than in an earlier set: those that were edited, what overlaps them, and what has an address
   * that a stranger took or left, whichever pool that was heard for. Undefined if more is different than that: which pools there are,
   * who may use them, or what is reserved.
   */
  editedSince(before: PoolSet): ReadonlySet<string> | undefined {
    if (before.reserved !== this.reserved || !this.isForTheSame(before)) return undefined;
    const edited = this.#preferred.filter((pool) => before.get(pool.name) !== pool);
    const overlaps = edited.flatMap(({ name }) => [...before.overlaps(name), ...this.overlaps(name)]);
    return new Set([
      ...edited.map(({ name }) => name),
      ...overlaps.map(({ other }) => other),
      ...this.withStrangersSince(before),
    ]);
  }

  /** The names of the pools that have an address of which an earlier set said something else: that strangers use it, or don't. */
  withStrangersSince(before: PoolSet): string[] {
    const addresses = [...this.strangersSince(before), ...before.strangersSince(this)].map(parseAddress);
    return addresses
      .flatMap((address) => (address === undefined ? [] : this.containing(address)))
      .map(({ name }) => name);
  }

  /** The pools that an address lies in by their spec, most preferred first: more than one only where pools overlap. */
  containing(address: Address): Pool[] {
    return this.#preferred.filter((pool) => pool.ranges.some((range) => rangeContains(range, address)));
  }

  /** Pools that a Service is given addresses from without naming any: those bound to it, then the default ones. */
  candidates(service: Service, labels: Labels | undefined): Pool[] {
    const known = this.#ofNamespace.get(service.namespace);
    const all = known !== undefined && known.labels === labels ? known.pools : this.#allOf(service.namespace, labels);
    return all.filter((pool) => selects(pool.serviceSelector, service.labels));
  }

  /** The same for any Service of a namespace, whatever its own labels: most pools are told apart by the namespace. */
  #allOf(namespace: string, labels: Labels | undefined): readonly Pool[] {
    const byName = this.#byNamespace.get(namespace) ?? [];
    const isLetIn = (pool: Pool): boolean => allowsNamespace(pool, namespace, labels);
    const bound = new Set([...byName, ...this.#byLabels].filter(isLetIn));
    const inOrder = [...bound].sort((a, b) => (this.#rank.get(a.name) ?? 0) - (this.#rank.get(b.name) ?? 0));
    const pools = [...inOrder, ...this.#defaults.filter((pool) => !bound.has(pool) && isLetIn(pool))];
    this.#ofNamespace.set(namespace, { labels, pools });
    return pools;
  }

  /** What a pool may give, in the order of its spec: without what belongs to others; single addresses apart (`reservation`). */
  allocatable(pool: string): readonly AddressRange[] {
    return this.#allocatable.get(pool) ?? [];
  }

  /** The pool that can give a freed address: the one that it came from, or, where that lost it by an edit, the one that has it now. */
  homeOf({ pool, ip }: Assignment): string | undefined {
    const address = parseAddress(ip);
    if (address === undefined) return undefined;
    const gives = (name: string): boolean => this.allocatable(name).some((range) => rangeContains(range, address));
    return gives(pool) ? pool : this.containing(address).find(({ name }) => gives(name))?.name;
  }

  /** What of a pool is somebody else's too, for its condition. */
  overlaps(pool: string): readonly Overlap[] {
    return this.#overlaps.get(pool) ?? [];
  }

  /** Addresses that hosts outside of the cluster use, whichever pool they were heard for; `announced` ones are announced beside them. */
  get strangers(): ReadonlyMap<string, Conflict> {
    return this.#strangers;
  }

  /** Addresses of which an earlier set did not say the same. */
  strangersSince(before: PoolSet): string[] {
    const news = [...this.#strangers].filter(([ip, now]) => before.strangers.get(ip)?.announced !== now.announced);
    return news.map(([ip]) => ip);
  }

  /** Whether a pool gives this address at all, held or not. */
  gives(pool: Pool, address: Address): boolean {
    const within = this.allocatable(pool.name).some((range) => rangeContains(range, address));
    return within && !this.isSkipped(pool, address, formatAddress(address));
  }

  /** Whether a single address inside of `allocatable` is left out. `ip`: its canonical text. */
  isSkipped(pool: Pool, address: Address, ip: string): boolean {
    if (pool.avoidBuggyIPs && isBuggy(address)) return true;
    if (this.#strangers.has(ip)) return true;
    return this.reserved.nodeWith(ip) !== undefined || this.reserved.isClusterIP(ip);
  }

  /** Why a pool never gives an address that lies in it although somebody wants it, or undefined if it does. */
  reservation(pool: Pool, address: Address): Finding | undefined {
    const ip = formatAddress(address);
    const node = this.reserved.nodeWith(ip);
    if (node !== undefined) return finding('WantedAddressOfNode', { ip, node });
    for (const overlap of this.overlaps(pool.name)) {
      if (!rangeContains(overlap.part, address)) continue;
      if (overlap.kind === 'serviceRange')
        return finding('WantedAddressInServiceRange', { ip, range: overlap.other, pool: pool.name });
      if (overlap.kind === 'pool' && overlap.otherIsOlder)
        return finding('WantedAddressInOlderPool', { ip, older: overlap.other });
    }
    const own = this.reserved.subnetOwn(pool).some((range) => rangeContains(range, address));
    return own ? finding('WantedAddressOfSubnet', { ip }) : undefined;
  }

  #bind(namespace: string, pool: Pool): void {
    const bound = this.#byNamespace.get(namespace);
    if (bound === undefined) this.#byNamespace.set(namespace, [pool]);
    else bound.push(pool);
  }

  /** Whether a pool that shares nothing with others is the same as in an earlier set. */
  #hasAllOf(pool: Pool, before: PoolSet): boolean {
    return this.overlaps(pool.name).length === 0 && before.#isAlone(pool, this.reserved);
  }

  #allocatableOf(pool: Pool): AddressRange[] {
    const foreign = this.overlaps(pool.name).filter((overlap) =>
      overlap.kind === 'pool' ? overlap.otherIsOlder : overlap.kind === 'serviceRange',
    );
    const taken = [...foreign.map(({ part }) => part), ...this.reserved.subnetOwn(pool)];
    return pool.ranges.flatMap((range) => subtract(range, taken));
  }

  /** By a sweep over the ranges in ascending order, since pools are many and overlaps few. */
  #findOverlaps(before: PoolSet | undefined): void {
    const all = this.#preferred.flatMap((pool) => pool.ranges.map((range) => ({ pool, range })));
    all.sort((a, b) => (a.range.first < b.range.first ? -1 : 1));
    all.forEach(({ pool, range }, i) => {
      for (let j = i + 1; j < all.length; j++) {
        const other = all[j];
        if (other === undefined || other.range.first > range.last) break;
        const part = intersect(range, other.range);
        if (part === undefined || other.pool === pool) continue;
        const otherIsOlder = byAge(other.pool, pool) < 0;
        this.#addOverlap(pool, { kind: 'pool', other: other.pool.name, otherIsOlder, part });
        this.#addOverlap(other.pool, { kind: 'pool', other: pool.name, otherIsOlder: !otherIsOlder, part });
      }
      if (before === undefined || !before.#isAlone(pool, this.reserved)) this.#findReserved(pool, range);
    });
  }

  /** Whether this set has the pool as it is, and nothing of it is somebody else's too. */
  #isAlone(pool: Pool, reserved: Reserved): boolean {
    return this.get(pool.name) === pool && this.reserved === reserved && this.overlaps(pool.name).length === 0;
  }

  #findReserved(pool: Pool, range: AddressRange): void {
    for (const service of this.reserved.serviceRanges) {
      const part = intersect(range, service);
      if (part !== undefined) this.#addOverlap(pool, { kind: 'serviceRange', other: formatRange(service), part });
    }
    for (const { node, address } of this.reserved.nodesIn(range)) {
      this.#addOverlap(pool, { kind: 'node', other: node, part: single(address) });
    }
  }

  #addOverlap(pool: Pool, overlap: Overlap): void {
    const known = this.#overlaps.get(pool.name);
    if (known === undefined) this.#overlaps.set(pool.name, [overlap]);
    else known.push(overlap);
  }
}

/** An address that one replica announced before it heard of the conflict counts as announced. */
function strangersOf(pools: readonly Pool[]): ReadonlyMap<string, Conflict> {
  const strangers = new Map<string, Conflict>();
  for (const conflict of pools.flatMap(({ conflicts }) => conflicts)) {
    if (conflict.node === undefined && strangers.get(conflict.ip)?.announced !== true)
      strangers.set(conflict.ip, conflict);
  }
  return strangers;
}

/** A pool's selectors are a boundary: who is outside gets nothing from it, by name or by address neither. */
export function isAllowed(pool: Pool, service: Service, labels: Labels | undefined): boolean {
  return allowsNamespace(pool, service.namespace, labels) && selects(pool.serviceSelector, service.labels);
}
