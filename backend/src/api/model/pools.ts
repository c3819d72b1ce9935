import { restsUntil } from '../../allocate/free.ts';
import type { Overlap } from '../../allocate/pool-set.ts';
import type { Eip } from '../../cluster/custom-kinds.ts';
import { formatAddress, parseAddress, type Address } from '../../domain/address.ts';
import type { Pool } from '../../domain/pool.ts';
import { formatRange, size } from '../../domain/ranges.ts';
import type { ConditionAnswer } from '../schemas/condition.ts';
import type { PoolAddress, PoolAnswer, PoolSummary } from '../schemas/pool.ts';
import { conditionFor, visible, type Audience, type Reading } from './audience.ts';
import { conditionOf, conditionsOf, timeOf } from './conditions.ts';
import { peersOf } from './hearers.ts';
import type { ClusterPicture } from './picture.ts';

/** Above it, free addresses are not listed one by one. */
export const MAX_LISTED = 4_096;

function released(object: Eip | undefined): readonly { ip: string; service: string; time: string }[] {
  return object?.status?.released ?? [];
}

export function poolNames(picture: ClusterPicture): string[] {
  return [...picture.view.pools.entries()].map(([name]) => name).sort();
}

function created(object: Eip | undefined): string {
  return object?.metadata?.creationTimestamp ?? timeOf(0);
}

function useOf(name: string, pool: Pool | undefined, picture: ClusterPicture): PoolSummary['use'] {
  return {
    size: (pool === undefined ? 0n : size(pool.ranges)).toString(),
    used: picture.holdersIn(name).size,
    released: released(picture.view.poolObject(name)).length,
    conflicts: (pool?.conflicts ?? []).filter(({ node }) => node === undefined).length,
  };
}

/** Of an object that could never be read. */
const UNREAD = { protocol: null, ranges: [], isDefault: false, disabled: false, priority: 0 };
const UNREAD_DETAILS = {
  ...{ interface: '', namespaces: [], avoidBuggyIPs: false, reuseAfterSeconds: 0 },
  ...{ hasNamespaceSelector: false, hasServiceSelector: false, hasNodeSelector: false },
};

function configured(pool: Pool | undefined): Pick<PoolSummary, keyof typeof UNREAD> {
  if (pool === undefined) return UNREAD;
  const { protocol, ranges, isDefault, disabled, priority } = pool;
  return { protocol, ranges: ranges.map(formatRange), isDefault, disabled, priority };
}

function details(pool: Pool | undefined): Pick<PoolAnswer, keyof typeof UNREAD_DETAILS> {
  if (pool === undefined) return UNREAD_DETAILS;
  const { namespaces, avoidBuggyIPs, reuseAfterSeconds } = pool;
  return {
    ...{ interface: pool.interface, namespaces: [...namespaces], avoidBuggyIPs, reuseAfterSeconds },
    hasNamespaceSelector: Object.keys(pool.namespaceSelector ?? {}).length > 0,
    hasServiceSelector: pool.serviceSelector !== undefined,
    hasNodeSelector: pool.nodeSelector !== undefined,
  };
}

/** Its messages can name the Services of others. */
function readyFor(object: Eip, reading: Reading): ConditionAnswer | null {
  const ready = conditionOf(object.status?.conditions, 'Ready');
  return ready === null ? null : conditionFor(ready, reading);
}

/** Undefined: there is no such Eip. */
export function poolSummary(name: string, picture: ClusterPicture, reading: Reading): PoolSummary | undefined {
  const { view } = picture;
  const object = view.poolObject(name);
  if (object === undefined) return undefined;
  const pool = view.pools.get(name)?.value;
  return {
    name,
    createdAt: created(object),
    ...configured(pool),
    deleting: object.metadata?.deletionTimestamp !== undefined,
    ready: readyFor(object, reading),
    use: useOf(name, pool, picture),
  };
}

function overlapAnswer({ kind, other, part }: Overlap): PoolAnswer['overlaps'][number] {
  const text = (value: bigint): string => formatAddress({ family: part.family, value });
  return { kind, other, first: text(part.first), last: text(part.last) };
}

export function poolAnswer(name: string, picture: ClusterPicture, reading: Reading): PoolAnswer | undefined {
  const summary = poolSummary(name, picture, reading);
  if (summary === undefined) return undefined;
  const pool = picture.view.pools.get(name)?.value;
  return {
    ...summary,
    conditions: conditionsOf(picture.view.poolObject(name)?.status?.conditions).map((condition) =>
      conditionFor(condition, reading),
    ),
    ...details(pool),
    peers: peersOf(pool, picture),
    overlaps: picture.poolSet.overlaps(name).map(overlapAnswer),
  };
}

const NOBODY = { services: [], since: null, restsUntil: null, heldBy: null };

function usedAddresses(name: string, picture: ClusterPicture, audience: Audience): PoolAddress[] {
  return [...picture.holdersIn(name)].map(([ip, holders]) => ({
    ...NOBODY,
    ip,
    state: 'used',
    services: holders.map(({ service }) => visible(service.key, audience)),
    since: holders[0]?.since ?? null,
  }));
}

function freedAddresses(pool: Pool, picture: ClusterPicture, { audience, now }: Reader): PoolAddress[] {
  return released(picture.view.poolObject(pool.name)).map(({ ip, service, time }) => {
    const until = restsUntil({ ip, service, at: Date.parse(time) || 0 }, pool);
    const rests = until > now;
    return {
      ...{ ip, services: [visible(service, audience)], since: time, heldBy: null },
      ...{ state: rests ? 'resting' : 'released', restsUntil: rests ? timeOf(until) : null },
    };
  });
}

function conflicts(pool: Pool): PoolAddress[] {
  const strangers = pool.conflicts.filter(({ node }) => node === undefined);
  return strangers.map(({ ip, mac }) => ({ ...NOBODY, ip, state: 'conflict', heldBy: mac }));
}

function untouched(pool: Pool, picture: ClusterPicture): PoolAddress[] {
  const set = picture.poolSet;
  const all = pool.ranges.flatMap(({ family, first, last }) =>
    Array.from({ length: Number(last - first) + 1 }, (_, i): Address => ({ family, value: first + BigInt(i) })),
  );
  return all.map((address) => ({
    ...NOBODY,
    ip: formatAddress(address),
    state: set.gives(pool, address) ? 'free' : 'reserved',
  }));
}

export interface Reader {
  readonly audience: Audience;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Sorts as numbers do. */
function addressKey(ip: string): string {
  const address = parseAddress(ip);
  return address === undefined ? '' : `${address.family}${address.value.toString(16).padStart(32, '0')}`;
}

export interface AddressList {
  readonly items: readonly PoolAddress[];
  readonly complete: boolean;
}

/**
 * In the order of addresses: the addresses of a pool of which there is something to say, and in a small one all the others too; whoever holds an address matters more
 * than that it is in conflict, and that more than who had it once.
 */
export function poolAddresses(name: string, picture: ClusterPicture, reader: Reader): AddressList {
  const pool = picture.view.pools.get(name)?.value;
  const used = usedAddresses(name, picture, reader.audience);
  if (pool === undefined) return { items: inOrder(used), complete: false };
  const complete = size(pool.ranges) <= BigInt(MAX_LISTED);
  const rest = [conflicts(pool), freedAddresses(pool, picture, reader), complete ? untouched(pool, picture) : []];
  const byAddress = new Map<string, PoolAddress>();
  for (const item of [...used, ...rest.flat()]) if (!byAddress.has(item.ip)) byAddress.set(item.ip, item);
  return { items: inOrder([...byAddress.values()]), complete };
}

function inOrder(addresses: readonly PoolAddress[]): PoolAddress[] {
  const keyed = addresses.map((address) => ({ address, key: addressKey(address.ip) }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ address }) => address);
}
