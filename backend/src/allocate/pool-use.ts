import type { Family } from '../domain/address.ts';
import type { Pool } from '../domain/pool.ts';
import { size } from '../domain/ranges.ts';
import { restsUntil } from './free.ts';
import type { Ledger } from './ledger.ts';
import type { PoolSet } from './pool-set.ts';
import type { Waiting } from './waiting.ts';

/** How much of one family of a pool is in use. Sizes may be larger than a number holds exactly. */
export interface PoolUse {
  readonly pool: string;
  readonly family: Family;
  /** Addresses of the pool as it is written. */
  readonly size: number;
  /** Those of them that it gives: without what is an older pool's, or of the cluster's Service ranges. */
  readonly allocatable: number;
  /** Addresses that Services hold, those from before an edit of the pool too. */
  readonly used: number;
  /** Freed addresses that are not given to others yet. */
  readonly resting: number;
  /** Services that would take an address if there were one. */
  readonly waiting: number;
}

export interface PoolUseView {
  readonly pools: PoolSet;
  readonly ledger: Pick<Ledger, 'heldOf' | 'oldestReleased'>;
  readonly waiting: Pick<Waiting, 'lacking'>;
}

const FAMILIES: readonly Family[] = ['ipv4', 'ipv6'];

/** The use of every pool by family, of the families that it has or had; `now`: milliseconds since the epoch. */
export function poolUse(view: PoolUseView, now: number): PoolUse[] {
  return [...view.pools.pools.values()].flatMap((pool) => {
    const held = byFamily(view.ledger.heldOf(pool.name).keys());
    const resting = byFamily(restingIn(pool, view, now));
    const used = FAMILIES.filter((family) => held[family] > 0 || pool.ranges.some((range) => range.family === family));
    return used.map((family) => ({
      pool: pool.name,
      family,
      size: Number(size(pool.ranges.filter((range) => range.family === family))),
      allocatable: Number(size(view.pools.allocatable(pool.name).filter((range) => range.family === family))),
      used: held[family],
      resting: resting[family],
      waiting: view.waiting.lacking({ pool: pool.name, family }),
    }));
  });
}

function* restingIn(pool: Pool, { ledger }: PoolUseView, now: number): IterableIterator<string> {
  for (const release of ledger.oldestReleased(pool.name)) if (restsUntil(release, pool) > now) yield release.ip;
}

/** By text: parsing tens of thousands would take longer than counting them. */
function byFamily(ips: Iterable<string>): Record<Family, number> {
  const count = { ipv4: 0, ipv6: 0 };
  for (const ip of ips) count[ip.includes(':') ? 'ipv6' : 'ipv4'] += 1;
  return count;
}
