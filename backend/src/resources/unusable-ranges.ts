import { parseRange, rangesOverlap, type AddressRange } from '../domain/address.ts';

interface UnusableRange {
  readonly text: string;
  readonly name: string;
  readonly range: AddressRange;
}

function unusable(text: string, name: string): UnusableRange {
  const parsed = parseRange(text);
  if (!parsed.ok) throw new Error(parsed.message);
  return { text, name, range: parsed.value };
}

/**
 * Addresses that no Service can have, as hosts and routers must not forward to them (RFC 6890, tables "Forwardable: False") or they name
 * no single destination. Ranges of documentation, of benchmarks and private ones are forwardable within a site and stay allowed.
 */
const UNUSABLE: readonly UnusableRange[] = [
  // RFC 1122 section 3.2.1.3.
  unusable('0.0.0.0/8', '"this network"'),
  unusable('127.0.0.0/8', 'loopback'),
  // RFC 3927 section 2.7.
  unusable('169.254.0.0/16', 'link-local'),
  // RFC 5771.
  unusable('224.0.0.0/4', 'multicast'),
  // RFC 1112 section 4, with the limited broadcast of RFC 919.
  unusable('240.0.0.0/4', 'reserved, with broadcast'),
  // RFC 4291, sections 2.5.2, 2.5.3, 2.5.5.2, 2.5.6 and 2.7.
  unusable('::', 'unspecified'),
  unusable('::1', 'loopback'),
  unusable('::ffff:0:0/96', 'IPv4-mapped'),
  unusable('fe80::/10', 'link-local'),
  unusable('ff00::/8', 'multicast'),
];

/** Those of the addresses above that lie in `range`, in words; empty if a pool may have all of it. */
export function unusableIn(range: AddressRange): string[] {
  return UNUSABLE.filter((entry) => rangesOverlap(entry.range, range)).map(({ text, name }) => `${text} (${name})`);
}
