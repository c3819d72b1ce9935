import { formatAddress, parseRange, rangeContains, rangeSize, type AddressRange } from './address.ts';

/** RFC 4291 section 2.5.6 and RFC 3927: every link has these, and no pool can be reached there. */
const LINK_LOCAL: readonly AddressRange[] = ['fe80::/10', '169.254.0.0/16'].flatMap(rangeOf);
/** A smaller subnet keeps no address for itself (RFC 3021, RFC 6164). */
const LEAST = 4n;

function rangeOf(text: string): AddressRange[] {
  const parsed = parseRange(text);
  return parsed.ok ? [parsed.value] : [];
}

/**
 * The subnet of a host's address, as canonical CIDR text: `192.0.2.0/24` of `192.0.2.7/24`. Undefined for what is no CIDR text, for
 * subnets without a network address of their own, and for link-local ones.
 */
export function subnetText(prefix: string): string | undefined {
  const [, bits] = prefix.split('/');
  const [range] = bits === undefined ? [] : rangeOf(prefix);
  if (range === undefined || rangeSize(range) < LEAST) return undefined;
  const first = { family: range.family, value: range.first };
  if (LINK_LOCAL.some((local) => rangeContains(local, first))) return undefined;
  return `${formatAddress(first)}/${bits}`;
}

/** Those of these addresses, each once, in a fixed order. */
export function subnetTexts(prefixes: Iterable<string>): string[] {
  return [...new Set([...prefixes].flatMap((prefix) => subnetText(prefix) ?? []))].sort();
}
