import { canonicalAddress, type Family } from '../../../domain/address.ts';
import type { Assignment, Service } from '../../../domain/service.ts';
import { eraValue, OPT_IN_VALUES, SERVICE_KEYS } from '../../../resources/keys.ts';
import type * as kinds from '../../kinds.ts';
import { keyOf } from '../../objects.ts';

/** Services that carry more than so many names or addresses are read up to here: annotations are tenants' input. */
const MAX_LIST = 8;

function list(text: string | undefined): string[] {
  const items = (text ?? '').split(',').map((item) => item.trim());
  return items.filter((item) => item !== '').slice(0, MAX_LIST);
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
  return assignments.map(({ pool, ip }) => `${pool}=${ip}`).join(',');
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

/** Ours: the clean-up finalizer and a record, which only the leader writes together. */
function isHeld(recorded: readonly Assignment[], hasFinalizer: boolean, ingress: readonly string[]): boolean {
  return hasFinalizer && recorded.length > 0 && recorded.every(({ ip }) => ingress.includes(ip));
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

/** What the leader wrote, with the marks that tell it from what a user or another controller did. */
function record(service: kinds.Service): Pick<Service, 'recorded' | 'ingressIPs' | 'held' | 'hasFinalizer'> {
  const recorded = parseAssigned(service.metadata?.annotations?.[SERVICE_KEYS.assigned]);
  const ingress = ingressIPs(service);
  const hasFinalizer = service.metadata?.finalizers?.includes(SERVICE_KEYS.finalizer) === true;
  return { recorded, ingressIPs: ingress, held: isHeld(recorded, hasFinalizer, ingress), hasFinalizer };
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
    ...record(service),
    deleting: metadata.deletionTimestamp !== undefined,
  };
}
