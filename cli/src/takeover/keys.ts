/** What OpenELB, and the PorterLB that it was once, leave in a cluster, and what PorterLB puts in its place. */

export const GROUP = 'network.kubesphere.io';

/** Annotation of Services that opts in, of both eras. */
export const OPT_IN = 'lb.kubesphere.io/v1alpha1';
export const OPT_IN_VALUES: readonly string[] = ['openelb', 'porter'];

/** Younger era first. */
const ERAS = ['openelb', 'porter'] as const;

/** Label (written) and annotation (wished) of Services: the pool. */
export const POOL_KEYS = ERAS.map((era) => `eip.${era}.kubesphere.io/v1alpha2`);
/** Annotation of Services: the wanted address. PorterLB's own, which may name one per family, comes first. */
export const ADDRESS_KEYS = ['lb.kubesphere.io/ips', ...ERAS.map((era) => `eip.${era}.kubesphere.io/v1alpha1`)];
/** Annotation of Services that want Pods of their own on nodes in the place of a load balancer. */
export const NODE_PROXY_KEYS = ERAS.map((era) => `node-proxy.${era}.kubesphere.io/type`);

export const OLD_FINALIZERS = {
  /** Services, BgpConfs, BgpPeers. */
  loadBalancer: 'finalizer.lb.kubesphere.io/v1alpha1',
  /** Eips. */
  pool: 'finalizer.ipam.kubesphere.io/v1alpha1',
} as const;

export const OUR_FINALIZERS = {
  service: 'service.kubernetes.io/load-balancer-cleanup',
  pool: 'lb.kubesphere.io/in-use',
} as const;

export const OUR_CLASS = 'lb.kubesphere.io/porter';
export const ASSIGNED = 'lb.kubesphere.io/assigned';
export const ALLOW_SHARED = 'lb.kubesphere.io/allow-shared-ip';
/** Value of that annotation where the takeover wrote it; the address follows. */
export const SHARED_BY_TAKEOVER = 'openelb-';
export const CONDITIONS = { allocated: `${GROUP}/Allocated`, announced: `${GROUP}/Announced` } as const;

/** Label of BgpConfs and BgpPeers that are the CNI's; neither product touches them. */
export const CNI_LABELS = ERAS.map((era) => `${era}.kubesphere.io/cni`);

/** Annotation of OpenELB's workloads: how far their end is. porter-manager waits for `stopped`. */
export const PHASE = 'porterlb.kubesphere.io/takeover';
/** Annotation of the manager's Deployment while it is stopped: how many replicas it had. */
export const REPLICAS = 'porterlb.kubesphere.io/takeover-replicas';
/** No node has this label. */
export const NOWHERE = { 'porterlb.kubesphere.io/takeover': 'stopped' } as const;

/** Annotation of a CRD: which PorterLB it is from. */
export const CRD_VERSION = 'porterlb.kubesphere.io/version';
export const HELM_ANNOTATIONS = ['meta.helm.sh/release-name', 'meta.helm.sh/release-namespace'] as const;
export const HELM_LABEL = 'app.kubernetes.io/managed-by';

/** Path of OpenELB's admission webhooks, whatever their configuration is called. */
export const WEBHOOK_PATH = /^\/validate-network-kubesphere-io-v1alpha2-/;

/** ClusterRoleBindings of theirs, which only administrators can make: the namespaces of their ServiceAccounts are theirs. */
export const BINDING_NAMES =
  /(^|-)openelb-(controller|speaker)$|^openelb-manager-rolebinding$|^porter-manager-rolebinding$/;
/** Workloads of theirs in those namespaces. With another Helm release name than `openelb` there is more in front. */
export const WORKLOAD_NAMES = /(^|-)openelb-(manager|controller|speaker|keepalive-vip)$|^porter-manager$/;
/** Those that porter-manager knows to wait for. */
export const KNOWN_NAMES: readonly string[] = [
  ...['porter-manager', 'openelb-manager', 'openelb-controller'],
  ...['openelb-speaker', 'openelb-keepalive-vip'],
];

/** What ours are called, whatever the Helm release is. */
export const MANAGER = 'porter-manager';
export const RECORD = 'porterlb-takeover-openelb';
