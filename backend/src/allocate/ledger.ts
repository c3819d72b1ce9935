import {
  formatAddress,
  parseAddress,
  rangeContains,
  type Address,
  type AddressRange,
  type Family,
} from '../domain/address.ts';
import type { Pool } from '../domain/pool.ts';
import type { Assignment } from '../domain/service.ts';

/**
 * Who holds which address: an index of the Services' records, kept by key so that one change costs one change. It holds no truth of
 * its own; built anew from the same records it gives the same answers.
 */
export class Ledger {
  readonly #assignments = new Map<string, readonly Assignment[]>();
  readonly #holders = new Map<string, Set<string>>();
  readonly #byPool = new Map<string, Map<string, Set<string>>>();
  /** Per range, an address below which none is free: saves scanning a full pool from its start for every Service. */
  readonly #floor = new Map<string, { range: AddressRange; avoidBuggy: boolean; value: bigint }>();

  /** Records what a Service holds, instead of what it held. */
  set(service: string, assignments: readonly Assignment[]): void {
    // Nothing changes: freeing and taking again would make the next search start at this address.
    if (sameAssignments(this.assignments(service), assignments)) return;
    this.delete(service);
    if (assignments.length === 0) return;
    this.#assignments.set(service, assignments);
    for (const { pool, ip } of assignments) {
      add(this.#holders, ip, service);
      const inPool = this.#byPool.get(pool) ?? new Map<string, Set<string>>();
      this.#byPool.set(pool, inPool);
      add(inPool, ip, service);
    }
  }

  /** Forgets a Service; returns whether an address became free. */
  delete(service: string): boolean {
    const assignments = this.#assignments.get(service) ?? [];
    this.#assignments.delete(service);
    let freed = false;
    for (const { pool, ip } of assignments) {
      const inPool = this.#byPool.get(pool);
      if (inPool !== undefined) remove(inPool, ip, service);
      if (inPool?.size === 0) this.#byPool.delete(pool);
      if (!remove(this.#holders, ip, service)) continue;
      this.#lowerFloors(ip);
      freed = true;
    }
    return freed;
  }

  assignments(service: string): readonly Assignment[] {
    return this.#assignments.get(service) ?? [];
  }

  /** The Services that hold an address, in no particular order. */
  holders(ip: string): readonly string[] {
    return [...(this.#holders.get(ip) ?? [])];
  }

  /** The held addresses of a pool with their Services' keys, in no particular order. */
  heldOf(pool: string): ReadonlyMap<string, ReadonlySet<string>> {
    return this.#byPool.get(pool) ?? new Map<string, Set<string>>();
  }

  /** The lowest free address of a family, range by range in the pool's order; undefined if the pool has none. */
  lowestFree(pool: Pool, family: Family): Address | undefined {
    for (const range of pool.ranges) {
      if (range.family !== family) continue;
      const free = this.#lowestFreeOf(range, pool.avoidBuggyIPs);
      if (free !== undefined) return free;
    }
    return undefined;
  }

  #lowestFreeOf(range: AddressRange, avoidBuggy: boolean): Address | undefined {
    const id = `${range.family}:${range.first}-${range.last}:${avoidBuggy}`;
    const floor = this.#floor.get(id) ?? { range, avoidBuggy, value: range.first };
    this.#floor.set(id, floor);
    for (; floor.value <= range.last; floor.value++) {
      const address = { family: range.family, value: floor.value };
      if (avoidBuggy && isBuggy(address)) continue;
      if (!this.#holders.has(formatAddress(address))) return address;
    }
    return undefined;
  }

  #lowerFloors(ip: string): void {
    const address = parseAddress(ip);
    if (address === undefined) return;
    for (const floor of this.#floor.values()) {
      if (rangeContains(floor.range, address) && address.value < floor.value) floor.value = address.value;
    }
  }
}

function sameAssignments(a: readonly Assignment[], b: readonly Assignment[]): boolean {
  return a.length === b.length && a.every(({ pool, ip }, i) => b[i]?.ip === ip && b[i]?.pool === pool);
}

function add(index: Map<string, Set<string>>, ip: string, service: string): void {
  const services = index.get(ip);
  if (services === undefined) index.set(ip, new Set([service]));
  else services.add(service);
}

/** Returns whether nobody is left. */
function remove(index: Map<string, Set<string>>, ip: string, service: string): boolean {
  const services = index.get(ip);
  services?.delete(service);
  if (services?.size !== 0) return false;
  return index.delete(ip);
}

/** Some devices drop IPv4 addresses that end in .0 or .255, whatever the prefix length. */
export function isBuggy(address: Address): boolean {
  const last = address.value & 0xffn;
  return address.family === 'ipv4' && (last === 0n || last === 255n);
}
