import type { CodecContext } from '../context.ts';
import { ErrorCode, notification, UpdateSubcode } from '../notification.ts';
import { ProtocolError, type Severity } from '../protocol-error.ts';
import { Reader } from '../reader.ts';
import type { Writer } from '../writer.ts';
import { as4Path, asPath, type As4Path, type AsPath } from './as-path.ts';
import { Flag, malformedAttribute, type AttributeCodec } from './attribute-codec.ts';
import { communities, largeCommunities, type Communities, type LargeCommunities } from './communities.ts';
import { localPref, type LocalPref } from './local-pref.ts';
import { med, type Med } from './med.ts';
import { isForeignFamily, mpReach, mpUnreach, type MpReach, type MpUnreach } from './mp-reach.ts';
import { nextHop, type NextHop } from './next-hop.ts';
import { origin, type Origin } from './origin.ts';
import { unrecognizedProblem, type UnknownAttribute } from './unrecognized.ts';

export type KnownAttribute =
  Origin | AsPath | NextHop | Med | LocalPref | Communities | MpReach | MpUnreach | As4Path | LargeCommunities;
export type PathAttribute = KnownAttribute | UnknownAttribute;

/** The codecs differ in the type of their value; `encodeAttribute` and `decodeAttribute` pair each with its own kind. */
type AnyCodec = AttributeCodec<KnownAttribute>;
export const attributeCodecs = [
  origin,
  asPath,
  nextHop,
  med,
  localPref,
  communities,
  mpReach,
  mpUnreach,
  as4Path,
  largeCommunities,
] as unknown as readonly AnyCodec[];
const byCode = new Map(attributeCodecs.map((codec) => [codec.code, codec]));
const byType = new Map(attributeCodecs.map((codec) => [codec.type, codec]));

/** RFC 4271 section 4.3: flags, type, length of one or two octets, value. */
export function encodeAttribute(attribute: PathAttribute, writer: Writer, context: CodecContext): void {
  const codec = attribute.type === 'unknown' ? attribute : codecOf(attribute);
  const flagsAt = writer.length;
  writer.u8(codec.flags).u8(codec.code);
  // The length's own size depends on the value's: MP_REACH_NLRI takes the long form at once, as most senders do.
  const long =
    attribute.type === 'mp-reach' || attribute.type === 'mp-unreach' || encodedLength(attribute, context) > 255;
  if (long) writer.setU8(flagsAt, codec.flags | Flag.extendedLength);
  const lengthAt = long ? writer.beginLength16() : writer.beginLength8();
  encodeValue(attribute, writer, context);
  if (long) writer.finishLength16(lengthAt);
  else writer.finishLength8(lengthAt);
}

export interface DecodedAttribute {
  readonly code: number;
  readonly attribute: PathAttribute;
  /** Set where the attribute is malformed; `attribute` is then the raw form. */
  readonly problem?: ProtocolError;
}

/** Reads one attribute. @throws what `reader` throws if the header or the value runs over the end of the attributes. */
export function decodeAttribute(reader: Reader, context: CodecContext): DecodedAttribute {
  const start = reader.offset;
  const flags = reader.u8();
  const code = reader.u8();
  const value = reader.bytes((flags & Flag.extendedLength) === 0 ? reader.u8() : reader.u16());
  const raw: UnknownAttribute = { type: 'unknown', flags: flags & ~Flag.extendedLength, code, value: value.slice() };
  const codec = byCode.get(code);
  const isMp = codec === (mpReach as unknown) || codec === (mpUnreach as unknown);
  if (codec === undefined) {
    const problem = unrecognizedProblem(raw, reader.since(start), context);
    return problem === undefined ? { code, attribute: raw } : { code, attribute: raw, problem };
  }
  if (isMp && isForeignFamily(value)) return { code, attribute: raw };
  const malformed = ({ message, notification: { subcode } }: ProtocolError, severity: Severity): DecodedAttribute => {
    // RFC 4271 section 6.3: the data is the attribute as it came, header included.
    const reply = notification(ErrorCode.updateMessage, subcode, reader.since(start));
    return { code, attribute: raw, problem: new ProtocolError(`${codec.type}: ${message}`, reply, severity) };
  };
  try {
    const attribute = decodeKnown(codec, raw, context);
    // RFC 7606 section 3 c: a conflict in the Optional or Transitive bit is no more than that, of MP_REACH_NLRI too, whose prefixes are known.
    if (((flags ^ codec.flags) & classBits) === 0) return { code, attribute };
    const conflict = malformedAttribute(`flags 0x${raw.flags.toString(16)}`, UpdateSubcode.attributeFlags);
    return malformed(conflict, 'treat-as-withdraw');
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return malformed(error, codec.severity);
  }
}

const classBits = Flag.optional | Flag.transitive;

function decodeKnown(codec: AnyCodec, raw: UnknownAttribute, context: CodecContext): KnownAttribute {
  const badLength = (): ProtocolError => malformedAttribute('wrong length', UpdateSubcode.attributeLength);
  const reader = new Reader(raw.value, badLength);
  const attribute = codec.decode(reader, context);
  if (reader.remaining > 0) throw badLength();
  return attribute;
}

function codecOf(attribute: KnownAttribute): AnyCodec {
  const codec = byType.get(attribute.type);
  if (codec === undefined) throw new RangeError(`no codec for attribute ${attribute.type}`);
  return codec;
}

function encodeValue(attribute: PathAttribute, writer: Writer, context: CodecContext): void {
  if (attribute.type === 'unknown') writer.bytes(attribute.value);
  else codecOf(attribute).encode(attribute, writer, context);
}

function encodedLength(attribute: PathAttribute, context: CodecContext): number {
  switch (attribute.type) {
    case 'unknown':
      return attribute.value.length;
    case 'communities':
      return attribute.values.length * 4;
    case 'large-communities':
      return attribute.values.length * 12;
    case 'as-path':
    case 'as4-path': {
      const asSize = context.fourOctetAs || attribute.type === 'as4-path' ? 4 : 2;
      return attribute.segments.reduce((sum, { ases }) => sum + 2 + ases.length * asSize, 0);
    }
    default:
      return 0;
  }
}
