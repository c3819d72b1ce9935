import { addressOctets } from '../address.ts';
import type { DropReason } from '../drop.ts';
import type { Packet } from '../frame.ts';
import { hex } from './hex.ts';

/**
 * Frames from others than our encoder. "Linux": captured with tcpdump between two namespaces joined by a veth, kernel 6.18,
 * arp_notify and ndisc_notify on; a (02:00:5e:10:00:0a) has 192.0.2.10 and 2001:db8::a, b (...:0b) the same with 11 and b.
 * "scapy": made with scapy 2.8.0, which computes lengths and checksums by itself.
 */
export interface GoldenFrame {
  readonly name: string;
  readonly rows: string;
  readonly packet: Packet;
}

export interface GoldenDrop {
  readonly name: string;
  readonly rows: string;
  readonly reason: DropReason;
}

function ip(text: string): Uint8Array {
  const octets = addressOctets(text);
  if (octets === undefined) throw new Error(`no address: ${text}`);
  return octets;
}

export const macA: Uint8Array = hex('02005e10000a');
export const macB: Uint8Array = hex('02005e10000b');
export const v4: Readonly<Record<'a' | 'b', Uint8Array>> = { a: ip('192.0.2.10'), b: ip('192.0.2.11') };
export const v6: Readonly<Record<'a' | 'b', Uint8Array>> = { a: ip('2001:db8::a'), b: ip('2001:db8::b') };
const everybody = hex('ffffffffffff');
const nobody = hex('000000000000');

const arp: readonly GoldenFrame[] = [
  {
    name: 'Linux: ARP request',
    rows: `ffffffffffff 02005e10000b 0806          # to all, from b
      0001 0800 06 04 0001                         # Ethernet, IPv4, request
      02005e10000b c000020b 000000000000 c000020a  # b asks for a`,
    packet: {
      ...{ kind: 'arp', destination: everybody, source: macB, operation: 'request' },
      ...{ senderMac: macB, senderIp: v4.b, targetMac: nobody, targetIp: v4.a },
    },
  },
  {
    name: 'Linux: ARP reply',
    rows: `02005e10000b 02005e10000a 0806
      0001 0800 06 04 0002
      02005e10000a c000020a 02005e10000b c000020b`,
    packet: {
      ...{ kind: 'arp', destination: macB, source: macA, operation: 'reply' },
      ...{ senderMac: macA, senderIp: v4.a, targetMac: macB, targetIp: v4.b },
    },
  },
  {
    name: 'Linux: unicast ARP request, of neighbour unreachability detection',
    rows: `02005e10000b 02005e10000a 0806
      0001 0800 06 04 0001
      02005e10000a c000020a 000000000000 c000020b`,
    packet: {
      ...{ kind: 'arp', destination: macB, source: macA, operation: 'request' },
      ...{ senderMac: macA, senderIp: v4.a, targetMac: nobody, targetIp: v4.b },
    },
  },
  {
    name: 'Linux: ARP announcement, a gratuitous request',
    rows: `ffffffffffff 02005e10000b 0806
      0001 0800 06 04 0001
      02005e10000b c000020b 000000000000 c000020b`,
    packet: {
      ...{ kind: 'arp', destination: everybody, source: macB, operation: 'request' },
      ...{ senderMac: macB, senderIp: v4.b, targetMac: nobody, targetIp: v4.b },
    },
  },
  {
    name: 'scapy: gratuitous ARP reply',
    rows: `ffffffffffff 02005e10000a 0806
      0001 0800 06 04 0002
      02005e10000a c000020a 02005e10000a c000020a`,
    packet: {
      ...{ kind: 'arp', destination: everybody, source: macA, operation: 'reply' },
      ...{ senderMac: macA, senderIp: v4.a, targetMac: macA, targetIp: v4.a },
    },
  },
  {
    name: 'scapy: ARP probe',
    rows: `ffffffffffff 02005e10000a 0806
      0001 0800 06 04 0001
      02005e10000a 00000000 000000000000 c000020a`,
    packet: {
      ...{ kind: 'arp', destination: everybody, source: macA, operation: 'request' },
      ...{ senderMac: macA, senderIp: ip('0.0.0.0'), targetMac: nobody, targetIp: v4.a },
    },
  },
];

const neighbor: readonly GoldenFrame[] = [
  {
    name: 'Linux: neighbour solicitation',
    rows: `3333ff00000a 02005e10000b 86dd          # to the MAC of a's solicited-node group
      60000000 0020 3a ff                          # 32 octets of ICMPv6, hop limit 255
      20010db800000000000000000000000b             # from 2001:db8::b
      ff0200000000000000000001ff00000a             # to ff02::1:ff00:a
      87 00 bdf2 00000000                          # neighbour solicitation, checksum
      20010db800000000000000000000000a             # target 2001:db8::a
      01 01 02005e10000b                           # source link-layer address`,
    packet: {
      ...{ kind: 'neighbor-solicitation', destination: hex('3333ff00000a'), source: macB },
      ...{ sourceIp: v6.b, destinationIp: ip('ff02::1:ff00:a'), target: v6.a },
      options: [{ type: 'source-link-layer', mac: macB }],
    },
  },
  {
    name: 'Linux: unicast neighbour solicitation from a link-local address, of neighbour unreachability detection',
    rows: `02005e10000b 02005e10000a 86dd
      60000000 0020 3a ff
      fe8000000000000000005efffe10000a
      20010db800000000000000000000000b
      87 00 6066 00000000
      20010db800000000000000000000000b
      01 01 02005e10000a`,
    packet: {
      ...{ kind: 'neighbor-solicitation', destination: macB, source: macA },
      ...{ sourceIp: ip('fe80::5eff:fe10:a'), destinationIp: v6.b, target: v6.b },
      options: [{ type: 'source-link-layer', mac: macA }],
    },
  },
  {
    name: 'Linux: solicitation of duplicate address detection, with a nonce (RFC 7527)',
    rows: `3333ff00000a 02005e10000a 86dd
      60000000 0020 3a ff
      00000000000000000000000000000000
      ff0200000000000000000001ff00000a
      87 00 ad12 00000000
      20010db800000000000000000000000a
      0e 01 fa1af0dba6c8                           # nonce`,
    packet: {
      ...{ kind: 'neighbor-solicitation', destination: hex('3333ff00000a'), source: macA },
      ...{ sourceIp: ip('::'), destinationIp: ip('ff02::1:ff00:a'), target: v6.a },
      options: [{ type: 'unknown', code: 14, value: hex('fa1af0dba6c8') }],
    },
  },
  {
    name: 'Linux: solicited neighbour advertisement',
    rows: `02005e10000b 02005e10000a 86dd
      60000000 0020 3a ff
      20010db800000000000000000000000a
      20010db800000000000000000000000b
      88 00 2c3f 60000000                          # solicited, override
      20010db800000000000000000000000a
      02 01 02005e10000a                           # target link-layer address`,
    packet: {
      ...{ kind: 'neighbor-advertisement', destination: macB, source: macA, sourceIp: v6.a, destinationIp: v6.b },
      ...{ target: v6.a, router: false, solicited: true, override: true },
      options: [{ type: 'target-link-layer', mac: macA }],
    },
  },
  {
    name: 'scapy: unsolicited neighbour advertisement, also sent so by Linux',
    rows: `333300000001 02005e10000a 86dd
      60000000 0020 3a ff
      20010db800000000000000000000000a
      ff020000000000000000000000000001             # to ff02::1
      88 00 9aff 20000000                          # override
      20010db800000000000000000000000a
      02 01 02005e10000a`,
    packet: {
      ...{ kind: 'neighbor-advertisement', destination: hex('333300000001'), source: macA, sourceIp: v6.a },
      ...{ destinationIp: ip('ff02::1'), target: v6.a, router: false, solicited: false, override: true },
      options: [{ type: 'target-link-layer', mac: macA }],
    },
  },
  {
    name: "scapy: a router's solicited neighbour advertisement",
    rows: `02005e10000b 02005e10000a 86dd
      60000000 0020 3a ff
      20010db800000000000000000000000a
      20010db800000000000000000000000b
      88 00 cc3e c0000000                          # router, solicited
      20010db800000000000000000000000a
      02 01 02005e10000a`,
    packet: {
      ...{ kind: 'neighbor-advertisement', destination: macB, source: macA, sourceIp: v6.a, destinationIp: v6.b },
      ...{ target: v6.a, router: true, solicited: true, override: false },
      options: [{ type: 'target-link-layer', mac: macA }],
    },
  },
  {
    name: 'scapy: a solicitation without options',
    rows: `02005e10000a 02005e10000b 86dd
      60000000 0018 3a ff
      20010db800000000000000000000000b
      20010db800000000000000000000000a
      87 00 ef62 00000000
      20010db800000000000000000000000a`,
    packet: {
      ...{ kind: 'neighbor-solicitation', destination: macA, source: macB, sourceIp: v6.b, destinationIp: v6.a },
      ...{ target: v6.a, options: [] },
    },
  },
  {
    name: 'scapy: a solicitation with two options',
    rows: `3333ff00000a 02005e10000b 86dd
      60000000 0028 3a ff
      20010db800000000000000000000000b
      ff0200000000000000000001ff00000a
      87 00 a6dd 00000000
      20010db800000000000000000000000a
      01 01 02005e10000b
      0e 01 010203040506`,
    packet: {
      ...{ kind: 'neighbor-solicitation', destination: hex('3333ff00000a'), source: macB },
      ...{ sourceIp: v6.b, destinationIp: ip('ff02::1:ff00:a'), target: v6.a },
      options: [
        { type: 'source-link-layer', mac: macB },
        { type: 'unknown', code: 14, value: hex('010203040506') },
      ],
    },
  },
];

export const goldenFrames: readonly GoldenFrame[] = [...arp, ...neighbor];

export const goldenDrops: readonly GoldenDrop[] = [
  {
    name: 'scapy: an ARP request in VLAN 7',
    rows: `ffffffffffff 02005e10000a 8100 0007 0806 0001 0800 06 04 0001
      02005e10000a c000020a 000000000000 c000020b`,
    reason: 'vlan-tagged',
  },
  {
    name: 'scapy: RARP',
    rows: 'ffffffffffff 02005e10000a 8035 0001 0800 06 04 0003 02005e10000a 00000000 02005e10000a 00000000',
    reason: 'ether-type',
  },
  {
    name: 'scapy: a solicitation with hop limit 64, as a router would leave it',
    rows: `02005e10000a 02005e10000b 86dd 60000000 0018 3a 40
      20010db800000000000000000000000b 20010db800000000000000000000000a
      87 00 ef62 00000000 20010db800000000000000000000000a`,
    reason: 'hop-limit',
  },
  {
    name: 'scapy: a solicitation behind a hop-by-hop header',
    rows: `02005e10000a 02005e10000b 86dd 60000000 0020 00 ff
      20010db800000000000000000000000b 20010db800000000000000000000000a
      3a00050200000100 87 00 ef62 00000000 20010db800000000000000000000000a`,
    reason: 'not-icmpv6',
  },
  {
    name: 'scapy: a solicitation with a wrong checksum',
    rows: `02005e10000a 02005e10000b 86dd 60000000 0018 3a ff
      20010db800000000000000000000000b 20010db800000000000000000000000a
      87 00 1234 00000000 20010db800000000000000000000000a`,
    reason: 'checksum',
  },
  {
    name: 'scapy: a router advertisement',
    rows: `333300000001 02005e10000b 86dd 60000000 0010 3a ff
      fe80000000000000000000000000000b ff020000000000000000000000000001
      86 00 7515 00080708 00000000 00000000`,
    reason: 'icmp-type',
  },
];
