import type { Family } from './address.ts';
import type { Labels } from './selector.ts';

/** `spec.loadBalancerClass` that is ours (KEP-1959). */
export const LOAD_BALANCER_CLASS = 'lb.kubesphere.io/porter';

export type TrafficPolicy = 'Cluster' | 'Local';

/** An address that the leader gave to a Service, with the pool it came from. */
export interface Assignment {
  readonly pool: string;
  /** Canonical text. */
  readonly ip: string;
}

/** What a Service asks for, read from spec and annotations of every era. */
export interface Service {
  /** `namespace/name`. */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly labels: Labels;
  readonly isLoadBalancer: boolean;
  readonly loadBalancerClass: string | undefined;
  /** Annotation `lb.kubesphere.io/v1alpha1` says porter or openelb. */
  readonly optedIn: boolean;
  /** Primary family first (KEP-563). */
  readonly families: readonly Family[];
  readonly familyPolicy: 'SingleStack' | 'PreferDualStack' | 'RequireDualStack';
  readonly trafficPolicy: TrafficPolicy;
  /** Pools named by annotation; empty = choose. */
  readonly wantedPools: readonly string[];
  /** Addresses wanted by annotation or `spec.loadBalancerIP`, as written: they may be no addresses at all. */
  readonly wantedIPs: readonly string[];
  /** What the record (annotation `lb.kubesphere.io/assigned`) says; never trusted without a look at the pool. */
  readonly recorded: readonly Assignment[];
  /** `status.loadBalancer.ingress[].ip`, canonical; or the host name where another load balancer gave one instead. */
  readonly ingressIPs: readonly string[];
  /** Our finalizer (`service.kubernetes.io/load-balancer-cleanup`) is set and the record is ours. */
  readonly held: boolean;
  /** It carries the clean-up finalizer, ours or another controller's. */
  readonly hasFinalizer: boolean;
  readonly deleting: boolean;
}

/** The nodes that can answer for a Service, from its EndpointSlices (KEP-1669, KEP-1672). */
export interface ServiceEndpoints {
  /** Nodes with at least one ready endpoint. */
  readonly ready: readonly string[];
  /** Nodes with at least one endpoint that terminates but still serves. */
  readonly serving: readonly string[];
  /** Endpoints that can answer exist, if only without a node name. */
  readonly any: boolean;
}
