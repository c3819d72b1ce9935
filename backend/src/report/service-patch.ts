import type { Plan } from '../allocate/plan.ts';
import type { Service } from '../domain/service.ts';
import type * as kinds from '../cluster/kinds.ts';
import { formatAssigned } from '../cluster/watch/domain/service.ts';
import { OPENELB_KEYS, SERVICE_CONDITIONS, SERVICE_KEYS } from '../resources/keys.ts';
import { isCurrent, withTransition, type NewCondition } from './conditions.ts';
import { reasonText } from './reason-text.ts';

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

function allocatedCondition(service: kinds.Service, plan: Plan): NewCondition {
  const { generation } = service.metadata ?? {};
  return {
    type: SERVICE_CONDITIONS.allocated,
    status: plan.finding.reason === 'Allocated' ? 'True' : 'False',
    reason: plan.finding.reason,
    message: reasonText(plan.finding),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  };
}

function sameRecord(service: Service, plan: Extract<Plan, { served: true }>): boolean {
  if (plan.assignments.length === 0) return service.recorded.length === 0 && !ownsIngress(service);
  return service.held && formatAssigned(service.recorded) === formatAssigned(plan.assignments);
}

/** Whether what stands in the status was written by us: another controller's ingress is never touched. */
function ownsIngress(service: Service): boolean {
  return service.hasFinalizer && service.recorded.some(({ ip }) => service.ingressIPs.includes(ip));
}

function conditionPatch(object: kinds.Service, plan: Plan, now: Date): unknown[] {
  const wanted = allocatedCondition(object, plan);
  return [withTransition(wanted, object.status?.conditions, now)];
}

function assignPatch(
  object: kinds.Service,
  service: Service,
  plan: Extract<Plan, { served: true }>,
  now: Date,
): ServicePatch | undefined {
  const wanted = allocatedCondition(object, plan);
  const same = sameRecord(service, plan);
  if (same && isCurrent(wanted, object.status?.conditions)) return undefined;
  const { resourceVersion } = service;
  if (same) return { metadata: { resourceVersion }, status: { conditions: conditionPatch(object, plan, now) } };
  if (plan.assignments.length === 0) return withdrawnRecord(object, service, conditionPatch(object, plan, now));
  return {
    metadata: {
      resourceVersion,
      finalizers: [SERVICE_KEYS.finalizer],
      labels: { [OPENELB_KEYS.servicePool]: poolLabel(plan) },
      annotations: { [SERVICE_KEYS.assigned]: formatAssigned(plan.assignments) },
    },
    status: {
      loadBalancer: { ingress: plan.assignments.map(({ ip }) => ({ ip, ipMode: 'VIP' })) },
      conditions: conditionPatch(object, plan, now),
    },
  };
}

/** Takes back what we wrote, and nothing else: other finalizers, labels and conditions stay. */
function withdrawnRecord(object: kinds.Service, service: Service, conditions: unknown[]): ServicePatch {
  const labels = object.metadata?.labels;
  return {
    metadata: {
      resourceVersion: service.resourceVersion,
      '$deleteFromPrimitiveList/finalizers': [SERVICE_KEYS.finalizer],
      annotations: { [SERVICE_KEYS.assigned]: null },
      ...(labels?.[OPENELB_KEYS.servicePool] === undefined ? {} : { labels: { [OPENELB_KEYS.servicePool]: null } }),
    },
    status: { ...(ownsIngress(service) ? { loadBalancer: { ingress: null } } : {}), conditions },
  };
}

/** Signs that we have written to this Service: without them there is nothing to take back. */
function carriesOurs(object: kinds.Service, service: Service): boolean {
  const condition = object.status?.conditions?.some(({ type }) => type === SERVICE_CONDITIONS.allocated) === true;
  return (service.hasFinalizer && service.recorded.length > 0) || condition;
}

function releasePatch(object: kinds.Service, service: Service): ServicePatch | undefined {
  if (!carriesOurs(object, service)) return undefined;
  return withdrawnRecord(object, service, [{ $patch: 'delete', type: SERVICE_CONDITIONS.allocated }]);
}

/** The one write that makes a Service what the plan says, or undefined if it is that already. */
export function servicePatch(object: kinds.Service, service: Service, plan: Plan, now: Date): ServicePatch | undefined {
  return plan.served ? assignPatch(object, service, plan, now) : releasePatch(object, service);
}
