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

/** On the Services of these. */
export const NODE_PROXY_FINALIZERS = ERAS.map((era) => `node-proxy.${era}.kubesphere.io/finalizer`);

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

/** Annotation of Eips: Services that name no pool get from it. */
export const DEFAULT_POOL_KEYS = ERAS.map((era) => `eip.${era}.kubesphere.io/is-default-eip`);

/**
 * Annotation of OpenELB's workloads: how far their end is, `stopping`, `stopped`, or `returning` in a rollback. porter-manager waits for
 * `stopped`; beside `stopping` for a time, too.
 */
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

/**
 * Programs of theirs, as their workloads, containers or commands are called: the latter two are the same in all of its charts and manifests, whatever
 * the release is called.
 */
export const PROGRAM =
  /^porter-manager$|(^|[-/])openelb-(manager|controller|speaker|keepalive-vip)$|^openelb-.*-(manager|controller|speaker)$/;
/** Made by openelb-manager itself, and deleted by it when it ends. */
export const KEEPALIVED = 'openelb-keepalive-vip';

/** Those that porter-manager may look at by its own role. */
export const KNOWN_NAMES: readonly string[] = [
  ...['porter-manager', 'openelb-manager', 'openelb-controller'],
  ...['openelb-speaker', KEEPALIVED],
];
/** Role and RoleBinding where others are, by which it may. */
export const LOOK = 'porter-manager-takeover';

/** What ours are called, whatever the Helm release is. */
export const MANAGER = 'porter-manager';
export const RECORD = 'porterlb-takeover-openelb';
