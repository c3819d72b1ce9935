import { ErrorCode, HeaderSubcode, notification } from './notification.ts';
import { ProtocolError } from './protocol-error.ts';

/** Message types (RFC 4271 section 4.1, RFC 2918). */
export const MessageType = { open: 1, update: 2, notification: 3, keepalive: 4, routeRefresh: 5 } as const;

export const headerBytes = 19;
/** RFC 4271 section 4.1. */
export const maxMessageBytes = 4096;
/** RFC 8654 section 4: where both speakers agree, and never for OPEN and KEEPALIVE. */
export const maxExtendedMessageBytes = 65535;

const markerBytes = 16;
/** Smallest length of each type, header included (RFC 4271 section 6.1). */
const minBytes: Readonly<Record<number, number>> = { 1: 29, 2: 23, 3: 21, 4: headerBytes, 5: 23 };

export interface Frame {
  readonly type: number;
  /** What follows the header; a copy, so it may be kept. */
  readonly body: Uint8Array;
}

/** Puts the header before a body. @throws RangeError if the message is longer than the protocol allows. */
export function encodeFrame(type: number, body: Uint8Array = new Uint8Array(), extended = false): Uint8Array {
  const length = headerBytes + body.length;
  if (length > longest(type, extended)) throw new RangeError(`a message of ${length} octets`);
  const frame = new Uint8Array(length).fill(0xff, 0, markerBytes);
  frame.set([length >> 8, length & 0xff, type], markerBytes);
  frame.set(body, headerBytes);
  return frame;
}

/** The longest message of a type, header included. */
function longest(type: number, extended: boolean): number {
  if (type === MessageType.keepalive) return headerBytes;
  return extended && type !== MessageType.open ? maxExtendedMessageBytes : maxMessageBytes;
}

/** Cuts a byte stream into messages, in memory that never grows beyond the longest message. */
export class FrameReader {
  #buffer = new Uint8Array(maxMessageBytes);
  #filled = 0;
  #extended = false;

  /** From the next message on they may be longer (RFC 8654). */
  extend(): void {
    this.#extended = true;
  }

  /**
   * The messages that `chunk` completes; consume them before the next call.
   * @throws ProtocolError (Message Header Error, RFC 4271 section 6.1); the stream can't be read on after that.
   */
  *frames(chunk: Uint8Array): Generator<Frame, void, void> {
    let rest = this.#fill(chunk, headerBytes);
    while (this.#filled >= headerBytes) {
      const length = this.#checkHeader();
      rest = this.#fill(rest, length);
      if (this.#filled < length) return;
      this.#filled = 0;
      yield { type: this.#buffer[18] ?? 0, body: this.#buffer.slice(headerBytes, length) };
      rest = this.#fill(rest, headerBytes);
    }
  }

  /** Copies from `chunk` until `target` bytes are there; returns what is left of the chunk. */
  #fill(chunk: Uint8Array, target: number): Uint8Array {
    const count = Math.min(Math.max(0, target - this.#filled), chunk.length);
    if (target > this.#buffer.length) this.#grow();
    this.#buffer.set(chunk.subarray(0, count), this.#filled);
    this.#filled += count;
    return chunk.subarray(count);
  }

  /** Hardly any peer sends long messages: who doesn't costs nothing. */
  #grow(): void {
    const buffer = new Uint8Array(maxExtendedMessageBytes);
    buffer.set(this.#buffer);
    this.#buffer = buffer;
  }

  #checkHeader(): number {
    if (this.#buffer.subarray(0, markerBytes).some((octet) => octet !== 0xff)) {
      throw headerError('the marker is not all ones', HeaderSubcode.notSynchronized);
    }
    const [high = 0, low = 0, type = 0] = this.#buffer.subarray(markerBytes, headerBytes);
    const length = high * 256 + low;
    const min = minBytes[type];
    if (length < (min ?? headerBytes) || length > longest(type, this.#extended)) {
      throw headerError(`a message of type ${type} and length ${length}`, HeaderSubcode.badLength, [high, low]);
    }
    if (min === undefined) throw headerError(`message type ${type}`, HeaderSubcode.badType, [type]);
    return length;
  }
}

function headerError(why: string, subcode: number, data: readonly number[] = []): ProtocolError {
  return new ProtocolError(`bad message header: ${why}`, notification(ErrorCode.messageHeader, subcode, data));
}
