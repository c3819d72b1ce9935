import { canonicalAddress, type Family } from '../../../domain/address.ts';
import type { Assignment, Service } from '../../../domain/service.ts';
import { eraValue, OPT_IN_VALUES, SERVICE_CONDITIONS, SERVICE_KEYS } from '../../../resources/keys.ts';
import type * as kinds from '../../kinds.ts';
import { keyOf } from '../../objects.ts';

/** Services that carry more than so many names or addresses are read up to here: annotations are tenants' input. */
const MAX_LIST = 8;
/** Longer than any name of a pool that can be created, or any address. */
const MAX_ITEM = 256;

function list(text: string | undefined): string[] {
  const items = (text ?? '').split(',', 2 * MAX_LIST).map((item) => item.trim());
  return items
    .filter((item) => item !== '')
    .slice(0, MAX_LIST)
    .map((item) => item.slice(0, MAX_ITEM));
}

/** The record `pool=address[,pool=address]` as the leader writes it; parts that don't read are left out. */
export function parseAssigned(text: string | undefined): Assignment[] {
  return list(text).flatMap((item) => {
    const [pool, address, ...rest] = item.split('=');
    const ip = address === undefined || rest.length > 0 ? undefined : canonicalAddress(address);
    return pool === undefined || pool === '' || ip === undefined ? [] : [{ pool, ip }];
  });
}

export function formatAssigned(assignments: readonly Assignment[]): string {
  const known = assignments.filter(({ pool }) => pool !== '');
  return known.map(({ pool, ip }) => `${pool}=${ip}`).join(',');
}

function families(spec: kinds.Service['spec']): Family[] {
  const named = (spec?.ipFamilies ?? []).map((family): Family => (family === 'IPv6' ? 'ipv6' : 'ipv4'));
  return named.length > 0 ? named : ['ipv4'];
}

function familyPolicy(spec: kinds.Service['spec']): Service['familyPolicy'] {
  const policy = spec?.ipFamilyPolicy;
  return policy === 'PreferDualStack' || policy === 'RequireDualStack' ? policy : 'SingleStack';
}

/** Our own annotation first, then those of both eras, then the deprecated field. */
function wantedIPs(service: kinds.Service): string[] {
  const annotations = service.metadata?.annotations;
  const own = list(annotations?.[SERVICE_KEYS.wantedIPs]);
  if (own.length > 0) return own;
  const era = list(eraValue(annotations, 'serviceIP'));
  return era.length > 0 ? era : list(service.spec?.loadBalancerIP);
}

/** A load balancer that gives names instead of addresses serves the Service no less. */
function ingressIPs(service: kinds.Service): string[] {
  return (service.status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }) =>
    ip === undefined ? (hostname ?? []) : (canonicalAddress(ip) ?? []),
  );
}

type Identity = Pick<Service, 'namespace' | 'name' | 'uid' | 'resourceVersion' | 'createdAt' | 'labels'>;

function identity(metadata: NonNullable<kinds.Service['metadata']>): Identity {
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name ?? '',
    uid: metadata.uid ?? '',
    resourceVersion: metadata.resourceVersion ?? '',
    createdAt: Date.parse(metadata.creationTimestamp ?? '') || 0,
    labels: metadata.labels ?? {},
  };
}

type Standing = Pick<Service, 'recorded' | 'ingressIPs' | 'held' | 'hasCondition' | 'hasFinalizer'>;

/** The addresses in the status, if our condition says that they are ours and none of them is a name. */
function heldAddresses(service: kinds.Service, condition: string | undefined): string[] {
  const ingress = service.status?.loadBalancer?.ingress ?? [];
  if (condition !== 'True' || ingress.some(({ ip }) => ip === undefined)) return [];
  return ingressIPs(service);
}

/** What stands in the object of what the leader wrote. */
function standing(service: kinds.Service): Standing {
  const condition = service.status?.conditions?.find(({ type }) => type === SERVICE_CONDITIONS.allocated)?.status;
  const written = parseAssigned(service.metadata?.annotations?.[SERVICE_KEYS.assigned]);
  const held = heldAddresses(service, condition);
  const poolOf = (ip: string): string => written.find((assignment) => assignment.ip === ip)?.pool ?? '';
  return {
    recorded: held.length > 0 ? held.map((ip) => ({ ip, pool: poolOf(ip) })) : written,
    ingressIPs: ingressIPs(service),
    held: held.length > 0,
    hasCondition: condition !== undefined,
    hasFinalizer: service.metadata?.finalizers?.includes(SERVICE_KEYS.finalizer) === true,
  };
}

/** A Service as allocating and announcing see it. */
export function toService(service: kinds.Service): Service {
  const metadata = service.metadata ?? {};
  const { spec } = service;
  return {
    key: keyOf(service),
    ...identity(metadata),
    isLoadBalancer: spec?.type === 'LoadBalancer',
    loadBalancerClass: spec?.loadBalancerClass,
    optedIn: OPT_IN_VALUES.includes(metadata.annotations?.[SERVICE_KEYS.optIn] ?? ''),
    families: families(spec),
    familyPolicy: familyPolicy(spec),
    trafficPolicy: spec?.externalTrafficPolicy === 'Local' ? 'Local' : 'Cluster',
    wantedPools: list(eraValue(metadata.annotations, 'servicePool')),
    wantedIPs: wantedIPs(service),
    ...standing(service),
    deleting: metadata.deletionTimestamp !== undefined,
  };
}
