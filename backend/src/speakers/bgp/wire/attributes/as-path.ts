import { UpdateSubcode } from '../notification.ts';
import { AS_TRANS } from '../open.ts';
import type { Reader } from '../reader.ts';
import type { Writer } from '../writer.ts';
import { malformedAttribute, optionalTransitive, wellKnown, type AttributeCodec } from './attribute-codec.ts';

const segmentKinds = ['set', 'sequence', 'confed-sequence', 'confed-set'] as const;

export interface AsSegment {
  readonly kind: (typeof segmentKinds)[number];
  /** 1 to 255 AS numbers. */
  readonly ases: readonly number[];
}

/** RFC 4271 section 5.1.2; AS numbers of 2 or 4 octets, as negotiated (RFC 6793). */
export interface AsPath {
  readonly type: 'as-path';
  readonly segments: readonly AsSegment[];
}

/** RFC 6793 section 3: the path in full, carried across speakers that know 2-octet AS numbers only. */
export interface As4Path {
  readonly type: 'as4-path';
  readonly segments: readonly AsSegment[];
}

export const asPath: AttributeCodec<AsPath> = {
  type: 'as-path',
  code: 2,
  flags: wellKnown,
  severity: 'treat-as-withdraw',
  encode: (value, writer, context) => writeSegments(value.segments, writer, context.fourOctetAs),
  decode: (reader, context) => ({ type: 'as-path', segments: readSegments(reader, context.fourOctetAs) }),
};

export const as4Path: AttributeCodec<As4Path> = {
  type: 'as4-path',
  code: 17,
  flags: optionalTransitive,
  // RFC 6793 section 6: discard the attribute, go on with the UPDATE.
  severity: 'attribute-discard',
  encode: (value, writer) => writeSegments(value.segments, writer, true),
  decode: (reader) => ({ type: 'as4-path', segments: readSegments(reader, true) }),
};

function writeSegments(segments: readonly AsSegment[], writer: Writer, fourOctetAs: boolean): void {
  for (const { kind, ases } of segments) {
    writer.u8(segmentKinds.indexOf(kind) + 1).u8(ases.length);
    for (const as of ases) {
      if (fourOctetAs) writer.u32(as);
      else writer.u16(as > 0xffff ? AS_TRANS : as);
    }
  }
}

/** RFC 7606 section 7.2: an unknown kind, an empty segment and one that ends early are malformed. */
function readSegments(reader: Reader, fourOctetAs: boolean): AsSegment[] {
  const segments: AsSegment[] = [];
  while (reader.remaining > 0) {
    const kind = segmentKinds[reader.u8() - 1];
    const count = reader.u8();
    if (kind === undefined || count === 0 || count * (fourOctetAs ? 4 : 2) > reader.remaining) {
      throw malformedAttribute('malformed AS path segment', UpdateSubcode.malformedAsPath);
    }
    segments.push({ kind, ases: Array.from({ length: count }, () => (fourOctetAs ? reader.u32() : reader.u16())) });
  }
  return segments;
}
