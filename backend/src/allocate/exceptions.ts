import { parseAddress, type Address, type AddressRange } from '../domain/address.ts';
import type { Pool } from '../domain/pool.ts';
import { sameRanges } from '../domain/ranges.ts';
import type { Assignment, Service } from '../domain/service.ts';
import type { Ledger } from './ledger.ts';
import type { PoolHolders } from './pool-holders.ts';
import type { Overlap, PoolSet } from './pool-set.ts';
import { liesIn, whyNever } from './rules.ts';

export interface ExceptionsDeps {
  readonly ledger: Pick<Ledger, 'holdersOf'>;
  readonly services: ReadonlyMap<string, Service>;
  /** The pools in force. */
  readonly pools: () => PoolSet;
}

interface Known {
  readonly holders: PoolHolders;
  readonly pools: PoolSet;
  readonly ips: Set<string>;
}

const NOTHING: ReadonlySet<string> = new Set();

/**
 * The addresses that Services keep although their pools, by their rules as they are now, would not give them: since they were given,
 * the pool was edited, or an older one, or the Service's labels, or a node came to have the address. Kept from one question to the
 * next, so that a pool of any size costs what changed in it.
 */
export class Exceptions {
  readonly #deps: ExceptionsDeps;
  readonly #known = new Map<string, Known>();

  constructor(deps: ExceptionsDeps) {
    this.#deps = deps;
  }

  /** Those of a pool. */
  of(name: string): ReadonlySet<string> {
    const pools = this.#deps.pools();
    const pool = pools.get(name);
    const holders = this.#deps.ledger.holdersOf(name);
    if (pool === undefined || holders === undefined) {
      this.#known.delete(name);
      return NOTHING;
    }
    const touched = holders.takeTouched();
    const before = this.#known.get(name);
    const isAsBefore = before?.holders === holders && sameRules(name, before.pools, pools);
    const ips = isAsBefore ? before.ips : new Set<string>();
    for (const ip of isAsBefore ? touched : holders.byIp.keys()) {
      if (this.#isException(ip, pool, [...(holders.byIp.get(ip) ?? [])])) ips.add(ip);
      else ips.delete(ip);
    }
    this.#known.set(name, { holders, pools, ips });
    return ips;
  }

  #isException(ip: string, pool: Pool, keys: readonly string[]): boolean {
    const address = keys.length === 0 ? undefined : parseAddress(ip);
    if (address === undefined) return false;
    return !liesIn(address, pool) || keys.some((key) => this.#isBarred(address, pool, key));
  }

  #isBarred(address: Address, pool: Pool, key: string): boolean {
    const { services, pools } = this.#deps;
    const service = services.get(key);
    return service !== undefined && whyNever(pool, address, service, pools()) !== undefined;
  }
}

/** The pools that a Service keeps an address of and that, by their rules as they are now, would not give it: their statuses have to say so. */
export function poolsAgainst(service: Service, held: readonly Assignment[], pools: PoolSet): string[] {
  return held.flatMap(({ pool: name, ip }) => {
    const [pool, address] = [pools.get(name), parseAddress(ip)];
    const isBarred =
      pool !== undefined && address !== undefined && whyNever(pool, address, service, pools) !== undefined;
    return isBarred ? [name] : [];
  });
}

/** Whether a pool would give the same to the same Services in two sets. */
function sameRules(name: string, before: PoolSet, after: PoolSet): boolean {
  if (before === after) return true;
  const [was, is] = [before.get(name), after.get(name)];
  if (was === undefined || is === undefined) return false;
  const subnetsBefore = before.reserved.subnetOwn(was);
  return (
    was.avoidBuggyIPs === is.avoidBuggyIPs &&
    JSON.stringify(was.serviceSelector) === JSON.stringify(is.serviceSelector) &&
    sameRanges(was.ranges, is.ranges) &&
    sameRanges(subnetsBefore, after.reserved.subnetOwn(is)) &&
    sameOverlaps(before.overlaps(name), after.overlaps(name))
  );
}

function sameOverlaps(a: readonly Overlap[], b: readonly Overlap[]): boolean {
  const parts = (overlaps: readonly Overlap[]): AddressRange[] => overlaps.map(({ part }) => part);
  const names = (overlaps: readonly Overlap[]): string =>
    JSON.stringify(overlaps.map((overlap) => ({ ...overlap, part: undefined })));
  return sameRanges(parts(a), parts(b)) && names(a) === names(b);
}
