import { hostPrefix, parseAddress, rangeContains, type Address } from '../domain/address.ts';
import type { Node, NodeAddress } from '../domain/node.ts';
import type { Pool } from '../domain/pool.ts';
import { finding, type Finding } from '../domain/reason.ts';
import { selects } from '../domain/selector.ts';
import { NO_ENDPOINTS } from '../domain/service.ts';
import { ineligible, type NodeQuestion } from './eligible.ts';
import { nextHop } from './next-hop.ts';
import { pathIds } from './path-id.ts';
import { rank } from './rendezvous.ts';
import type { HoldingService, PeerTarget, Snapshot } from './snapshot.ts';

/** An address that the network should deliver, and the nodes that may take it, most preferred first. */
export interface Announcement {
  readonly address: Address;
  readonly service: string;
  readonly pool: Pool;
  readonly nodes: readonly Node[];
}

/** The answer for one address: announce it so, or the reason why not; in both cases why the other nodes are left out. */
export type Decision =
  | { readonly announced: true; readonly announcement: Announcement; readonly leftOut: readonly Finding[] }
  | { readonly announced: false; readonly finding: Finding; readonly leftOut: readonly Finding[] };

function withheld(reason: Finding, leftOut: readonly Finding[] = []): Decision {
  return { announced: false, finding: reason, leftOut };
}

/**
 * Of several holders the oldest is announced for; the others wait until the leader has given them another address. Timestamps have
 * whole seconds: of one age the first by name, as the allocator lets it keep the address.
 */
function oldest(holders: readonly HoldingService[]): HoldingService | undefined {
  return [...holders].sort((a, b) => a.createdAt - b.createdAt || (a.key < b.key ? -1 : 1))[0];
}

/**
 * The pool that the record names, if the address really lies in it: a forged record or status gets nothing announced. Where the
 * record was lost (`kubectl replace` drops annotations), it is the pool that contains the address, until the leader has repaired it.
 */
function recordedPool(service: HoldingService, ip: string, address: Address, snapshot: Snapshot): Pool | undefined {
  const contains = (pool: Pool): boolean => pool.ranges.some((range) => rangeContains(range, address));
  const assignment = service.assignments.find((candidate) => candidate.ip === ip);
  if (assignment?.pool === '') return [...snapshot.pools.values()].find(contains);
  const pool = assignment === undefined ? undefined : snapshot.pools.get(assignment.pool);
  return pool !== undefined && contains(pool) ? pool : undefined;
}

function eligibleNodes(question: Omit<NodeQuestion, 'node' | 'health'>, snapshot: Snapshot): [Node[], Finding[]] {
  const nodes: Node[] = [];
  const leftOut: Finding[] = [];
  for (const node of snapshot.nodes.values()) {
    const health = snapshot.health.get(node.name) ?? 'unknown';
    const found = ineligible({ ...question, node, health });
    if (found === undefined) nodes.push(node);
    else leftOut.push(found);
  }
  return [nodes, leftOut];
}

/**
 * Decides for one address, from the current snapshot alone, whether it is announced and through which nodes.
 *
 * @param ip canonical text of the address
 * @param holders the Services whose record names it
 */
export function decide(ip: string, holders: readonly HoldingService[], snapshot: Snapshot): Decision {
  const service = oldest(holders);
  const address = parseAddress(ip);
  if (service === undefined || address === undefined) return withheld(finding('NoAddress', { ip }));
  const pool = recordedPool(service, ip, address, snapshot);
  if (pool === undefined) return withheld(finding('NotInRecordedPool', { ip, service: service.key }));
  const { family } = address;
  const { trafficPolicy } = service;
  const endpoints = (snapshot.endpoints.get(service.key) ?? NO_ENDPOINTS)[family];
  if (!endpoints.any) return withheld(finding('NoEndpoints', { ip, service: service.key }));
  const [nodes, leftOut] = eligibleNodes({ pool, family, trafficPolicy, endpoints }, snapshot);
  if (nodes.length === 0) return withheld(finding('NoEligibleNode', { ip, service: service.key }), leftOut);
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const ranked = rank(ip, [...byName.keys()]).flatMap((name) => byName.get(name) ?? []);
  return { announced: true, announcement: { address, service: service.key, pool, nodes: ranked }, leftOut };
}

/** One route to one peer, in the shape that the BGP speaker takes. */
export interface BgpRoute {
  readonly prefix: string;
  /** Most preferred first: a session without ADD-PATH sends only the first. */
  readonly paths: readonly { readonly id: number; readonly nextHop: string }[];
  readonly med: number;
  readonly localPref?: number;
  readonly communities: readonly string[];
  readonly largeCommunities: readonly string[];
}

/** The distinct next hops towards a peer, most preferred first, capped. Two nodes with one address count once. */
function nextHops(announcement: Announcement, peer: PeerTarget, cap: number): NodeAddress[] {
  const hops = new Map<string, NodeAddress>();
  for (const node of announcement.nodes) {
    if (hops.size >= cap) break;
    const hop = nextHop(node, announcement.address.family, peer.subnets);
    if (hop !== undefined && !hops.has(hop.text)) hops.set(hop.text, hop);
  }
  return [...hops.values()];
}

/**
 * The BGP route for an announcement towards one peer, or undefined if the peer is not to hear it (other protocol, family not
 * exchanged, not selected by the pool).
 *
 * @param medOffset the replica's rank, added to the pool's MED (see `med.ts`)
 */
export function bgpRoute(announcement: Announcement, peer: PeerTarget, medOffset: number): BgpRoute | undefined {
  const { pool, address } = announcement;
  const sendMax = peer.sendMax.get(address.family);
  if (pool.protocol !== 'bgp' || sendMax === undefined || !selects(pool.bgp.peerSelector, peer.labels))
    return undefined;
  const hops = nextHops(announcement, peer, Math.max(1, sendMax));
  if (hops.length === 0) return undefined;
  const ids = pathIds(hops);
  return {
    prefix: hostPrefix(address),
    paths: hops.map((hop) => ({ id: ids.get(hop) ?? 0, nextHop: hop.text })),
    med: pool.bgp.med + medOffset,
    ...(pool.bgp.localPref === undefined ? {} : { localPref: pool.bgp.localPref }),
    communities: pool.bgp.communities,
    largeCommunities: pool.bgp.largeCommunities,
  };
}
