/**
 * Highest-random-weight (rendezvous) hashing: each address ranks the nodes by a hash of both names, so that a node that comes or goes
 * moves only the addresses that it wins. The hash is part of the protocol between replicas of different versions and must never
 * change; golden vectors in the test, computed outside of this code, hold it.
 */

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** FNV-1a over the UTF-16 code units' low bytes (names here are ASCII), from a hash of what comes before. */
function fnv(hash: number, text: string): number {
  let next = hash;
  for (let i = 0; i < text.length; i++) next = Math.imul(next ^ (text.charCodeAt(i) & 0xff), FNV_PRIME);
  return next;
}

/** The 32-bit finalizer of MurmurHash3, for avalanche. */
function mixed(hash: number): number {
  let next = hash ^ (hash >>> 16);
  next = Math.imul(next, 0x85ebca6b);
  next ^= next >>> 13;
  next = Math.imul(next, 0xc2b2ae35);
  return (next ^ (next >>> 16)) >>> 0;
}

export function weight(address: string, node: string): number {
  return mixed(fnv(FNV_OFFSET, `${address}#${node}`));
}

/** A weight and a place beside it in one number, which has 53 bits. */
const PLACES = 2 ** 21;

/**
 * By falling weight for an address; equal weights by name, so that every replica sees the same order. With thousands of addresses and hundreds of
 * nodes this is most of what a verdict on a node costs: hence numbers, which sort by themselves.
 */
export function rankBy<T>(address: string, items: readonly T[], nameOf: (item: T) => string): T[] {
  if (items.length > PLACES) throw new RangeError(`more than ${PLACES} nodes`);
  const before = fnv(FNV_OFFSET, `${address}#`);
  const keys = new Float64Array(items.length);
  for (const [place, item] of items.entries()) keys[place] = mixed(fnv(before, nameOf(item))) * PLACES + place;
  const order = keys.sort().reverse();
  const ranked = Array.from(order, (key) => items[key % PLACES] as T);
  return hasEqualWeights(order) ? byWeightAndName(address, ranked, nameOf) : ranked;
}

/** @param order keys by falling weight */
function hasEqualWeights(order: Float64Array): boolean {
  return order.some((key, i) => i > 0 && Math.floor(key / PLACES) === Math.floor((order[i - 1] ?? 0) / PLACES));
}

function byWeightAndName<T>(address: string, items: readonly T[], nameOf: (item: T) => string): T[] {
  const weighted = items.map((item) => ({ item, name: nameOf(item), weight: weight(address, nameOf(item)) }));
  weighted.sort((a, b) => b.weight - a.weight || (a.name < b.name ? -1 : 1));
  return weighted.map(({ item }) => item);
}

/** The nodes in the order of an address. */
export function rank(address: string, nodes: readonly string[]): string[] {
  return rankBy(address, nodes, (node) => node);
}
