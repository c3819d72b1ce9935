import type { ProtocolError } from './protocol-error.ts';

/** A cursor over received bytes. Reading past the end throws the error that fits the unit being read. */
export class Reader {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  readonly #underrun: () => ProtocolError;
  #offset = 0;

  constructor(bytes: Uint8Array, underrun: () => ProtocolError) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#underrun = underrun;
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  /** How many bytes were read. */
  get offset(): number {
    return this.#offset;
  }

  /** A view of what was read from `offset` on. */
  since(offset: number): Uint8Array {
    return this.#bytes.subarray(offset, this.#offset);
  }

  /** The next octet without moving on, or undefined at the end. */
  peek(): number | undefined {
    return this.#bytes[this.#offset];
  }

  u8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#advance(2));
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4));
  }

  /** A view of the next `length` bytes, not a copy. */
  bytes(length: number): Uint8Array {
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  rest(): Uint8Array {
    return this.bytes(this.remaining);
  }

  /** A cursor over the next `length` bytes; running over *its* end throws `underrun`. */
  sub(length: number, underrun: () => ProtocolError = this.#underrun): Reader {
    return new Reader(this.bytes(length), underrun);
  }

  #advance(length: number): number {
    if (length > this.remaining) throw this.#underrun();
    const start = this.#offset;
    this.#offset += length;
    return start;
  }
}
