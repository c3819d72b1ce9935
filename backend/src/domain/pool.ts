import { parseAddress, rangeContains, type Address, type AddressRange } from './address.ts';
import { includesLabels, type LabelSelector, type Labels } from './selector.ts';
import type { Assignment } from './service.ts';

export type Protocol = 'bgp' | 'layer2';

/** BGP path attributes that a pool gives to its routes (RFC 4271, 1997, 8092). */
export interface PoolBgp {
  /** `asn:value`, both 16 bits, or a well-known name. */
  readonly communities: readonly string[];
  /** `global:local1:local2`, 32 bits each. */
  readonly largeCommunities: readonly string[];
  /** LOCAL_PREF towards iBGP peers. */
  readonly localPref: number | undefined;
  /** MULTI_EXIT_DISC before the ranking of replicas is added. */
  readonly med: number;
  /** Which peers hear the routes, by the labels of the BgpPeer; undefined = all. */
  readonly peerSelector: LabelSelector | undefined;
  /** For peers that are to hear other attributes; of several that select a peer the first one holds. */
  readonly overrides: readonly PeerOverride[];
}

/** Attributes towards some peers, each in the place of the pool's; undefined: as the pool's. */
export interface PeerOverride {
  readonly peerSelector: LabelSelector;
  readonly communities: readonly string[] | undefined;
  readonly largeCommunities: readonly string[] | undefined;
  readonly localPref: number | undefined;
  readonly med: number | undefined;
}

/** One entry of the pool's addresses. */
export interface PoolRange extends AddressRange {
  /** Written as a CIDR prefix: its first and last address may be a subnet's own (RFC 919, RFC 4291 section 2.6.1). */
  readonly isPrefix: boolean;
}

/** The most freed addresses that a pool remembers, those that still rest apart. */
export const MAX_RELEASED = 1_000;
/** The most `heldNamespaces`: a full list may not have all. */
export const MAX_HELD_NAMESPACES = 1000;

/**
 * The most addresses of which the status says who keeps them although the pool, by its rules as they are now, would not give them to
 * these Services: a full list may not have all.
 */
export const MAX_EXCEPTIONS = 512;

/** The most Services that the status names per address: a full list may not have all. */
export const MAX_SHARERS = 8;

/** The most entries that a pool has of the conflicts of one replica. */
export const MAX_CONFLICTS = 64;
/** The most that it has of those of all replicas: some 500 octets each with what the API server notes of who wrote them, and etcd takes 1.5 MB. */
export const MAX_ALL_CONFLICTS = 1024;

/** Each replica's share of `MAX_ALL_CONFLICTS`: beyond it the API server would refuse whoever writes last. */
export function conflictsOfOne(replicas: number): number {
  return Math.max(1, Math.min(MAX_CONFLICTS, Math.floor(MAX_ALL_CONFLICTS / replicas)));
}

/** Somebody answers for an address of the pool on a link, as a replica has heard (RFC 5227, RFC 4862 section 5.4). */
export interface Conflict {
  /** Canonical text. */
  readonly ip: string;
  readonly mac: string;
  /** The node of this cluster whose kernel answers; undefined: a stranger, which really uses the address. */
  readonly node: string | undefined;
  /** Whether we announce the address all the same. False: heard when the link was asked before that. */
  readonly announced: boolean;
}

/** An address pool: one Eip object, parsed and valid. */
export interface Pool {
  readonly name: string;
  readonly uid: string;
  /** Milliseconds since the epoch; breaks ties by age. */
  readonly createdAt: number;
  readonly protocol: Protocol;
  /** In the order of the object; they may touch, they don't overlap each other. */
  readonly ranges: readonly PoolRange[];
  /**
   * From the status, so that tenants can't write it: all ranges that Services may hold addresses in, which are those of `ranges` and
   * earlier ones. An edit of the addresses thus withdraws nothing, whoever sees it first.
   */
  readonly heldRanges: readonly AddressRange[];
  /** From the status: namespaces whose Services hold addresses, which they keep when the pool's namespaces are edited. */
  readonly heldNamespaces: readonly string[];
  /** From the status: whoever else uses addresses of it, each once, whichever replicas have heard it. */
  readonly conflicts: readonly Conflict[];
  /** Empty: the interface that owns the subnet. A name, or `can_reach:<IP>`. */
  readonly interface: string;
  /** No new addresses from it; those that are held stay. */
  readonly disabled: boolean;
  /** Lower is preferred. */
  readonly priority: number;
  readonly isDefault: boolean;
  readonly namespaces: readonly string[];
  /** All pairs must match; undefined or empty = not bound by namespace labels. */
  readonly namespaceSelector: Labels | undefined;
  readonly serviceSelector: LabelSelector | undefined;
  /** Which nodes may be next hop or owner. */
  readonly nodeSelector: LabelSelector | undefined;
  /** Skip IPv4 addresses that end in .0 or .255. */
  readonly avoidBuggyIPs: boolean;
  /** How long a freed address rests before somebody else gets it, in seconds. */
  readonly reuseAfterSeconds: number;
  readonly bgp: PoolBgp;
  /** It has a deletion timestamp. */
  readonly deleting: boolean;
}

/** Whether a Service may hold the address from this pool: it lies in it, or did before an edit while somebody held it. */
export function holds(pool: Pool, address: Address): boolean {
  const contains = (range: AddressRange): boolean => rangeContains(range, address);
  return pool.ranges.some(contains) || pool.heldRanges.some(contains);
}

/** The older object comes first; of one age the first by name, as timestamps have whole seconds. */
export function byAge(a: Pool, b: Pool): number {
  return a.createdAt - b.createdAt || (a.name < b.name ? -1 : 1);
}

/**
 * The pool whose attributes apply to an address that a Service holds: the one of its record, if the address lies in it. The record is
 * the tenant's to edit, and a PUT drops it: else it is the oldest pool that has the address.
 */
export function poolOf(assignment: Assignment, pools: ReadonlyMap<string, Pool>): Pool | undefined {
  const address = parseAddress(assignment.ip);
  if (address === undefined) return undefined;
  const recorded = pools.get(assignment.pool);
  if (recorded !== undefined && holds(recorded, address)) return recorded;
  return [...pools.values()].filter((pool) => holds(pool, address)).sort(byAge)[0];
}

/** Whether the pool's `namespaces` and `namespaceSelector` let a namespace in; undefined labels: the namespace is not known. */
export function allowsNamespace(pool: Pool, namespace: string, labels: Labels | undefined): boolean {
  const byLabels = pool.namespaceSelector !== undefined && Object.keys(pool.namespaceSelector).length > 0;
  if (pool.namespaces.length === 0 && !byLabels) return true;
  if (pool.namespaces.includes(namespace)) return true;
  if (!byLabels || labels === undefined) return false;
  return includesLabels(labels, pool.namespaceSelector ?? {});
}
