import type { Labels } from '../domain/selector.ts';
import type { Assignment, Service } from '../domain/service.ts';
import type { PoolSet } from './pool-set.ts';

/** What the allocator asks others for. */
export interface AllocatorDeps {
  /** All Services of the cluster, by key. */
  readonly services: ReadonlyMap<string, Service>;
  /** Labels of all namespaces. */
  readonly namespaces: ReadonlyMap<string, Labels>;
  /** From when on a Service may leave another address to a stranger; not given: at any time. */
  readonly moves?: { readonly nextAt: (key: string) => number };
  /** Not given: the rules are those of the pools that addresses are given from, and no status names anybody since the term began. */
  readonly words?: {
    /** The pools in force without what this host's links alone tell: what stands in Services is judged alike by every replica. */
    readonly poolSet: () => PoolSet;
    /** Whether the pool's status names the Service for an address that it has. */
    readonly isNamed: (key: string, assignment: Assignment) => boolean;
    /** Whether it may not name all who keep what the pool's rules would not give. */
    readonly mayOmit: (pool: string) => boolean;
  };
}
