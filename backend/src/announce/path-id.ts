import type { Address } from '../domain/address.ts';

function fold(value: bigint): number {
  let hash = 0x811c9dc5;
  for (let shift = 120n; shift >= 0n; shift -= 8n) {
    hash = Math.imul(hash ^ Number((value >> shift) & 0xffn), 0x01000193);
  }
  return hash >>> 0;
}

/**
 * ADD-PATH path identifiers (RFC 7911, section 3) for the next hops of one prefix: a function of the next hop, so that a path keeps its
 * identifier whoever comes or goes and every replica gives the same one. An IPv4 next hop is its own identifier; IPv6 is folded to 32
 * bits, and two that fold alike are told apart in the order of their addresses. Zero is not used.
 */
export function pathIds(nextHops: readonly Address[]): Map<Address, number> {
  const ids = new Map<Address, number>();
  const taken = new Set<number>();
  const ordered = [...nextHops].sort((a, b) => (a.value < b.value ? -1 : Number(a.value > b.value)));
  for (const hop of ordered) {
    let id = hop.family === 'ipv4' ? Number(hop.value) : fold(hop.value);
    while (id === 0 || taken.has(id)) id = (id + 1) >>> 0;
    taken.add(id);
    ids.set(hop, id);
  }
  return ids;
}
