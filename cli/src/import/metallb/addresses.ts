export type Family = 'ipv4' | 'ipv6';

export interface Address {
  readonly family: Family;
  readonly value: bigint;
}

export interface Range {
  readonly family: Family;
  readonly first: bigint;
  readonly last: bigint;
}

const BITS: Readonly<Record<Family, number>> = { ipv4: 32, ipv6: 128 };

function ipv4Value(text: string): bigint | undefined {
  const octets = text.split('.');
  const fits =
    octets.length === 4 && octets.every((octet) => /^(0|[1-9][0-9]{0,2})$/.test(octet) && Number(octet) < 256);
  return fits ? octets.reduce((value, octet) => value * 256n + BigInt(octet), 0n) : undefined;
}

/** RFC 4291 section 2.2: eight groups, of which the last two may be written as an IPv4 address. */
function groupsOf(text: string): bigint[] | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  const groups = parts.flatMap((part, i): (bigint | undefined)[] => {
    if (i === parts.length - 1 && part.includes('.')) {
      const value = ipv4Value(part);
      return value === undefined ? [undefined] : [value >> 16n, value & 0xffffn];
    }
    return [/^[0-9a-f]{1,4}$/i.test(part) ? BigInt(`0x${part}`) : undefined];
  });
  return groups.every((group) => group !== undefined) ? groups : undefined;
}

function ipv6Value(text: string): bigint | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [left, right] = [groupsOf(halves[0] ?? ''), groupsOf(halves[1] ?? '')];
  if (left === undefined || right === undefined) return undefined;
  const missing = 8 - left.length - right.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const groups = [...left, ...Array.from({ length: missing }, () => 0n), ...right];
  return groups.reduce((value, group) => (value << 16n) | group, 0n);
}

/** An address as Go reads it, which MetalLB is written in. */
export function parseAddress(text: string): Address | undefined {
  const family: Family = text.includes(':') ? 'ipv6' : 'ipv4';
  const value = family === 'ipv6' ? ipv6Value(text) : ipv4Value(text);
  return value === undefined ? undefined : { family, value };
}

function formatIpv6(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((value >> BigInt(16 * (7 - i))) & 0xffffn).toString(16));
  // RFC 5952 section 4.2: the longest run of zeros, the first of equals, and never a single one.
  const zeros = (from: number): number => {
    const end = groups.findIndex((group, i) => i >= from && group !== '0');
    return (end < 0 ? 8 : end) - from;
  };
  const runs = groups.map((_, i) => zeros(i));
  const longest = Math.max(...runs);
  if (longest < 2) return groups.join(':');
  const start = runs.indexOf(longest);
  return `${groups.slice(0, start).join(':')}::${groups.slice(start + longest).join(':')}`;
}

export function formatAddress({ family, value }: Address): string {
  if (family === 'ipv6') return formatIpv6(value);
  return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join('.');
}

/** An entry of a pool: one prefix, or a first and a last address. */
export interface Entry extends Range {
  /** Undefined: it is written as first and last. */
  readonly prefixLength: number | undefined;
}

export function parseEntry(text: string): Entry | undefined {
  const [base = '', length, ...more] = text.split('/');
  if (length === undefined) return parseSpan(text);
  const address = parseAddress(base.trim());
  const prefixLength = /^[0-9]{1,3}$/.test(length) ? Number(length) : Infinity;
  if (address === undefined || more.length > 0 || prefixLength > BITS[address.family]) return undefined;
  const host = (1n << BigInt(BITS[address.family] - prefixLength)) - 1n;
  const last = address.value | host;
  return { family: address.family, first: last ^ host, last, prefixLength };
}

function parseSpan(text: string): Entry | undefined {
  const [first, last, ...more] = text.split('-').map((end) => parseAddress(end.trim()));
  if (first === undefined || last === undefined || more.length > 0) return undefined;
  if (first.family !== last.family || first.value > last.value) return undefined;
  return { family: first.family, first: first.value, last: last.value, prefixLength: undefined };
}

export function formatEntry({ family, first, last, prefixLength }: Entry): string {
  const start = formatAddress({ family, value: first });
  if (prefixLength !== undefined) return `${start}/${prefixLength}`;
  return `${start}-${formatAddress({ family, value: last })}`;
}

export function contains(range: Range, { family, value }: Address): boolean {
  return range.family === family && range.first <= value && value <= range.last;
}

export function overlap(a: Range, b: Range): boolean {
  return a.family === b.family && a.first <= b.last && b.first <= a.last;
}
