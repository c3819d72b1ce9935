import { addressText } from '../../backend/src/speakers/layer2/wire/address.ts';
import type { Packet } from '../../backend/src/speakers/layer2/wire/frame.ts';
import { sameOctets } from '../../backend/src/speakers/layer2/wire/mac.ts';

/** The address of which a packet tells the station with this MAC, and nobody else, who has it: what is told to everybody is no answer. */
export function answeredFor(packet: Packet, mac: Uint8Array): string | undefined {
  if (!sameOctets(packet.destination, mac)) return undefined;
  if (packet.kind === 'arp') return packet.operation === 'reply' ? addressText(packet.senderIp) : undefined;
  return packet.kind === 'neighbor-advertisement' ? addressText(packet.target) : undefined;
}
