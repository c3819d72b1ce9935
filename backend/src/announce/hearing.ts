import type { Family } from '../domain/address.ts';
import type { Node } from '../domain/node.ts';
import { duplicateOf, isSpokenWith, type Peer } from '../domain/peer.ts';
import type { Pool } from '../domain/pool.ts';
import { selects, type Labels } from '../domain/selector.ts';

/** Whether the addresses of a pool are for peers with these labels. */
export function isFor({ protocol, bgp }: Pool, labels: Labels): boolean {
  return protocol === 'bgp' && selects(bgp.peerSelector, labels);
}

/** Whether a peer is to hear of a pool's addresses of a family, by every replica that has a session with it (`opensFrom`). */
export function hears(peer: Peer, pool: Pool, family: Family): boolean {
  return isSpokenWith(peer) && isFor(pool, peer.labels) && peer.families.some((wanted) => wanted.family === family);
}

/** Of an unknown node those alone that are for all nodes. */
function forNode(node: Node | undefined, peers: Iterable<Peer>): Peer[] {
  return [...peers].filter((peer) => {
    if (!isSpokenWith(peer)) return false;
    return peer.nodeSelector === undefined || (node !== undefined && selects(peer.nodeSelector, node.labels));
  });
}

/** The peers that a replica on this node opens a session with. */
export function opensFrom(node: Node | undefined, peers: Iterable<Peer>): Peer[] {
  const own = forNode(node, peers);
  return own.filter((peer) => duplicateOf(peer, own) === undefined);
}

/** Why no replica opens a session with a peer: none runs on a node that it is for, or an older peer is the same neighbour there. */
export type Unopened = { readonly because: 'nowhere' } | { readonly because: 'duplicate'; readonly of: string };

/**
 * The peers, by name, that might be spoken with and that no replica opens a session with.
 * @param nodes those that replicas run on
 */
export function unopened(peers: readonly Peer[], nodes: readonly (Node | undefined)[]): Map<string, Unopened> {
  const found = new Map<string, Unopened>();
  for (const { name } of peers.filter(isSpokenWith)) found.set(name, { because: 'nowhere' });
  for (const own of nodes.map((node) => forNode(node, peers))) {
    for (const peer of own) {
      const other = duplicateOf(peer, own);
      if (other === undefined) found.delete(peer.name);
      else if (found.has(peer.name)) found.set(peer.name, { because: 'duplicate', of: other.name });
    }
  }
  return found;
}
