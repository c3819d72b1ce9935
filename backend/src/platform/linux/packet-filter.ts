/** Classic BPF (filter(7), Linux' Documentation/networking/filter.rst), as SO_ATTACH_FILTER takes it. */
export interface Instruction {
  readonly code: number;
  readonly jumpTrue?: number;
  readonly jumpFalse?: number;
  readonly k: number;
}

export const loadWord = (k: number): Instruction => ({ code: 0x20, k });
const loadHalf = (k: number): Instruction => ({ code: 0x28, k });
export const loadByte = (k: number): Instruction => ({ code: 0x30, k });
export const ifEqual = (k: number, jumpTrue: number, jumpFalse: number): Instruction => ({
  code: 0x15,
  k,
  jumpTrue,
  jumpFalse,
});
const ifGreater = (k: number, jumpTrue: number, jumpFalse: number): Instruction => ({
  code: 0x25,
  k,
  jumpTrue,
  jumpFalse,
});
export const ifAtLeast = (k: number, jumpTrue: number, jumpFalse: number): Instruction => ({
  code: 0x35,
  k,
  jumpTrue,
  jumpFalse,
});
export const result = (k: number): Instruction => ({ code: 0x06, k });

/** Where the kernel shows what it knows of a frame beside its bytes: SKF_AD_OFF of linux/filter.h. */
const ancillary = 0xffff_f000;
const packetType = ancillary + 4;
const vlanTagPresent = ancillary + 48;
const packetMulticast = 2;

const ethernetHeader = 14;

// linux/rtnetlink.h: RTPROT_BOOT is what `ip route add` says.
const RTN_UNICAST = 1;
const RTPROT_KERNEL = 2;
const RTPROT_BOOT = 3;
const RTPROT_STATIC = 4;
const RTPROT_RA = 9;
const RTPROT_DHCP = 16;

const accept = result(0xffff);
const drop = result(0);

/**
 * To this host, to all or to a group (linux/if_packet.h has them first), untagged: what belongs to a VLAN is on its own
 * link, and the tag may be out of the frame's bytes already. Frames to other hosts come in promiscuous mode. VLAN 0 is
 * only a priority; the kernel takes such a tag off by itself.
 */
function forUs(rest: readonly Instruction[]): Instruction[] {
  const toDrop = rest.length - 1;
  return [
    loadWord(packetType),
    ifGreater(packetMulticast, toDrop + 2, 0),
    loadWord(vlanTagPresent),
    ifEqual(0, 0, toDrop),
    ...rest,
  ];
}

/** For a socket of ETH_P_ARP: requests and replies. */
export const arpFilter: readonly Instruction[] = forUs([
  loadHalf(ethernetHeader + 6),
  ifEqual(1, 1, 0),
  ifEqual(2, 0, 1),
  accept,
  drop,
]);

/**
 * For a socket of ETH_P_IPV6: ICMPv6 neighbour solicitations and advertisements (RFC 4861, 4.3 and 4.4). Fragmented ones
 * must be ignored (RFC 6980), and nobody puts other extension headers before them.
 */
export const neighbourFilter: readonly Instruction[] = forUs([
  loadByte(ethernetHeader + 6),
  ifEqual(58, 0, 4),
  loadByte(ethernetHeader + 40),
  ifEqual(135, 1, 0),
  ifEqual(136, 0, 1),
  accept,
  drop,
]);

/**
 * For an rtnetlink socket that is told of IPv6 routes, behind `struct nlmsghdr` and in `struct rtmsg`: those that may say what is on a
 * link. Those of routing daemons come by the hundred thousand; those to single Pods, and link-local ones, with each Pod. The kernel puts
 * the number of the table first among the attributes, then the destination.
 */
export const onLinkFilter: readonly Instruction[] = [
  loadByte(16 + 7),
  ifEqual(RTN_UNICAST, 0, 11),
  loadByte(16 + 1),
  ifEqual(128, 9, 0),
  loadByte(16 + 5),
  ifEqual(RTPROT_KERNEL, 4, 0),
  ifEqual(RTPROT_BOOT, 3, 0),
  ifEqual(RTPROT_STATIC, 2, 0),
  ifEqual(RTPROT_RA, 1, 0),
  ifEqual(RTPROT_DHCP, 0, 3),
  loadHalf(16 + 12 + 8 + 4),
  ifEqual(0xfe80, 1, 0),
  accept,
  drop,
];

/** `struct sock_filter[]`, little-endian as the machines that Node.js has Linux binaries for. */
export function encodeFilter(program: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(program.length * 8);
  const view = new DataView(bytes.buffer);
  program.forEach(({ code, jumpTrue = 0, jumpFalse = 0, k }, index) => {
    view.setUint16(index * 8, code, true);
    view.setUint8(index * 8 + 2, jumpTrue);
    view.setUint8(index * 8 + 3, jumpFalse);
    view.setUint32(index * 8 + 4, k, true);
  });
  return bytes;
}
