import { canonicalAddress } from '../domain/address.ts';
import type { Assignment } from '../domain/service.ts';
import { commaList } from './comma-list.ts';

/** The record `pool=address[,pool=address]` as the leader writes it; parts that don't read are left out. */
export function parseAssigned(text: string | undefined): Assignment[] {
  return commaList(text).flatMap((item) => {
    const [pool, address, ...rest] = item.split('=');
    const ip = address === undefined || rest.length > 0 ? undefined : canonicalAddress(address);
    return pool === undefined || pool === '' || ip === undefined ? [] : [{ pool, ip }];
  });
}

/** The record of these assignments; those whose pool is not known any more are left out. */
export function formatAssigned(assignments: readonly Assignment[]): string {
  const known = assignments.filter(({ pool }) => pool !== '');
  return known.map(({ pool, ip }) => `${pool}=${ip}`).join(',');
}
