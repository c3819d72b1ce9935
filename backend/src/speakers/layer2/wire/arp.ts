import { drop, type Drop } from './drop.ts';
import {
  beginFrame,
  ETHERNET_HEADER,
  EtherType,
  u16At,
  type EthernetAddresses,
  type EthernetFrame,
} from './ethernet.ts';
import { BROADCAST, isStation, NO_MAC } from './mac.ts';
import { UNSPECIFIED4 } from './address.ts';

/** An ARP packet for IPv4 over Ethernet (RFC 826). When decoded, its octets are views of the frame. */
export interface ArpPacket extends EthernetAddresses {
  readonly kind: 'arp';
  readonly operation: 'request' | 'reply';
  readonly senderMac: Uint8Array;
  readonly senderIp: Uint8Array;
  readonly targetMac: Uint8Array;
  readonly targetIp: Uint8Array;
}

const ARP_OCTETS = 28;
const ETHERNET = 1;
const IPV4 = 0x0800;
const OPERATIONS = { request: 1, reply: 2 } as const;

/** Where the addresses lie in a frame, for those who look before they decode. */
export const ARP_FRAME_OCTETS: number = ETHERNET_HEADER + ARP_OCTETS;
export const ARP_SENDER_IP: number = ETHERNET_HEADER + 14;
export const ARP_TARGET_IP: number = ETHERNET_HEADER + 24;

function headerProblem(payload: Uint8Array): Drop | undefined {
  if (payload.length < ARP_OCTETS) return drop('truncated');
  if (u16At(payload, 0) !== ETHERNET || payload[4] !== 6) return drop('arp-hardware');
  if (u16At(payload, 2) !== IPV4 || payload[5] !== 4) return drop('arp-protocol');
  return undefined;
}

function operationOf(payload: Uint8Array): ArpPacket['operation'] | undefined {
  const code = u16At(payload, 6);
  if (code === OPERATIONS.request) return 'request';
  return code === OPERATIONS.reply ? 'reply' : undefined;
}

/** Loopback, multicast, reserved and broadcast addresses are no host's; 0.0.0.0 is, in a probe (RFC 5227 section 2.1.1). */
function canSend(ip: Uint8Array): boolean {
  const first = ip[0] ?? 0;
  return first !== 127 && first < 224;
}

export function decodeArp({ destination, source, payload }: EthernetFrame): ArpPacket | Drop {
  const problem = headerProblem(payload);
  if (problem !== undefined) return problem;
  const operation = operationOf(payload);
  if (operation === undefined) return drop('arp-operation');
  const senderMac = payload.subarray(8, 14);
  const senderIp = payload.subarray(14, 18);
  if (!isStation(senderMac)) return drop('source-mac');
  if (!canSend(senderIp)) return drop('arp-sender');
  const targetMac = payload.subarray(18, 24);
  const targetIp = payload.subarray(24, 28);
  return { kind: 'arp', destination, source, operation, senderMac, senderIp, targetMac, targetIp };
}

export function encodeArp(packet: ArpPacket): Uint8Array {
  const frame = beginFrame(packet, EtherType.arp, ARP_OCTETS);
  frame.set([0, ETHERNET, IPV4 >> 8, IPV4 & 0xff, 6, 4, 0, OPERATIONS[packet.operation]], ETHERNET_HEADER);
  frame.set(packet.senderMac, ETHERNET_HEADER + 8);
  frame.set(packet.senderIp, ETHERNET_HEADER + 14);
  frame.set(packet.targetMac, ETHERNET_HEADER + 18);
  frame.set(packet.targetIp, ETHERNET_HEADER + 24);
  return frame;
}

/** An address as this host speaks for it: frames leave with `source`, neighbours shall use `mac`. */
export interface Speaking {
  readonly source: Uint8Array;
  readonly mac: Uint8Array;
  readonly ip: Uint8Array;
}

/** "`ip` is at `mac`", to the one who asked (RFC 826). */
export function arpAnswer({ source, mac, ip }: Speaking, question: ArpPacket): ArpPacket {
  const { senderMac, senderIp } = question;
  return {
    ...{ kind: 'arp', destination: senderMac, source, operation: 'reply' },
    ...{ senderMac: mac, senderIp: ip, targetMac: senderMac, targetIp: senderIp },
  };
}

/** RFC 5227 section 1.1: asks for `ip` without claiming it. */
export function arpProbe({ source, ip }: Speaking): ArpPacket {
  return {
    ...{ kind: 'arp', destination: BROADCAST, source, operation: 'request' },
    ...{ senderMac: source, senderIp: UNSPECIFIED4, targetMac: NO_MAC, targetIp: ip },
  };
}

/**
 * Both forms of a gratuitous ARP, as some hosts learn from the one only and some from the other: the request, which is RFC 5227's
 * announcement, and the reply (RFC 5227 section 3 on why the request is the better one).
 */
export function arpAnnouncement({ source, mac, ip }: Speaking, operation: ArpPacket['operation']): ArpPacket {
  return {
    ...{ kind: 'arp', destination: BROADCAST, source, operation },
    ...{ senderMac: mac, senderIp: ip, targetMac: operation === 'request' ? NO_MAC : mac, targetIp: ip },
  };
}

/** A request for the address that it says it comes from, or a reply to nobody: told to all, asked by none. */
export function isGratuitous({ senderIp, targetIp }: ArpPacket): boolean {
  return senderIp.every((octet, at) => octet === targetIp[at]);
}
