/**
 * Every label, annotation, finalizer and condition key that this product reads or writes on Kubernetes objects, of all eras:
 * PorterLB up to 0.4.3 ("porter"), OpenELB from 0.4.4 ("openelb"), and ours. A reader goes through `ERAS` in order, so that the
 * younger key wins where an object carries both.
 */

/** API group of the three resources; KubeSphere's network extension owns the kapis path of the same name, not the CRDs. */
export const GROUP = 'network.kubesphere.io';
export const VERSION = 'v1alpha2';
export const API_VERSION = `${GROUP}/${VERSION}`;

export { LOAD_BALANCER_CLASS } from '../domain/service.ts';

/** The only BgpConf that is honoured. */
export const BGP_CONF_NAME = 'default';

/** Our own keys on Services. */
export const SERVICE_KEYS = {
  /** Annotation: opts in; the same key in both eras, the value is `porter` or `openelb`. */
  optIn: 'lb.kubesphere.io/v1alpha1',
  /** Annotation: wanted addresses, comma-separated, at most one per family. */
  wantedIPs: 'lb.kubesphere.io/ips',
  /** Annotation: Services of one namespace with equal values may share an address on disjoint ports. */
  allowSharedIP: 'lb.kubesphere.io/allow-shared-ip',
  /** Annotation, written: pools and addresses given; only a wish where the object was restored. */
  assigned: 'lb.kubesphere.io/assigned',
  /** Finalizer, written: Kubernetes' own for load balancers (KEP-980). */
  finalizer: 'service.kubernetes.io/load-balancer-cleanup',
} as const;

/** Finalizer, written: on Eips that Services hold addresses of. */
export const POOL_FINALIZER = 'lb.kubesphere.io/in-use';
/** The same of both eras, on each Eip that one of the old products knows. */
export const OLD_POOL_FINALIZER = 'finalizer.ipam.kubesphere.io/v1alpha1';

export const CRD_KEYS = {
  /** Annotation, written: version of the program that the CRD is from. */
  version: 'porterlb.kubesphere.io/version',
} as const;

/** Annotation of the old products' workloads, by which whoever takes a cluster over says how far their end is. */
export const TAKEOVER_KEY = 'porterlb.kubesphere.io/takeover';
/** Its values: Pods may still speak; none does any more, and nobody has to wait; a rollback is about to start them. */
export const TAKEOVER_PHASES = { stopping: 'stopping', stopped: 'stopped', returning: 'returning' } as const;

/** Annotation of the leader's Lease: the subnets of the replicas' nodes, which no pool of protocol layer2 gives the ends of. */
export const SUBNETS_KEY = 'porterlb.kubesphere.io/subnets';

/** Annotation of our own Deployment that a rollback has stopped: how many replicas it had. */
export const ROLLBACK_KEY = 'porterlb.kubesphere.io/takeover-replicas';

/** Values of the opt-in annotation that mean us. */
export const OPT_IN_VALUES: readonly string[] = ['porter', 'openelb'];

export interface EraKeys {
  /** Service annotation (pools named) and label (written: the pool in use). */
  readonly servicePool: string;
  /** Service annotation: the wanted IP. */
  readonly serviceIP: string;
  /** Service annotation: mode of old; a pool says that now. */
  readonly serviceProtocol: string;
  /** Service annotation: the Layer 2 node that was chosen. Node annotation: next hop, an IP or a CIDR to choose it by. */
  readonly layer2: string;
  /** Eip annotation: `"true"` marks the default pool. */
  readonly defaultPool: string;
  /** Node label: the rack, an index into `BgpConf.spec.asPerRack`. */
  readonly rack: string;
  /** Label of a BgpConf, BgpPeer: the CNI handles it, we don't. */
  readonly cni: string;
  /** Prefix of the NodeProxy keys, which have no meaning here. */
  readonly nodeProxyPrefix: string;
}

function eraKeys(era: 'openelb' | 'porter'): EraKeys {
  return {
    servicePool: `eip.${era}.kubesphere.io/v1alpha2`,
    serviceIP: `eip.${era}.kubesphere.io/v1alpha1`,
    serviceProtocol: `protocol.${era}.kubesphere.io/v1alpha1`,
    layer2: `layer2.${era}.kubesphere.io/v1alpha1`,
    defaultPool: `eip.${era}.kubesphere.io/is-default-eip`,
    rack: `${era}.kubesphere.io/rack`,
    cni: `${era}.kubesphere.io/cni`,
    nodeProxyPrefix: `node-proxy.${era}.kubesphere.io/`,
  };
}

export const OPENELB_KEYS: EraKeys = eraKeys('openelb');
export const PORTER_KEYS: EraKeys = eraKeys('porter');

/** Younger era first. */
export const ERAS: readonly EraKeys[] = [OPENELB_KEYS, PORTER_KEYS];

/** Finalizers of both old eras; they are taken off objects that move over from a live OpenELB. */
export const OLD_FINALIZERS = {
  /** Services, BgpConfs, BgpPeers. */
  loadBalancer: 'finalizer.lb.kubesphere.io/v1alpha1',
  /** Eips. */
  ipam: 'finalizer.ipam.kubesphere.io/v1alpha1',
} as const;

/** What OpenELB's console wrote on Eips and BgpPeers. */
export const CONSOLE_KEYS = { alias: 'openelb.io/alias', description: 'openelb.io/description' } as const;

/** Kubernetes' own keys on Nodes. */
export const NODE_KEYS = {
  /** Label: no traffic from load balancers to this node (KEP-1143); parsed as a bool. */
  excludeFromLoadBalancers: 'node.kubernetes.io/exclude-from-external-load-balancers',
  /** Taint of the cluster autoscaler on a node that goes away; its value is the time, in seconds since the epoch. */
  toBeDeletedTaint: 'ToBeDeletedByClusterAutoscaler',
  /** Taint that Kubernetes' node controller puts on a cordoned node a moment later, with the time. */
  unschedulableTaint: 'node.kubernetes.io/unschedulable',
} as const;

/** Types of our conditions on Services. */
export const SERVICE_CONDITIONS = { allocated: `${GROUP}/Allocated`, announced: `${GROUP}/Announced` } as const;

type Metadata = Readonly<Record<string, string>> | undefined;

/** The value under a key of the youngest era that says something, an empty one if nothing else is set, or undefined. */
export function eraValue(values: Metadata, key: keyof EraKeys): string | undefined {
  const set = ERAS.flatMap((era) => values?.[era[key]] ?? []);
  return set.find((value) => /[^\s,]/.test(value)) ?? set[0];
}

/** Whether a BgpConf or BgpPeer belongs to the CNI (Calico in old clusters), so that we must leave it alone. */
export function belongsToCni(labels: Metadata): boolean {
  return eraValue(labels, 'cni') !== undefined;
}
