import { inListOrder } from '../allocate/inheritance.ts';
import type { Release } from '../allocate/released.ts';
import { formatAddress, parseAddress, rangeContains, type AddressRange } from '../domain/address.ts';
import {
  allowsNamespace,
  holds,
  MAX_EXCEPTIONS,
  MAX_HELD_NAMESPACES,
  MAX_RELEASED,
  MAX_SHARERS,
  type Pool,
} from '../domain/pool.ts';
import { cover, formatRange, size } from '../domain/ranges.ts';
import type { Labels } from '../domain/selector.ts';
import type { Service } from '../domain/service.ts';
import { MAX_HELD_RANGES, type EipStatus } from '../resources/eip.ts';
import { holderDigest, holdersText } from '../resources/holders.ts';
import { configurationCondition, type Closed, type Configuration } from './configuration.ts';
import type { NewCondition } from './conditions.ts';

/** The most entries of `status.used`, exceptions apart: the object must stay small; the REST API has all of them. */
export const MAX_USED = 128;
/**
 * The same where an edit of a Service alone, which no leader may be there to see, can make an exception of what it holds. A list that is
 * longer is one of exceptions that may omit some, and then only ranges and namespaces count.
 */
export const MAX_USED_BY_LABELS = MAX_EXCEPTIONS - 1;
/** The most Services that a message names. */
const MAX_NAMED = 5;

type Holders = ReadonlyMap<string, Iterable<string>>;

/** What is given of a pool, by the leader's ledger. */
export interface PoolUse {
  /** Canonical address -> keys of the Services that hold it. */
  readonly held: Holders;
  /** Namespaces of these Services, each once, in no particular order. */
  readonly heldBy: Iterable<string>;
  /** Youngest first. */
  readonly released: readonly Release[];
  /** Those of `held` that the pool, by its rules as they are now, would not give to who holds them. */
  readonly exceptions: ReadonlySet<string>;
  /** No address of it can be given. */
  readonly isFull: boolean;
  /** Labels of the namespaces of the cluster. */
  readonly namespaces: ReadonlyMap<string, Labels>;
  /** All Services of the cluster, by key. */
  readonly services: ReadonlyMap<string, Pick<Service, 'uid' | 'labels'>>;
}

/** The part of `Eip.status` that allocating decides. */
export type EipUsage = {
  readonly [Key in keyof Omit<EipStatus, 'conditions' | 'conflicts'>]-?: NonNullable<EipStatus[Key]>;
};

/** JSON numbers are exact up to 2^53 - 1; an IPv6 /64 has more addresses. */
function bounded(value: bigint): number {
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(value);
}

function ends(ranges: readonly AddressRange[]): { firstIP: string; lastIP: string } {
  const first = ranges[0];
  const last = ranges.at(-1);
  return {
    firstIP: first === undefined ? '' : formatAddress({ family: first.family, value: first.first }),
    lastIP: last === undefined ? '' : formatAddress({ family: last.family, value: last.last }),
  };
}

/** The first of some texts, `without` these; sorted anew now and then only, as there may be tens of thousands. */
function lowest(texts: Iterable<string>, without: ReadonlySet<string>, max: number): string[] {
  if (max <= 0) return [];
  let kept: string[] = [];
  let limit: string | undefined;
  for (const text of texts) {
    if ((limit !== undefined && text > limit) || without.has(text)) continue;
    kept.push(text);
    if (kept.length < 2 * max) continue;
    kept = kept.sort().slice(0, max);
    limit = kept.at(-1);
  }
  return kept.sort().slice(0, max);
}

/** Those that a pool with `avoidBuggyIPs` gives to who asks for them only, and would not give him any more when he has ceased to ask. */
function buggyOf(pool: Pool, ips: Iterable<string>): string[] {
  // By text: tens of thousands would have to be parsed.
  return pool.avoidBuggyIPs ? [...ips].filter((ip) => /\.(0|255)$/.test(ip)) : [];
}

/**
 * The exceptions first: of these alone a successor can't tell by the rules that the holding is true. Then those that become exceptions
 * when somebody edits the Service while nobody leads.
 */
function usedEntries(pool: Pool, { held, exceptions, services }: PoolUse): Record<string, string> {
  const named = [...exceptions].sort().slice(0, MAX_EXCEPTIONS);
  named.push(...lowest(buggyOf(pool, held.keys()), exceptions, MAX_USED_BY_LABELS - named.length));
  const max = pool.serviceSelector === undefined ? MAX_USED : MAX_USED_BY_LABELS;
  const others = lowest(held.keys(), new Set([...exceptions, ...named]), max - named.length);
  const first = [...named, ...others].sort();
  const users = (ip: string): string[] => inListOrder(held.get(ip) ?? [], pool.serviceSelector, services);
  return Object.fromEntries(first.map((ip) => [ip, users(ip).slice(0, MAX_SHARERS).join(';')]));
}

/** All holdings, whoever is named: those first, should there be too many, of which the rules don't say that they are true. */
function holders({ held, exceptions, services }: PoolUse): string {
  const digestsOf = (some: Iterable<string>): string[] =>
    [...some].flatMap((ip) =>
      [...(held.get(ip) ?? [])].flatMap((key) => {
        const uid = services.get(key)?.uid;
        return uid === undefined ? [] : holderDigest(ip, uid);
      }),
    );
  return holdersText(digestsOf(exceptions), digestsOf([...held.keys()].filter((ip) => !exceptions.has(ip))));
}

/**
 * `status.addresses`: all that Services may hold of the pool. What is held outside of the spec comes from the ledger and not from
 * the list as it stood, so that an earlier range stays for as long as it is in use, and no longer. `held`: with these at least.
 */
export function heldRanges(pool: Pool, held: Iterable<string>): string[] {
  const addresses = [...held].flatMap((ip) => parseAddress(ip) ?? []);
  // What the pool never had is in no Eip's word: a forged status must not become one.
  const outside = addresses.filter(
    (address) => holds(pool, address) && !pool.ranges.some((range) => rangeContains(range, address)),
  );
  return [...pool.ranges, ...cover(outside, MAX_HELD_RANGES - pool.ranges.length)].map(formatRange);
}

/** `status.namespaces`: those whose Services keep what they hold when the pool shuts them out; `namespaces`: labels of all in the cluster. */
export function heldNamespaces(
  pool: Pool,
  found: ReadonlySet<string>,
  namespaces: ReadonlyMap<string, Labels>,
): string[] {
  const all = [...found].sort();
  if (all.length <= MAX_HELD_NAMESPACES) return all;
  // The pool lets the others in by itself.
  const shutOut = all.filter((namespace) => !allowsNamespace(pool, namespace, namespaces.get(namespace)));
  return [...new Set([...shutOut, ...all])].slice(0, MAX_HELD_NAMESPACES).sort();
}

export function eipUsage(pool: Pool, use: PoolUse, isRead: boolean): EipUsage {
  const { held, heldBy, exceptions, released, isFull, namespaces } = use;
  return {
    poolSize: bounded(size(pool.ranges)),
    usage: held.size,
    occupied: isFull,
    ...ends(pool.ranges),
    v4: pool.ranges.some(({ family }) => family === 'ipv4'),
    ready: isRead && !pool.disabled && !pool.deleting,
    used: usedEntries(pool, use),
    holders: holders(use),
    released: released
      .slice(0, MAX_RELEASED)
      .map(({ ip, service, at }) => ({ ip, service, time: new Date(at).toISOString() })),
    addresses: heldRanges(pool, exceptions),
    namespaces: heldNamespaces(pool, new Set(heldBy), namespaces),
  };
}

/** What the leader knows of an Eip beside its configuration. */
export interface EipCircumstances {
  /** Undefined as long as the object could not be read once. */
  readonly pool: Pool | undefined;
  readonly deleting: boolean;
  readonly held: Holders;
}

function deleted(held: Holders): Closed {
  const reason = 'PoolDeleting';
  const users = [...new Set([...held.values()].flatMap((services) => [...services]))].sort();
  if (users.length === 0) return { reason, message: 'Is being deleted and gives no new addresses.' };
  const named = users.slice(0, MAX_NAMED).join(', ');
  const more = users.length > MAX_NAMED ? ` and ${users.length - MAX_NAMED} more` : '';
  return {
    reason,
    message:
      `Is being deleted; waits until these Services have let go of their addresses: ${named}${more}. ` +
      'It gives no new ones. Delete the Services, or name another Eip for them.',
  };
}

const DISABLED: Closed = {
  reason: 'PoolDisabled',
  message: 'Is disabled and gives no new addresses; those that are held stay.',
};

function closedBy({ pool, deleting, held }: EipCircumstances): Closed | undefined {
  if (deleting) return deleted(held);
  return pool?.disabled === true ? DISABLED : undefined;
}

/** `Ready` of an Eip: whether it gives addresses, and if not, why. */
export function eipReady(configuration: Configuration, circumstances: EipCircumstances): NewCondition {
  // That what stands in for a pool gives nothing new is no doing of `disable`.
  const closed = configuration.standsIn === true && !circumstances.deleting ? undefined : closedBy(circumstances);
  return configurationCondition(configuration, closed);
}
