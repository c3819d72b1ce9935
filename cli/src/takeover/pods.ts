import type { KubeObject, Metadata, Workload, WorkloadPod } from './cluster.ts';

export interface PodObject extends KubeObject {
  readonly spec?: {
    readonly nodeName?: string;
    readonly containers?: readonly {
      readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
    }[];
  };
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly { readonly state?: { readonly running?: object } }[];
  };
}

/** Nodes that are not Ready, and since when (RFC 3339). */
export type LostNodes = ReadonlyMap<string, string>;

type Owner = Pick<Workload, 'kind' | 'object'> & { readonly lost: LostNodes };

/** Pods of a workload that may run. */
export function podsOf({ kind, object, lost }: Owner, pods: readonly PodObject[]): WorkloadPod[] {
  return pods.filter((pod) => isOf({ kind, object }, pod.metadata) && mayRun(pod, lost)).map((pod) => podOf(pod, lost));
}

/** Workloads of OpenELB 0.6 have one selector; a Pod's owner tells them apart. */
function isOf({ kind, object: { metadata } }: Pick<Workload, 'kind' | 'object'>, pod: Metadata): boolean {
  const [owner] = pod.ownerReferences ?? [];
  if (owner === undefined) return false;
  if (kind === 'DaemonSet') return owner.kind === 'DaemonSet' && owner.name === metadata.name;
  return owner.kind === 'ReplicaSet' && owner.name.startsWith(`${metadata.name}-`);
}

/**
 * Not what has ended, which nobody deletes of an evicted Pod; nor what was made for a node that was lost by then: its kubelet never heard of it,
 * and will never say that it is gone.
 */
function mayRun(pod: PodObject, lost: LostNodes): boolean {
  const phase = pod.status?.phase;
  return phase !== 'Failed' && phase !== 'Succeeded' && !(phase === 'Pending' && isUnheard(pod, lost));
}

function isUnheard({ metadata, spec }: PodObject, lost: LostNodes): boolean {
  const since = lost.get(spec?.nodeName ?? '');
  return since !== undefined && Date.parse(metadata.creationTimestamp ?? '') > Date.parse(since);
}

function podOf({ metadata, spec, status }: PodObject, lost: LostNodes): WorkloadPod {
  const condition = status?.conditions?.find(({ type }) => type === 'Ready')?.status;
  const node = spec?.nodeName ?? '';
  return {
    ...{ name: metadata.name, node, isLost: lost.has(node), metricsPort: metricsPortOf(spec) },
    ready: condition === 'True' && metadata.deletionTimestamp === undefined,
    running: status?.containerStatuses?.some(({ state }) => state?.running !== undefined) === true,
  };
}

function metricsPortOf(spec: PodObject['spec']): number | undefined {
  const ports = (spec?.containers ?? []).flatMap((container) => container.ports ?? []);
  return ports.find(({ name }) => name === 'metrics')?.containerPort;
}
