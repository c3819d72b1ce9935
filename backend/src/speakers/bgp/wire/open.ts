import { addressText, identifierBytes } from './address.ts';
import { decodeCapability, encodeCapability, type Capability } from './capabilities/capability.ts';
import { ErrorCode, HeaderSubcode, notification, OpenSubcode } from './notification.ts';
import { ProtocolError } from './protocol-error.ts';
import { Reader } from './reader.ts';
import { Writer } from './writer.ts';

/** RFC 4271 section 4.2. */
export interface OpenMessage {
  readonly type: 'open';
  /** The 2-octet field: AS_TRANS (23456) stands for an AS that does not fit (RFC 6793 section 4.2.2). */
  readonly as: number;
  readonly holdTimeSeconds: number;
  /** Dotted. */
  readonly identifier: string;
  readonly capabilities: readonly Capability[];
}

export const AS_TRANS = 23456;

const version = 4;
const capabilitiesParameter = 2;
/** Type and length 255 announce the form with 16-bit lengths (RFC 9072 section 2). */
const extendedForm = 255;

export function encodeOpen(message: OpenMessage): Uint8Array {
  const capabilities = new Writer(4000);
  for (const capability of message.capabilities) encodeCapability(capability, capabilities);
  const value = capabilities.view();
  const writer = new Writer(16 + value.length);
  writer.u8(version).u16(message.as).u16(message.holdTimeSeconds).bytes(identifierBytes(message.identifier));
  if (value.length === 0) writer.u8(0);
  else if (value.length <= 253) {
    writer
      .u8(2 + value.length)
      .u8(capabilitiesParameter)
      .u8(value.length)
      .bytes(value);
  } else {
    writer
      .u8(extendedForm)
      .u8(extendedForm)
      .u16(3 + value.length);
    writer.u8(capabilitiesParameter).u16(value.length).bytes(value);
  }
  return writer.finish();
}

/** @throws ProtocolError with the NOTIFICATION of RFC 4271 section 6.2. Whether the values suit us is the FSM's to say. */
export function decodeOpen(body: Uint8Array): OpenMessage {
  const reader = new Reader(
    body,
    () => new ProtocolError('OPEN is too short', notification(ErrorCode.messageHeader, HeaderSubcode.badLength)),
  );
  const peerVersion = reader.u8();
  if (peerVersion !== version) {
    throw openError(`BGP version ${peerVersion}`, OpenSubcode.unsupportedVersion, [0, version]);
  }
  const as = reader.u16();
  const holdTimeSeconds = reader.u16();
  const identifier = addressText(reader.bytes(4));
  return { type: 'open', as, holdTimeSeconds, identifier, capabilities: decodeParameters(reader) };
}

function decodeParameters(reader: Reader): Capability[] {
  const malformed = (): ProtocolError => openError('the optional parameters are malformed', OpenSubcode.unspecific);
  const length = reader.u8();
  // RFC 9072 section 2: a first parameter of type 255 decides; the length octet before it is not to be relied upon.
  const extended = length !== 0 && reader.peek() === extendedForm;
  if (extended) reader.u8();
  const size = extended ? reader.u16() : length;
  if (size !== reader.remaining) throw malformed();
  const parameters = reader.sub(size, malformed);
  const capabilities: Capability[] = [];
  while (parameters.remaining > 0) {
    const type = parameters.u8();
    const value = parameters.sub(extended ? parameters.u16() : parameters.u8());
    if (type !== capabilitiesParameter) {
      throw openError(`optional parameter ${type}`, OpenSubcode.unsupportedParameter);
    }
    while (value.remaining > 0) capabilities.push(decodeCapability(value));
  }
  return capabilities;
}

function openError(why: string, subcode: number, data: readonly number[] = []): ProtocolError {
  return new ProtocolError(`OPEN refused: ${why}`, notification(ErrorCode.openMessage, subcode, data));
}
