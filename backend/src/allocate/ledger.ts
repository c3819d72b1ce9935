import { formatAddress, parseAddress, type Address, type AddressRange, type Family } from '../domain/address.ts';
import { MAX_RELEASED, type Pool } from '../domain/pool.ts';
import type { Assignment, Service } from '../domain/service.ts';
import type { SharingTerms } from '../domain/sharing.ts';
import { Holders, type Holding } from './holders.ts';
import { addTo, removeFrom, type Multimap, type Values } from './multimap.ts';
import { PoolHolders } from './pool-holders.ts';
import { Released, type Release } from './released.ts';

/** What of a Service the ledger knows beside its addresses. */
export type Holder = Pick<Service, 'key' | 'sharing'>;

interface Entry extends Holding {
  /** Those that stand in the Service, or did when we last knew; the others are kept for it while they are being written. */
  readonly written: readonly string[];
}

/** An address below which a range that begins there has none that was never used. */
interface Floor {
  readonly family: Family;
  readonly first: bigint;
  value: bigint;
}

const NOBODY: ReadonlyMap<string, Values> = new Map();
const NOTHING: readonly string[] = [];

/**
 * Who holds which address, who had it before, and who wants it: indexes of what stands in Services and pools, kept by key so that one
 * change costs one change. It holds no truth of its own; built anew from the same objects it gives the same answers.
 */
export class Ledger {
  readonly #entries = new Map<string, Entry>();
  readonly #holders = new Holders(this.#entries);
  readonly #byPool = new Map<string, PoolHolders>();
  readonly #released = new Map<string, Released>();
  readonly #releasedIn = new Map<string, string>();
  readonly #wishes = new Map<string, readonly string[]>();
  readonly #wishers: Multimap = new Map();
  readonly #wishedFree = new Set<string>();
  readonly #floors = new Map<string, Floor>();
  /** Of addresses that are only kept for somebody, what was remembered before, and where. */
  readonly #suspended = new Map<string, { readonly pool: string; readonly release: Release }>();
  /** By Service, the addresses that it let go of while others went on sharing them; the oldest are forgotten first. */
  readonly #left = new Map<string, readonly string[]>();

  /** Records what a Service holds, instead of what it held; returns what became free. `now`: milliseconds since the epoch. */
  set(holder: Holder, assignments: readonly Assignment[], now: number): Assignment[] {
    const before = this.assignments(holder.key);
    const written = this.#entries.get(holder.key)?.written ?? NOTHING;
    this.#unindex(holder.key);
    if (assignments.length > 0) this.#index(holder, assignments, written);
    const freed = before.filter(({ ip }) => !this.#holders.has(ip));
    this.#leave(holder.key, before);
    for (const { pool, ip } of freed) this.#release(pool, { ip, service: holder.key, at: now });
    return freed;
  }

  /** Somebody else has the address rather than this one of its holders. */
  evict(service: string, ip: string, now: number): void {
    const sharing = this.sharing(service);
    const left = this.assignments(service).filter((assignment) => assignment.ip !== ip);
    if (sharing !== undefined) this.set({ key: service, sharing }, left, now);
  }

  /** What a Service shared and gave up, and others have still, as far as this leader has seen it. */
  leftBy(service: string): readonly string[] {
    return this.#left.get(service) ?? [];
  }

  #leave(service: string, before: readonly Assignment[]): void {
    const ips = before.map(({ ip }) => ip);
    const left = ips.filter((ip) => this.#holders.has(ip) && !this.#holders.isHolder(ip, service));
    if (left.length === 0) return;
    this.#left.delete(service);
    this.#left.set(service, left);
    const [oldest] = this.#left.keys();
    if (this.#left.size > MAX_RELEASED && oldest !== undefined) this.#left.delete(oldest);
  }

  /** Forgets a Service; returns what became free. */
  delete(key: string, now: number): Assignment[] {
    const sharing = this.#entries.get(key)?.sharing;
    return sharing === undefined ? [] : this.set({ key, sharing }, [], now);
  }

  assignments(service: string): readonly Assignment[] {
    return this.#entries.get(service)?.assignments ?? [];
  }

  /** Of what the Service holds, this stands in its object. */
  confirm(service: string, assignments: readonly Assignment[]): void {
    const entry = this.#entries.get(service);
    if (entry === undefined) return;
    const { written } = entry;
    // As a rule it stood there before.
    if (written.length === assignments.length && assignments.every(({ ip }, i) => ip === written[i])) return;
    this.#entries.set(service, { ...entry, written: assignments.map(({ ip }) => ip) });
    for (const { ip } of assignments) this.#suspended.delete(ip);
  }

  /** What a Service holds and not only is to get. */
  written(service: string): Assignment[] {
    const entry = this.#entries.get(service);
    return entry?.assignments.filter(({ ip }) => entry.written.includes(ip)) ?? [];
  }

  /** The terms under which a Service holds what it holds. */
  sharing(service: string): SharingTerms | undefined {
    return this.#entries.get(service)?.sharing;
  }

  isHeld(ip: string): boolean {
    return this.#holders.has(ip);
  }

  /** By a Service that shares with nobody. */
  isHeldAlone(ip: string): boolean {
    return this.#holders.isAlone(ip);
  }

  /** The Services that hold an address, in no particular order. */
  holders(ip: string): Values {
    return this.#holders.of(ip);
  }

  /** Whether a Service can share an address with all its holders, if it has any beside. */
  fits(ip: string, holder: Holder): boolean {
    return this.#holders.fit(ip, holder);
  }

  /** The holders of an address that a Service can't share it with, in no particular order. */
  rivals(ip: string, holder: Holder): string[] {
    return this.#holders.rivals(ip, holder);
  }

  /** The held addresses of a pool with their Services' keys, in no particular order. */
  heldOf(pool: string): ReadonlyMap<string, Values> {
    return this.#byPool.get(pool)?.byIp ?? NOBODY;
  }

  /** The same with their namespaces, and what of it changed; undefined if nobody holds anything of the pool. */
  holdersOf(pool: string): PoolHolders | undefined {
    return this.#byPool.get(pool);
  }

  /** Something else of a Service may be different, such as its labels. */
  touch(service: string): void {
    for (const { pool, ip } of this.assignments(service)) this.#byPool.get(pool)?.touch(ip);
  }

  /** The addresses that others of the same sharing group hold, in their order; where many share, only those that it may fit at. */
  sharedWith(holder: Holder): Iterable<string> {
    return this.#holders.shared(holder);
  }

  /** What the Eip's status remembers, at the beginning of a term of office; youngest first. */
  remember(pool: string, releases: readonly Release[]): void {
    for (const release of releases.toReversed()) if (!this.#holders.has(release.ip)) this.#release(pool, release);
  }

  /** An address was freed that was only kept for a Service, and never stood in its object: nothing has happened to it. */
  neverUsed(ip: string): void {
    const before = this.#suspended.get(ip);
    this.#suspended.delete(ip);
    this.#forget(ip);
    this.#lowerFloors(ip);
    if (before === undefined) return;
    this.#releasedOf(before.pool).restore(before.release);
    this.#releasedIn.set(ip, before.pool);
  }

  /** Moves one remembered address to the pool that has it now, as the youngest there. */
  rehome(ip: string, to: string): void {
    const release = this.lastHolder(ip);
    if (release !== undefined) this.#release(to, release);
  }

  /** Files freed addresses of a pool under the pools that can give them; returns these, and undefined if there are some that none can. */
  refile(from: string, homeOf: (assignment: Assignment) => string | undefined): ReadonlySet<string | undefined> {
    const moves = new Map<string, Release[]>();
    const homes = new Set<string | undefined>();
    for (const release of this.oldestReleased(from)) {
      const to = homeOf({ pool: from, ip: release.ip });
      homes.add(to);
      if (to !== undefined && to !== from) moves.set(to, [...(moves.get(to) ?? []), release]);
    }
    for (const [to, releases] of moves) {
      for (const { ip } of releases) this.#forget(ip);
      const all = [...this.oldestReleased(to), ...releases].sort((a, b) => a.at - b.at);
      for (const release of all) this.#release(to, release);
    }
    return homes;
  }

  /** The addresses of a pool that were given back, youngest first, with those that are only kept for somebody by now. */
  releasedOf(pool: string): readonly Release[] {
    const released = this.#released.get(pool)?.youngestFirst() ?? [];
    const kept = [...this.#suspended].filter(([ip, before]) => before.pool === pool && this.#holders.has(ip));
    if (kept.length === 0) return released;
    return [...released, ...kept.map(([, { release }]) => release)].sort((a, b) => b.at - a.at).slice(0, MAX_RELEASED);
  }

  /** The addresses of a pool that were given back, oldest first. */
  oldestReleased(pool: string): Iterable<Release> {
    return this.#released.get(pool)?.oldestFirst() ?? [];
  }

  /** Who gave an address back last, if nobody has it since. */
  lastHolder(ip: string): Release | undefined {
    const pool = this.#releasedIn.get(ip);
    return pool === undefined ? undefined : this.#released.get(pool)?.get(ip);
  }

  /** The addresses of a pool that a Service gave back itself, those first that are kept for it by now. */
  ownReleased(pool: string, service: string): string[] {
    const kept = this.assignments(service).filter(({ ip }) => {
      const before = this.#suspended.get(ip);
      return before?.pool === pool && before.release.service === service;
    });
    return [...kept.map(({ ip }) => ip), ...(this.#released.get(pool)?.ownOf(service) ?? [])];
  }

  /** Whether there are any. */
  hasReleased(pool: string, service: string): boolean {
    return this.#released.get(pool)?.hasOf(service) === true;
  }

  /** Forgets what exceeds the bound; addresses that were freed after `restedBefore` still rest and are kept. */
  trim(pool: string, restedBefore: number): void {
    for (const ip of this.#released.get(pool)?.trim(restedBefore) ?? []) {
      this.#releasedIn.delete(ip);
      this.#lowerFloors(ip);
    }
  }

  /** Drops what belongs to pools and ranges that exist no longer. */
  retain(pools: ReadonlySet<string>, ranges: Iterable<AddressRange>): void {
    const ids = new Set([...ranges].map(floorId));
    for (const [id, floor] of this.#floors) if (!ids.has(floorId(floor))) this.#floors.delete(id);
    for (const [pool, released] of this.#released) {
      if (pools.has(pool)) continue;
      this.#released.delete(pool);
      for (const { ip } of released.oldestFirst()) {
        this.#releasedIn.delete(ip);
        this.#lowerFloors(ip);
      }
    }
  }

  /** Addresses became usable without having been held: a search starts from the beginning. */
  resetFloors(): void {
    this.#floors.clear();
  }

  /** The same for single addresses. */
  reopen(ips: Iterable<string>): void {
    for (const ip of ips) this.#lowerFloors(ip);
  }

  /** Addresses that a Service without them asks for: others get them only where nothing else is left. */
  wish(service: string, ips: readonly string[]): void {
    const before = this.#wishes.get(service) ?? [];
    if (before.length === ips.length && before.every((ip, i) => ip === ips[i])) return;
    for (const ip of before) {
      if (!removeFrom(this.#wishers, ip, service)) continue;
      this.#wishedFree.delete(ip);
      if (!this.#holders.has(ip)) this.#lowerFloors(ip);
    }
    if (ips.length === 0) this.#wishes.delete(service);
    else this.#wishes.set(service, ips);
    for (const ip of ips) {
      addTo(this.#wishers, ip, service);
      if (!this.#holders.has(ip)) this.#wishedFree.add(ip);
    }
  }

  /** Whether somebody asks for an address beside these. */
  isWishedByOthers(ip: string, services: readonly string[]): boolean {
    const wishers = this.#wishers.get(ip);
    if (wishers === undefined) return false;
    for (const wisher of wishers) if (!services.includes(wisher)) return true;
    return false;
  }

  /** All addresses that somebody asks for and nobody holds. */
  wishedFree(): Iterable<string> {
    return this.#wishedFree;
  }

  /** The lowest address of a range that nobody holds, had or asks for, in canonical text; undefined if there is none. */
  lowestFresh(
    pool: Pool,
    range: AddressRange,
    isSkipped: (address: Address, ip: string) => boolean,
  ): string | undefined {
    const id = `${floorId(range)}${pool.avoidBuggyIPs ? ' without buggy ones' : ''}`;
    const floor = this.#floors.get(id) ?? { family: range.family, first: range.first, value: range.first };
    this.#floors.set(id, floor);
    for (; floor.value <= range.last; floor.value++) {
      const address = { family: range.family, value: floor.value };
      const ip = formatAddress(address);
      const used = this.#holders.has(ip) || this.#releasedIn.has(ip) || this.#wishers.has(ip);
      if (!used && !isSkipped(address, ip)) return ip;
    }
    return undefined;
  }

  #index({ key, sharing }: Holder, assignments: readonly Assignment[], written: readonly string[]): void {
    const entry = { sharing, assignments, written };
    this.#entries.set(key, entry);
    this.#holders.add(key, entry);
    for (const { pool, ip } of assignments) {
      const inPool = this.#byPool.get(pool) ?? new PoolHolders();
      this.#byPool.set(pool, inPool);
      inPool.add(ip, key);
      this.#wishedFree.delete(ip);
      this.#suspend(ip);
    }
  }

  #unindex(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    for (const ip of this.#holders.remove(key, entry)) if (this.#wishers.has(ip)) this.#wishedFree.add(ip);
    for (const { pool, ip } of entry.assignments) {
      const inPool = this.#byPool.get(pool);
      inPool?.remove(ip, key);
      if (inPool?.byIp.size === 0) this.#byPool.delete(pool);
    }
  }

  #release(pool: string, release: Release): void {
    this.#forget(release.ip);
    // Of an address without a pool nobody could say for how long it rests.
    if (pool === '') {
      this.#lowerFloors(release.ip);
      return;
    }
    this.#releasedOf(pool).add(release);
    this.#releasedIn.set(release.ip, pool);
  }

  #releasedOf(pool: string): Released {
    const released = this.#released.get(pool) ?? new Released();
    this.#released.set(pool, released);
    return released;
  }

  /** An address is kept for somebody: it is remembered no more, unless he doesn't get it. */
  #suspend(ip: string): void {
    const pool = this.#releasedIn.get(ip);
    const release = this.lastHolder(ip);
    if (pool === undefined || release === undefined) return;
    this.#suspended.set(ip, { pool, release });
    this.#forget(ip);
  }

  #forget(ip: string): void {
    const pool = this.#releasedIn.get(ip);
    if (pool === undefined) return;
    this.#releasedIn.delete(ip);
    this.#released.get(pool)?.take(ip);
  }

  #lowerFloors(ip: string): void {
    const address = parseAddress(ip);
    if (address === undefined) return;
    for (const floor of this.#floors.values()) {
      const isAbove = floor.family === address.family && floor.first <= address.value;
      if (isAbove && address.value < floor.value) floor.value = address.value;
    }
  }
}

type Beginning = Pick<AddressRange, 'family' | 'first'>;

/** Ranges are values of pools that stay the same for long, and their numbers cost more to write than to look up. */
const floorIds = new WeakMap<Beginning, string>();

/** By where a range begins: no two that give addresses have that in common, and one that grows need not be searched anew. */
function floorId(range: Beginning): string {
  const known = floorIds.get(range);
  if (known !== undefined) return known;
  const id = `${range.family}:${range.first}`;
  floorIds.set(range, id);
  return id;
}
