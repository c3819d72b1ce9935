import type { Node } from '../domain/node.ts';
import type { BgpSettings, Peer } from '../domain/peer.ts';
import { localAs, peersOf } from './peering.ts';

/** The routers that hear a replica, by the name of its peer there. */
export type Hearing = ReadonlyMap<string, string>;

/** Those that hear of all nodes from a replica, which is ranked, and those that hear of its own node alone (`nextHopSelf`). */
export interface HearingByKind {
  readonly all: Hearing;
  readonly self: Hearing;
}

/**
 * Which routers hear the replicas on a node: each replica finds the same of another one as that does of itself, from its node's labels and
 * from the BgpPeers. Two peers may name one router, as one for each rack does.
 */
export class HearingRouters {
  #peers: readonly Peer[] = [];
  #settings: BgpSettings | null = null;
  #known = new WeakMap<Node, HearingByKind>();

  /** @param peers those that a session can be had with */
  configure(peers: readonly Peer[], settings: BgpSettings | null): void {
    this.#peers = peers;
    this.#settings = settings;
    this.#known = new WeakMap();
  }

  /** @param node undefined where nobody knows it: a replica there has the peers for all nodes */
  of(node: Node | undefined): HearingByKind {
    const known = node === undefined ? undefined : this.#known.get(node);
    if (known !== undefined) return known;
    const hearing = this.#find(node);
    if (node !== undefined) this.#known.set(node, hearing);
    return hearing;
  }

  #find(node: Node | undefined): HearingByKind {
    const settings = this.#settings;
    if (settings === null) return { all: new Map(), self: new Map() };
    const peers = peersOf(node, this.#peers);
    const hearing = (isSelf: boolean): Hearing => {
      const ofKind = peers.filter(({ nextHopSelf }) => nextHopSelf === isSelf);
      return new Map(ofKind.map((peer) => [peer.name, router(peer, settings, node)]));
    };
    return { all: hearing(false), self: hearing(true) };
  }
}

/** IPv6 with its zone (RFC 4007), or IPv4 (RFC 3927): the same in each rack, perhaps. */
const LINK_LOCAL = /%|^169\.254\./;

/**
 * What tells routers apart where ranks are concerned. MEDs are compared among the routes of one neighbouring AS (RFC 4271, 9.1.2.2), so a
 * router that hears racks with an AS of their own counts once for each of these.
 */
function router(peer: Peer, settings: BgpSettings, node: Node | undefined): string {
  const { name, address, port } = peer;
  const place = LINK_LOCAL.test(address) ? `${name} ${address}` : address;
  return `${place} ${port} AS${localAs(peer, settings, node)}`;
}
