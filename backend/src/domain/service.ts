import type { Family } from './address.ts';
import type { Finding } from './reason.ts';
import type { Labels } from './selector.ts';
import type { SharingTerms } from './sharing.ts';
import type { TrafficPolicy } from './traffic-policy.ts';

/** `spec.loadBalancerClass` that is ours (KEP-1959). */
export const LOAD_BALANCER_CLASS = 'lb.kubesphere.io/porter';

/** An address that the leader gave to a Service, with the pool it came from. */
export interface Assignment {
  /** Empty: the record was lost, and whichever pool contains the address counts. */
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
  /** The same annotation names another product. */
  readonly optedOut: boolean;
  /** Primary family first (KEP-563). */
  readonly families: readonly Family[];
  readonly familyPolicy: 'SingleStack' | 'PreferDualStack' | 'RequireDualStack';
  readonly trafficPolicy: TrafficPolicy;
  readonly sharing: SharingTerms;
  /** Canonical text; empty for headless Services. */
  readonly clusterIPs: readonly string[];
  /** Pools named by annotation; empty = choose. */
  readonly wantedPools: readonly string[];
  /** Addresses wanted by annotation or `spec.loadBalancerIP`, as written: they may be no addresses at all. */
  readonly wantedIPs: readonly string[];
  /** What of its annotations is not honoured, and why. */
  readonly ignored: readonly Finding[];
  /**
   * Of a Service that claims addresses, these, with the pools of its record (annotation `lb.kubesphere.io/assigned`); of another one,
   * what its record says: a wish. The annotation is the tenant's to edit and never trusted without a look at the pool.
   */
  readonly recorded: readonly Assignment[];
  /** `status.loadBalancer.ingress`: canonical addresses, and host names as they are. */
  readonly ingressIPs: readonly string[];
  /**
   * The addresses in the status are ours, as it says: our condition `Allocated` is True there, which tenants can't write. Finalizer and
   * annotation say nothing, since others use them too and a PUT drops them. Whether it is believed is for the pools to say; what is, and
   * what the leader keeps for a Service beyond that, is held.
   */
  readonly claims: boolean;
  /** Our condition `Allocated` stands in the status, True or not. */
  readonly hasCondition: boolean;
  /** By our condition `Announced` somebody has announced its addresses already, though a stranger may have taken one since. */
  readonly announcedBefore: boolean;
  /** It carries the clean-up finalizer (KEP-980), ours or another controller's. */
  readonly hasFinalizer: boolean;
  readonly deleting: boolean;
}

/** The nodes that can answer for a Service in one address family, from its EndpointSlices (KEP-1669, KEP-1672). */
export interface FamilyEndpoints {
  /** Nodes with at least one ready endpoint. */
  readonly ready: readonly string[];
  /** Nodes with at least one endpoint that terminates but still serves. */
  readonly serving: readonly string[];
  /** Endpoints that can answer exist, if only without a node name. */
  readonly any: boolean;
}

/** By family (KEP-563): kube-proxy sends what arrives for an IPv6 address to IPv6 endpoints only. */
export type ServiceEndpoints = Readonly<Record<Family, FamilyEndpoints>>;

const NOWHERE: FamilyEndpoints = { ready: [], serving: [], any: false };

/** What a Service without EndpointSlices has. */
export const NO_ENDPOINTS: ServiceEndpoints = { ipv4: NOWHERE, ipv6: NOWHERE };
