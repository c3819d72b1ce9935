import { decodeAttribute, encodeAttribute, type PathAttribute } from './attributes/attribute.ts';
import type { CodecContext } from './context.ts';
import { headerBytes, maxExtendedMessageBytes, maxMessageBytes } from './frame.ts';
import { readNlri, writeNlri, type Nlri } from './nlri.ts';
import { ErrorCode, notification, UpdateSubcode } from './notification.ts';
import { ProtocolError, type Severity } from './protocol-error.ts';
import { Reader } from './reader.ts';
import { Writer } from './writer.ts';

/** RFC 4271 section 4.3. `withdrawn` and `nlri` are IPv4 unicast; other families travel in MP attributes. */
export interface UpdateMessage {
  readonly type: 'update';
  readonly withdrawn: readonly Nlri[];
  readonly attributes: readonly PathAttribute[];
  readonly nlri: readonly Nlri[];
}

/** An UPDATE as received, with what is wrong in it short of a session reset (RFC 7606). */
export interface ReceivedUpdate extends UpdateMessage {
  readonly problems: readonly ProtocolError[];
}

/** @throws RangeError if it takes more octets than a message may have. */
export function encodeUpdate(message: UpdateMessage, context: CodecContext): Uint8Array {
  const addPath = context.addPath.has('ipv4-unicast');
  const capacity = (context.extendedMessages === true ? maxExtendedMessageBytes : maxMessageBytes) - headerBytes;
  const writer = new Writer(capacity);
  const withdrawn = writer.beginLength16();
  writeNlri(writer, message.withdrawn, addPath);
  writer.finishLength16(withdrawn);
  const attributes = writer.beginLength16();
  for (const attribute of message.attributes) encodeAttribute(attribute, writer, context);
  writer.finishLength16(attributes);
  writeNlri(writer, message.nlri, addPath);
  return writer.finish();
}

/**
 * Decodes as RFC 7606 wants it: what leaves the routes recognisable is a problem in the result, what does not is thrown.
 * @throws ProtocolError with severity `session-reset`.
 */
export function decodeUpdate(body: Uint8Array, context: CodecContext): ReceivedUpdate {
  const addPath = context.addPath.has('ipv4-unicast');
  const malformedList = (): ProtocolError => updateError('lengths that conflict', UpdateSubcode.malformedAttributeList);
  const badNetwork = (why = 'a prefix that ends early'): ProtocolError =>
    updateError(why, UpdateSubcode.invalidNetworkField);
  const reader = new Reader(body, malformedList);
  const withdrawnReader = new Reader(reader.bytes(reader.u16()), badNetwork);
  const withdrawn = readNlri(withdrawnReader, 'ipv4-unicast', addPath, badNetwork);
  const attributeBytes = reader.bytes(reader.u16());
  const nlri = readNlri(new Reader(reader.rest(), badNetwork), 'ipv4-unicast', addPath, badNetwork);
  const { attributes, problems } = decodeAttributes(attributeBytes, context);
  const missing = missingAttribute(attributes, nlri.length > 0);
  if (missing !== undefined && problems.length === 0) problems.push(missing);
  return { type: 'update', withdrawn, attributes, nlri, problems };
}

interface Attributes {
  readonly attributes: PathAttribute[];
  readonly problems: ProtocolError[];
}

function decodeAttributes(bytes: Uint8Array, context: CodecContext): Attributes {
  // RFC 7606 section 4: an attribute that overruns the list leaves the NLRI where the list's length says they are.
  const overrun = (): ProtocolError =>
    updateError('an attribute overruns the list', UpdateSubcode.malformedAttributeList, 'treat-as-withdraw');
  const reader = new Reader(bytes, overrun);
  const result: Attributes = { attributes: [], problems: [] };
  const seen = new Set<number>();
  try {
    while (reader.remaining > 0) decodeNext(reader, context, seen, result);
  } catch (error) {
    if (!(error instanceof ProtocolError) || error.severity === 'session-reset') throw error;
    result.problems.push(error);
  }
  return result;
}

function decodeNext(reader: Reader, context: CodecContext, seen: Set<number>, result: Attributes): void {
  const { code, attribute, problem } = decodeAttribute(reader, context);
  if (problem?.severity === 'session-reset') throw problem;
  if (seen.has(code)) {
    // RFC 7606 section 3 g: a second MP attribute resets the session, of any other kind the first one counts.
    if (code === 14 || code === 15) {
      throw updateError(`attribute ${code} twice`, UpdateSubcode.malformedAttributeList);
    }
    const reason = `attribute ${code} twice`;
    result.problems.push(updateError(reason, UpdateSubcode.malformedAttributeList, 'attribute-discard'));
    return;
  }
  seen.add(code);
  result.attributes.push(attribute);
  if (problem !== undefined) result.problems.push(problem);
}

/** RFC 7606 section 3 d: ORIGIN, AS_PATH and, for the IPv4 field, NEXT_HOP must be there when routes are. */
function missingAttribute(attributes: readonly PathAttribute[], hasNlri: boolean): ProtocolError | undefined {
  const types = new Set(attributes.map(({ type }) => type));
  const mandatory = [
    { type: 'origin', code: 1, needed: hasNlri || types.has('mp-reach') },
    { type: 'as-path', code: 2, needed: hasNlri || types.has('mp-reach') },
    { type: 'next-hop', code: 3, needed: hasNlri },
  ] as const;
  const missing = mandatory.find(({ type, needed }) => needed && !types.has(type));
  if (missing === undefined) return undefined;
  const reply = notification(ErrorCode.updateMessage, UpdateSubcode.missingWellKnown, [missing.code]);
  return new ProtocolError(`UPDATE without ${missing.type}`, reply, 'treat-as-withdraw');
}

function updateError(why: string, subcode: number, severity: Severity = 'session-reset'): ProtocolError {
  return new ProtocolError(`malformed UPDATE: ${why}`, notification(ErrorCode.updateMessage, subcode), severity);
}
