import { ROLLBACK_KEY, TAKEOVER_KEY, TAKEOVER_PHASES } from '../../../resources/keys.ts';
import type { KubeObject } from '../../objects.ts';

/** A Deployment or DaemonSet, as far as it tells whether its Pods run. */
export interface Workload extends KubeObject {
  readonly spec?: {
    readonly replicas?: number;
    readonly template?: {
      readonly spec?: {
        readonly terminationGracePeriodSeconds?: number;
        readonly nodeSelector?: Readonly<Record<string, string>>;
      };
    };
  };
  readonly status?: Readonly<
    Partial<
      Record<
        | 'observedGeneration'
        | 'replicas'
        | 'terminatingReplicas'
        | 'desiredNumberScheduled'
        | 'currentNumberScheduled'
        | 'numberMisscheduled',
        number
      >
    >
  >;
}

export type WorkloadKind = 'Deployment' | 'DaemonSet';

/**
 * The programs that PorterLB descends from: PorterLB to 0.4.3, OpenELB to 0.5, OpenELB 0.6. Each is told by a ClusterRoleBinding, which
 * no tenant can make and which names the namespace that it runs in; there, these workloads announce or write addresses.
 */
export const PREDECESSORS: readonly {
  readonly binding: string;
  readonly workloads: readonly (readonly [kind: WorkloadKind, name: string])[];
}[] = [
  { binding: 'porter-manager-rolebinding', workloads: [['Deployment', 'porter-manager']] },
  {
    binding: 'openelb-manager-rolebinding',
    workloads: [
      ['Deployment', 'openelb-manager'],
      ['DaemonSet', 'openelb-keepalive-vip'],
    ],
  },
  { binding: 'openelb-controller', workloads: [['Deployment', 'openelb-controller']] },
  { binding: 'openelb-speaker', workloads: [['DaemonSet', 'openelb-speaker']] },
];

/** Kubernetes' own default of the grace period, in seconds. */
const GRACE_SECONDS = 30;

/** Until when Pods that are told to end may go on, in milliseconds. */
export function graceMs({ spec }: Workload): number {
  return (spec?.template?.spec?.terminationGracePeriodSeconds ?? GRACE_SECONDS) * 1000;
}

interface StatusEntry {
  readonly subresource?: string;
  readonly time?: string;
}

/** When the counts were written last; 0: nobody says. */
function countedAt({ metadata }: Workload): number {
  const entries = (metadata?.managedFields ?? []) as readonly StatusEntry[];
  const times = entries.filter(({ subresource }) => subresource === 'status').map(({ time }) => Date.parse(time ?? ''));
  return Math.max(0, ...times.filter((time) => !Number.isNaN(time)));
}

function wanted(kind: WorkloadKind, { spec, status }: Workload): number {
  return kind === 'Deployment' ? (spec?.replicas ?? 1) : (status?.desiredNumberScheduled ?? 0);
}

function counted(kind: WorkloadKind, { status }: Workload): number {
  const counts =
    kind === 'Deployment'
      ? [status?.replicas, status?.terminatingReplicas]
      : [status?.currentNumberScheduled, status?.numberMisscheduled];
  return counts.reduce<number>((sum, count) => sum + (count ?? 0), 0);
}

function isObserved({ metadata, status }: Workload): boolean {
  return (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 0);
}

/** `runs`: Pods are wanted or there; `ending`: the last may still be ending, as counts leave those out. */
export type Life = 'runs' | 'ending' | 'gone';

/** Whether Pods of a workload may speak. @param now wall clock, in milliseconds */
export function lifeOf(kind: WorkloadKind, workload: Workload, now: number): Life {
  if (wanted(kind, workload) > 0 || counted(kind, workload) > 0 || !isObserved(workload)) return 'runs';
  const phase = workload.metadata?.annotations?.[TAKEOVER_KEY];
  if (phase === TAKEOVER_PHASES.stopped) return 'gone';
  if (phase === TAKEOVER_PHASES.stopping) return 'ending';
  return now < countedAt(workload) + graceMs(workload) ? 'ending' : 'gone';
}

/** Whether our own workload was stopped for a predecessor to come back. A Deployment has no replicas then, a DaemonSet a selector that no node meets. */
export function isRolledBack({ metadata, spec }: Workload): boolean {
  const isNowhere = spec?.template?.spec?.nodeSelector?.[TAKEOVER_KEY] === TAKEOVER_PHASES.stopped;
  return isNowhere || (spec?.replicas === 0 && metadata?.annotations?.[ROLLBACK_KEY] !== undefined);
}

/** Whether a workload is being deleted in the foreground, as the chart's removal does: otherwise it is gone before its Pods are told to end. */
export function isRemoved({ metadata }: Workload): boolean {
  return metadata?.deletionTimestamp !== undefined;
}
