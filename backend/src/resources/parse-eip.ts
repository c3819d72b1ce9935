import type { z } from 'zod';
import { canonicalAddress, formatAddress, parseAddress, parseRange, rangesOverlap } from '../domain/address.ts';
import type { AddressRange } from '../domain/address.ts';
import {
  MAX_ALL_CONFLICTS,
  MAX_HELD_NAMESPACES,
  type Conflict,
  type PeerOverride,
  type Pool,
  type PoolBgp,
  type PoolRange,
} from '../domain/pool.ts';
import { subtract } from '../domain/ranges.ts';
import { eipSpec, MAX_HELD_RANGES, MAX_RANGE, poolBgp, WELL_KNOWN_COMMUNITIES } from './eip.ts';
import type { EipSpec } from './eip.ts';
import { eraValue } from './keys.ts';
import { identityOf, meaningless, parseSpec, toSelector } from './parse.ts';
import type { Notice, Parse, StoredObject } from './parse.ts';
import { unusableIn } from './unusable-ranges.ts';

/** The ranges as written, each with the path of its field. */
function written(spec: EipSpec): { field: string; text: string }[] {
  if (spec.address !== undefined) return [{ field: 'spec.address', text: spec.address }];
  return (spec.addresses ?? []).map((text, index) => ({ field: `spec.addresses[${index}]`, text }));
}

interface Ranges {
  readonly ranges: readonly PoolRange[];
  readonly problems: readonly Notice[];
  readonly warnings: readonly Notice[];
}

/** OpenELB takes 10.0.0.5/24 for all of 10.0.0.0/24, and so do we, but few authors mean that. */
function hostBits(field: string, text: string, range: AddressRange): Notice[] {
  const [base = '', prefix] = text.split('/');
  if (prefix === undefined || parseAddress(base)?.value === range.first) return [];
  const first = formatAddress({ family: range.family, value: range.first });
  return [{ field, message: `"${text}" means all of ${first}/${prefix}` }];
}

/** What keeps a range out of a pool that has `others` already. */
function unfit(field: string, text: string, range: AddressRange, others: readonly AddressRange[]): Notice[] {
  const unusable = unusableIn(range);
  const message = `"${text}" includes addresses that no Service can have: ${unusable.join(', ')}; give ranges without them`;
  const overlaps = others.some((other) => rangesOverlap(other, range));
  return [
    ...(unusable.length > 0 ? [{ field, message }] : []),
    ...(overlaps ? [{ field, message: `"${text}" overlaps another entry of this pool` }] : []),
  ];
}

function readRanges(spec: EipSpec): Ranges {
  const ranges: PoolRange[] = [];
  const problems: Notice[] = [];
  const warnings: Notice[] = [];
  for (const { field, text } of written(spec)) {
    const parsed = parseRange(text);
    if (!parsed.ok) {
      problems.push({ field, message: parsed.message });
      continue;
    }
    problems.push(...unfit(field, text, parsed.value, ranges));
    ranges.push({ ...parsed.value, isPrefix: text.includes('/') });
    warnings.push(...hostBits(field, text, parsed.value));
  }
  return { ranges, problems, warnings };
}

type PoolSpec = NonNullable<EipSpec['bgp']>;
type Override = NonNullable<PoolSpec['overrides']>[number];

function byNumber(communities: readonly string[]): string[] {
  return communities.map((community) => WELL_KNOWN_COMMUNITIES[community] ?? community);
}

function readOverride(override: Override): PeerOverride {
  const { peerSelector, communities, largeCommunities, localPref, med } = override;
  const numbers = communities === undefined ? undefined : byNumber(communities);
  return { peerSelector: toSelector(peerSelector), communities: numbers, largeCommunities, localPref, med };
}

function readBgp({ communities = [], largeCommunities = [], localPref, med = 0, ...peers }: PoolSpec): PoolBgp {
  const { peerSelector, overrides = [] } = peers;
  return {
    communities: byNumber(communities),
    largeCommunities,
    localPref,
    med,
    peerSelector: toSelector(peerSelector),
    overrides: overrides.map(readOverride),
  };
}

function ignoredFields(spec: EipSpec): string[] {
  const { usingKnownIPs } = spec;
  const otherMode = spec.protocol === 'bgp' ? { interface: spec.interface } : { bgp: spec.bgp };
  return meaningless('spec', { ...otherMode, usingKnownIPs });
}

/** The spec, or as much of it as can be read. */
type Attributes = { readonly [Key in keyof EipSpec]?: EipSpec[Key] | undefined };

type Choice = Pick<Pool, 'priority' | 'namespaces' | 'namespaceSelector' | 'serviceSelector' | 'nodeSelector'>;

function readChoice(spec: Attributes): Choice {
  const pairs = spec.namespaceSelector ?? {};
  return {
    priority: spec.priority ?? 0,
    namespaces: spec.namespaces ?? [],
    namespaceSelector: Object.keys(pairs).length > 0 ? pairs : undefined,
    serviceSelector: toSelector(spec.serviceSelector),
    nodeSelector: toSelector(spec.nodeSelector),
  };
}

function member(object: unknown, name: string): unknown {
  return typeof object === 'object' && object !== null ? Reflect.get(object, name) : undefined;
}

/** A list of a status, which may be anything: OpenELB wrote some of it, and people can. */
function list(status: unknown, name: string, max: number): unknown[] {
  const found = member(status, name);
  return Array.isArray(found) ? found.slice(0, max) : [];
}

function texts(status: unknown, name: string, max: number): string[] {
  return list(status, name, max).filter((item): item is string => typeof item === 'string' && item.length <= MAX_RANGE);
}

function toConflict(entry: unknown): Conflict[] {
  const [ip, mac, node] = ['ip', 'mac', 'node'].map((name) => member(entry, name));
  const canonical = typeof ip === 'string' ? canonicalAddress(ip) : undefined;
  if (canonical === undefined || typeof mac !== 'string') return [];
  // Whatever doesn't say that it was before the first announcement moves nobody.
  const announced = member(entry, 'announced') !== false;
  return [{ ip: canonical, mac, node: typeof node === 'string' && node !== '' ? node : undefined, announced }];
}

/** Each once and in one order: who has heard it, and when, decides nothing. */
function readConflicts(status: unknown): Conflict[] {
  const all = list(status, 'conflicts', MAX_ALL_CONFLICTS).flatMap(toConflict);
  const byText = new Map(all.map((conflict) => [JSON.stringify(Object.values(conflict)), conflict]));
  return [...byText].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, conflict]) => conflict);
}

type Held = Pick<Pool, 'heldRanges' | 'heldNamespaces' | 'conflicts'>;

/** What is held, in the leader's words, and what replicas have heard. What doesn't read is left out: no status is a reason to refuse a pool. */
function readHeld({ status }: StoredObject): Held {
  const ranges = texts(status, 'addresses', MAX_HELD_RANGES).map(parseRange);
  return {
    heldRanges: ranges.flatMap((range) => (range.ok ? [range.value] : [])),
    heldNamespaces: texts(status, 'namespaces', MAX_HELD_NAMESPACES),
    conflicts: readConflicts(status),
  };
}

const VIP: Notice = { field: 'spec.protocol', message: 'vip (VRRP) is not offered; the pool is served as layer2' };

function toPool(object: StoredObject, spec: Attributes, ranges: readonly PoolRange[]): Pool {
  return {
    ...identityOf(object),
    protocol: (spec.protocol ?? 'bgp') === 'bgp' ? 'bgp' : 'layer2',
    ranges,
    ...readHeld(object),
    interface: spec.interface ?? '',
    disabled: spec.disable ?? false,
    ...readChoice(spec),
    isDefault: eraValue(object.metadata?.annotations, 'defaultPool') === 'true',
    avoidBuggyIPs: spec.avoidBuggyIPs ?? false,
    reuseAfterSeconds: spec.reuseAfterSeconds ?? 0,
    bgp: readBgp(spec.bgp ?? {}),
  };
}

/**
 * A pool from a stored Eip. Refused: what the schema refuses, reversed IPv6 ranges, entries that overlap each other or include addresses
 * that no Service can have.
 */
export function parseEip(object: StoredObject): Parse<Pool> {
  const parsed = parseSpec(eipSpec, object);
  if (!parsed.ok) return parsed;
  const { spec } = parsed;
  const { ranges, problems, warnings } = readRanges(spec);
  if (problems.length > 0) return { ok: false, problems };
  const value = toPool(object, spec, ranges);
  const remarks = {
    ignoredFields: ignoredFields(spec),
    warnings: spec.protocol === 'vip' ? [VIP, ...warnings] : warnings,
  };
  return { ok: true, value, ...remarks };
}

/** The last good pool, with all of the object that its unreadable spec has no say in: whether it is being deleted, and what is held. */
export function withStanding(pool: Pool, object: StoredObject): Pool {
  return { ...pool, ...identityOf(object), ...readHeld(object) };
}

/** The fields of an object that can be read each on its own. */
function readable(shape: Readonly<Record<string, z.ZodType>>, given: unknown): Readonly<Record<string, unknown>> {
  const read = Object.entries(shape).map(([name, schema]) => [name, schema.safeParse(member(given, name))] as const);
  return Object.fromEntries(read.flatMap(([name, { success, data }]) => (success ? [[name, data]] : [])));
}

/** Each address once: where the status had no room for every range, one may cover others. */
function apart(ranges: readonly AddressRange[]): PoolRange[] {
  return ranges.flatMap((range, i) =>
    subtract(range, ranges.slice(0, i)).map((part) => ({ ...part, isPrefix: false })),
  );
}

/**
 * What stands in for an Eip that can't be read where nobody remembers how it was: it has what its status says that Services may hold,
 * and gives nothing new. It is announced by what of the spec can be read. Undefined if the status says nothing: then it never was in
 * force.
 */
export function standIn(object: StoredObject): Pool | undefined {
  const ranges = apart(readHeld(object).heldRanges);
  if (ranges.length === 0) return undefined;
  const bgp = readable(poolBgp.shape, member(object.spec, 'bgp'));
  const spec: Attributes = { ...readable(eipSpec.shape, object.spec), bgp };
  return { ...toPool(object, spec, ranges), disabled: true };
}
