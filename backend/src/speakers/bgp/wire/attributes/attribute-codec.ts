import type { CodecContext } from '../context.ts';
import { ErrorCode, notification } from '../notification.ts';
import { ProtocolError, type Severity } from '../protocol-error.ts';
import type { Reader } from '../reader.ts';
import type { Writer } from '../writer.ts';

/** Attribute flags (RFC 4271 section 4.3). */
export const Flag = { optional: 0x80, transitive: 0x40, partial: 0x20, extendedLength: 0x10 } as const;
export const wellKnown = Flag.transitive;
export const optionalTransitive = Flag.optional | Flag.transitive;
export const optionalNonTransitive = Flag.optional;

/** One kind of path attribute. The reader given to `decode` ends where the value ends. */
export interface AttributeCodec<T extends { readonly type: string }> {
  readonly type: T['type'];
  readonly code: number;
  readonly flags: number;
  /** What a malformed value leads to (RFC 7606 section 7). */
  readonly severity: Severity;
  encode(value: T, writer: Writer, context: CodecContext): void;
  decode(reader: Reader, context: CodecContext): T;
}

/** A value that is malformed; whoever reads the attribute adds its severity and octets. */
export function malformedAttribute(why: string, subcode: number): ProtocolError {
  return new ProtocolError(why, notification(ErrorCode.updateMessage, subcode));
}
