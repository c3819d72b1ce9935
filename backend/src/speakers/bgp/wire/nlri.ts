import { addressBytes, addressText } from './address.ts';
import type { AddressFamily } from './family.ts';
import type { ProtocolError } from './protocol-error.ts';
import type { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

/** One route in an UPDATE: a prefix (`10.0.0.0/24`) and, where ADD-PATH is negotiated, its path identifier (RFC 7911). */
export interface Nlri {
  readonly pathId?: number;
  readonly prefix: string;
}

/** A parsed prefix: its family and its NLRI octets (length in bits, then the significant octets; RFC 4271 section 4.3). */
export interface EncodedPrefix {
  readonly family: AddressFamily;
  readonly octets: Uint8Array;
}

/** @throws RangeError for anything but `<address>/<length>`; bits beyond the length are cut off. */
export function encodePrefix(prefix: string): EncodedPrefix {
  const slash = prefix.indexOf('/');
  const address = addressBytes(prefix.slice(0, Math.max(0, slash)));
  const length = prefix.slice(slash + 1);
  const bits = Number(length);
  if (!/^\d{1,3}$/.test(length) || bits > address.length * 8) throw new RangeError(`${prefix} has no valid length`);
  const significant = Math.ceil(bits / 8);
  const octets = new Uint8Array(1 + significant);
  octets[0] = bits;
  octets.set(address.subarray(0, significant), 1);
  clearTrailingBits(octets, bits);
  return { family: address.length === 4 ? 'ipv4-unicast' : 'ipv6-unicast', octets };
}

export function writeNlri(writer: Writer, nlri: readonly Nlri[], addPath: boolean): void {
  for (const { pathId, prefix } of nlri) {
    if (addPath) writer.u32(pathId ?? 0);
    writer.bytes(encodePrefix(prefix).octets);
  }
}

/** Reads until the reader's end. `malformed` is thrown for a length that the family does not have (RFC 7606 section 5.3). */
export function readNlri(
  reader: Reader,
  family: AddressFamily,
  addPath: boolean,
  malformed: (why: string) => ProtocolError,
): Nlri[] {
  const nlri: Nlri[] = [];
  const size = family === 'ipv4-unicast' ? 4 : 16;
  while (reader.remaining > 0) {
    const pathId = addPath ? { pathId: reader.u32() } : {};
    const bits = reader.u8();
    if (bits > size * 8) throw malformed(`a prefix of ${bits} bits in ${family}`);
    const octets = new Uint8Array(1 + size);
    octets.set(reader.bytes(Math.ceil(bits / 8)), 1);
    clearTrailingBits(octets, bits);
    nlri.push({ ...pathId, prefix: `${addressText(octets.subarray(1))}/${bits}` });
  }
  return nlri;
}

/** "The value of trailing bits is irrelevant" (RFC 4271 section 4.3): two spellings of one prefix become one here. */
function clearTrailingBits(octets: Uint8Array, bits: number): void {
  if (bits % 8 === 0) return;
  const last = Math.ceil(bits / 8);
  octets[last] = (octets[last] ?? 0) & (0xff << (8 - (bits % 8)));
}
