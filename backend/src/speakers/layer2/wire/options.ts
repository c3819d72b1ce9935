import { isStation, MAC_OCTETS } from './mac.ts';

/** A neighbour discovery option (RFC 4861 section 4.6). Those that we have no use for stay as they are. */
export type NeighborOption =
  | { readonly type: 'source-link-layer' | 'target-link-layer'; readonly mac: Uint8Array }
  | { readonly type: 'unknown'; readonly code: number; readonly value: Uint8Array };

const CODES = { 'source-link-layer': 1, 'target-link-layer': 2 } as const;
const HEADER = 2;
/** Lengths are in units of 8 octets. */
const UNIT = 8;

function decodeOption(code: number, value: Uint8Array): NeighborOption {
  if (code === CODES['source-link-layer'] && value.length === MAC_OCTETS)
    return { type: 'source-link-layer', mac: value };
  if (code === CODES['target-link-layer'] && value.length === MAC_OCTETS)
    return { type: 'target-link-layer', mac: value };
  return { type: 'unknown', code, value };
}

/** Undefined where one has no length or runs over the end: RFC 4861 has the whole packet dropped. */
export function decodeOptions(octets: Uint8Array): NeighborOption[] | undefined {
  const options: NeighborOption[] = [];
  for (let at = 0; at < octets.length;) {
    const length = (octets[at + 1] ?? 0) * UNIT;
    if (length === 0 || at + length > octets.length) return undefined;
    options.push(decodeOption(octets[at] ?? 0, octets.subarray(at + HEADER, at + length)));
    at += length;
  }
  return options;
}

/** @throws RangeError for a value that doesn't fill units of 8 octets with the header, or more than 255 of them */
function encodeOption(option: NeighborOption): number[] {
  const value = option.type === 'unknown' ? option.value : option.mac;
  const units = (HEADER + value.length) / UNIT;
  if (!Number.isInteger(units) || units > 255) throw new RangeError(`an option can't have ${value.length} octets`);
  return [option.type === 'unknown' ? option.code : CODES[option.type], units, ...value];
}

export function encodeOptions(options: readonly NeighborOption[]): Uint8Array {
  return Uint8Array.from(options.flatMap(encodeOption));
}

/** The first option of that type; a MAC that no station can have counts as none. */
export function linkLayerAddress(
  options: readonly NeighborOption[],
  type: 'source-link-layer' | 'target-link-layer',
): Uint8Array | undefined {
  for (const option of options) if (option.type === type) return isStation(option.mac) ? option.mac : undefined;
  return undefined;
}
