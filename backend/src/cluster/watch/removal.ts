import type { Clock, Logger } from '../../platform/ports.ts';
import { errorFields, isForbidden, isNotFound } from '../errors.ts';
import { daemonSets, deployments } from '../kinds.ts';
import type { Kube } from '../kube.ts';
import type { ObjectRef, ResourceKind } from '../objects.ts';
import { isRemoved, isRolledBack, type Workload } from './domain/predecessor.ts';

export interface RemovalDeps {
  readonly api: Kube;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How long a replica that leaves waits for the answer, in milliseconds. */
const PATIENCE_MS = 1_000;

/**
 * Whether no replica follows this one, so that routers must not keep its routes: its workload was stopped by a rollback to OpenELB, or is
 * being deleted and no other of its name is there. Who isn't told, as by an API server that is away, leaves as ever.
 * @param own name of the Deployment or DaemonSet
 */
export async function isStoppedForGood({ api, clock, logger }: RemovalDeps, own: ObjectRef): Promise<boolean> {
  const limit = new AbortController();
  const timer = clock.setTimer(PATIENCE_MS, () => limit.abort());
  const find = async (kind: ResourceKind<Workload>): Promise<readonly Workload[]> => {
    try {
      return [await api.get(kind, own, { signal: limit.signal })];
    } catch (error) {
      if (isNotFound(error) || isForbidden(error)) return [];
      throw error;
    }
  };
  try {
    const found = (await Promise.all([find(deployments), find(daemonSets)])).flat();
    const why = whyForGood(found);
    if (why !== undefined) logger.info({}, `${why} ends this replica, withdrawing all routes`);
    return why !== undefined;
  } catch (error) {
    logger.warn(errorFields(error), 'it can not be found out whether other replicas follow, leaving as ever');
    return false;
  } finally {
    timer.cancel();
  }
}

function whyForGood(found: readonly Workload[]): string | undefined {
  if (found.some(isRolledBack)) return 'a rollback to OpenELB';
  return found.length > 0 && found.every(isRemoved) ? 'the removal of its workload' : undefined;
}
