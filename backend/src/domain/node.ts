import type { Address } from './address.ts';
import type { Labels } from './selector.ts';

/** What announcing needs to know of a Kubernetes node. */
export interface Node {
  readonly name: string;
  readonly labels: Labels;
  /** Addresses of type InternalIP in the object's order. */
  readonly internalIPs: readonly Address[];
  /** The Node's annotation of either era that pins the address: an IP or a prefix that selects one; undefined = none. */
  readonly nextHopAnnotation: string | undefined;
  /** Condition Ready is True. */
  readonly ready: boolean;
  /** Condition NetworkUnavailable is True. */
  readonly networkUnavailable: boolean;
  /** `node.kubernetes.io/exclude-from-external-load-balancers`, parsed as a bool as Kubernetes does. */
  readonly excluded: boolean;
  /** Taint `ToBeDeletedByClusterAutoscaler` (KEP-3836: the drain signal). */
  readonly toBeDeleted: boolean;
  readonly unschedulable: boolean;
  /** It has a deletion timestamp. */
  readonly deleting: boolean;
}
