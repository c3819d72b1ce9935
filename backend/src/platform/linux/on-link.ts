import ipaddr from 'ipaddr.js';
import type { Link } from '../ports.ts';

const BITS = 128;
/** Of one link: programs may give a host addresses by the hundred, and each question is a call of the kernel. */
const MOST_QUESTIONS = 64;
/** Routes to the own address end in the host: asked is for one that differs by one bit, counted from the last; the next may be own, too. */
const DIFFERENCES = [0, 7, 23, 63];

/**
 * An IPv6 address of full length, as DHCPv6 gives it, says nothing of a subnet; what routers advertise as on-link does, and stands in the
 * routing table only. Gives such an address the prefix length of the route around it, unless another address of the link tells its subnet.
 *
 * @param lengthAround of the route without a gateway by which an address (16 octets) is reached on the link
 */
export function withOnLink(link: Link, lengthAround: (octets: Uint8Array) => number | undefined): Link {
  const subnets = link.prefixes.flatMap(ipv6Prefix).filter(([, length]) => length < BITS);
  let questions = 0;
  const ask = (octets: Uint8Array): number | undefined =>
    ++questions > MOST_QUESTIONS ? undefined : lengthAround(octets);
  const widen = (prefix: string): string => {
    const [address] = ipv6Prefix(prefix).find(([, length]) => length === BITS) ?? [];
    if (address === undefined || address.range() === 'linkLocal') return prefix;
    if (subnets.some((subnet) => address.match(subnet))) return prefix;
    const length = firstOf(DIFFERENCES, (bit) => {
      const around = ask(beside(address, bit));
      // It may have the other one only.
      return around !== undefined && around < BITS - bit ? around : undefined;
    });
    if (length === undefined) return prefix;
    subnets.push([address, length]);
    return `${address.toRFC5952String()}/${length}`;
  };
  return { ...link, prefixes: link.prefixes.map(widen).sort() };
}

function ipv6Prefix(prefix: string): [ipaddr.IPv6, number][] {
  return prefix.includes(':') ? [ipaddr.IPv6.parseCIDR(prefix)] : [];
}

function beside(address: ipaddr.IPv6, bit: number): Uint8Array {
  const octets = Uint8Array.from(address.toByteArray());
  const last = octets.length - 1;
  return octets.map((octet, at) => (at === last - (bit >> 3) ? octet ^ (1 << (bit & 7)) : octet));
}

function firstOf<T, R>(items: readonly T[], find: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
