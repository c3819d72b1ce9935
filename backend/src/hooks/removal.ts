import { eips, type Eip } from '../cluster/custom-kinds.ts';
import { isConflict, isNotFound } from '../cluster/errors.ts';
import { daemonSets, deployments, pods, services, type Service } from '../cluster/kinds.ts';
import type { ListOptions } from '../cluster/kube.ts';
import type { KubeObject, ResourceKind } from '../cluster/objects.ts';
import { keyOf, refOf } from '../cluster/objects.ts';
import { toService } from '../cluster/watch/domain/service.ts';
import { LOAD_BALANCER_CLASS } from '../domain/service.ts';
import { POOL_FINALIZER, SERVICE_CONDITIONS, SERVICE_KEYS } from '../resources/keys.ts';
import { eventually, type HookDeps } from './hook.ts';

export interface RemovalOptions {
  /** Where the managers run. */
  readonly namespace: string;
  /** Name of their Deployment or DaemonSet, and the value of the label `app.kubernetes.io/name` of their Pods. */
  readonly name: string;
}

const PAGE = 500;
const STOP = { everyMs: 1_000, timeoutMs: 120_000 };
const WRITE = { everyMs: 500, timeoutMs: 60_000 };
/** How long after its time a Pod may end before it counts as lost, in milliseconds. */
const LOST_MS = 30_000;
/** How many objects are written at once: a Job has minutes, and a cluster may have tens of thousands of Services. */
const LANES = 16;

/**
 * Before the chart is uninstalled: ends the managers for good, so that they withdraw their routes and nobody puts back what is taken off,
 * then takes our finalizers off, which nobody would take off afterwards and which would keep Services and namespaces from being deleted. CRDs, objects, and the
 * addresses in the status of Services with their records stay: managers that are installed again go on from there.
 */
export async function releaseAll(deps: HookDeps, options: RemovalOptions): Promise<void> {
  await stopManagers(deps, options);
  await release(deps, services, holdsService, withoutServiceFinalizer);
  await release(deps, eips, holdsPool, withoutPoolFinalizer);
}

async function stopManagers(deps: HookDeps, options: RemovalOptions): Promise<void> {
  const { clock, logger } = deps;
  const { namespace, name } = options;
  // Managers that end find it there, deleted, and know by that that no others follow.
  await deleteWorkload(deps, options, 'Foreground');
  const selection = { namespace, labelSelector: `app.kubernetes.io/name=${name}` };
  const since = clock.now();
  await eventually(deps, { ...STOP, what: 'end of all managers' }, async () => {
    const left = await allThat(deps, pods, () => true, selection);
    // Their clock may not be ours: we wait as long ourselves, too.
    const isLate = clock.now() - since >= LOST_MS;
    if (!left.every((pod) => isLate && isLost(pod, clock.wallTime().getTime()))) return false;
    if (left.length > 0) logger.warn({ pods: left.map(keyOf) }, 'their nodes do not say that these ended: going on');
    return true;
  });
  // Pods of dead nodes must not hold it.
  await deleteWorkload(deps, options, 'Background');
  logger.info({}, 'no manager runs any more');
}

async function deleteWorkload(
  deps: HookDeps,
  { namespace, name }: RemovalOptions,
  propagationPolicy: 'Foreground' | 'Background',
): Promise<void> {
  for (const kind of [deployments, daemonSets]) {
    await eventually(deps, { ...WRITE, what: `${kind.kind} ${name} to be deleted` }, async () => {
      await unlessGone(deps.api.delete(kind, { namespace, name }, { propagationPolicy }));
      return true;
    });
  }
}

/** The Pod of a node that doesn't answer stays until somebody deletes the node. */
function isLost({ metadata }: KubeObject, now: number): boolean {
  const due = Date.parse(metadata?.deletionTimestamp ?? '');
  return due + LOST_MS <= now;
}

async function release<T extends KubeObject>(
  deps: HookDeps,
  kind: ResourceKind<T>,
  holds: (object: T) => boolean,
  write: (deps: HookDeps, object: T) => Promise<void>,
): Promise<void> {
  const held = await allThat(deps, kind, holds);
  const queue = held.values();
  const lane = async (): Promise<void> => {
    for (const object of queue) {
      const waiting = { ...WRITE, what: `${kind.kind} ${keyOf(object)} to be free` };
      await eventually(deps, waiting, () => freed(deps, kind, object, { holds, write }));
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  deps.logger.info({ kind: kind.kind, count: held.length }, 'finalizers are taken off');
}

async function allThat<T extends KubeObject>(
  { api }: HookDeps,
  kind: ResourceKind<T>,
  holds: (object: T) => boolean,
  selection: ListOptions = {},
): Promise<T[]> {
  const found: T[] = [];
  let next: string | undefined;
  do {
    const page = await api
      .list(kind, { ...selection, limit: PAGE, ...(next === undefined ? {} : { continue: next }) })
      .catch(noneOfThem);
    found.push(...page.items.filter(holds));
    next = page.continue;
  } while (next !== undefined);
  return found;
}

/** A kind that the cluster doesn't have (any more) has no objects. */
function noneOfThem(error: unknown): { readonly items: never[]; readonly continue?: undefined } {
  if (isNotFound(error)) return { items: [] };
  throw error;
}

/** One attempt: with the object as it was read; where somebody else wrote since, as it is now. */
async function freed<T extends KubeObject>(
  deps: HookDeps,
  kind: ResourceKind<T>,
  object: T,
  { holds, write }: { holds: (object: T) => boolean; write: (deps: HookDeps, object: T) => Promise<void> },
): Promise<boolean> {
  try {
    await unlessGone(write(deps, object));
    return true;
  } catch (error) {
    if (!isConflict(error)) throw error;
  }
  const now = await unlessGone(deps.api.get(kind, refOf(object)));
  if (now === undefined || !holds(now)) return true;
  await unlessGone(write(deps, now));
  return true;
}

async function unlessGone<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/**
 * Whether the clean-up finalizer of a Service, which all load balancers share, is ours to take off: the class is ours; or there is none and
 * our record has a pool for each address in the status, beside our condition; or there are no addresses and our record says that there were.
 * Of another class, it is ours where our condition stands beside our addresses, or beside none: a record alone is copied with manifests.
 * Where another load balancer wrote its address over ours, our condition is left behind, but the finalizer is the other's.
 */
function holdsService(object: Service): boolean {
  const { hasFinalizer, loadBalancerClass, claims, recorded, ingressIPs } = toService(object);
  if (!hasFinalizer) return false;
  if (loadBalancerClass === LOAD_BALANCER_CLASS) return true;
  if (claims) return recorded.every(({ pool }) => pool !== '');
  const isMarked = isAllocated(object) || (loadBalancerClass === undefined && recorded.length > 0);
  return isMarked && ingressIPs.length === 0;
}

function isAllocated({ status }: Service): boolean {
  const { conditions = [] } = status ?? {};
  return conditions.some((condition) => condition.type === SERVICE_CONDITIONS.allocated && condition.status === 'True');
}

/** By `/status`, as the managers wrote it: so nobody needs the right to change Services. */
async function withoutServiceFinalizer({ api }: HookDeps, object: Service): Promise<void> {
  const { resourceVersion } = object.metadata ?? {};
  const metadata = { ...versioned(resourceVersion), '$deleteFromPrimitiveList/finalizers': [SERVICE_KEYS.finalizer] };
  await api.patch(services, refOf(object), { type: 'strategic', body: { metadata } }, { subresource: 'status' });
}

function holdsPool({ metadata }: Eip): boolean {
  return metadata?.finalizers?.includes(POOL_FINALIZER) === true;
}

async function withoutPoolFinalizer({ api }: HookDeps, object: Eip): Promise<void> {
  const { finalizers = [], resourceVersion } = object.metadata ?? {};
  const left = finalizers.filter((finalizer) => finalizer !== POOL_FINALIZER);
  const metadata = { ...versioned(resourceVersion), finalizers: left };
  await api.patch(eips, refOf(object), { type: 'merge', body: { metadata } });
}

function versioned(resourceVersion: string | undefined): { readonly resourceVersion?: string } {
  return resourceVersion === undefined ? {} : { resourceVersion };
}
