/**
 * Highest-random-weight (rendezvous) hashing: each address ranks the nodes by a hash of both names, so that a node that comes or goes
 * moves only the addresses that it wins. The hash is part of the protocol between replicas of different versions and must never
 * change; golden vectors in the test, computed outside of this code, hold it.
 */

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** FNV-1a over the UTF-16 code units' low bytes (names here are ASCII), then the 32-bit finalizer of MurmurHash3 for avalanche. */
export function weight(address: string, node: string): number {
  let hash = FNV_OFFSET;
  const text = `${address}#${node}`;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ (text.charCodeAt(i) & 0xff), FNV_PRIME);
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  hash ^= hash >>> 16;
  return hash >>> 0;
}

/** The nodes by falling weight for an address; equal weights by name, so that every replica sees the same order. */
export function rank(address: string, nodes: readonly string[]): string[] {
  const weighted = nodes.map((node) => ({ node, weight: weight(address, node) }));
  weighted.sort((a, b) => b.weight - a.weight || (a.node < b.node ? -1 : 1));
  return weighted.map((entry) => entry.node);
}
