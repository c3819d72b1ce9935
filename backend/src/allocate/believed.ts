import { allowsNamespace, poolOf, type Pool } from '../domain/pool.ts';
import type { Labels } from '../domain/selector.ts';
import type { Assignment, Service } from '../domain/service.ts';

export interface BelievedView {
  readonly pools: ReadonlyMap<string, Pool>;
  readonly namespaces: ReadonlyMap<string, Labels>;
}

/**
 * Whether what stands in a Service as held can be ours: who may write `services/status` can write that as well, so it counts only as
 * far as the pool has the address and lets the namespace in, now or (by the word of the pool's status) before its last edit. Of an
 * address in no pool nobody can say; it is not announced either way.
 */
export function isBelieved(service: Service, assignment: Assignment, view: BelievedView): boolean {
  const pool = poolOf(assignment, view.pools);
  if (pool === undefined) return true;
  const { namespace } = service;
  return pool.heldNamespaces.includes(namespace) || allowsNamespace(pool, namespace, view.namespaces.get(namespace));
}
