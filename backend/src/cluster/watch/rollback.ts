import type { Clock, Logger } from '../../platform/ports.ts';
import { errorFields, isForbidden, isNotFound } from '../errors.ts';
import { daemonSets, deployments } from '../kinds.ts';
import type { Kube } from '../kube.ts';
import type { ObjectRef, ResourceKind } from '../objects.ts';
import { isRolledBack, type Workload } from './domain/predecessor.ts';

export interface RollbackDeps {
  readonly api: Kube;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How long a replica that leaves waits for the answer, in milliseconds. */
const PATIENCE_MS = 1_000;

/**
 * Whether this replica's workload was stopped by a rollback to OpenELB: routers must not keep its routes then. Who isn't told, as by an API
 * server that is away, leaves as ever.
 * @param own name of the Deployment or DaemonSet
 */
export async function isStoppedForGood({ api, clock, logger }: RollbackDeps, own: ObjectRef): Promise<boolean> {
  const limit = new AbortController();
  const timer = clock.setTimer(PATIENCE_MS, () => limit.abort());
  const isSo = async (kind: ResourceKind<Workload>): Promise<boolean> => {
    try {
      return isRolledBack(await api.get(kind, own, { signal: limit.signal }));
    } catch (error) {
      if (isNotFound(error) || isForbidden(error)) return false;
      throw error;
    }
  };
  try {
    const is = (await Promise.all([isSo(deployments), isSo(daemonSets)])).includes(true);
    if (is) logger.info({}, 'a rollback to OpenELB ends this replica, withdrawing all routes');
    return is;
  } catch (error) {
    logger.warn(errorFields(error), 'it can not be found out whether OpenELB is to come back, leaving as ever');
    return false;
  } finally {
    timer.cancel();
  }
}
