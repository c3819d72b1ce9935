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

/** Kubernetes' own default of the grace period, in seconds. */
const GRACE_SECONDS = 30;
/** How long whoever takes a cluster over has, beyond the grace period of Pods, to say that they are gone. */
const STOPPING_MS = 30_000;

/** How long Pods that are told to end may go on, in milliseconds. */
export function graceMs(workload?: Workload): number {
  return (workload?.spec?.template?.spec?.terminationGracePeriodSeconds ?? GRACE_SECONDS) * 1000;
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

/** `runs`: Pods are wanted or there; `ending`: the last may still be ending, as counts leave those out; `returning`: it is to be started again. */
export type Life = 'runs' | 'ending' | 'returning' | 'gone';

/**
 * Whether Pods of a workload may speak. Whoever says that it is stopped has looked at its Pods, which counts may lag behind. Whoever says that
 * it is being stopped may have died: half a minute beyond the time of its Pods is his.
 * @param now wall clock, in milliseconds
 */
export function lifeOf(kind: WorkloadKind, workload: Workload, now: number): Life {
  if (wanted(kind, workload) > 0 || !isObserved(workload)) return 'runs';
  const phase = workload.metadata?.annotations?.[TAKEOVER_KEY];
  if (phase === TAKEOVER_PHASES.stopped) return 'gone';
  if (phase === TAKEOVER_PHASES.returning) return 'returning';
  if (counted(kind, workload) > 0) return 'runs';
  const more = phase === TAKEOVER_PHASES.stopping ? STOPPING_MS : 0;
  return now < countedAt(workload) + graceMs(workload) + more ? 'ending' : 'gone';
}

/** Whether our own workload was stopped for a predecessor to come back. A Deployment has no replicas then, a DaemonSet a selector that no node meets. */
export function isRolledBack({ metadata, spec }: Workload): boolean {
  const isNowhere = spec?.template?.spec?.nodeSelector?.[TAKEOVER_KEY] === TAKEOVER_PHASES.stopped;
  return isNowhere || (spec?.replicas === 0 && metadata?.annotations?.[ROLLBACK_KEY] !== undefined);
}

/** Whether a workload is being deleted in the foreground, as the chart's removal does: otherwise it is gone before its Pods are told to end. */
export function isRemoved({ metadata }: Workload): boolean {
  return metadata?.deletionTimestamp !== undefined && metadata.finalizers?.includes('foregroundDeletion') === true;
}
