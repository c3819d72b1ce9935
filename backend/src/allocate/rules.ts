import { canonicalAddress, formatAddress, rangeContains, type Address } from '../domain/address.ts';
import type { Pool } from '../domain/pool.ts';
import { finding, type Finding } from '../domain/reason.ts';
import { selects } from '../domain/selector.ts';
import type { Service } from '../domain/service.ts';
import type { PoolSet } from './pool-set.ts';
import { isBuggy } from './reserved.ts';

/** What of a Service the rules look at. */
export type Asking = Pick<Service, 'key' | 'namespace' | 'labels' | 'wantedIPs' | 'recorded' | 'claims'>;

/** By name, or by a record that came with the object. Of what holds addresses the record is a claim, no wish. */
function asksFor({ wantedIPs, recorded, claims }: Asking, ip: string): boolean {
  const isRecorded = !claims && recorded.some((record) => record.ip === ip);
  return isRecorded || wantedIPs.some((wanted) => canonicalAddress(wanted) === ip);
}

/** Whether an address is in the pool's spec. */
export function liesIn(address: Address, pool: Pool): boolean {
  return pool.ranges.some((range) => rangeContains(range, address));
}

/**
 * Why a pool never gives an address to a Service, namespaces and the state of the pool apart: what giving and believing have in common.
 * Undefined: it would if the address were free.
 */
export function whyNever(pool: Pool, address: Address, service: Asking, pools: PoolSet): Finding | undefined {
  if (!selects(pool.serviceSelector, service.labels))
    return finding('PoolNotAllowed', { pool: pool.name, service: service.key });
  const isLeftOut = pool.avoidBuggyIPs && isBuggy(address) && !asksFor(service, formatAddress(address));
  if (isLeftOut || !liesIn(address, pool))
    return finding('WantedAddressOutsidePools', { ip: formatAddress(address), pool: pool.name });
  return pools.reservation(pool, address);
}
