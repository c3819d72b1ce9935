import type { Plan } from '../allocate/plan.ts';
import { canonicalAddress } from '../domain/address.ts';
import { LOAD_BALANCER_CLASS, type Service } from '../domain/service.ts';
import type * as kinds from '../cluster/kinds.ts';
import { formatAssigned } from '../resources/assigned.ts';
import { OPENELB_KEYS, SERVICE_CONDITIONS, SERVICE_KEYS } from '../resources/keys.ts';
import { NOT_YET_ANNOUNCED } from './announced.ts';
import { isCurrent, withTransition, type NewCondition } from './conditions.ts';
import { reasonTextWithin } from './reason-text.ts';
import { shortened } from './shortened.ts';

/** A strategic-merge patch of a Service's `/status`, whose metadata part the API server applies as well. */
export interface ServicePatch {
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly status: Readonly<Record<string, unknown>>;
}

/** The label of the pool that OpenELB wrote, so that its users' selectors go on working; a list can't be a label's value. */
function poolLabel(plan: Plan): string | null {
  const pools = plan.served ? [...new Set(plan.assignments.map(({ pool }) => pool))] : [];
  const [only] = pools;
  return only !== undefined && pools.length === 1 && only.length <= 63 ? only : null;
}

/** API conventions allow more; people read less, and tenants write some of the parameters. */
const MAX_MESSAGE = 1_024;

function message(service: Service, plan: Plan): string {
  const text = reasonTextWithin(service.namespace, plan.finding);
  const ignored = plan.served ? service.ignored : [];
  const remarks = ignored.map((found) => ` ${reasonTextWithin(service.namespace, found)}`).join('');
  const kept = plan.served && plan.finding.reason !== 'Allocated' ? plan.assignments : [];
  const suffix = kept.length === 0 ? '' : ` Until then the Service keeps ${kept.map(({ ip }) => ip).join(', ')}.`;
  const rest = `${suffix}${remarks}`;
  return `${shortened(text, MAX_MESSAGE - rest.length)}${rest}`.toWellFormed();
}

/**
 * `Allocated` is True exactly as long as the addresses in the status are ours: this is what proves it, after a restart of ours and
 * to every replica. An unmet wish of a Service that has an address shows in reason and message.
 */
function allocatedCondition(object: kinds.Service, service: Service, plan: Plan): NewCondition {
  const { generation } = object.metadata ?? {};
  return {
    type: SERVICE_CONDITIONS.allocated,
    status: plan.served && plan.assignments.length > 0 ? 'True' : 'False',
    reason: plan.finding.reason,
    message: message(service, plan),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  };
}

function deletionOf(object: kinds.Service, types: readonly string[]): unknown[] {
  const present = object.status?.conditions ?? [];
  const found = types.filter((type) => present.some((condition) => condition.type === type));
  return found.map((type) => ({ $patch: 'delete', type }));
}

type Served = Extract<Plan, { served: true }>;

function isWritten(object: kinds.Service, service: Service, { assignments }: Served): boolean {
  if (assignments.length === 0) return !service.claims;
  return (
    service.hasFinalizer &&
    object.metadata?.annotations?.[SERVICE_KEYS.assigned] === formatAssigned(assignments) &&
    assignments.map(({ ip }) => ip).join() === service.ingressIPs.join()
  );
}

/** Whether the condition `Announced` was said of other addresses: that those were announced proves nothing for a new one. */
function saysOfOthers({ ingressIPs }: Service, { assignments }: Served): boolean {
  return assignments.some(({ ip }) => !ingressIPs.includes(ip));
}

function assignPatch(object: kinds.Service, service: Service, plan: Served, now: Date): ServicePatch | undefined {
  const existing = object.status?.conditions;
  // Without an address there is nothing to announce; with one the engine will say, and that is another write.
  const wanted = [
    allocatedCondition(object, service, plan),
    ...(plan.assignments.length === 0 ? [NOT_YET_ANNOUNCED] : []),
  ];
  const written = isWritten(object, service, plan);
  if (written && wanted.every((condition) => isCurrent(condition, existing))) return undefined;
  const conditions = wanted.map((condition) => withTransition(condition, existing, now));
  if (written) return { metadata: {}, status: { conditions } };
  if (plan.assignments.length === 0) {
    const finalizerIsOurs = service.loadBalancerClass === LOAD_BALANCER_CLASS || holdsOnlyOurs(object, plan);
    return withdrawal(object, conditions, plan, finalizerIsOurs);
  }
  const stale = saysOfOthers(service, plan) ? deletionOf(object, [SERVICE_CONDITIONS.announced]) : [];
  return {
    metadata: {
      finalizers: [SERVICE_KEYS.finalizer],
      labels: { [OPENELB_KEYS.servicePool]: poolLabel(plan) },
      annotations: { [SERVICE_KEYS.assigned]: formatAssigned(plan.assignments) },
    },
    status: {
      loadBalancer: { ingress: plan.assignments.map(({ ip }) => ({ ip, ipMode: 'VIP' })) },
      conditions: [...conditions, ...stale],
    },
  };
}

type Ingress = NonNullable<NonNullable<NonNullable<kinds.Service['status']>['loadBalancer']>['ingress']>;

/** What another load balancer has written into the status, over ours or beside it. */
function ingressOfOthers(object: kinds.Service, { ours }: Plan): Ingress {
  const all = object.status?.loadBalancer?.ingress ?? [];
  return all.filter(({ ip }) => ip === undefined || !ours.includes(canonicalAddress(ip) ?? ip));
}

/** Whether no other load balancer can rely on the finalizer, which all of them share. */
function holdsOnlyOurs(object: kinds.Service, plan: Plan): boolean {
  return plan.ours.length > 0 && ingressOfOthers(object, plan).length === 0;
}

function ingressWithoutOurs(object: kinds.Service, plan: Plan): object {
  if (plan.ours.length === 0) return {};
  const others = ingressOfOthers(object, plan);
  return { loadBalancer: { ingress: others.length > 0 ? others : null } };
}

/**
 * Takes back what we wrote, and nothing else: other finalizers, labels, conditions and addresses stay. With a finalizer that may be
 * another's the record stays as well: it alone tells, once the other's address is gone, that the finalizer is ours to take off.
 */
function withdrawal(object: kinds.Service, conditions: unknown[], plan: Plan, finalizerIsOurs: boolean): ServicePatch {
  const { labels, finalizers } = object.metadata ?? {};
  const hasFinalizer = finalizers?.includes(SERVICE_KEYS.finalizer) === true;
  return {
    metadata: {
      ...(hasFinalizer && finalizerIsOurs ? { '$deleteFromPrimitiveList/finalizers': [SERVICE_KEYS.finalizer] } : {}),
      ...(hasFinalizer && !finalizerIsOurs ? {} : { annotations: { [SERVICE_KEYS.assigned]: null } }),
      ...(labels?.[OPENELB_KEYS.servicePool] === undefined ? {} : { labels: { [OPENELB_KEYS.servicePool]: null } }),
    },
    status: { ...ingressWithoutOurs(object, plan), conditions },
  };
}

function hasProof(object: kinds.Service): boolean {
  const { conditions = [] } = object.status ?? {};
  return conditions.some(({ type, status }) => type === SERVICE_CONDITIONS.allocated && status === 'True');
}

function mayBeOurs({ loadBalancerClass }: Service): boolean {
  return loadBalancerClass === undefined || loadBalancerClass === LOAD_BALANCER_CLASS;
}

/**
 * Marks of ours without an address of ours: the API server empties the status of a Service that is no load balancer any more, and a
 * backup brings back finalizer and record, or the finalizer alone. Where the class is ours, no other load balancer takes that off, and
 * the Service could not be deleted; where there is none, only as far as no other load balancer is involved.
 */
function isLeftOver(object: kinds.Service, service: Service): boolean {
  const { hasFinalizer, recorded, ingressIPs, loadBalancerClass } = service;
  if (loadBalancerClass === LOAD_BALANCER_CLASS && hasFinalizer) return true;
  return mayBeOurs(service) && ingressIPs.length === 0 && (hasProof(object) || (hasFinalizer && recorded.length > 0));
}

/**
 * How long another load balancer has for taking a shared finalizer off a deleted Service, in milliseconds; not all of them do. Whether
 * it relies on the finalizer can't be told: a cloud's service controller sets none where there is one (cloud-provider, `addFinalizer`), so
 * that it has no entry in `managedFields`, and says nothing before it is done. It repeats a failed attempt after five minutes at the most
 * (`maxRetryDelay`): this is twice as long, as going too early leaves a load balancer behind that somebody pays for.
 */
const SHARED_FINALIZER_MS = 600_000;

/**
 * When the finalizer goes from a Service that is being deleted and carries our record, whoever else has written its status by now: nobody
 * but us may be left to take it off. In milliseconds since the epoch; undefined: this is no such Service.
 */
export function finalizerGoesAt(object: kinds.Service, service: Service): number | undefined {
  const { deletionTimestamp } = object.metadata ?? {};
  const isRecorded = mayBeOurs(service) && service.recorded.length > 0;
  const isMarked = service.hasFinalizer && (hasProof(object) || isRecorded);
  return isMarked && deletionTimestamp !== undefined ? Date.parse(deletionTimestamp) + SHARED_FINALIZER_MS : undefined;
}

/**
 * Whether a Service got another one's class when its address of ours was gone already, as it is after a type without addresses. The
 * finalizer came with our condition, in one write: once that is taken back, nothing tells whose it is, while that condition comes with
 * no copied manifest.
 */
function hasChangedClass(object: kinds.Service, service: Service, plan: Plan): boolean {
  return !mayBeOurs(service) && hasProof(object) && ingressOfOthers(object, plan).length === 0;
}

function releasePatch(object: kinds.Service, service: Service, plan: Plan, now: Date): ServicePatch | undefined {
  const conditions = deletionOf(object, Object.values(SERVICE_CONDITIONS));
  const ends = service.deleting || !service.isLoadBalancer;
  const isOverdue = (finalizerGoesAt(object, service) ?? Infinity) <= now.getTime();
  const marked = hasChangedClass(object, service, plan) || (ends && isLeftOver(object, service));
  const finalizerIsOurs = holdsOnlyOurs(object, plan) || isOverdue || marked;
  if (finalizerIsOurs || hasProof(object)) return withdrawal(object, conditions, plan, finalizerIsOurs);
  return conditions.length > 0 ? { metadata: {}, status: { conditions } } : undefined;
}

/**
 * The one write that makes a Service what the plan says, or undefined if it is that already. What another controller wrote (its
 * ingress, its use of the same finalizer, its conditions) is never touched.
 */
export function servicePatch(object: kinds.Service, service: Service, plan: Plan, now: Date): ServicePatch | undefined {
  return plan.served ? assignPatch(object, service, plan, now) : releasePatch(object, service, plan, now);
}

/**
 * Whether a write by this plan is worth an Event: users hear something that the object did not say before. The end of a Service is news
 * where it had an address, which its status need not show any more: the API server empties it with the type.
 */
export function isNews(object: kinds.Service, service: Service, plan: Plan): boolean {
  if (!plan.served) return hasProof(object);
  const { type, status, reason, message } = allocatedCondition(object, service, plan);
  const before = object.status?.conditions?.find((condition) => condition.type === type);
  return before?.status !== status || before.reason !== reason || before.message !== message;
}
