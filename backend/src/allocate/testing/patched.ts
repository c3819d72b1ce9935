import type { Service } from '../../domain/service.ts';
import type { Plan } from '../plan.ts';

/** The Service as the API server shows it after the one patch that the plan asks for; undefined: there is nothing to write. */
export function patched(service: Service, planned: Plan): Service | undefined {
  if (!planned.served) return released(service, planned.finding.reason === 'ServedByAnother');
  return planned.assignments.length > 0 ? withAddresses(service, planned.assignments) : without(service);
}

function released(service: Service, isOverwritten: boolean): Service | undefined {
  const { claims, hasFinalizer, recorded, ingressIPs, hasCondition } = service;
  const bare = { ...service, recorded: [], claims: false, hasFinalizer: false, hasCondition: false };
  if (claims && !isOverwritten) return { ...bare, ingressIPs: [] };
  const isLeftOver = ingressIPs.length === 0 && hasFinalizer && recorded.length > 0;
  if (isLeftOver && (service.deleting || !service.isLoadBalancer)) return bare;
  return claims || hasCondition ? { ...service, claims: false, hasCondition: false } : undefined;
}

function withAddresses(service: Service, assignments: Service['recorded']): Service | undefined {
  const after = { ...service, recorded: assignments, ingressIPs: assignments.map(({ ip }) => ip) };
  const text = ({ recorded, ingressIPs }: Service): string =>
    [...recorded.map(({ pool, ip }) => `${pool}=${ip}`), ...ingressIPs].join();
  if (service.claims && service.hasFinalizer && text(after) === text(service)) return undefined;
  return { ...after, claims: true, hasFinalizer: true, hasCondition: true };
}

function without(service: Service): Service | undefined {
  if (!service.claims) return service.hasCondition ? undefined : { ...service, hasCondition: true };
  return { ...service, recorded: [], ingressIPs: [], claims: false, hasFinalizer: false, hasCondition: true };
}
