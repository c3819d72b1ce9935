import type { CodecContext } from '../context.ts';
import { ErrorCode, notification, UpdateSubcode } from '../notification.ts';
import { ProtocolError, type Severity } from '../protocol-error.ts';
import { Flag, optionalNonTransitive, optionalTransitive, wellKnown } from './attribute-codec.ts';

/** An attribute that nobody here understands, or one that is malformed, as it came. */
export interface UnknownAttribute {
  readonly type: 'unknown';
  /** Without the extended-length bit, which follows from the value's length. */
  readonly flags: number;
  readonly code: number;
  readonly value: Uint8Array;
}

/** An attribute of which nothing is read here but its form. */
interface Unread {
  readonly flags: number;
  /** What a wrong length leads to. */
  readonly severity: Severity;
  readonly fits: (length: number, context: CodecContext) => boolean;
}

const listOf =
  (size: number) =>
  (length: number): boolean =>
    length > 0 && length % size === 0;

/** RFC 7606 section 7; AS4_AGGREGATOR by RFC 6793 section 6. */
const unread: ReadonlyMap<number, Unread> = new Map<number, Unread>([
  // ATOMIC_AGGREGATE, AGGREGATOR
  [6, { flags: wellKnown, severity: 'attribute-discard', fits: (length) => length === 0 }],
  [
    7,
    {
      flags: optionalTransitive,
      severity: 'attribute-discard',
      fits: (length, { fourOctetAs }) => length === (fourOctetAs ? 8 : 6),
    },
  ],
  // ORIGINATOR_ID, CLUSTER_LIST: of an external peer they would just be discarded, which comes to the same where no routes are kept.
  [9, { flags: optionalNonTransitive, severity: 'treat-as-withdraw', fits: (length) => length === 4 }],
  [10, { flags: optionalNonTransitive, severity: 'treat-as-withdraw', fits: listOf(4) }],
  // extended communities, AS4_AGGREGATOR, IPv6 address specific extended communities
  [16, { flags: optionalTransitive, severity: 'treat-as-withdraw', fits: listOf(8) }],
  [18, { flags: optionalTransitive, severity: 'attribute-discard', fits: (length) => length === 8 }],
  [25, { flags: optionalTransitive, severity: 'treat-as-withdraw', fits: listOf(20) }],
]);

/** Optional ones by their definitions, of which not even the form is known here (IANA, "BGP Path Attributes"). */
const definedAsOptional: ReadonlySet<number> = new Set([
  ...[22, 23, 24, 26, 27, 29, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 128],
]);

const classBits = Flag.optional | Flag.transitive;

/**
 * What is wrong with an attribute that nobody here reads, if anything is. Optional ones are for others. One that calls itself well-known is either an optional one with
 * a wrong flag, which costs its routes (RFC 7606 section 3 c), or one that a speaker must know, which ends the session (RFC 4271 section 6.3): RFC 7606
 * changes nothing of that.
 *
 * @param octets the attribute as it came, header included
 */
export function unrecognizedProblem(
  { code, flags, value }: UnknownAttribute,
  octets: Uint8Array,
  context: CodecContext,
): ProtocolError | undefined {
  const problem = (what: string, subcode: number, severity: Severity): ProtocolError =>
    new ProtocolError(`attribute ${code}: ${what}`, notification(ErrorCode.updateMessage, subcode, octets), severity);
  const wrongFlags = `flags 0x${flags.toString(16)}`;
  const known = unread.get(code);
  if (known !== undefined) {
    if (((flags ^ known.flags) & classBits) !== 0)
      return problem(wrongFlags, UpdateSubcode.attributeFlags, 'treat-as-withdraw');
    return known.fits(value.length, context)
      ? undefined
      : problem('wrong length', UpdateSubcode.attributeLength, known.severity);
  }
  if ((flags & Flag.optional) !== 0) return undefined;
  if (definedAsOptional.has(code)) return problem(wrongFlags, UpdateSubcode.attributeFlags, 'treat-as-withdraw');
  return problem('well-known, and not known here', UpdateSubcode.unrecognizedWellKnown, 'session-reset');
}
