import type { KubeObject } from '../../objects.ts';
import type { WorkloadKind } from './predecessor.ts';

/** A ClusterRoleBinding. */
export interface Binding extends KubeObject {
  readonly subjects?: readonly { readonly kind: string; readonly name?: string; readonly namespace?: string }[];
}

/** A workload of an old product, if it is there. */
export interface Suspect {
  readonly kind: WorkloadKind;
  readonly namespace: string;
  readonly name: string;
  /** The binding that names it. */
  readonly binding: string;
}

type Named = readonly [kind: WorkloadKind, name: string];

/** OpenELB's manager of 0.5 starts it itself. */
const KEEPALIVED: Named = ['DaemonSet', 'openelb-keepalive-vip'];

/** Bindings of manifests, which are not called as what runs by them. */
const OF_MANIFESTS: Readonly<Record<string, readonly Named[]>> = {
  'porter-manager-rolebinding': [['Deployment', 'porter-manager']],
  'openelb-manager-rolebinding': [['Deployment', 'openelb-manager'], KEEPALIVED],
};

/** Charts give the binding and the workload one name, which ends so whatever the Helm release is called. */
const OF_CHARTS: readonly (readonly [end: string, kind: WorkloadKind, more: readonly Named[]])[] = [
  ['-manager', 'Deployment', [KEEPALIVED]],
  ['-controller', 'Deployment', []],
  ['-speaker', 'DaemonSet', []],
];
/** Its charts' ServiceAccounts, which a release's name doesn't change. */
const ACCOUNT = /^openelb-(manager|controller|speaker)$/;

function workloadsBy({ metadata, subjects = [] }: Binding): readonly Named[] {
  const name = metadata?.name ?? '';
  const ofManifest = OF_MANIFESTS[name];
  if (ofManifest !== undefined) return ofManifest;
  if (!name.includes('openelb') && !subjects.some((subject) => ACCOUNT.test(subject.name ?? ''))) return [];
  return OF_CHARTS.flatMap(([end, kind, more]): Named[] => (name.endsWith(end) ? [[kind, name], ...more] : []));
}

/**
 * The workloads that announce or write addresses where the programs run that PorterLB descends from: PorterLB to 0.4.3, OpenELB to 0.5, OpenELB
 * 0.6. None works without a ClusterRoleBinding, which no tenant can make and which names the namespace that it runs in.
 */
export function suspectsOf(bindings: readonly Binding[]): Suspect[] {
  const suspects = new Map<string, Suspect>();
  for (const binding of bindings) {
    for (const { kind: subject, namespace } of binding.subjects ?? []) {
      if (subject !== 'ServiceAccount' || namespace === undefined) continue;
      for (const [kind, name] of workloadsBy(binding))
        suspects.set(`${kind} ${namespace}/${name}`, { kind, namespace, name, binding: binding.metadata?.name ?? '' });
    }
  }
  return [...suspects.values()];
}
