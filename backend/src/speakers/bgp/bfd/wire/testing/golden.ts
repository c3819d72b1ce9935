import { hex } from '../../../wire/testing/hex.ts';
import type { ControlPacket } from '../control-packet.ts';
import type { DropReason } from '../drop.ts';

/**
 * Packets from others than our encoder. "FRR": captured between two bfdd of FRR 8.4.4 in namespaces joined by a veth (intervals of 250 and
 * 400 ms, multiplier 5). "scapy": made with scapy 2.8.0.
 */
export interface GoldenPacket {
  readonly name: string;
  readonly octets: Uint8Array;
  readonly packet: ControlPacket;
}

const [left, right] = [0x4801e5ea, 0x2c99ca51];

function packet(changes: Partial<ControlPacket>): ControlPacket {
  return {
    ...{ kind: 'control', diagnostic: 0, state: 'Up', poll: false, final: false, controlPlaneIndependent: false },
    ...{ demand: false, detectMultiplier: 5, myDiscriminator: left, yourDiscriminator: right },
    ...{ desiredMinTxUs: 400_000, requiredMinRxUs: 250_000, requiredMinEchoRxUs: 50_000 },
    ...changes,
  };
}

const slow = { desiredMinTxUs: 1_000_000, requiredMinRxUs: 1_000_000 };
const made = {
  ...{ detectMultiplier: 3, myDiscriminator: 0x01020304, yourDiscriminator: 0xfffefdfc },
  ...{ desiredMinTxUs: 300_000, requiredMinRxUs: 50_000, requiredMinEchoRxUs: 0 },
};

/** `20 40 05 18`: version and diagnostic, state and flags, multiplier, length; both discriminators; the three intervals. */
export const goldenPackets: readonly GoldenPacket[] = [
  {
    name: 'FRR: Down, alone',
    octets: hex('20400518 4801e5ea 00000000 000f4240 000f4240 0000c350'),
    packet: packet({ state: 'Down', yourDiscriminator: 0, ...slow }),
  },
  {
    name: 'FRR: Init',
    octets: hex('20800518 2c99ca51 4801e5ea 000f4240 000f4240 0000c350'),
    packet: packet({ state: 'Init', myDiscriminator: right, yourDiscriminator: left, ...slow }),
  },
  {
    name: 'FRR: Up, with a poll for its intervals',
    octets: hex('20e00518 4801e5ea 2c99ca51 00061a80 0003d090 0000c350'),
    packet: packet({ poll: true }),
  },
  {
    name: 'FRR: Up, the answer to a poll',
    octets: hex('20d00518 4801e5ea 2c99ca51 00061a80 0003d090 0000c350'),
    packet: packet({ final: true }),
  },
  {
    name: 'FRR: Up, periodic',
    octets: hex('20c00518 4801e5ea 2c99ca51 00061a80 0003d090 0000c350'),
    packet: packet({}),
  },
  {
    name: 'FRR: Up, another interval is configured',
    octets: hex('20e00518 2c99ca51 4801e5ea 000927c0 0003d090 0000c350'),
    packet: packet({ poll: true, myDiscriminator: right, yourDiscriminator: left, desiredMinTxUs: 600_000 }),
  },
  {
    name: 'FRR: shut down',
    octets: hex('20000518 2c99ca51 4801e5ea 000927c0 0003d090 0000c350'),
    packet: packet({ state: 'AdminDown', myDiscriminator: right, yourDiscriminator: left, desiredMinTxUs: 600_000 }),
  },
  {
    name: 'FRR: Down after the other side was shut down',
    octets: hex('23400518 4801e5ea 00000000 000f4240 000f4240 0000c350'),
    packet: packet({ state: 'Down', diagnostic: 3, yourDiscriminator: 0, ...slow }),
  },
  {
    name: 'scapy: independent of its control plane, in demand mode',
    octets: hex('20caff18 01020304 fffefdfc 000493e0 0000c350 00000000'),
    packet: packet({ ...made, controlPlaneIndependent: true, demand: true, detectMultiplier: 255 }),
  },
  {
    name: 'scapy: a diagnostic that nobody knows',
    octets: hex('3fa80118 01020304 fffefdfc 000493e0 0000c350 00000000'),
    packet: packet({
      ...{ ...made, diagnostic: 31, state: 'Init', poll: true, controlPlaneIndependent: true },
      detectMultiplier: 1,
    }),
  },
  {
    name: 'scapy: the largest numbers',
    octets: hex('29400318 ffffffff 00000000 ffffffff 00000000 ffffffff'),
    packet: packet({
      ...{ state: 'Down', diagnostic: 9, detectMultiplier: 3, myDiscriminator: 0xffffffff, yourDiscriminator: 0 },
      ...{ desiredMinTxUs: 0xffffffff, requiredMinRxUs: 0, requiredMinEchoRxUs: 0xffffffff },
    }),
  },
  {
    name: 'scapy: AdminDown with its diagnostic',
    octets: hex('27000318 01020304 fffefdfc 000493e0 0000c350 00000000'),
    packet: packet({ ...made, state: 'AdminDown', diagnostic: 7 }),
  },
];

export interface GoldenDrop {
  readonly name: string;
  readonly octets: Uint8Array;
  readonly reason: DropReason;
}

const session = '01020304 fffefdfc 000493e0 0000c350 00000000';

export const goldenDrops: readonly GoldenDrop[] = [
  { name: 'a simple password', octets: hex(`20c40323 ${session} 010b0170617373776f7264`), reason: 'authenticated' },
  {
    name: 'keyed MD5',
    octets: hex(`20c40330 ${session} 02180100 00000007 5f4dcc3b5aa765d61d8327deb882cf99`),
    reason: 'authenticated',
  },
  {
    name: 'meticulous keyed SHA1',
    octets: hex(`20c40334 ${session} 051c0100 00000007 5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8`),
    reason: 'authenticated',
  },
  { name: 'authenticated by its flag only', octets: hex(`20c40318 ${session} 0000`), reason: 'length' },
  { name: 'multipoint', octets: hex(`20c10318 ${session}`), reason: 'multipoint' },
  { name: 'version 0', octets: hex(`00400318 ${session}`), reason: 'version' },
  { name: 'no detection multiplier', octets: hex(`20c00018 ${session}`), reason: 'detect-multiplier' },
  {
    name: 'no discriminator of the sender',
    octets: hex('20400318 00000000 00000001 3b9aca00 3b9aca00 3b9aca00'),
    reason: 'my-discriminator',
  },
  {
    name: 'Up with nobody',
    octets: hex('20c00318 00000001 00000000 3b9aca00 3b9aca00 3b9aca00'),
    reason: 'your-discriminator',
  },
  {
    name: 'Init with nobody',
    octets: hex('20800318 00000001 00000000 3b9aca00 3b9aca00 3b9aca00'),
    reason: 'your-discriminator',
  },
  { name: 'a length below the least', octets: hex(`20c00317 ${session}`), reason: 'length' },
  { name: 'a length beyond what came', octets: hex(`20c00319 ${session}`), reason: 'length' },
];
