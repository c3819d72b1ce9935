import { addressBytes, addressText } from '../address.ts';
import { familyCodes, familyName, isAddressFamily, type AddressFamily } from '../family.ts';
import { readNlri, writeNlri, type Nlri } from '../nlri.ts';
import { UpdateSubcode } from '../notification.ts';
import type { Reader } from '../reader.ts';
import { malformedAttribute, optionalNonTransitive, type AttributeCodec } from './attribute-codec.ts';

/** MP_REACH_NLRI, RFC 4760 section 3, for the families that we speak; any other stays raw. */
export interface MpReach {
  readonly type: 'mp-reach';
  readonly family: AddressFamily;
  /** One address, or for IPv6 the global and the link-local one (RFC 2545 section 3). */
  readonly nextHops: readonly string[];
  readonly nlri: readonly Nlri[];
}

/** MP_UNREACH_NLRI, RFC 4760 section 4. With no NLRI it is the End-of-RIB of its family (RFC 4724 section 2). */
export interface MpUnreach {
  readonly type: 'mp-unreach';
  readonly family: AddressFamily;
  readonly nlri: readonly Nlri[];
}

export const mpReach: AttributeCodec<MpReach> = {
  type: 'mp-reach',
  code: 14,
  flags: optionalNonTransitive,
  // RFC 7606 section 7.11: what it would have withdrawn or replaced can't be known.
  severity: 'session-reset',
  encode(value, writer, context) {
    const { afi, safi } = familyCodes(value.family);
    writer.u16(afi).u8(safi);
    const length = writer.beginLength8();
    for (const hop of value.nextHops) writer.bytes(addressBytes(hop));
    writer.finishLength8(length);
    writer.u8(0);
    writeNlri(writer, value.nlri, context.addPath.has(value.family));
  },
  decode(reader, context) {
    const family = readFamily(reader);
    const nextHops = readNextHops(reader);
    reader.u8();
    const nlri = readNlri(reader, family, context.addPath.has(family), invalidNlri);
    return { type: 'mp-reach', family, nextHops, nlri };
  },
};

export const mpUnreach: AttributeCodec<MpUnreach> = {
  type: 'mp-unreach',
  code: 15,
  flags: optionalNonTransitive,
  severity: 'session-reset',
  encode(value, writer, context) {
    const { afi, safi } = familyCodes(value.family);
    writer.u16(afi).u8(safi);
    writeNlri(writer, value.nlri, context.addPath.has(value.family));
  },
  decode(reader, context) {
    const family = readFamily(reader);
    return { type: 'mp-unreach', family, nlri: readNlri(reader, family, context.addPath.has(family), invalidNlri) };
  },
};

/** True for an MP attribute of a family that has no codec here: it is kept raw instead. */
export function isForeignFamily(value: Uint8Array): boolean {
  const [high, low, safi] = value;
  if (high === undefined || low === undefined || safi === undefined) return false;
  return !isAddressFamily(familyName(high * 256 + low, safi));
}

function readFamily(reader: Reader): AddressFamily {
  const family = familyName(reader.u16(), reader.u8());
  if (!isAddressFamily(family)) throw invalidNlri(`${family} is not spoken here`);
  return family;
}

function readNextHops(reader: Reader): string[] {
  const length = reader.u8();
  if (length === 4) return [addressText(reader.bytes(4))];
  if (length !== 16 && length !== 32) throw invalidNlri(`a next hop of ${length} octets`);
  const hops = [];
  for (let i = 0; i < length; i += 16) hops.push(addressText(reader.bytes(16)));
  return hops;
}

function invalidNlri(why: string): ReturnType<typeof malformedAttribute> {
  return malformedAttribute(why, UpdateSubcode.optionalAttribute);
}
