import { canonicalAddress, type Family } from '../../../domain/address.ts';
import { finding, type Finding, type Reason } from '../../../domain/reason.ts';
import type { Service } from '../../../domain/service.ts';
import type { TrafficPolicy } from '../../../domain/traffic-policy.ts';
import type { SharingTerms } from '../../../domain/sharing.ts';
import { parseAssigned } from '../../../resources/assigned.ts';
import { beyondList, commaList, MAX_LIST } from '../../../resources/comma-list.ts';
import { eraValue, OPT_IN_VALUES, SERVICE_CONDITIONS, SERVICE_KEYS } from '../../../resources/keys.ts';
import type * as kinds from '../../kinds.ts';
import { keyOf } from '../../objects.ts';

function families(spec: kinds.Service['spec']): Family[] {
  const named = (spec?.ipFamilies ?? []).map((family): Family => (family === 'IPv6' ? 'ipv6' : 'ipv4'));
  return named.length > 0 ? named : ['ipv4'];
}

function familyPolicy(spec: kinds.Service['spec']): Service['familyPolicy'] {
  const policy = spec?.ipFamilyPolicy;
  return policy === 'PreferDualStack' || policy === 'RequireDualStack' ? policy : 'SingleStack';
}

/** Our own annotation first, then those of both eras, then the deprecated field. */
function wantedText(service: kinds.Service): string | undefined {
  const annotations = service.metadata?.annotations;
  const texts = [
    annotations?.[SERVICE_KEYS.wantedIPs],
    eraValue(annotations, 'serviceIP'),
    service.spec?.loadBalancerIP,
  ];
  return texts.find((text) => commaList(text).length > 0);
}

/** Short enough for a sentence that names several. */
const MAX_QUOTED = 64;

function quoted(texts: readonly string[]): string {
  const text = texts.join(', ');
  return text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text;
}

/** All but the first of each family that the Service has; those that are no addresses at all are answered otherwise. */
function ignoredIPs(service: kinds.Service): string[] {
  const text = wantedText(service);
  const wanted = commaList(text).flatMap((ip) => canonicalAddress(ip) ?? []);
  const familyOf = (ip: string): Family => (ip.includes(':') ? 'ipv6' : 'ipv4');
  const had = families(service.spec);
  const ignored = [...new Set(wanted)].filter(
    (ip, i, all) => !had.includes(familyOf(ip)) || all.findIndex((other) => familyOf(other) === familyOf(ip)) < i,
  );
  // That none is of a family of the Service is an answer of its own.
  return ignored.length === new Set(wanted).size ? [] : [...ignored, ...beyondList(text)];
}

/** What an author may take for heard. */
function ignored(service: kinds.Service): Finding[] {
  const { annotations } = service.metadata ?? {};
  const ips = ignoredIPs(service);
  const pools = beyondList(eraValue(annotations, 'servicePool'));
  const isKeyTooLong = (annotations?.[SERVICE_KEYS.allowSharedIP]?.trim() ?? '').length > MAX_SHARING_KEY;
  return [
    ...(ips.length === 0 ? [] : [finding('WantedAddressesIgnored', { ips: quoted(ips) })]),
    ...(pools.length === 0 ? [] : [finding('NamedPoolsIgnored', { pools: quoted(pools), max: String(MAX_LIST) })]),
    ...(isKeyTooLong ? [finding('SharingKeyIgnored', { max: String(MAX_SHARING_KEY) })] : []),
  ];
}

/** A load balancer that gives names instead of addresses serves the Service no less. */
function ingressIPs(service: kinds.Service): string[] {
  return (service.status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }) =>
    ip === undefined ? (hostname ?? []) : (canonicalAddress(ip) ?? []),
  );
}

/** Tenants' input. A longer key is none, as a part of it could equal another key. */
const MAX_SHARING_KEY = 256;

function sharingKey(service: kinds.Service): string | undefined {
  const key = service.metadata?.annotations?.[SERVICE_KEYS.allowSharedIP]?.trim() ?? '';
  return key === '' || key.length > MAX_SHARING_KEY ? undefined : key;
}

/** Equal for equal selectors, in whatever order their labels stand. */
function canonicalSelector(selector: Readonly<Record<string, string>> | undefined): string | undefined {
  const pairs = Object.entries(selector ?? {});
  return pairs.length === 0 ? undefined : JSON.stringify(pairs.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function trafficPolicy(spec: kinds.Service['spec']): TrafficPolicy {
  return spec?.externalTrafficPolicy === 'Local' ? 'Local' : 'Cluster';
}

function sharing(service: kinds.Service): SharingTerms {
  const { spec } = service;
  return {
    key: sharingKey(service),
    namespace: service.metadata?.namespace ?? '',
    ports: (spec?.ports ?? []).map(({ protocol, port }) => `${protocol ?? 'TCP'}/${port}`),
    trafficPolicy: trafficPolicy(spec),
    selector: canonicalSelector(spec?.selector),
  };
}

function clusterIPs(spec: kinds.Service['spec']): string[] {
  // Headless Services have "None", those of type ExternalName nothing.
  return (spec?.clusterIPs ?? []).flatMap((ip) => canonicalAddress(ip) ?? []);
}

type OptIn = Pick<Service, 'optedIn' | 'optedOut'>;

/** An empty value says nothing, as ever. */
function optIn(metadata: kinds.Service['metadata']): OptIn {
  const value = metadata?.annotations?.[SERVICE_KEYS.optIn] ?? '';
  const optedIn = OPT_IN_VALUES.includes(value);
  return { optedIn, optedOut: value !== '' && !optedIn };
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

type Standing = Pick<
  Service,
  'recorded' | 'ingressIPs' | 'claims' | 'hasCondition' | 'announcedBefore' | 'hasFinalizer'
>;

function conditionOf(
  service: kinds.Service,
  type: string,
): { readonly status: string; readonly reason?: string } | undefined {
  return service.status?.conditions?.find((condition) => condition.type === type);
}

/** Also if a stranger took the address since: the Service keeps it, and a replica that starts now must know that. */
function announcedBefore(service: kinds.Service): boolean {
  const { status, reason } = conditionOf(service, SERVICE_CONDITIONS.announced) ?? {};
  const taken: Reason = 'AddressTaken';
  return status === 'True' || reason === taken;
}

/** The addresses in the status, if our condition says that they are ours and none of them is a name. */
function heldAddresses(service: kinds.Service, condition: string | undefined): string[] {
  const ingress = service.status?.loadBalancer?.ingress ?? [];
  if (condition !== 'True' || ingress.some(({ ip }) => ip === undefined)) return [];
  return ingressIPs(service);
}

/** What stands in the object of what the leader wrote. */
function standing(service: kinds.Service): Standing {
  const condition = conditionOf(service, SERVICE_CONDITIONS.allocated)?.status;
  const written = parseAssigned(service.metadata?.annotations?.[SERVICE_KEYS.assigned]);
  const held = heldAddresses(service, condition);
  const poolOf = (ip: string): string => written.find((assignment) => assignment.ip === ip)?.pool ?? '';
  return {
    recorded: held.length > 0 ? held.map((ip) => ({ ip, pool: poolOf(ip) })) : written,
    ingressIPs: ingressIPs(service),
    claims: held.length > 0,
    hasCondition: condition !== undefined,
    announcedBefore: announcedBefore(service),
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
    ...optIn(metadata),
    families: families(spec),
    familyPolicy: familyPolicy(spec),
    trafficPolicy: trafficPolicy(spec),
    sharing: sharing(service),
    clusterIPs: clusterIPs(spec),
    wantedPools: commaList(eraValue(metadata.annotations, 'servicePool')),
    wantedIPs: commaList(wantedText(service)),
    ignored: ignored(service),
    ...standing(service),
    deleting: metadata.deletionTimestamp !== undefined,
  };
}
