import { parseAddress } from '../domain/address.ts';
import { allowsNamespace, MAX_HELD_NAMESPACES, type Pool } from '../domain/pool.ts';
import type { Labels } from '../domain/selector.ts';
import type { PoolSet } from './pool-set.ts';
import { whyNever, type Asking } from './rules.ts';

/** An address that a Service claims by its status. */
export interface Claim {
  readonly service: Asking;
  /** Canonical text. */
  readonly ip: string;
  /** The one that the address is in (`poolOf`). */
  readonly pool: Pool | undefined;
}

/** What is known of it elsewhere. */
export interface Evidence {
  readonly pools: PoolSet;
  /** Those of the Service's namespace, if it is known. */
  readonly labels: Labels | undefined;
  /** The pool's status says that the Service holds the address. */
  readonly isNamed: boolean;
  /** The status may not name all who keep what the pool, by its rules as they are now, would not give them. */
  readonly mayOmit: boolean;
}

/**
 * Whether a claim can be true: who may write `services/status` can write that as well, so it counts only where
 * the pool would give it, now or (by the word of its status) before an edit of whatever the rules depend on. Of an address in no pool
 * nobody can say; it is not announced either way.
 */
export function isBelieved({ service, ip, pool }: Claim, { pools, labels, isNamed, mayOmit }: Evidence): boolean {
  if (pool === undefined) return true;
  if (!letsIn(pool, service.namespace, labels)) return false;
  const address = parseAddress(ip);
  return isNamed || mayOmit || (address !== undefined && whyNever(pool, address, service, pools) === undefined);
}

/**
 * By namespace. Of a pool that gives nothing new only its status counts: whoever got an address was named there first, unless that had
 * no place left, or says nothing at all: an earlier version wrote none, and an Eip that is restored comes without. Tenants can't bring
 * that about.
 */
function letsIn(pool: Pool, namespace: string, labels: Labels | undefined): boolean {
  if (pool.heldNamespaces.includes(namespace)) return true;
  const saysNothing = pool.heldRanges.length === 0;
  const isOpen = !(pool.disabled || pool.deleting) || saysNothing || pool.heldNamespaces.length >= MAX_HELD_NAMESPACES;
  return isOpen && allowsNamespace(pool, namespace, labels);
}
