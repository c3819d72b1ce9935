import type { Successors } from '../../engine/handing-over.ts';
import type { Clock, Logger } from '../../platform/ports.ts';
import { ApiError, errorFields, isForbidden, isNotFound } from '../errors.ts';
import { daemonSets, deployments } from '../kinds.ts';
import type { Kube } from '../kube.ts';
import type { ObjectRef, ResourceKind } from '../objects.ts';
import { isRemoved, isRolledBack, type Workload } from './domain/predecessor.ts';

export interface RemovalDeps {
  readonly api: Kube;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How long a replica that leaves waits for the answer, in milliseconds; it announces meanwhile, so that only its end is later. */
export const PATIENCE_MS = 3_000;
/** Until an API server that was too busy to say is asked again, in milliseconds. */
const PAUSE_MS = 500;

/**
 * Whether no replica follows this one, so that routers must not keep its routes: its workload was stopped by a rollback to OpenELB, or is
 * being deleted and no other of its name is there. `undefined`: the API server doesn't say, as it is away or takes more than three seconds.
 * @param own name of the Deployment or DaemonSet
 */
export async function isStoppedForGood(deps: RemovalDeps, own: ObjectRef): Promise<boolean | undefined> {
  const { clock, logger } = deps;
  const limit = new AbortController();
  const timer = clock.setTimer(PATIENCE_MS, () => limit.abort());
  try {
    const why = whyForGood(await workloads(deps, own, limit.signal));
    if (why !== undefined) logger.info({}, `${why} ends this replica, withdrawing all routes`);
    return why !== undefined;
  } catch (error) {
    logger.warn(errorFields(error), 'the API server does not say whether other replicas follow this one');
    return undefined;
  } finally {
    timer.cancel();
  }
}

/**
 * Who follows this replica. An API server that doesn't say so in time is asked once more when others have taken over: routers would keep the
 * routes of one that nobody follows for minutes.
 */
export async function successorsOf(
  deps: RemovalDeps,
  own: ObjectRef,
  handOver: () => Promise<void>,
): Promise<Successors> {
  let isForGood = await isStoppedForGood(deps, own);
  if (isForGood === undefined) {
    await handOver();
    isForGood = await isStoppedForGood(deps, own);
  }
  return isForGood === true ? 'none' : 'any';
}

/** @throws {KubeError} if nobody listens or the time is over; an answer that says nothing is asked for again */
async function workloads({ api, clock }: RemovalDeps, own: ObjectRef, signal: AbortSignal): Promise<Workload[]> {
  const find = async (kind: ResourceKind<Workload>): Promise<readonly Workload[]> => {
    try {
      return [await api.get(kind, own, { signal })];
    } catch (error) {
      if (isNotFound(error) || isForbidden(error)) return [];
      throw error;
    }
  };
  for (;;) {
    try {
      return (await Promise.all([find(deployments), find(daemonSets)])).flat();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
    await new Promise<void>((resolve) => void clock.setTimer(PAUSE_MS, resolve));
  }
}

function whyForGood(found: readonly Workload[]): string | undefined {
  if (found.some(isRolledBack)) return 'a rollback to OpenELB';
  return found.length > 0 && found.every(isRemoved) ? 'the removal of its workload' : undefined;
}
