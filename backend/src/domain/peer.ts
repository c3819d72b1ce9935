import type { Family } from './address.ts';
import type { Node } from './node.ts';
import { selects, type LabelSelector, type Labels } from './selector.ts';

/** What a BgpPeer asks for one address family (RFC 4760, RFC 7911). */
export interface PeerFamily {
  readonly family: Family;
  /** The most next hops per prefix; 0 or 1 = ADD-PATH is not asked for. */
  readonly sendMax: number;
}

/** BFD (RFC 5880) with a router, beside BGP. */
export interface PeerBfd {
  /** The least that we put between our packets, and the least that the router may put between its own, in milliseconds. */
  readonly transmitIntervalMs: number;
  readonly receiveIntervalMs: number;
  /** After how many missing packets of ours the router shall give us up. */
  readonly detectMultiplier: number;
  /** The router may be behind others (RFC 5883), else it is on the link (RFC 5881). */
  readonly multihop: boolean;
  /** With several hops: the least TTL that its packets may come with; 1: any. */
  readonly minTtl: number;
}

/** A router to speak BGP with: one BgpPeer object, parsed and valid. */
export interface Peer {
  readonly name: string;
  readonly uid: string;
  /** Milliseconds since the epoch; breaks ties by age. */
  readonly createdAt: number;
  readonly labels: Labels;
  /** IPv4 or IPv6 literal in canonical form. */
  readonly address: string;
  /** TCP port of the router; 179 unless told otherwise. */
  readonly port: number;
  readonly peerAs: number;
  /** Overrides the BgpConf's AS towards this peer. */
  readonly localAs: number | undefined;
  /** Seconds; 0 = no hold timer, else >= 3 (RFC 4271, 4.2). */
  readonly holdTimeSeconds: number;
  /** Seconds; undefined = a third of the negotiated hold time. */
  readonly keepaliveSeconds: number | undefined;
  /** Seconds between attempts to connect, before backoff. */
  readonly connectRetrySeconds: number;
  readonly localAddress: string | undefined;
  /** TTL for multihop sessions; undefined = the system's default. */
  readonly multihopTtl: number | undefined;
  /** GTSM (RFC 5082): the most hops that the router may be away, 1 being the next one; undefined = not checked. */
  readonly ttlSecurityHops: number | undefined;
  /** The router connects to us, where we listen. */
  readonly passive: boolean;
  /** Our routes tell the router that they are about to go (RFC 8326). */
  readonly gracefulShutdown: boolean;
  readonly families: readonly PeerFamily[];
  /** Each replica announces its own node alone, as good as the others theirs; `sendMax` of all families is 1. */
  readonly nextHopSelf: boolean;
  /** RFC 4724 as the restarting speaker; undefined = as the BgpConf says. */
  readonly gracefulRestart: GracefulRestart | undefined;
  /** Undefined: none. */
  readonly bfd: PeerBfd | undefined;
  /** Which replicas open the session, by the labels of their node; undefined = all. */
  readonly nodeSelector: LabelSelector | undefined;
  /** TCP-MD5 (RFC 2385) is asked for; the password itself never travels in a domain value. */
  readonly hasPassword: boolean;
  readonly adminDown: boolean;
  readonly deleting: boolean;
}

export interface GracefulRestart {
  readonly enabled: boolean;
  /** Seconds the router keeps our routes while we are away; 12 bits (RFC 4724, 3). */
  readonly restartTimeSeconds: number;
}

/** The BgpConf named `default`, parsed and valid. */
export interface BgpSettings {
  readonly uid: string;
  readonly as: number;
  /** Rack (value of the node's rack label) to AS. */
  readonly asPerRack: Readonly<Record<string, number>>;
  /** Dotted quad; undefined = derived per replica. One fixed identifier for several replicas breaks RFC 6286. */
  readonly routerId: string | undefined;
  /** 0 = no listener. */
  readonly listenPort: number;
  readonly listenAddresses: readonly string[];
  readonly gracefulRestart: GracefulRestart;
}

/** Whether sessions are wanted with it at all. */
export function isSpokenWith({ deleting, adminDown }: Pick<Peer, 'deleting' | 'adminDown'>): boolean {
  return !deleting && !adminDown;
}

export function isSameNeighbour(a: Peer, b: Peer): boolean {
  return a.address === b.address && a.port === b.port;
}

/** Whether both are for one of these nodes. */
export function sharesNode(a: Peer, b: Peer, nodes: Iterable<Pick<Node, 'labels'>>): boolean {
  if (a.nodeSelector === undefined && b.nodeSelector === undefined) return true;
  return [...nodes].some(({ labels }) => selects(a.nodeSelector, labels) && selects(b.nodeSelector, labels));
}

/**
 * The older one of `peers` that names the same neighbour: a router takes one session from an address, so that two would end each other
 * for ever (RFC 4271, 6.8).
 */
export function duplicateOf(peer: Peer, peers: readonly Peer[]): Peer | undefined {
  return peers.find(
    (other) =>
      other.name !== peer.name &&
      isSameNeighbour(other, peer) &&
      (other.createdAt < peer.createdAt || (other.createdAt === peer.createdAt && other.name < peer.name)),
  );
}
