import { parseAddress } from '../domain/address.ts';
import type { Assignment } from '../domain/service.ts';
import type { PoolSet } from './pool-set.ts';
import type { Waiting } from './waiting.ts';

/**
 * Who may take an address that became free, oldest first. Where the pool doesn't give it, as a stranger or a node has it, or it is a buggy
 * one, it is at most for who asks for it.
 */
export function interestedIn({ pool: name, ip }: Assignment, pools: PoolSet, waiting: Waiting): Iterable<string> {
  const [pool, address] = [pools.get(name), parseAddress(ip)];
  if (pool === undefined || address === undefined || !pools.gives(pool, address)) return waiting.wanting(ip);
  return waiting.interestedIn(name, { family: address.family, ip });
}
