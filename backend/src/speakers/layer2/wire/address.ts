import ipaddr from 'ipaddr.js';

const DOTTED_DECIMAL = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/;

/** The 4 or 16 octets of an IP literal without a zone, or undefined if it is none. */
export function addressOctets(text: string): Uint8Array | undefined {
  const quad = DOTTED_DECIMAL.exec(text)?.slice(1).map(Number);
  if (quad !== undefined) return quad.some((octet) => octet > 255) ? undefined : Uint8Array.from(quad);
  if (!text.includes(':') || text.includes('%') || !ipaddr.IPv6.isValid(text)) return undefined;
  return Uint8Array.from(ipaddr.IPv6.parse(text).toByteArray());
}

/** IPv6 as RFC 5952 has it. */
export function addressText(octets: Uint8Array): string {
  if (octets.length === 4) return octets.join('.');
  return new ipaddr.IPv6([...octets]).toRFC5952String();
}

export const UNSPECIFIED4: Uint8Array = new Uint8Array(4);
export const UNSPECIFIED6: Uint8Array = new Uint8Array(16);

export function isUnspecified(octets: Uint8Array): boolean {
  return octets.every((octet) => octet === 0);
}

/** `ff02::1`. */
export const ALL_NODES: Uint8Array = Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);

const SOLICITED_NODE_PREFIX = Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff);

/** RFC 4291 section 2.7.1: `ff02::1:ff00:0/104` and the address' last 24 bits. */
export function solicitedNodeGroup(address: Uint8Array): Uint8Array {
  const group = new Uint8Array(16);
  group.set(SOLICITED_NODE_PREFIX);
  group.set(address.subarray(13), 13);
  return group;
}

export function isSolicitedNodeGroup(address: Uint8Array): boolean {
  return SOLICITED_NODE_PREFIX.every((octet, at) => address[at] === octet);
}

export function isMulticast6(address: Uint8Array): boolean {
  return address[0] === 0xff;
}

/** `fe80::/10` (RFC 4291 section 2.5.6). */
export function isLinkLocal(address: Uint8Array): boolean {
  return address[0] === 0xfe && ((address[1] ?? 0) & 0xc0) === 0x80;
}

/** The link-local address that a MAC makes (RFC 4291 appendix A). */
export function linkLocalOf(mac: Uint8Array): Uint8Array {
  const address = new Uint8Array(16);
  address.set([0xfe, 0x80]);
  address.set([(mac[0] ?? 0) ^ 2, ...mac.subarray(1, 3), 0xff, 0xfe, ...mac.subarray(3, 6)], 8);
  return address;
}

/** The MAC of an IPv6 group (RFC 2464 section 7). */
export function multicastMac(group: Uint8Array): Uint8Array {
  return Uint8Array.of(0x33, 0x33, ...group.subarray(12));
}
