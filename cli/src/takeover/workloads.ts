import type { Workload } from './cluster.ts';
import { NOWHERE, PHASE, REPLICAS } from './keys.ts';

export function phaseOf({ object }: Workload): string | undefined {
  return object.metadata.annotations?.[PHASE];
}

/** Whether Pods of it are wanted. */
export function isWanted({ kind, object: { spec } }: Workload): boolean {
  if (kind === 'Deployment') return (spec?.replicas ?? 1) > 0;
  const selector = spec?.template?.spec?.nodeSelector ?? {};
  return !Object.entries(NOWHERE).every(([key, value]) => selector[key] === value);
}

/** Nobody waits for it any more. */
export function isStopped(workload: Workload): boolean {
  return !isWanted(workload) && workload.pods.length === 0 && phaseOf(workload) === 'stopped';
}

/** Whether it was a rollback that stopped the manager; how many replicas it had. */
export function stoppedByRollback(manager: Workload): number | undefined {
  if (isWanted(manager)) return undefined;
  const replicas = Number(manager.object.metadata.annotations?.[REPLICAS]);
  if (manager.kind === 'DaemonSet') return 1;
  return replicas > 0 ? replicas : undefined;
}

/** What to do about them. */
export const END_LOST_PODS =
  'Bring the nodes back. If they are off for certain, say so: kubectl -n NAMESPACE delete pod NAME --force --grace-period=0';

/** Pods that nobody can end, with their nodes. */
export function lostPodsOf({ object, pods }: Workload): string[] {
  return pods
    .filter(({ isLost }) => isLost === true)
    .map(({ name, node }) => `${object.metadata.namespace ?? ''}/${name} on ${node}`);
}
