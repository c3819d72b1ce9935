import { formatAddress, rangeSize, type AddressRange } from '../domain/address.ts';
import type { Pool } from '../domain/pool.ts';
import type { Notice } from '../resources/parse.ts';
import { configurationCondition, type Closed, type Configuration } from './configuration.ts';
import type { NewCondition } from './conditions.ts';

/** The most entries of `status.used`: the object must stay small whatever the pool's size; the REST API has all of them. */
export const MAX_USED = 128;

/** The part of `Eip.status` that allocating decides. */
export interface EipUsage {
  readonly poolSize: number;
  readonly usage: number;
  readonly occupied: boolean;
  readonly firstIP: string;
  readonly lastIP: string;
  readonly v4: boolean;
  readonly ready: boolean;
  readonly used: Readonly<Record<string, string>>;
}

type Holders = ReadonlyMap<string, ReadonlySet<string>>;

function size(ranges: readonly AddressRange[]): bigint {
  return ranges.reduce((sum, range) => sum + rangeSize(range), 0n);
}

/** JSON numbers are exact up to 2^53 - 1; an IPv6 /64 has more addresses. */
function bounded(value: bigint): number {
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(value);
}

function ends(ranges: readonly AddressRange[]): { firstIP: string; lastIP: string } {
  const first = ranges[0];
  const last = ranges.at(-1);
  return {
    firstIP: first === undefined ? '' : formatAddress({ family: first.family, value: first.first }),
    lastIP: last === undefined ? '' : formatAddress({ family: last.family, value: last.last }),
  };
}

function usedEntries(held: Holders): Record<string, string> {
  const first = [...held.keys()].sort().slice(0, MAX_USED);
  return Object.fromEntries(first.map((ip) => [ip, [...(held.get(ip) ?? [])].sort().join(';')]));
}

export function eipUsage(pool: Pool, held: Holders, problems: readonly Notice[]): EipUsage {
  const total = size(pool.ranges);
  return {
    poolSize: bounded(total),
    usage: held.size,
    occupied: BigInt(held.size) >= total,
    ...ends(pool.ranges),
    v4: pool.ranges.some(({ family }) => family === 'ipv4'),
    ready: problems.length === 0 && !pool.disabled && !pool.deleting,
    used: usedEntries(held),
  };
}

function closedBy(pool: Pool | undefined): Closed | undefined {
  if (pool?.deleting === true) {
    const message = 'Is being deleted and gives no new addresses.';
    return { reason: 'PoolDeleting', message };
  }
  if (pool?.disabled === true) {
    const message = 'Is disabled and gives no new addresses; those that are held stay.';
    return { reason: 'PoolDisabled', message };
  }
  return undefined;
}

/** `Ready` of an Eip: whether it gives addresses, and if not, why. */
export function eipReady(configuration: Configuration, pool: Pool | undefined): NewCondition {
  return configurationCondition(configuration, closedBy(pool));
}
