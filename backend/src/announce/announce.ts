import { hostPrefix, parseAddress, type Address, type Family } from '../domain/address.ts';
import { isReachedAt, type Node, type NodeAddress } from '../domain/node.ts';
import { poolOf, type Pool } from '../domain/pool.ts';
import { finding, type Finding, type Reason } from '../domain/reason.ts';
import { selects, type Labels } from '../domain/selector.ts';
import { NO_ENDPOINTS } from '../domain/service.ts';
import { drainedBecause, GRACEFUL_SHUTDOWN, MED_DRAINING, sparing, type AbleNode, type Candidates } from './drain.ts';
import { ableNode, ineligible, probesTell, type NodeQuestion } from './eligible.ts';
import { groupHolders, joinEndpoints } from './holders.ts';
import { isFor } from './hearing.ts';
import { nextHop } from './next-hop.ts';
import { pathIds } from './path-id.ts';
import { rankBy } from './rendezvous.ts';
import type { HoldingService, PeerTarget, Snapshot } from './snapshot.ts';

/** An address that the network should deliver, and the nodes that may take it, most preferred first. */
export interface Announcement {
  readonly address: Address;
  readonly pool: Pool;
  readonly nodes: readonly Node[];
  /** Names of `nodes` in no order of preference, thus the same list for all addresses that were found alike. */
  readonly takers: readonly string[];
  /** Nodes that still take it and that nobody should choose any more, in the same order. */
  readonly draining: readonly Node[];
}

/** The answer for one address. */
export interface Decision {
  /** Keys of the Services that it is announced for, or would be but for `finding`, oldest first: several where they share it. */
  readonly services: readonly string[];
  /** Keys of the Services that hold it too and may not share it, oldest first: `HeldByOlderService`. */
  readonly younger: readonly string[];
  /** Those of `services` that share the address and have no endpoint of its family; not given: none. */
  readonly idle?: readonly string[];
  /** `Announced`, or why not. */
  readonly finding: Finding;
  /** Undefined if it is not announced. */
  readonly announcement: Announcement | undefined;
  /** Why each of the other nodes is left out. */
  readonly leftOut: readonly Finding[];
}

type Verdict = Pick<Decision, 'finding' | 'announcement' | 'leftOut'>;

function withheld(finding: Finding, leftOut: readonly Finding[] = []): Verdict {
  return { finding, announcement: undefined, leftOut };
}

interface Found extends Candidates {
  /** Names of the chosen. */
  readonly takers: readonly string[];
  readonly leftOut: readonly Finding[];
}

/** What was found for other addresses of the same pool while a snapshot is as it is: with `Cluster` all of a family have the same nodes. */
export type Alike = Map<string, Found>;

function nodesFor(rest: Omit<NodeQuestion, 'node' | 'health'>, snapshot: Snapshot, alike: Alike): Found {
  if (rest.trafficPolicy !== 'Cluster') return eligibleNodes(rest, snapshot);
  const key = `${rest.family} ${rest.pool.name}`;
  const found = alike.get(key) ?? eligibleNodes(rest, snapshot);
  alike.set(key, found);
  return found;
}

function eligibleNodes(rest: Omit<NodeQuestion, 'node' | 'health'>, snapshot: Snapshot): Found {
  const able: AbleNode[] = [];
  const tell = probesTell(snapshot.health);
  const leftOut: Finding[] = [];
  for (const nodes of [snapshot.nodes, snapshot.gone]) {
    for (const node of nodes.values()) {
      // One that has come back counts as it is now, and once.
      if (nodes === snapshot.gone && snapshot.nodes.has(node.name)) continue;
      const health = snapshot.health.get(node.name) ?? 'unknown';
      const question = { ...rest, node, health };
      const found = ineligible(question);
      if (found === undefined) able.push(ableNode(question, tell));
      else leftOut.push(found);
    }
  }
  const candidates = sparing(able, snapshot.drains);
  const takers = candidates.chosen.map(({ name }) => name);
  return { ...candidates, takers, leftOut: [...leftOut, ...candidates.drained.map(drainedBecause)] };
}

/** What an operator should look at first where every node is left out. */
function nobodyBecause(leftOut: readonly Finding[]): Reason {
  if (leftOut.length > 0 && leftOut.every(({ reason }) => reason === 'NodeExcluded')) return 'AllNodesExcluded';
  // It is the last of the checks: but for its Pods such a node would do.
  return leftOut.some(({ reason }) => reason === 'NoLocalEndpoint') ? 'NoLocalEndpoints' : 'NoEligibleNode';
}

function ranked(ip: string, nodes: readonly Node[]): Node[] {
  return rankBy(ip, nodes, ({ name }) => name);
}

/**
 * Whether and through whom an address is announced for the Services that share it. The pool is that of the oldest; who shares agrees
 * on the traffic policy.
 */
function judge(ip: string, group: readonly HoldingService[], snapshot: Snapshot, alike: Alike): Verdict {
  const [oldest] = group;
  const address = parseAddress(ip);
  if (oldest === undefined || address === undefined) return withheld(finding('NoAddress', { ip }));
  const pool = poolOf(oldest.assignments.find((held) => held.ip === ip) ?? { pool: '', ip }, snapshot.pools);
  if (pool === undefined) return withheld(finding('NotInRecordedPool', { ip }));
  const { protocol } = pool;
  if (!snapshot.protocols.has(protocol)) {
    return withheld(finding('ProtocolNotSupported', { ip, pool: pool.name, protocol }));
  }
  const { family } = address;
  const endpoints = joinEndpoints(group.map(({ key }) => (snapshot.endpoints.get(key) ?? NO_ENDPOINTS)[family]));
  if (!endpoints.any) return withheld(finding('NoEndpoints', { ip }));
  const { trafficPolicy } = oldest;
  const { chosen, takers, draining, leftOut } = nodesFor({ pool, family, trafficPolicy, endpoints }, snapshot, alike);
  if (chosen.length === 0) return withheld(finding(nobodyBecause(leftOut), { ip }), leftOut);
  const announcement = { address, pool, nodes: ranked(ip, chosen), takers, draining: ranked(ip, draining) };
  return { finding: finding('Announced', { ip }), announcement, leftOut };
}

function idleOf(ip: string, group: readonly HoldingService[], { endpoints }: Snapshot): string[] {
  const family = parseAddress(ip)?.family;
  if (group.length < 2 || family === undefined) return [];
  return group.map(({ key }) => key).filter((key) => !(endpoints.get(key) ?? NO_ENDPOINTS)[family].any);
}

/**
 * Decides for one address, from the current snapshot alone, whether it is announced, for whom and through which nodes.
 *
 * @param ip canonical text of the address
 * @param holders the Services whose record names it, in any order
 * @param alike the same for all addresses that are decided from a snapshot as it is, for what they share to be found once
 */
export function decide(
  ip: string,
  holders: readonly HoldingService[],
  snapshot: Snapshot,
  alike: Alike = new Map(),
): Decision {
  const { group, younger } = groupHolders(holders);
  const idle = idleOf(ip, group, snapshot);
  return {
    services: group.map(({ key }) => key),
    younger: younger.map(({ key }) => key),
    ...(idle.length === 0 ? {} : { idle }),
    ...judge(ip, group, snapshot, alike),
  };
}

/** What routers choose by (RFC 4271, 5.1; RFC 1997, RFC 8092). */
export interface PathAttributes {
  readonly med: number;
  readonly localPref?: number;
  readonly communities: readonly string[];
  readonly largeCommunities: readonly string[];
}

export interface BgpPath {
  readonly id: number;
  readonly nextHop: string;
  /** Its own, in the place of the route's. */
  readonly attributes?: PathAttributes;
}

/** One route to one peer, in the shape that the BGP speaker takes. */
export interface BgpRoute extends PathAttributes {
  readonly prefix: string;
  /** Most preferred first: a session without ADD-PATH sends only the first. */
  readonly paths: readonly BgpPath[];
}

/**
 * The distinct next hops of nodes towards a peer that are not `taken`, most preferred first, capped. Two nodes with one address count once, and a node
 * that is the router itself doesn't (RFC 4271 section 5.1.3: no address of the peer's).
 */
function nextHops(
  nodes: readonly Node[],
  family: Family,
  { address, subnets }: PeerTarget,
  { cap, taken = [] }: { readonly cap: number; readonly taken?: readonly NodeAddress[] },
): NodeAddress[] {
  const hops = new Map(taken.map((hop) => [hop.text, hop]));
  for (const node of nodes) {
    if (hops.size >= cap) break;
    const hop = nextHop(node, family, subnets);
    if (hop !== undefined && !hops.has(hop.text) && !isReachedAt(node, address)) hops.set(hop.text, hop);
  }
  return [...hops.values()].slice(taken.length);
}

/** What a pool's routes have towards a peer with these labels. */
function attributesOf({ bgp }: Pool, labels: Labels, medOffset: number): PathAttributes {
  const override = bgp.overrides.find(({ peerSelector }) => selects(peerSelector, labels));
  const localPref = override?.localPref ?? bgp.localPref;
  return {
    med: (override?.med ?? bgp.med) + medOffset,
    ...(localPref === undefined ? {} : { localPref }),
    communities: override?.communities ?? bgp.communities,
    largeCommunities: override?.largeCommunities ?? bgp.largeCommunities,
  };
}

/** As `attributes`, but for want of any other path only. */
function lastResort(attributes: PathAttributes): PathAttributes {
  const communities = [...new Set([...attributes.communities, GRACEFUL_SHUTDOWN])];
  return { ...attributes, med: attributes.med + MED_DRAINING, communities };
}

/** Those of `nodes` that a peer hears of. */
function audible(nodes: readonly Node[], { onlyNode }: PeerTarget): readonly Node[] {
  return onlyNode === undefined ? nodes : nodes.filter(({ name }) => name === onlyNode);
}

/**
 * The BGP route for an announcement towards one peer, or undefined if the peer is not to hear it (other protocol, family not
 * exchanged, not selected by the pool, and of nodes that take no traffic of it none else). Paths through draining nodes come last and have
 * attributes of their own; where the others fill the peer's number of next hops, there is no room for them.
 *
 * @param medOffset the replica's rank, added to the pool's MED (see `med.ts`)
 */
export function bgpRoute(announcement: Announcement, peer: PeerTarget, medOffset: number): BgpRoute | undefined {
  const { pool, address } = announcement;
  const { family } = address;
  const sendMax = peer.sendMax.get(family);
  if (sendMax === undefined || !isFor(pool, peer.labels)) return undefined;
  const cap = Math.max(1, sendMax);
  const hops = nextHops(audible(announcement.nodes, peer), family, peer, { cap });
  const draining = nextHops(audible(announcement.draining, peer), family, peer, { cap, taken: hops });
  if (hops.length + draining.length === 0) return undefined;
  const ids = pathIds([...hops, ...draining]);
  const attributes = attributesOf(pool, peer.labels, medOffset);
  const path = (hop: NodeAddress): BgpPath => ({ id: ids.get(hop) ?? 0, nextHop: hop.text });
  const last = draining.length === 0 ? attributes : lastResort(attributes);
  const lastPaths = draining.map((hop) => ({ ...path(hop), attributes: last }));
  const paths = [...hops.map(path), ...lastPaths];
  return { prefix: hostPrefix(address), paths, ...(hops.length === 0 ? last : attributes) };
}
