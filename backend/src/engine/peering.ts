import { isSpokenWith } from '../domain/peer.ts';
import type { PeerTarget } from '../announce/snapshot.ts';
import { parseAddress, parseRange, rangeContains, type AddressRange, type Family } from '../domain/address.ts';
import { isReachedAt, rackOf, type Node } from '../domain/node.ts';
import type { BgpSettings, GracefulRestart, Peer } from '../domain/peer.ts';
import type { PeerConfig } from '../speakers/bgp/speaker.ts';

export { opensFrom as peersOf } from '../announce/hearing.ts';

const FAMILY_NAME: Readonly<Record<Family, 'ipv4-unicast' | 'ipv6-unicast'>> = {
  ipv4: 'ipv4-unicast',
  ipv6: 'ipv6-unicast',
};

/** Where this replica stands: what a session's parameters depend on besides the objects. */
export interface Place {
  /** Name of the node, of which no more may be known. */
  readonly name: string;
  readonly node: Node | undefined;
  readonly address: string;
  /** Prefixes of this host's interfaces. */
  readonly connected: readonly string[];
}

/**
 * A router ID (RFC 4271, 4.2; RFC 6286) for a replica that was not given one: its IPv4 address, or 32 bits folded from its IPv6
 * address. Replicas have addresses of their own, so that the identifiers differ.
 */
export function derivedRouterId(address: string): string {
  const parsed = parseAddress(address);
  if (parsed?.family === 'ipv4') return address;
  let hash = 0x811c9dc5;
  for (let rest = parsed?.value ?? 1n; rest > 0n; rest >>= 8n)
    hash = Math.imul(hash ^ Number(rest & 0xffn), 0x01000193);
  // 1.x.x.x to 126.x.x.x: some routers refuse identifiers that look like class D or E addresses.
  const first = 1 + (((hash >>> 24) & 0xff) % 126);
  return [first, (hash >>> 16) & 0xff, (hash >>> 8) & 0xff, hash & 0xff].join('.');
}

function gracefulRestart(peer: Peer, settings: BgpSettings): { gracefulRestart?: { restartTimeSeconds: number } } {
  const wanted: GracefulRestart = peer.gracefulRestart ?? settings.gracefulRestart;
  return wanted.enabled ? { gracefulRestart: { restartTimeSeconds: wanted.restartTimeSeconds } } : {};
}

/** The AS that a replica on this node is in towards a peer. */
export function localAs(peer: Peer, settings: BgpSettings, node: Node | undefined): number {
  const rack = node === undefined ? undefined : rackOf(node);
  return peer.localAs ?? (rack === undefined ? undefined : settings.asPerRack[rack]) ?? settings.as;
}

/** What the TCP connection needs. */
function transport(peer: Peer, settings: BgpSettings, password: string | undefined): Partial<PeerConfig> {
  const { localAddress, multihopTtl, ttlSecurityHops } = peer;
  return {
    ...(localAddress === undefined ? {} : { localAddress }),
    ...(peer.hasPassword && password !== undefined ? { password } : {}),
    ...(ttlSecurityHops === undefined ? {} : { ttlSecurityHops }),
    ...(multihopTtl === undefined ? {} : { ttl: multihopTtl }),
    // Where we don't listen, nobody would ever connect.
    ...(peer.passive && settings.listenPort > 0 ? { passive: true } : {}),
  };
}

/** @param password in force for the peer, if it has one */
export function peerConfig(peer: Peer, settings: BgpSettings, place: Place, password?: string): PeerConfig {
  return {
    key: peer.name,
    address: peer.address,
    port: peer.port,
    peerAs: peer.peerAs,
    localAs: localAs(peer, settings, place.node),
    routerId: settings.routerId ?? derivedRouterId(place.address),
    holdTimeSeconds: peer.holdTimeSeconds,
    ...(peer.keepaliveSeconds === undefined ? {} : { keepaliveSeconds: peer.keepaliveSeconds }),
    connectRetrySeconds: peer.connectRetrySeconds,
    ...transport(peer, settings, password),
    ...(peer.gracefulShutdown ? { gracefulShutdown: true } : {}),
    families: peer.families.map(({ family, sendMax }) => ({ family: FAMILY_NAME[family], addPathSendMax: sendMax })),
    ...gracefulRestart(peer, settings),
    ...(peer.bfd === undefined ? {} : { bfd: peer.bfd }),
  };
}

function subnetsOf(address: string, connected: readonly string[]): AddressRange[] {
  const peer = parseAddress(address);
  if (peer === undefined) return [];
  const ranges = connected.flatMap((prefix) => {
    const range = parseRange(prefix);
    return range.ok ? [range.value] : [];
  });
  return ranges.filter((range) => rangeContains(range, peer));
}

/** Where a replica with these options stands. */
export function placeOf(
  { node, address }: { readonly node: string; readonly address: string },
  nodes: ReadonlyMap<string, Node>,
  connected: readonly string[],
): Place {
  return { name: node, node: nodes.get(node), address, connected };
}

/** Of all peers that a replica opens a session with. */
export function peerConfigs(
  peers: readonly Peer[],
  settings: BgpSettings | null,
  place: Place,
  passwords: ReadonlyMap<string, string>,
): PeerConfig[] {
  return settings === null ? [] : peers.map((peer) => peerConfig(peer, settings, place, passwords.get(peer.name)));
}

/** @param settings those that the session would have */
export function peerTarget(peer: Peer, place: Place, settings: BgpSettings | null = null): PeerTarget {
  const retains = (peer.gracefulRestart ?? settings?.gracefulRestart)?.enabled ?? true;
  return {
    name: peer.name,
    address: peer.address,
    labels: peer.labels,
    sendMax: new Map(peer.families.map(({ family, sendMax }) => [family, sendMax])),
    subnets: subnetsOf(peer.address, place.connected),
    onlyNode: peer.nextHopSelf ? place.name : undefined,
    ...(peer.bfd === undefined || retains ? {} : { dropsDead: true }),
  };
}

/**
 * Peers that are told the same of every address: labels, families, numbers of next hops, subnets, the nodes that they hear of and our rank
 * are equal, and none is a node itself, which is told no way through that one.
 *
 * @param rank by the name of the peer
 * @param nodes all that there may be ways through
 */
export function alikeTargets(
  targets: readonly PeerTarget[],
  rank: (peer: PeerTarget) => number | undefined,
  nodes: readonly Node[],
): PeerTarget[][] {
  const itself = ({ address }: PeerTarget): string => (nodes.some((node) => isReachedAt(node, address)) ? address : '');
  return [...Map.groupBy(targets, (peer) => `${rank(peer) ?? ''} ${itself(peer)} ${toldBy(peer)}`).values()];
}

function toldBy({ labels, sendMax, subnets, onlyNode, dropsDead }: PeerTarget): string {
  const links = subnets.map(({ family, first, last }) => `${family} ${first} ${last}`);
  return JSON.stringify([
    Object.entries(labels).sort(),
    [...sendMax],
    links,
    onlyNode === undefined || [onlyNode, dropsDead],
  ]);
}

/**
 * How long any router may go on using the routes of a speaker that died without a word (RFC 4271 hold time, RFC 4724): the longest time of all
 * peers. What one replica has forgotten it tells no newcomer, so those of other racks count as well, and those whose password isn't known here.
 *
 * @returns milliseconds; undefined where nobody is to be spoken with
 */
export function retentionMs(peers: Iterable<Peer>, settings: BgpSettings | null): number | undefined {
  if (settings === null) return undefined;
  const times = [...peers].filter(isSpokenWith).map((peer) => {
    const restart = gracefulRestart(peer, settings).gracefulRestart?.restartTimeSeconds ?? 0;
    return (peer.holdTimeSeconds + restart) * 1_000;
  });
  return times.length === 0 ? undefined : Math.max(...times);
}
