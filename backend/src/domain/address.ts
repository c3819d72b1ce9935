import ipaddr from 'ipaddr.js';

/** Address families by the names that Kubernetes' own code and this one's logs use; `Service.spec.ipFamilies` says IPv4, IPv6. */
export type Family = 'ipv4' | 'ipv6';

/** One IP address. Two addresses are equal if family and value are. IPv4-mapped IPv6 addresses stay IPv6. */
export interface Address {
  readonly family: Family;
  readonly value: bigint;
}

/** All addresses from `first` to `last`, both included; `first <= last`. */
export interface AddressRange {
  readonly family: Family;
  readonly first: bigint;
  readonly last: bigint;
}

export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string };

const BITS: Readonly<Record<Family, number>> = { ipv4: 32, ipv6: 128 };
/** RFC 4291: 39 characters; the longest form with an embedded IPv4 address has 45. */
const MAX_TEXT = 45;

const DOT = 0x2e;
const ZERO = 0x30;
const HEXTET = /^[0-9a-f]{1,4}$/i;
const HEXTETS = 8;

/** An octet with one more digit; undefined where that makes none. */
function longer(octet: number | undefined, code: number): number | undefined {
  const digit = code - ZERO;
  // After a zero it would be a leading one.
  if (digit < 0 || digit > 9 || octet === 0) return undefined;
  const value = (octet ?? 0) * 10 + digit;
  return value > 255 ? undefined : value;
}

/**
 * Four decimal octets; other notations that some parsers take are refused, in an IPv6 address' last 32 bits as well. Digit by digit:
 * with a regular expression `parseAddress` takes more than twice as long, and a Service's address is read again and again.
 */
function ipv4Value(text: string): number | undefined {
  let value = 0;
  let dots = 0;
  let octet: number | undefined;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code !== DOT) {
      octet = longer(octet, code);
      if (octet === undefined) return undefined;
      continue;
    }
    if (octet === undefined) return undefined;
    value = value * 256 + octet;
    octet = undefined;
    dots++;
  }
  return dots === 3 && octet !== undefined ? value * 256 + octet : undefined;
}

/** RFC 4291 section 2.2, form 3, as form 1 or 2: the embedded IPv4 address as two groups. */
function withoutDots(text: string): string | undefined {
  if (!text.includes('.')) return text;
  const at = text.lastIndexOf(':') + 1;
  const embedded = ipv4Value(text.slice(at));
  if (at === 0 || embedded === undefined) return undefined;
  return `${text.slice(0, at)}${(embedded >>> 16).toString(16)}:${(embedded & 0xffff).toString(16)}`;
}

/** RFC 4291 section 2.2. */
function ipv6Value(text: string): bigint | undefined {
  const halves = withoutDots(text)?.split('::') ?? [];
  const [head = [], tail = []] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const left = HEXTETS - head.length - tail.length;
  // `::` stands for at least one group.
  if (halves.length === 1 ? left !== 0 : halves.length !== 2 || left < 1) return undefined;
  const groups = [...head, ...Array.from({ length: left }, () => '0'), ...tail];
  if (!groups.every((group) => HEXTET.test(group))) return undefined;
  return BigInt(`0x${groups.map((group) => group.padStart(4, '0')).join('')}`);
}

/**
 * Parses an IPv4 address of four decimal octets or an IPv6 address without a zone. Other notations that some parsers take
 * (octal, hexadecimal, fewer octets, leading zeros) are refused, because tools disagree on what they mean (KEP-4858). Not left to a
 * library, as every address of every Service passes through here at each start: the one that formats takes twenty times as long.
 */
export function parseAddress(text: string): Address | undefined {
  if (text.length > MAX_TEXT) return undefined;
  if (text.includes(':')) {
    const value = ipv6Value(text);
    return value === undefined ? undefined : { family: 'ipv6', value };
  }
  const value = ipv4Value(text);
  return value === undefined ? undefined : { family: 'ipv4', value: BigInt(value) };
}

/** The canonical text: dotted decimal, or RFC 5952 for IPv6. */
export function formatAddress(address: Address): string {
  if (address.family === 'ipv4') {
    const value = Number(address.value);
    return `${value >>> 24}.${(value >>> 16) & 0xff}.${(value >>> 8) & 0xff}.${value & 0xff}`;
  }
  const groups: number[] = [];
  for (let shift = 112n; shift >= 0n; shift -= 16n) groups.push(Number((address.value >> shift) & 0xffffn));
  return new ipaddr.IPv6(groups).toRFC5952String();
}

/** `text` in its canonical form, or undefined if it is no address. */
export function canonicalAddress(text: string): string | undefined {
  const address = parseAddress(text);
  if (address === undefined) return undefined;
  // Of IPv4 only this form was taken.
  return address.family === 'ipv4' ? text : formatAddress(address);
}

/** The host prefix that is announced for an address: /32 or /128. */
export function hostPrefix(address: Address): string {
  return `${formatAddress(address)}/${BITS[address.family]}`;
}

function parsePrefix(base: string, bits: string, text: string): Parsed<AddressRange> {
  const address = parseAddress(base);
  if (address === undefined) return { ok: false, message: `"${base}" is not an IP address` };
  const width = BITS[address.family];
  if (!/^(0|[1-9]\d{0,2})$/.test(bits) || Number(bits) > width) {
    return { ok: false, message: `"${text}" needs a prefix length from 0 to ${width}` };
  }
  const hostMask = (1n << BigInt(width - Number(bits))) - 1n;
  // Host bits are dropped, as OpenELB does: 10.0.0.5/24 means the whole /24.
  const first = address.value & ~hostMask;
  return { ok: true, value: { family: address.family, first, last: first | hostMask } };
}

function parseSpan(from: string, to: string): Parsed<AddressRange> {
  const first = parseAddress(from);
  const last = parseAddress(to);
  if (first === undefined) return { ok: false, message: `"${from}" is not an IP address` };
  if (last === undefined) return { ok: false, message: `"${to}" is not an IP address` };
  if (first.family !== last.family) return { ok: false, message: `"${from}-${to}" mixes IPv4 and IPv6` };
  if (first.value > last.value)
    return { ok: false, message: `"${from}-${to}" is reversed: the first address is the higher one` };
  return { ok: true, value: { family: first.family, first: first.value, last: last.value } };
}

/** Parses one address, one CIDR prefix or one `first-last` range, the three forms of `Eip.spec.address`. */
export function parseRange(text: string): Parsed<AddressRange> {
  const slash = text.split('/');
  if (slash.length === 2) return parsePrefix(slash[0] ?? '', slash[1] ?? '', text);
  const dash = text.split('-');
  if (slash.length === 1 && dash.length === 2) return parseSpan(dash[0] ?? '', dash[1] ?? '');
  const address = slash.length === 1 ? parseAddress(text) : undefined;
  if (address === undefined) {
    return { ok: false, message: `"${text}" is neither an IP address nor a CIDR prefix nor a first-last range` };
  }
  return { ok: true, value: { family: address.family, first: address.value, last: address.value } };
}

export function rangeContains(range: AddressRange, address: Address): boolean {
  return range.family === address.family && range.first <= address.value && address.value <= range.last;
}

/** Number of addresses; an IPv6 /64 has 2^64, hence a bigint. */
export function rangeSize(range: AddressRange): bigint {
  return range.last - range.first + 1n;
}

export function rangesOverlap(a: AddressRange, b: AddressRange): boolean {
  return a.family === b.family && a.first <= b.last && b.first <= a.last;
}
