/** What a takeover is planned from: the objects of a cluster, as far as they matter. */

export interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly resourceVersion?: string;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly { readonly kind: string; readonly name: string }[];
}

export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: Metadata;
}

export interface ServiceObject extends KubeObject {
  readonly spec?: {
    readonly type?: string;
    readonly loadBalancerClass?: string;
    readonly loadBalancerIP?: string;
    readonly externalTrafficPolicy?: string;
    readonly selector?: Readonly<Record<string, string>>;
    readonly ports?: readonly { readonly protocol?: string; readonly port: number }[];
  };
  readonly status?: {
    readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string }[] };
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

export interface PoolObject extends KubeObject {
  readonly spec?: { readonly protocol?: string; readonly addresses?: readonly string[] };
  readonly status?: {
    readonly used?: Readonly<Record<string, string>>;
    readonly namespaces?: readonly string[];
    readonly poolSize?: number;
  };
}

export interface ConfObject extends KubeObject {
  readonly spec?: { readonly policy?: string };
}

export interface PeerObject extends KubeObject {
  readonly spec?: { readonly conf?: object };
}

export interface CrdObject extends KubeObject {
  readonly spec?: { readonly versions?: readonly { readonly name: string; readonly storage?: boolean }[] };
  readonly status?: { readonly storedVersions?: readonly string[] };
}

export interface WebhookObject extends KubeObject {
  readonly webhooks?: readonly { readonly clientConfig?: { readonly service?: { readonly path?: string } } }[];
}

export interface WorkloadObject extends KubeObject {
  readonly spec?: {
    readonly replicas?: number;
    readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> };
    readonly template?: {
      readonly spec?: {
        readonly serviceAccountName?: string;
        readonly nodeSelector?: Readonly<Record<string, string>>;
        readonly containers?: readonly { readonly name: string; readonly command?: readonly string[] }[];
      };
    };
  };
  readonly status?: { readonly readyReplicas?: number; readonly numberReady?: number };
}

export interface NodeObject extends KubeObject {
  readonly status?: {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly lastTransitionTime?: string;
    }[];
  };
}

export type WorkloadKind = 'Deployment' | 'DaemonSet';

/** A workload with the Pods of it that may run, also those that are ending. */
export interface Workload {
  readonly kind: WorkloadKind;
  readonly object: WorkloadObject;
  readonly pods: readonly WorkloadPod[];
  /** It is OpenELB's, and no binding tells replicas of PorterLB of it. */
  readonly isHidden?: boolean;
}

export interface WorkloadPod {
  readonly name: string;
  readonly node: string;
  readonly ready: boolean;
  /** Whether a container of it runs. */
  readonly running: boolean;
  /** Its node is not Ready: nobody ends it, and nobody knows what it does. */
  readonly isLost?: boolean;
  /** Of `/readyz`, if it is one of PorterLB's. */
  readonly metricsPort: number | undefined;
}

export type WebhookKind = 'mutatingwebhookconfigurations' | 'validatingwebhookconfigurations';

export interface Webhook {
  readonly kind: WebhookKind;
  readonly object: WebhookObject;
}

/** What was there before, as far as nothing else tells. */
export interface TakeoverRecord {
  readonly workloads: readonly { readonly kind: WorkloadKind; readonly key: string; readonly replicas: number }[];
  readonly webhooks: readonly Webhook[];
}

/** Workloads of one namespace that replicas of PorterLB look for, and may not look at by their own role. */
export interface Stranger {
  readonly namespace: string;
  readonly names: readonly string[];
  /** What there is of the right that they are given, a Role and its RoleBinding: `half` where a takeover or a rollback was interrupted. */
  readonly right: 'none' | 'half' | 'whole';
}

export interface Cluster {
  /** OpenELB's. */
  readonly workloads: readonly Workload[];
  readonly strangers: readonly Stranger[];
  readonly webhooks: readonly Webhook[];
  readonly crds: readonly CrdObject[];
  readonly services: readonly ServiceObject[];
  readonly pools: readonly PoolObject[];
  readonly confs: readonly ConfObject[];
  readonly peers: readonly PeerObject[];
  /** Where PorterLB is installed; undefined: nowhere. */
  readonly namespace: string | undefined;
  readonly manager: Workload | undefined;
  /** Addresses by which this program reaches the API server. */
  readonly reachedBy: readonly string[];
  readonly record: TakeoverRecord | undefined;
}

export function keyOf({ metadata: { namespace, name } }: KubeObject): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** Pods of which it can be known whether they are Ready, all are: not those of dead nodes, nor those that no node has yet. */
export function isReady({ pods }: Workload): boolean {
  const known = pods.filter(({ isLost, node }) => isLost !== true && node !== '');
  return known.length > 0 && known.every(({ ready }) => ready);
}
