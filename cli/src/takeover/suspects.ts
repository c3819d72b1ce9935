import type { KubeObject, WorkloadKind } from './cluster.ts';
import { KEEPALIVED } from './keys.ts';

export interface Binding extends KubeObject {
  readonly subjects?: readonly { readonly kind: string; readonly name?: string; readonly namespace?: string }[];
}

/** A workload of OpenELB's that replicas of porter-manager look for. */
export interface Suspect {
  readonly kind: WorkloadKind;
  readonly namespace: string;
  readonly name: string;
}

type Named = readonly [kind: WorkloadKind, name: string];

const OF_MANIFESTS: Readonly<Record<string, readonly Named[]>> = {
  'porter-manager-rolebinding': [['Deployment', 'porter-manager']],
  'openelb-manager-rolebinding': [
    ['Deployment', 'openelb-manager'],
    ['DaemonSet', KEEPALIVED],
  ],
};
const OF_CHARTS: readonly (readonly [end: string, kind: WorkloadKind, more: readonly Named[]])[] = [
  ['-manager', 'Deployment', [['DaemonSet', KEEPALIVED]]],
  ['-controller', 'Deployment', []],
  ['-speaker', 'DaemonSet', []],
];
const ACCOUNT = /^openelb-(manager|controller|speaker)$/;

function workloadsBy({ metadata: { name }, subjects = [] }: Binding): readonly Named[] {
  const ofManifest = OF_MANIFESTS[name];
  if (ofManifest !== undefined) return ofManifest;
  if (!name.includes('openelb') && !subjects.some((subject) => ACCOUNT.test(subject.name ?? ''))) return [];
  return OF_CHARTS.flatMap(([end, kind, more]): Named[] => (name.endsWith(end) ? [[kind, name], ...more] : []));
}

/** By the names of bindings, exactly as replicas do (backend/src/cluster/watch/domain/suspects.ts). */
export function suspectsOf(bindings: readonly Binding[]): Suspect[] {
  return bindings.flatMap((binding) =>
    (binding.subjects ?? []).flatMap(({ kind: subject, namespace }) => {
      if (subject !== 'ServiceAccount' || namespace === undefined) return [];
      return workloadsBy(binding).map(([kind, name]) => ({ kind, namespace, name }));
    }),
  );
}
