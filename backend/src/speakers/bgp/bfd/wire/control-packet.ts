import { drop, type Drop, type DropReason } from './drop.ts';
import { BFD_STATES, type BfdStateName } from './state.ts';

/** A BFD Control packet without authentication (RFC 5880 section 4.1). Intervals are in microseconds, 32 bits each. */
export interface ControlPacket {
  readonly kind: 'control';
  /** 5 bits; `diagnosticName` has the words. */
  readonly diagnostic: number;
  readonly state: BfdStateName;
  readonly poll: boolean;
  readonly final: boolean;
  /** The sender's BFD doesn't share fate with its control plane. */
  readonly controlPlaneIndependent: boolean;
  readonly demand: boolean;
  /** 1 to 255. */
  readonly detectMultiplier: number;
  /** Not 0. */
  readonly myDiscriminator: number;
  /** 0: the sender doesn't know it. */
  readonly yourDiscriminator: number;
  readonly desiredMinTxUs: number;
  readonly requiredMinRxUs: number;
  readonly requiredMinEchoRxUs: number;
}

/*
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  |Vers |  Diag   |Sta|P|F|C|A|D|M|  Detect Mult  |    Length     |
 *  |                       My Discriminator                        |
 *  |                      Your Discriminator                       |
 *  |                    Desired Min TX Interval                    |
 *  |                   Required Min RX Interval                    |
 *  |                 Required Min Echo RX Interval                 |
 */
const VERSION = 1;
const LENGTH = 24;
/** With the type and the length of an authentication section. */
const AUTHENTICATED_LENGTH = 26;
const POLL = 0x20;
const FINAL = 0x10;
const CONTROL_PLANE_INDEPENDENT = 0x08;
const AUTHENTICATED = 0x04;
const DEMAND = 0x02;
const MULTIPOINT = 0x01;

export function encodeControlPacket(packet: ControlPacket): Uint8Array {
  const bytes = new Uint8Array(LENGTH);
  const view = new DataView(bytes.buffer);
  bytes[0] = (VERSION << 5) | packet.diagnostic;
  bytes[1] = (BFD_STATES.indexOf(packet.state) << 6) | flagsOf(packet);
  bytes[2] = packet.detectMultiplier;
  bytes[3] = LENGTH;
  view.setUint32(4, packet.myDiscriminator);
  view.setUint32(8, packet.yourDiscriminator);
  view.setUint32(12, packet.desiredMinTxUs);
  view.setUint32(16, packet.requiredMinRxUs);
  view.setUint32(20, packet.requiredMinEchoRxUs);
  return bytes;
}

function flagsOf({ poll, final, controlPlaneIndependent, demand }: ControlPacket): number {
  return (
    (poll ? POLL : 0) |
    (final ? FINAL : 0) |
    (controlPlaneIndependent ? CONTROL_PLANE_INDEPENDENT : 0) |
    (demand ? DEMAND : 0)
  );
}

/** The payload of a datagram, by the checks of RFC 5880 section 6.8.6 that need no session. What follows the packet is left alone. */
export function decodeControlPacket(bytes: Uint8Array): ControlPacket | Drop {
  if (bytes.length < LENGTH) return drop('truncated');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const flags = view.getUint8(1);
  const packet: ControlPacket = {
    kind: 'control',
    diagnostic: view.getUint8(0) & 0x1f,
    state: BFD_STATES[flags >> 6] ?? 'AdminDown',
    poll: (flags & POLL) !== 0,
    final: (flags & FINAL) !== 0,
    controlPlaneIndependent: (flags & CONTROL_PLANE_INDEPENDENT) !== 0,
    demand: (flags & DEMAND) !== 0,
    detectMultiplier: view.getUint8(2),
    myDiscriminator: view.getUint32(4),
    yourDiscriminator: view.getUint32(8),
    desiredMinTxUs: view.getUint32(12),
    requiredMinRxUs: view.getUint32(16),
    requiredMinEchoRxUs: view.getUint32(20),
  };
  const failed = checks.find(({ fails }) => fails({ packet, flags, view }));
  return failed === undefined ? packet : drop(failed.reason);
}

interface Received {
  readonly packet: ControlPacket;
  readonly flags: number;
  readonly view: DataView;
}

interface Check {
  readonly reason: DropReason;
  readonly fails: (received: Received) => boolean;
}

const checks: readonly Check[] = [
  { reason: 'version', fails: ({ view }) => view.getUint8(0) >> 5 !== VERSION },
  { reason: 'length', fails: hasWrongLength },
  { reason: 'detect-multiplier', fails: ({ packet }) => packet.detectMultiplier === 0 },
  { reason: 'multipoint', fails: ({ flags }) => (flags & MULTIPOINT) !== 0 },
  { reason: 'my-discriminator', fails: ({ packet }) => packet.myDiscriminator === 0 },
  {
    reason: 'your-discriminator',
    fails: ({ packet }) => packet.yourDiscriminator === 0 && packet.state !== 'Down' && packet.state !== 'AdminDown',
  },
  { reason: 'authenticated', fails: ({ flags }) => (flags & AUTHENTICATED) !== 0 },
];

function hasWrongLength({ flags, view }: Received): boolean {
  const length = view.getUint8(3);
  const least = (flags & AUTHENTICATED) === 0 ? LENGTH : AUTHENTICATED_LENGTH;
  return length < least || length > view.byteLength;
}
