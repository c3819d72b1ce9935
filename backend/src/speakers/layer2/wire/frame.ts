import { decodeArp, encodeArp, type ArpPacket } from './arp.ts';
import { drop, type Drop } from './drop.ts';
import { decodeEthernet, EtherType } from './ethernet.ts';
import { decodeNeighbor, encodeNeighbor, type NeighborAdvertisement, type NeighborSolicitation } from './neighbor.ts';

export type Packet = ArpPacket | NeighborSolicitation | NeighborAdvertisement;

/** Never throws. What is returned holds views of `octets`: copy what outlives them. */
export function decodeFrame(octets: Uint8Array): Packet | Drop {
  const frame = decodeEthernet(octets);
  if ('kind' in frame) return frame;
  if (frame.etherType === EtherType.arp) return decodeArp(frame);
  if (frame.etherType === EtherType.ipv6) return decodeNeighbor(frame);
  return drop('ether-type');
}

export function encodeFrame(packet: Packet): Uint8Array {
  return packet.kind === 'arp' ? encodeArp(packet) : encodeNeighbor(packet);
}
