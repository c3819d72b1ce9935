import { ALL_NODES, isMulticast6, isSolicitedNodeGroup, isUnspecified, multicastMac } from './address.ts';
import { solicitedNodeGroup, UNSPECIFIED6 } from './address.ts';
import type { Speaking } from './arp.ts';
import { icmpv6Checksum } from './checksum.ts';
import { drop, type Drop } from './drop.ts';
import {
  beginFrame,
  ETHERNET_HEADER,
  EtherType,
  u16At,
  type EthernetAddresses,
  type EthernetFrame,
} from './ethernet.ts';
import { decodeOptions, encodeOptions, linkLayerAddress, type NeighborOption } from './options.ts';

interface NeighborMessage extends EthernetAddresses {
  readonly sourceIp: Uint8Array;
  readonly destinationIp: Uint8Array;
  readonly target: Uint8Array;
  readonly options: readonly NeighborOption[];
}

/** RFC 4861 section 4.3. When decoded, its octets are views of the frame. */
export interface NeighborSolicitation extends NeighborMessage {
  readonly kind: 'neighbor-solicitation';
}

/** RFC 4861 section 4.4. */
export interface NeighborAdvertisement extends NeighborMessage {
  readonly kind: 'neighbor-advertisement';
  readonly router: boolean;
  readonly solicited: boolean;
  readonly override: boolean;
}

const IPV6_HEADER = 40;
const ICMPV6 = 58;
const HOP_LIMIT = 255;
/** Type, code, checksum, flags, target. */
const MESSAGE = 24;
const TYPES = { 'neighbor-solicitation': 135, 'neighbor-advertisement': 136 } as const;
const FLAG = { router: 0x80, solicited: 0x40, override: 0x20 } as const;

/** Where the addresses lie in a frame without extension headers, for those who look before they decode. */
export const NEIGHBOR_FRAME_OCTETS: number = ETHERNET_HEADER + IPV6_HEADER + MESSAGE;
export const NEIGHBOR_SOURCE_IP: number = ETHERNET_HEADER + 8;
export const NEIGHBOR_TARGET: number = ETHERNET_HEADER + IPV6_HEADER + 8;

/** A neighbour solicitation or advertisement, as far as its type says; what else is wrong with it is for the decoder. */
export function looksLikeNeighborMessage(frame: Uint8Array): boolean {
  const type = frame[ETHERNET_HEADER + IPV6_HEADER];
  return frame[ETHERNET_HEADER + 6] === ICMPV6 && (type === 135 || type === 136);
}

function packetProblem(packet: Uint8Array): Drop | undefined {
  if (packet.length < IPV6_HEADER) return drop('truncated');
  if ((packet[0] ?? 0) >> 4 !== 6) return drop('ipv6-version');
  // Extension headers are not looked into: nobody sends neighbour discovery with them, and a kernel filter sees ICMPv6 only.
  if (packet[6] !== ICMPV6) return drop('not-icmpv6');
  if (packet[7] !== HOP_LIMIT) return drop('hop-limit');
  if (u16At(packet, 4) > packet.length - IPV6_HEADER) return drop('truncated');
  return undefined;
}

function messageProblem(message: Uint8Array): Drop | undefined {
  if (message[0] !== TYPES['neighbor-solicitation'] && message[0] !== TYPES['neighbor-advertisement']) {
    return drop('icmp-type');
  }
  if (message.length < MESSAGE) return drop('truncated');
  if (message[1] !== 0) return drop('icmp-code');
  if (isMulticast6(message.subarray(8, 24))) return drop('multicast-target');
  return undefined;
}

/** RFC 4861 section 7.1.1, what it asks beyond a sound packet. */
function solicitation(common: NeighborMessage): NeighborSolicitation | Drop {
  const { sourceIp, destinationIp, options } = common;
  const namesItsMac = options.some(({ type }) => type === 'source-link-layer');
  if (isUnspecified(sourceIp) && (namesItsMac || !isSolicitedNodeGroup(destinationIp)))
    return drop('unspecified-source');
  return { kind: 'neighbor-solicitation', ...common };
}

/** RFC 4861 section 7.1.2, what it asks beyond a sound packet. */
function advertisement(common: NeighborMessage, flags: number): NeighborAdvertisement | Drop {
  const solicited = (flags & FLAG.solicited) !== 0;
  if (solicited && isMulticast6(common.destinationIp)) return drop('solicited-multicast');
  const router = (flags & FLAG.router) !== 0;
  return { kind: 'neighbor-advertisement', ...common, router, solicited, override: (flags & FLAG.override) !== 0 };
}

export function decodeNeighbor(frame: EthernetFrame): NeighborSolicitation | NeighborAdvertisement | Drop {
  const packet = frame.payload;
  const problem = packetProblem(packet);
  if (problem !== undefined) return problem;
  const message = packet.subarray(IPV6_HEADER, IPV6_HEADER + u16At(packet, 4));
  const flaw = messageProblem(message);
  if (flaw !== undefined) return flaw;
  const sourceIp = packet.subarray(8, 24);
  const destinationIp = packet.subarray(24, 40);
  if (isMulticast6(sourceIp)) return drop('multicast-source');
  if (icmpv6Checksum(sourceIp, destinationIp, message) !== 0) return drop('checksum');
  const options = decodeOptions(message.subarray(MESSAGE));
  if (options === undefined) return drop('option');
  const { destination, source } = frame;
  const common = { destination, source, sourceIp, destinationIp, target: message.subarray(8, 24), options };
  return message[0] === 135 ? solicitation(common) : advertisement(common, message[4] ?? 0);
}

function flagsOf(message: NeighborSolicitation | NeighborAdvertisement): number {
  if (message.kind === 'neighbor-solicitation') return 0;
  const { router, solicited, override } = message;
  return (router ? FLAG.router : 0) | (solicited ? FLAG.solicited : 0) | (override ? FLAG.override : 0);
}

/** @throws RangeError for options that can't be encoded */
export function encodeNeighbor(message: NeighborSolicitation | NeighborAdvertisement): Uint8Array {
  const options = encodeOptions(message.options);
  const length = MESSAGE + options.length;
  const frame = beginFrame(message, EtherType.ipv6, IPV6_HEADER + length);
  const packet = frame.subarray(ETHERNET_HEADER);
  packet.set([0x60, 0, 0, 0, length >> 8, length & 0xff, ICMPV6, HOP_LIMIT]);
  packet.set(message.sourceIp, 8);
  packet.set(message.destinationIp, 24);
  const body = packet.subarray(IPV6_HEADER);
  body[0] = TYPES[message.kind];
  body[4] = flagsOf(message);
  body.set(message.target, 8);
  body.set(options, MESSAGE);
  const checksum = icmpv6Checksum(message.sourceIp, message.destinationIp, body);
  body[2] = checksum >> 8;
  body[3] = checksum & 0xff;
  return frame;
}

/**
 * RFC 4861 section 7.2.4: to the one who asked; to all nodes and not "solicited" where that one has no address yet. Sent from the
 * address itself, as Linux does. Never "router": the address is no router's, whatever the node is for others.
 */
export function neighborAnswer(speaking: Speaking, question: NeighborSolicitation): NeighborAdvertisement {
  if (isUnspecified(question.sourceIp)) return neighborAnnouncement(speaking);
  const { source, mac, ip } = speaking;
  // A solicitation without the option is unusual but valid (RFC 4861 section 7.1.1): the frame says where it came from.
  const destination = linkLayerAddress(question.options, 'source-link-layer') ?? question.source;
  return {
    ...{
      kind: 'neighbor-advertisement',
      destination,
      source,
      sourceIp: ip,
      destinationIp: question.sourceIp,
      target: ip,
    },
    ...{ router: false, solicited: true, override: true, options: [{ type: 'target-link-layer', mac }] },
  };
}

/** RFC 4861 section 7.2.6: unsolicited, overriding what neighbours have cached. */
export function neighborAnnouncement({ source, mac, ip }: Speaking): NeighborAdvertisement {
  const destination = multicastMac(ALL_NODES);
  return {
    ...{ kind: 'neighbor-advertisement', destination, source, sourceIp: ip, destinationIp: ALL_NODES, target: ip },
    ...{ router: false, solicited: false, override: true, options: [{ type: 'target-link-layer', mac }] },
  };
}

/** RFC 4861 section 7.2.2: who has `ip`? From an address of ours with our MAC, so that who has it tells us alone. */
export function neighborQuestion({ source, ip }: Speaking, sourceIp: Uint8Array): NeighborSolicitation {
  return {
    ...neighborProbe({ source, mac: source, ip }),
    sourceIp,
    options: [{ type: 'source-link-layer', mac: source }],
  };
}

/** RFC 4862 section 5.4.2: asks for `ip` without claiming it. */
export function neighborProbe({ source, ip }: Speaking): NeighborSolicitation {
  const destinationIp = solicitedNodeGroup(ip);
  const destination = multicastMac(destinationIp);
  const kind = 'neighbor-solicitation';
  return { kind, destination, source, sourceIp: UNSPECIFIED6, destinationIp, target: ip, options: [] };
}
