import ipaddr from 'ipaddr.js';

/**
 * The part of rtnetlink(7) that says which links and addresses this host has and which link leads to an address: requests
 * and a parser of the answers. Pure. Netlink is in the host's byte order, which is little-endian wherever Node.js has
 * Linux binaries for.
 */

/** A network interface as the kernel knows it. */
export interface LinkRecord {
  readonly index: number;
  readonly name: string;
  /** ARPHRD_* of linux/if_arp.h: 1 is Ethernet. */
  readonly hardware: number;
  /** IFF_* of linux/if.h. */
  readonly flags: number;
  readonly mac: Uint8Array;
  /** Of virtual devices: `veth`, `bond`, ...; empty for hardware. */
  readonly kind: string;
  /** Of what this link is a part: the bridge's or bond's kind; empty for none. */
  readonly portOf: string;
}

export interface AddressRecord {
  readonly linkIndex: number;
  readonly address: string;
  readonly prefixLength: number;
  /** RT_SCOPE_*: 0 is universe, 253 link. */
  readonly scope: number;
  /** The host may not use it: duplicate address detection goes on, or has found a duplicate. */
  readonly unusable: boolean;
}

export interface RouteRecord {
  /** RTN_* of linux/rtnetlink.h. */
  readonly type: number;
  readonly linkIndex: number | undefined;
  /** By a router, not on the link itself. */
  readonly isVia: boolean;
}

export interface NeighbourRecord {
  readonly linkIndex: number;
  readonly address: string;
  readonly mac: Uint8Array;
}

/** What the kernel thinks of a neighbour, whether or not it has its MAC. */
export interface NeighbourStateRecord {
  readonly linkIndex: number;
  readonly address: string;
  /** NUD_* of linux/neighbour.h. */
  readonly state: number;
  /** Hundredths of a second since it was last confirmed (`struct nda_cacheinfo`, in USER_HZ); undefined if the kernel doesn't say. */
  readonly confirmedAgo: number | undefined;
}

export interface Message {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly body: Uint8Array;
}

// linux/netlink.h, linux/rtnetlink.h, linux/if_link.h, linux/if_addr.h
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const RTM_NEWLINK = 16;
const RTM_GETLINK = 18;
const RTM_NEWADDR = 20;
const RTM_GETADDR = 22;
const RTM_NEWROUTE = 24;
const RTM_GETROUTE = 26;
const RTM_NEWNEIGH = 28;
const RTM_GETNEIGH = 30;
const NLM_F_REQUEST = 0x1;
const NLM_F_DUMP = 0x300;
const NLM_F_DUMP_INTR = 0x10;
const IFLA_ADDRESS = 1;
const IFLA_IFNAME = 3;
const IFLA_MASTER = 10;
const IFLA_LINKINFO = 18;
const IFLA_INFO_KIND = 1;
const IFLA_INFO_SLAVE_KIND = 4;
const IFLA_EXT_MASK = 29;
const RTEXT_FILTER_SKIP_STATS = 8;
const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const IFA_FLAGS = 8;
const IFA_F_DADFAILED = 0x08;
const IFA_F_OPTIMISTIC = 0x04;
const IFA_F_TENTATIVE = 0x40;
const NDA_DST = 1;
const NDA_LLADDR = 2;
const NDA_CACHEINFO = 3;
/** Not incomplete, not failed, none without a MAC: linux/neighbour.h. */
const NUD_KNOWN = 0x02 | 0x04 | 0x08 | 0x10 | 0x80;
const RTA_DST = 1;
const RTA_OIF = 4;
const RTA_GATEWAY = 5;
const RTA_MULTIPATH = 9;
const RTA_VIA = 18;
export const RTN_UNICAST = 1;
/** The route itself is asked for, with its prefix length; from Linux 4.13 on. */
const RTM_F_FIB_MATCH = 0x2000;
/** Flags of nested attributes and of byte order; not part of the type. */
const NLA_TYPE_MASK = 0x3fff;
const messageHeader = 16;
const AF_INET = 2;
const AF_INET6 = 10;

export function linksRequest(sequence: number): Uint8Array {
  // struct ifinfomsg, then one attribute: the statistics would be most of the answer.
  const body = new Uint8Array(24);
  const view = new DataView(body.buffer);
  view.setUint16(16, 8, true);
  view.setUint16(18, IFLA_EXT_MASK, true);
  view.setUint32(20, RTEXT_FILTER_SKIP_STATS, true);
  return request(RTM_GETLINK, NLM_F_DUMP, sequence, body);
}

export function addressesRequest(sequence: number): Uint8Array {
  return request(RTM_GETADDR, NLM_F_DUMP, sequence, new Uint8Array(8));
}

export function neighboursRequest(sequence: number): Uint8Array {
  // struct ndmsg
  return request(RTM_GETNEIGH, NLM_F_DUMP, sequence, new Uint8Array(12));
}

/** Which way would a packet to `address` go? @param address a valid text, without a zone */
export function routeRequest(sequence: number, address: string): Uint8Array {
  const octets = ipaddr.parse(address).toByteArray();
  return request(RTM_GETROUTE, 0, sequence, concat(routeHeader(octets, 0), attribute(RTA_DST, octets)));
}

/** By which route would a packet to an address (16 octets) leave through this link? */
export function matchRequest(sequence: number, octets: Uint8Array, linkIndex: number): Uint8Array {
  const link = new Uint8Array(Int32Array.of(linkIndex).buffer);
  const attributes = [attribute(RTA_DST, octets), attribute(RTA_OIF, link)];
  return request(RTM_GETROUTE, 0, sequence, concat(routeHeader(octets, RTM_F_FIB_MATCH), ...attributes));
}

/** struct rtmsg */
function routeHeader({ length }: ArrayLike<number>, flags: number): Uint8Array {
  const header = new Uint8Array(12);
  header[0] = length === 4 ? AF_INET : AF_INET6;
  header[1] = length * 8;
  viewOf(header).setUint32(8, flags, true);
  return header;
}

/** Of a length that needs no padding. */
function attribute(type: number, value: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(4 + value.length);
  viewOf(bytes).setUint16(0, bytes.byteLength, true);
  viewOf(bytes).setUint16(2, type, true);
  bytes.set(value, 4);
  return bytes;
}

const concat = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));

function request(type: number, flags: number, sequence: number, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(messageHeader + body.byteLength);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.byteLength, true);
  view.setUint16(4, type, true);
  view.setUint16(6, NLM_F_REQUEST | flags, true);
  view.setUint32(8, sequence, true);
  bytes.set(body, messageHeader);
  return bytes;
}

/** The messages of one datagram. What is cut or says an impossible length ends it. */
export function parseMessages(bytes: Uint8Array): Message[] {
  const view = viewOf(bytes);
  const messages: Message[] = [];
  for (let at = 0; at + messageHeader <= bytes.byteLength;) {
    const length = view.getUint32(at, true);
    if (length < messageHeader || at + length > bytes.byteLength) break;
    messages.push({
      type: view.getUint16(at + 4, true),
      flags: view.getUint16(at + 6, true),
      sequence: view.getUint32(at + 8, true),
      body: bytes.subarray(at + messageHeader, at + length),
    });
    at += align(length);
  }
  return messages;
}

/** Whether a message ends the answer to a dump. */
export function isLast({ type }: Message): boolean {
  return type === NLMSG_DONE || type === NLMSG_ERROR;
}

/** The errno by which the kernel refused, positive; 0 for any other message. */
export function refusal({ type, body }: Message): number {
  const carriesError = type === NLMSG_ERROR || type === NLMSG_DONE;
  return carriesError && body.byteLength >= 4 ? -viewOf(body).getInt32(0, true) : 0;
}

/** Whether something changed while the kernel answered, so that the answer may miss an entry. */
export function wasInterrupted({ flags }: Message): boolean {
  return (flags & NLM_F_DUMP_INTR) !== 0;
}

export function linkOf({ type, body }: Message): LinkRecord | undefined {
  if (type !== RTM_NEWLINK || body.byteLength < 16) return undefined;
  const view = viewOf(body);
  const attributes = parseAttributes(body, 16);
  const name = textOf(attributes.get(IFLA_IFNAME));
  const info = parseAttributes(attributes.get(IFLA_LINKINFO) ?? new Uint8Array(), 0);
  if (name === '') return undefined;
  return {
    index: view.getInt32(4, true),
    name,
    hardware: view.getUint16(2, true),
    flags: view.getUint32(8, true),
    mac: (attributes.get(IFLA_ADDRESS) ?? new Uint8Array()).slice(),
    kind: textOf(info.get(IFLA_INFO_KIND)),
    portOf: attributes.has(IFLA_MASTER) ? textOf(info.get(IFLA_INFO_SLAVE_KIND)) : '',
  };
}

export function addressOf({ type, body }: Message): AddressRecord | undefined {
  if (type !== RTM_NEWADDR || body.byteLength < 8) return undefined;
  const view = viewOf(body);
  const attributes = parseAttributes(body, 8);
  const peer = attributes.get(IFA_ADDRESS);
  const local = attributes.get(IFA_LOCAL) ?? peer;
  if (local === undefined || (local.byteLength !== 4 && local.byteLength !== 16)) return undefined;
  // The prefix length of a point-to-point address is that of the other end.
  const isPointToPoint = peer !== undefined && !equal(peer, local);
  return {
    linkIndex: view.getUint32(4, true),
    address: format(local),
    prefixLength: isPointToPoint ? local.byteLength * 8 : view.getUint8(1),
    scope: view.getUint8(3),
    unusable: isUnusable(attributes.get(IFA_FLAGS), view.getUint8(2)),
  };
}

/** @param byte what there was before the attribute had room for more flags */
function isUnusable(attribute: Uint8Array | undefined, byte: number): boolean {
  const flags = attribute?.byteLength === 4 ? viewOf(attribute).getUint32(0, true) : byte;
  const isTentative = (flags & IFA_F_TENTATIVE) !== 0 && (flags & IFA_F_OPTIMISTIC) === 0;
  return isTentative || (flags & IFA_F_DADFAILED) !== 0;
}

export function routeOf({ type, body }: Message): RouteRecord | undefined {
  if (type !== RTM_NEWROUTE || body.byteLength < 12) return undefined;
  const attributes = parseAttributes(body, 12);
  const link = attributes.get(RTA_OIF);
  return {
    type: viewOf(body).getUint8(7),
    linkIndex: link?.byteLength === 4 ? viewOf(link).getUint32(0, true) : undefined,
    isVia: hasRouter(attributes),
  };
}

function hasRouter(attributes: ReadonlyMap<number, Uint8Array>): boolean {
  return [RTA_GATEWAY, RTA_VIA, RTA_MULTIPATH].some((each) => attributes.has(each));
}

/** Prefix length of the route that answers `matchRequest`, if hosts within are reached without a router: less than an address' own. */
export function onLinkLengthOf({ type, body }: Message): number | undefined {
  if (type !== RTM_NEWROUTE || body.byteLength < 12) return undefined;
  const [family, length = 0, sourceLength, , , , , kind] = body;
  const attributes = parseAttributes(body, 12);
  const isSubnet = family === AF_INET6 && length > 0 && length < 128;
  return kind === RTN_UNICAST && isSubnet && sourceLength === 0 && !hasRouter(attributes) ? length : undefined;
}

export function neighbourOf({ type, body }: Message): NeighbourRecord | undefined {
  if (type !== RTM_NEWNEIGH || body.byteLength < 12) return undefined;
  const view = viewOf(body);
  const attributes = parseAttributes(body, 12);
  const address = attributes.get(NDA_DST);
  const mac = attributes.get(NDA_LLADDR);
  if ((view.getUint16(8, true) & NUD_KNOWN) === 0 || mac?.byteLength !== 6) return undefined;
  if (address === undefined || (address.byteLength !== 4 && address.byteLength !== 16)) return undefined;
  return { linkIndex: view.getInt32(4, true), address: format(address), mac: mac.slice() };
}

export function neighbourStateOf({ type, body }: Message): NeighbourStateRecord | undefined {
  if (type !== RTM_NEWNEIGH || body.byteLength < 12) return undefined;
  const attributes = parseAttributes(body, 12);
  const address = attributes.get(NDA_DST);
  if (address === undefined || (address.byteLength !== 4 && address.byteLength !== 16)) return undefined;
  const times = attributes.get(NDA_CACHEINFO);
  const confirmedAgo = times === undefined || times.byteLength < 4 ? undefined : viewOf(times).getUint32(0, true);
  const view = viewOf(body);
  return { linkIndex: view.getInt32(4, true), address: format(address), state: view.getUint16(8, true), confirmedAgo };
}

/** Attributes by type, the first of each; one that is cut or says an impossible length ends them. */
function parseAttributes(bytes: Uint8Array, start: number): Map<number, Uint8Array> {
  const view = viewOf(bytes);
  const attributes = new Map<number, Uint8Array>();
  for (let at = start; at + 4 <= bytes.byteLength;) {
    const length = view.getUint16(at, true);
    if (length < 4 || at + length > bytes.byteLength) break;
    const type = view.getUint16(at + 2, true) & NLA_TYPE_MASK;
    if (!attributes.has(type)) attributes.set(type, bytes.subarray(at + 4, at + length));
    at += align(length);
  }
  return attributes;
}

const align = (length: number): number => (length + 3) & ~3;

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const equal = (a: Uint8Array, b: Uint8Array): boolean =>
  a.byteLength === b.byteLength && a.every((octet, index) => octet === b[index]);

/** Of a text that ends in a zero octet. */
function textOf(bytes: Uint8Array | undefined): string {
  if (bytes === undefined) return '';
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end === -1 ? bytes : bytes.subarray(0, end));
}

function format(octets: Uint8Array): string {
  return octets.byteLength === 4 ? octets.join('.') : new ipaddr.IPv6([...octets]).toRFC5952String();
}
