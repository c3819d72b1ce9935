import { allowsNamespace, MAX_HELD_NAMESPACES, type Pool } from '../domain/pool.ts';
import type { Labels } from '../domain/selector.ts';

/**
 * Whether what stands in a Service as held can be ours: who may write `services/status` can write that as well, so it counts only as
 * far as the pool has the address and lets the namespace in, now or (by the word of the pool's status) before its last edit. A pool
 * that gives nothing new lets nobody in now. Of an address in no pool nobody can say; it is not announced either way.
 *
 * `pool`: the one that the address is in (`poolOf`); `labels`: those of the namespace, if it is known.
 */
export function isBelieved(namespace: string, pool: Pool | undefined, labels: Labels | undefined): boolean {
  if (pool === undefined) return true;
  if (pool.heldNamespaces.includes(namespace)) return true;
  return letsIn(pool) && allowsNamespace(pool, namespace, labels);
}

/**
 * Whether the rules for namespaces count. Whoever got an address was named in the status first, unless that had no place left, or says
 * nothing at all: an earlier version wrote none, and an Eip that is restored comes without. Tenants can't bring that about.
 */
function letsIn(pool: Pool): boolean {
  const saysNothing = pool.heldRanges.length === 0;
  return !(pool.disabled || pool.deleting) || saysNothing || pool.heldNamespaces.length >= MAX_HELD_NAMESPACES;
}
