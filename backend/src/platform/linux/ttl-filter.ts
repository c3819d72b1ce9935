import ipaddr from 'ipaddr.js';
import { ifAtLeast, ifEqual, loadByte, loadWord, result, type Instruction } from './packet-filter.ts';

/** SKF_NET_OFF of linux/filter.h: what is read from there on is the IP header, though a filter of TCP begins behind it. */
const networkHeader = 0xfff0_0000;
const v4 = { ttl: networkHeader + 8, source: networkHeader + 12, words: 1 };
const v6 = { ttl: networkHeader + 7, source: networkHeader + 8, words: 4 };

// What is read of the packet once is kept: each such read is a call for the kernel, of which it has room for few hundred.
const keep = (k: number): Instruction => ({ code: 0x02, k });
const loadKept = (k: number): Instruction => ({ code: 0x60, k });
const skip = (k: number): Instruction => ({ code: 0x05, k });

const takeAll = result(0xffff_ffff);
const drop = result(0);

/**
 * For a TCP socket that listens on `host`, and for the connections that are accepted from it: drops what the addresses of the list send with less than their
 * TTL, the first SYN included. The kernel takes 4096 instructions (BPF_MAXINSNS), which is about 1360 addresses of IPv4 or 450 of IPv6, and what it
 * makes of them counts with the keys of TCP-MD5 towards net.core.optmem_max: of IPv6, 20480 octets have room for 200 without keys.
 *
 * @param minTtls by addresses without zone, of the family of `host`
 */
export function ttlFilter(host: string, minTtls: ReadonlyMap<string, number>): Instruction[] {
  const header = host.includes(':') ? v6 : v4;
  const words = Array.from({ length: header.words }, (_, i) => [loadWord(header.source + 4 * i), keep(i)]);
  const groups = [...Map.groupBy(minTtls, ([, ttl]) => ttl)].flatMap(([ttl, group]) => {
    const drops = group.flatMap(([address]) => dropOf(address));
    return [loadByte(header.ttl), ifAtLeast(ttl, 0, 1), skip(drops.length), ...drops];
  });
  return [...words.flat(), ...groups, takeAll];
}

/** What is of another source goes on behind it. */
function dropOf(address: string): Instruction[] {
  const words = wordsOf(address);
  const comparisons = words.flatMap((word, i) => [loadKept(i), ifEqual(word, 0, 2 * (words.length - i) - 1)]);
  return [...comparisons, drop];
}

function wordsOf(address: string): number[] {
  const octets = Uint8Array.from(ipaddr.parse(address).toByteArray());
  const view = new DataView(octets.buffer);
  return Array.from({ length: octets.length / 4 }, (_, i) => view.getUint32(4 * i));
}
