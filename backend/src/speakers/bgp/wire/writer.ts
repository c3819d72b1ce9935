/** A cursor over one buffer of fixed size. Writing past its end is a bug of the caller and throws RangeError. */
export class Writer {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #length = 0;

  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#length;
  }

  get remaining(): number {
    return this.#bytes.length - this.#length;
  }

  u8(value: number): this {
    this.#view.setUint8(this.#advance(1), value);
    return this;
  }

  u16(value: number): this {
    this.#view.setUint16(this.#advance(2), value);
    return this;
  }

  u32(value: number): this {
    this.#view.setUint32(this.#advance(4), value);
    return this;
  }

  bytes(value: Uint8Array): this {
    const start = this.#advance(value.length);
    // Most values are an NLRI of a few octets, for which a call of set() costs more than the copy.
    if (value.length > 32) this.#bytes.set(value, start);
    else for (let i = 0; i < value.length; i++) this.#bytes[start + i] = value[i] as number;
    return this;
  }

  /** Reserves a 16-bit length field; `finishLength` fills it with the number of bytes written since. */
  beginLength16(): number {
    return this.#advance(2);
  }

  finishLength16(at: number): void {
    this.setU16(at, this.#length - at - 2);
  }

  beginLength8(): number {
    return this.#advance(1);
  }

  finishLength8(at: number): void {
    const length = this.#length - at - 1;
    if (length > 0xff) throw new RangeError(`${length} octets do not fit an 8-bit length field`);
    this.#view.setUint8(at, length);
  }

  setU8(at: number, value: number): void {
    this.#view.setUint8(at, value);
  }

  setU16(at: number, value: number): void {
    if (value > 0xffff) throw new RangeError(`${value} does not fit 16 bits`);
    this.#view.setUint16(at, value);
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** What was written, as a view that the next write after `reset` overwrites. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  reset(): void {
    this.#length = 0;
  }

  #advance(length: number): number {
    if (length > this.remaining) throw new RangeError(`no room for ${length} more octets`);
    const start = this.#length;
    this.#length += length;
    return start;
  }
}
