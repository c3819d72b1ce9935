import { addressText } from '../../backend/src/speakers/layer2/wire/address.ts';
import { macText } from '../../backend/src/speakers/layer2/wire/mac.ts';
import type { Captured } from './pcap.ts';

/**
 * - `arp-request`, `ns`: somebody asks for the address.
 * - `arp-reply`, `na`: an answer to the one who asked.
 * - `gratuitous`, `unsolicited-na`: told to everybody, asked by nobody.
 */
export type LanRecordKind = 'arp-request' | 'arp-reply' | 'gratuitous' | 'ns' | 'na' | 'unsolicited-na';

/** What was seen on the LAN: one ARP packet, neighbour solicitation or advertisement. */
export interface LanRecord {
  /** Milliseconds since the epoch, as the kernel saw it. */
  readonly at: number;
  readonly kind: LanRecordKind;
  /** The address that is asked for or claimed. */
  readonly ip: string;
  /** The address that `mac` speaks for: `ip` in a claim, the asker's own in a question, `0.0.0.0` or `::` in a probe. */
  readonly from: string;
  /** As the packet itself says: the claim's, or the asker's. */
  readonly mac: string;
  /** MACs of the Ethernet header. */
  readonly source: string;
  readonly destination: string;
  /** What stands behind an ARP packet, if that is more than zeros, as text: the packet is shorter than the least that Ethernet carries. */
  readonly padding?: string;
}

/** Offsets in a frame of RFC 826, and of RFC 4861 (sections 4.3 and 4.4) without extension headers. */
const arp = { operation: 20, senderMac: 22, senderIp: 28, targetIp: 38, end: 42 } as const;
const nd = { sourceIp: 22, type: 54, flags: 58, target: 62, options: 78 } as const;
const solicitation = 135;
const advertisement = 136;
const solicitedFlag = 0x40;

/**
 * Reads a frame by offsets, on purpose not with the product's codec, whose frames are to be judged here. `undefined` for
 * everything but ARP and neighbour discovery.
 */
export function readFrame({ at, frame }: Captured): LanRecord | undefined {
  const header = { at, source: macText(frame.subarray(6, 12)), destination: macText(frame.subarray(0, 6)) };
  const etherType = ((frame[12] ?? 0) << 8) | (frame[13] ?? 0);
  if (etherType === 0x0806 && frame.length >= arp.end) return { ...header, ...readArp(frame) };
  if (etherType !== 0x86dd || frame.length < nd.options) return undefined;
  if (frame[nd.type] === solicitation) return { ...header, ...readSolicitation(frame, header.source) };
  if (frame[nd.type] === advertisement) return { ...header, ...readAdvertisement(frame, header.source) };
  return undefined;
}

type Content = Pick<LanRecord, 'kind' | 'ip' | 'from' | 'mac' | 'padding'>;

function readArp(frame: Uint8Array): Content {
  const padding = Buffer.from(frame.subarray(arp.end)).toString('latin1').replace(/\0+$/, '');
  return { ...readPacket(frame), ...(padding !== '' && { padding }) };
}

function readPacket(frame: Uint8Array): Content {
  const from = addressText(frame.subarray(arp.senderIp, arp.senderIp + 4));
  const target = addressText(frame.subarray(arp.targetIp, arp.targetIp + 4));
  const mac = macText(frame.subarray(arp.senderMac, arp.senderMac + 6));
  if (from === target) return { kind: 'gratuitous', ip: from, from, mac };
  const isRequest = frame[arp.operation + 1] === 1;
  return { kind: isRequest ? 'arp-request' : 'arp-reply', ip: isRequest ? target : from, from, mac };
}

function readSolicitation(frame: Uint8Array, source: string): Content {
  const from = addressText(frame.subarray(nd.sourceIp, nd.sourceIp + 16));
  return { kind: 'ns', ip: targetOf(frame), from, mac: linkLayerAddress(frame, 1) ?? source };
}

function readAdvertisement(frame: Uint8Array, source: string): Content {
  const kind = ((frame[nd.flags] ?? 0) & solicitedFlag) === 0 ? 'unsolicited-na' : 'na';
  const ip = targetOf(frame);
  return { kind, ip, from: ip, mac: linkLayerAddress(frame, 2) ?? source };
}

function targetOf(frame: Uint8Array): string {
  return addressText(frame.subarray(nd.target, nd.target + 16));
}

/** Of the option of this type: 1 is the source's, 2 the target's (RFC 4861 section 4.6.1). */
function linkLayerAddress(frame: Uint8Array, type: number): string | undefined {
  for (let at: number = nd.options; at + 8 <= frame.length;) {
    if (frame[at] === type) return macText(frame.subarray(at + 2, at + 8));
    at += 8 * Math.max(1, frame[at + 1] ?? 1);
  }
  return undefined;
}
