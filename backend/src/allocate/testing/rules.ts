/**
 * The rules of giving addresses, stated a second time: slowly, by looking at everything, and without the code that they test. Only
 * the parsing of addresses is shared.
 */
import { parseAddress, type AddressRange, type Family } from '../../domain/address.ts';
import type { Pool } from '../../domain/pool.ts';
import type { Labels } from '../../domain/selector.ts';
import type { Service } from '../../domain/service.ts';

/** An address that left a Service's status. */
export interface Freed {
  readonly service: string;
  readonly pool: string;
  readonly at: number;
  /** A pool that had the address is gone: who had it last may or may not be remembered. */
  readonly isForgotten: boolean;
}

/** All that the rules look at. */
export interface World {
  readonly services: ReadonlyMap<string, Service>;
  readonly pools: ReadonlyMap<string, Pool>;
  readonly namespaces: ReadonlyMap<string, Labels>;
  readonly nodes: ReadonlySet<string>;
  readonly freed: ReadonlyMap<string, Freed>;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The cluster as it was. */
export function copyOf({ services, pools, namespaces, nodes, freed, now }: World): World {
  return {
    services: new Map(services),
    pools: new Map(pools),
    namespaces: new Map(namespaces),
    nodes,
    freed: new Map(freed),
    now,
  };
}

export interface Candidate {
  readonly pool: string;
  readonly ip: string;
}

export function familyOf(ip: string): Family {
  return ip.includes(':') ? 'ipv6' : 'ipv4';
}

function valueOf(ip: string): bigint {
  return parseAddress(ip)?.value ?? -1n;
}

export function lies(ip: string, { ranges }: { readonly ranges: readonly AddressRange[] }): boolean {
  const value = valueOf(ip);
  return ranges.some(({ family, first, last }) => family === familyOf(ip) && first <= value && value <= last);
}

/** "Oldest first", of one age by name. */
export function isOlderService(a: Service, b: Service): boolean {
  return a.createdAt < b.createdAt || (a.createdAt === b.createdAt && a.key < b.key);
}

/** "Same key, same namespace, disjoint ports, compatible policies." */
export function mayShare({ sharing: a }: Service, { sharing: b }: Service): boolean {
  if (a.key === undefined || b.key === undefined || a.key !== b.key || a.namespace !== b.namespace) return false;
  if (new Set([...a.ports, ...b.ports]).size < a.ports.length + b.ports.length) return false;
  const local = [a, b].filter(({ trafficPolicy }) => trafficPolicy === 'Local').length;
  return local === 0 || (local === 2 && a.selector !== undefined && a.selector === b.selector);
}

function hasLabels(wanted: Labels | undefined, labels: Labels | undefined): boolean {
  return Object.entries(wanted ?? {}).every(([name, value]) => labels?.[name] === value);
}

/** "A pool's selectors are a boundary." */
function letsIn(pool: Pool, service: Service, { namespaces }: World): boolean {
  const selector = pool.namespaceSelector;
  const labels = namespaces.get(service.namespace);
  const anyone = pool.namespaces.length === 0 && Object.keys(selector ?? {}).length === 0;
  const selected = Object.keys(selector ?? {}).length > 0 && labels !== undefined && hasLabels(selector, labels);
  if (!anyone && !pool.namespaces.includes(service.namespace) && !selected) return false;
  return hasLabels(pool.serviceSelector?.matchLabels, service.labels);
}

function isBound(pool: Pool): boolean {
  const byLabels = Object.keys(pool.namespaceSelector ?? {}).length > 0;
  return pool.namespaces.length > 0 || byLabels || pool.serviceSelector !== undefined;
}

/** First and last address of a subnet that are no hosts' own. */
function isSubnetsOwn(ip: string, pool: Pool): boolean {
  const value = valueOf(ip);
  return pool.ranges.some(({ isPrefix, family, first, last }) => {
    if (!isPrefix || family !== familyOf(ip) || last - first < 3n) return false;
    if (value === first) return family === 'ipv6' || pool.protocol === 'layer2';
    return value === last && family === 'ipv4' && pool.protocol === 'layer2';
  });
}

function isOlder(a: Pool, b: Pool): boolean {
  return a.createdAt < b.createdAt || (a.createdAt === b.createdAt && a.name < b.name);
}

function belongsToAnother(ip: string, pool: Pool, { pools, nodes }: World): boolean {
  return nodes.has(ip) || [...pools.values()].some((other) => isOlder(other, pool) && lies(ip, other));
}

/** "An address that a stranger uses is given to nobody new." */
function strangersAt(ip: string, { pools }: Pick<World, 'pools'>): { readonly announced: boolean }[] {
  const all = [...pools.values()].flatMap(({ conflicts }) => conflicts);
  return all.filter((conflict) => conflict.ip === ip && conflict.node === undefined);
}

/** "Found before the first announcement, and not asked for: another one comes in its place." */
export function isToBeReplaced(ip: string, service: Service, world: Pick<World, 'pools'>): boolean {
  const strangers = strangersAt(ip, world);
  const isSticky = strangers.length === 0 || strangers.some(({ announced }) => announced);
  return !isSticky && isAskedFor(ip, service) !== true;
}

export function rests(ip: string, pool: Pool, service: Service, { freed, now }: World): boolean {
  const last = freed.get(ip);
  if (last === undefined || last.service === service.key) return false;
  return last.at + pool.reuseAfterSeconds * 1_000 > now;
}

/** The families that a Service is to have addresses of (KEP-563). */
export function familiesOf({ familyPolicy, families }: Service): readonly Family[] {
  return familyPolicy === 'SingleStack' ? families.slice(0, 1) : families;
}

/** Whether a Service asks for this address by itself: undefined if it asks for none of the family. */
function isAskedFor(ip: string, { wantedIPs }: Service): boolean | undefined {
  const ofFamily = wantedIPs.filter((wanted) => parseAddress(wanted)?.family === familyOf(ip));
  return ofFamily.length === 0 ? undefined : ofFamily.includes(ip);
}

/** Whether the Service's own annotations allow it to have the address. */
export function fitsOwnWishes(service: Service, { pool, ip }: Candidate): boolean {
  if (!familiesOf(service).includes(familyOf(ip))) return false;
  if (service.wantedPools.length > 0 && !service.wantedPools.includes(pool)) return false;
  const asked = isAskedFor(ip, service);
  return asked ?? (service.wantedIPs.length === 0 || service.families.length > 1);
}

/** Whether a pool gives the address at all, and not only to the Service that had it last. */
function isOpen(ip: string, pool: Pool, service: Service, world: World): boolean {
  if (pool.disabled || pool.deleting || !lies(ip, pool)) return false;
  if (belongsToAnother(ip, pool, world) || isSubnetsOwn(ip, pool)) return false;
  if (strangersAt(ip, world).length > 0) return false;
  return !rests(ip, pool, service, world) || world.freed.get(ip)?.isForgotten === true;
}

/** Whether the Service means this pool, or need not say that it does. */
function isMeant(ip: string, pool: Pool, service: Service): boolean {
  if (isAskedFor(ip, service) === true || service.recorded.some((record) => record.ip === ip)) return true;
  if (pool.avoidBuggyIPs && /\.(0|255)$/.test(ip)) return false;
  return service.wantedPools.includes(pool.name) || isBound(pool) || pool.isDefault;
}

/** Whether the rules give the address to the Service, as long as nobody has it. */
export function mayGive(service: Service, { pool: name, ip }: Candidate, world: World): boolean {
  const pool = world.pools.get(name);
  if (pool === undefined || !isOpen(ip, pool, service, world)) return false;
  if (!fitsOwnWishes(service, { pool: name, ip }) || !letsIn(pool, service, world)) return false;
  return isMeant(ip, pool, service);
}

/** Whether some pool says that a Service that was found with the address may have got it: what it is believed by, right or wrong. */
export function mayHaveGot(service: Service, ip: string, world: World): boolean {
  const having = [...world.pools.values()].filter((pool) => lies(ip, pool) || lies(ip, { ranges: pool.heldRanges }));
  // Where there is none it is not announced, and judged by the pool that has it later.
  if (having.length === 0) return true;
  return having.some((pool) => {
    if (!lies(ip, pool) || belongsToAnother(ip, pool, world) || isSubnetsOwn(ip, pool)) return false;
    const isAskedOr = isAskedFor(ip, service) === true || !pool.avoidBuggyIPs || !/\.(0|255)$/.test(ip);
    const isSelected = hasLabels(pool.serviceSelector?.matchLabels, service.labels);
    return isAskedOr && isSelected && (pool.heldNamespaces.includes(service.namespace) || letsIn(pool, service, world));
  });
}

export function holdersOf(ip: string, { services }: World): Service[] {
  return [...services.values()].filter(({ claims, recorded }) => claims && recorded.some((record) => record.ip === ip));
}

function mayRest({ pool: name, ip }: Candidate, service: Service, world: World): boolean {
  const pool = world.pools.get(name);
  return pool !== undefined && rests(ip, pool, service, world);
}

/** All that the rules would give to a Service now. */
export function available(service: Service, ips: readonly string[], world: World): Candidate[] {
  const all = [...world.pools.keys()].flatMap((pool) => ips.map((ip) => ({ pool, ip })));
  return all.filter(
    (candidate) =>
      mayGive(service, candidate, world) &&
      !mayRest(candidate, service, world) &&
      holdersOf(candidate.ip, world).every((other) => other.key === service.key || mayShare(service, other)),
  );
}

/** Families of which a Service has no address that it wants and can be reached at. */
export function missingFamilies(service: Service, world: Pick<World, 'pools'>): Family[] {
  const wanted = service.claims ? service.recorded.filter((record) => fitsOwnWishes(service, record)) : [];
  const fitting = wanted.filter(({ ip }) => !isToBeReplaced(ip, service, world));
  return familiesOf(service).filter((family) => !fitting.some(({ ip }) => familyOf(ip) === family));
}

export function isOurs(service: Service): boolean {
  return service.isLoadBalancer && !service.deleting && service.loadBalancerClass !== 'example.com/other';
}

export function isWaiting(service: Service, world: World): boolean {
  return isOurs(service) && service.hasCondition && missingFamilies(service, world).length > 0;
}

/** Whether some pool would give it an address of the family if nobody had it, no Service, node or stranger. */
function someDay(service: Service, family: Family, ips: readonly string[], world: World): boolean {
  const pools = new Map([...world.pools].map(([name, pool]) => [name, { ...pool, conflicts: [] }]));
  const later = { ...world, pools, nodes: new Set<string>(), now: Infinity };
  const ofFamily = ips.filter((ip) => familyOf(ip) === family);
  return [...world.pools.keys()].some((pool) => ofFamily.some((ip) => mayGive(service, { pool, ip }, later)));
}

/** A Service that needs addresses of both families, and lacks one that can't be had now but some day. */
export interface Halfway {
  readonly service: Service;
  /** What it could have at once of the other one, and nobody has: one of these may be held back for it. */
  readonly open: readonly Candidate[];
}

/** All of these, oldest first. */
export function halfways(ips: readonly string[], world: World): Halfway[] {
  const all = [...world.services.values()].filter((service) => {
    return service.familyPolicy === 'RequireDualStack' && isWaiting(service, world);
  });
  const found: Halfway[] = [];
  for (const service of all.sort((a, b) => (isOlderService(a, b) ? -1 : 1))) {
    const missing = missingFamilies(service, world);
    const possible = possibleFamilies(service, missing, { ips, world, waiting: found });
    const lacking = missing.filter((family) => !possible.includes(family));
    if (lacking.length === 0 || !lacking.every((family) => someDay(service, family, ips, world))) continue;
    // A family of which all may be held back for older ones is none that it has for sure, nor one that it surely lacks.
    const open = available(service, ips, world).filter(({ ip }) => {
      return missing.includes(familyOf(ip)) && lacking.some((family) => family !== familyOf(ip));
    });
    found.push({ service, open: open.filter(({ ip }) => holdersOf(ip, world).length === 0) });
  }
  return found;
}

export interface Situation {
  readonly ips: readonly string[];
  readonly world: World;
  readonly waiting: readonly Halfway[];
}

export function situation(ips: readonly string[], world: World): Situation {
  return { ips, world, waiting: halfways(ips, world) };
}

function possibleFamilies(service: Service, missing: readonly Family[], { ips, world, waiting }: Situation): Family[] {
  const open = available(service, ips, world);
  return missing.filter((family) => {
    const ofFamily = open.filter(({ ip }) => familyOf(ip) === family);
    return ofFamily.length > 0 && !mayBeHeldBack(service, ofFamily, { world, waiting });
  });
}

/** "Of a family of a pool one address is held back, for the oldest that needs both and finds one." */
export function mayBeHeldBack(
  service: Service,
  open: readonly Candidate[],
  { world, waiting }: Omit<Situation, 'ips'>,
): boolean {
  const older = waiting.filter((other) => isOlderService(other.service, service));
  const pools = new Set(open.map(({ pool }) => pool));
  const mayKeep = (keeper: Halfway, candidate: Candidate): boolean =>
    keeper.open.some(({ ip }) => ip === candidate.ip) &&
    !(isMeantFor(service, candidate.ip, world) && couldKeepAnother(keeper, candidate, world));
  return pools.size === open.length && eachHasOne(open, older, mayKeep);
}

function eachHasOne(
  [first, ...rest]: readonly Candidate[],
  waiting: readonly Halfway[],
  mayKeep: (keeper: Halfway, candidate: Candidate) => boolean,
): boolean {
  if (first === undefined) return true;
  const others = (keeper: Halfway): readonly Halfway[] => waiting.filter((other) => other !== keeper);
  return waiting.some((keeper) => mayKeep(keeper, first) && eachHasOne(rest, others(keeper), mayKeep));
}

/** "Who asks for an address, or had it before": no other one would do. */
function isMeantFor(service: Service, ip: string, { freed }: World): boolean {
  const isRecorded = service.recorded.some((record) => record.ip === ip);
  return isAskedFor(ip, service) === true || isRecorded || freed.get(ip)?.service === service.key;
}

/** "What is held back and could as well be another free address of the pool gives way to who means that very one." */
function couldKeepAnother({ service, open }: Halfway, { ip, pool }: Candidate, world: World): boolean {
  const isAnother = (other: Candidate): boolean =>
    other.pool === pool && other.ip !== ip && familyOf(other.ip) === familyOf(ip);
  return !isMeantFor(service, ip, world) && open.some(isAnother);
}

/** Whether more of what it misses would be given to a Service now, by what its family policy asks for. */
export function couldHaveMore(service: Service, now: Situation): boolean {
  if (service.wantedIPs.some((ip) => parseAddress(ip) === undefined)) return false;
  const missing = missingFamilies(service, now.world);
  const possible = possibleFamilies(service, missing, now);
  // Require takes both at once, or, where it has one, the other.
  return service.familyPolicy === 'RequireDualStack'
    ? missing.length > 0 && possible.length === missing.length
    : possible.length > 0;
}
