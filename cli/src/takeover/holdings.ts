import {
  ADDRESS_KEYS,
  ASSIGNED,
  CONDITIONS,
  DEFAULT_POOL_KEYS,
  OPT_IN,
  OPT_IN_VALUES,
  OUR_CLASS,
  OUR_FINALIZERS,
  POOL_KEYS,
} from './keys.ts';
import { keyOf, type Cluster, type PoolObject, type ServiceObject } from './cluster.ts';

/** A Service of OpenELB's with an address, and the pool that it is from. */
export interface Holding {
  readonly key: string;
  readonly service: ServiceObject;
  readonly ips: readonly string[];
  /** Of each address; undefined: no pool says so. */
  readonly pools: readonly (string | undefined)[];
}

export function isOptedIn({ metadata }: ServiceObject): boolean {
  return OPT_IN_VALUES.includes(metadata.annotations?.[OPT_IN] ?? '');
}

export function ingressOf({ status }: ServiceObject): string[] {
  return (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? []);
}

/** The ledger of OpenELB stands in the pools' status; a Service's label says the pool, too. */
function poolOf(service: ServiceObject, ip: string, pools: readonly PoolObject[]): string | undefined {
  const key = keyOf(service);
  const byLedger = pools.find(({ status }) => status?.used?.[ip]?.split(';').includes(key) === true);
  if (byLedger !== undefined) return byLedger.metadata.name;
  const recorded = service.metadata.annotations?.[ASSIGNED]?.split(',').find((each) => each.endsWith(`=${ip}`));
  if (recorded !== undefined) return recorded.slice(0, -ip.length - 1);
  const label = POOL_KEYS.flatMap((each) => service.metadata.labels?.[each] ?? [])[0];
  return pools.find(({ metadata }) => metadata.name === label)?.metadata.name;
}

/** Services that OpenELB gave an address, in the order of their names. */
export function holdingsOf(cluster: Cluster): Holding[] {
  return held(cluster, isOptedIn);
}

/** Services that have an address of PorterLB by their class, or by the default pool: OpenELB serves none of them. */
export function strangersToOpenelb(cluster: Cluster): Holding[] {
  return held(cluster, (service) => !isOptedIn(service) && isOurs(service));
}

function held({ services, pools }: Cluster, isServed: (service: ServiceObject) => boolean): Holding[] {
  return services
    .filter((service) => service.spec?.type === 'LoadBalancer' && isServed(service))
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map((service) => ({ key: keyOf(service), service, ips: ingressOf(service) }))
    .filter(({ ips }) => ips.length > 0)
    .map((holding) => ({ ...holding, pools: holding.ips.map((ip) => poolOf(holding.service, ip, pools)) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** PorterLB has written into it. */
export function isOurs({ metadata, status }: ServiceObject): boolean {
  const ours: readonly string[] = Object.values(CONDITIONS);
  return (
    metadata.annotations?.[ASSIGNED] !== undefined ||
    status?.conditions?.some(({ type }) => ours.includes(type)) === true
  );
}

/** Has no address, and PorterLB gives it one: by its annotation, its class, or the default pool (docs/addresses.md). */
export function isWaiting(service: ServiceObject, pools: readonly PoolObject[]): boolean {
  const { metadata, spec } = service;
  if (spec?.type !== 'LoadBalancer' || metadata.deletionTimestamp !== undefined) return false;
  if (ingressOf(service).length > 0 || isForeignClass(service)) return false;
  return spec.loadBalancerClass !== undefined || isOptedIn(service) || isForDefaultPool(service, pools);
}

/** Any other value of the annotation names another product, and a finalizer without our record is somebody else's. */
function isForDefaultPool({ metadata }: ServiceObject, pools: readonly PoolObject[]): boolean {
  const { annotations, finalizers = [] } = metadata;
  const isMarked = ({ metadata: pool }: PoolObject): boolean =>
    DEFAULT_POOL_KEYS.some((key) => pool.annotations?.[key] === 'true');
  const isForeign = finalizers.includes(OUR_FINALIZERS.service) && annotations?.[ASSIGNED] === undefined;
  return pools.some(isMarked) && annotations?.[OPT_IN] === undefined && !isForeign;
}

/** What PorterLB would write: `pool=address`, as docs/backup.md has it. */
export function assignedText({ ips, pools }: Holding): string {
  return ips.map((ip, i) => `${pools[i] ?? ''}=${ip}`).join(',');
}

/** Whether PorterLB takes the address for its own already. */
export function isAdopted(holding: Holding): boolean {
  const { metadata, status } = holding.service;
  const allocated = status?.conditions?.find(({ type }) => type === CONDITIONS.allocated)?.status;
  return allocated === 'True' && metadata.annotations?.[ASSIGNED] === assignedText(holding);
}

/** The address that the Service asks PorterLB for, by the first of its wishes. */
export function wantedIP({ metadata, spec }: ServiceObject): string | undefined {
  const texts = [...ADDRESS_KEYS.map((key) => metadata.annotations?.[key]), spec?.loadBalancerIP];
  return texts.find((text) => text !== undefined && /[^\s,]/.test(text))?.trim();
}

export function isForeignClass({ spec }: ServiceObject): boolean {
  return spec?.loadBalancerClass !== undefined && spec.loadBalancerClass !== OUR_CLASS;
}

/** Addresses that several Services have, with these. */
export function sharedBy(holdings: readonly Holding[]): Map<string, readonly Holding[]> {
  const byIP = new Map<string, Holding[]>();
  for (const holding of holdings) {
    for (const ip of holding.ips) byIP.set(ip, [...(byIP.get(ip) ?? []), holding]);
  }
  return new Map([...byIP].filter(([, sharers]) => sharers.length > 1));
}
