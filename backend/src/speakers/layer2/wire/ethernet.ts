import { drop, type Drop } from './drop.ts';
import { isStation, MAC_OCTETS } from './mac.ts';

export const ETHERNET_HEADER = 14;

export const EtherType = { arp: 0x0806, ipv6: 0x86dd } as const;

const TAGS: ReadonlySet<number> = new Set([0x8100, 0x88a8, 0x9100]);

/** The two MACs of a frame; views of the octets that were decoded. */
export interface EthernetAddresses {
  readonly destination: Uint8Array;
  readonly source: Uint8Array;
}

export interface EthernetFrame extends EthernetAddresses {
  readonly etherType: number;
  /** With the padding that short frames get on the wire. */
  readonly payload: Uint8Array;
}

export function u16At(octets: Uint8Array, offset: number): number {
  return ((octets[offset] ?? 0) << 8) | (octets[offset + 1] ?? 0);
}

export function decodeEthernet(octets: Uint8Array): EthernetFrame | Drop {
  if (octets.length < ETHERNET_HEADER) return drop('truncated');
  const etherType = u16At(octets, 2 * MAC_OCTETS);
  if (TAGS.has(etherType)) return drop('vlan-tagged');
  const source = octets.subarray(MAC_OCTETS, 2 * MAC_OCTETS);
  if (!isStation(source)) return drop('source-mac');
  return { destination: octets.subarray(0, MAC_OCTETS), source, etherType, payload: octets.subarray(ETHERNET_HEADER) };
}

/** A frame with room for `length` octets of payload, which starts at ETHERNET_HEADER. */
export function beginFrame(addresses: EthernetAddresses, etherType: number, length: number): Uint8Array {
  const frame = new Uint8Array(ETHERNET_HEADER + length);
  frame.set(addresses.destination);
  frame.set(addresses.source, MAC_OCTETS);
  frame[12] = etherType >> 8;
  frame[13] = etherType & 0xff;
  return frame;
}
