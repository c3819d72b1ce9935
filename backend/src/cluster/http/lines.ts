const newline = 0x0a;

/**
 * Cuts a stream of bytes into lines and calls `onLine` for each, without the newline. Bytes are copied only where a line
 * spans chunks. Throws `RangeError` as soon as a line grows beyond `maxLineBytes`: what a broken server sends must not fill
 * our memory.
 */
export class LineSplitter {
  readonly #maxLineBytes: number;
  readonly #onLine: (line: string) => void;
  #pending: Buffer[] = [];
  #pendingBytes = 0;

  constructor(maxLineBytes: number, onLine: (line: string) => void) {
    this.#maxLineBytes = maxLineBytes;
    this.#onLine = onLine;
  }

  push(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      this.#finish(chunk, start, end);
      start = end + 1;
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start));
  }

  /** Bytes of a line that has not ended yet. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  #finish(chunk: Buffer, start: number, end: number): void {
    if (this.#pendingBytes === 0) {
      this.#checkSize(end - start);
      if (end > start) this.#onLine(chunk.toString('utf8', start, end));
      return;
    }
    this.#keep(chunk.subarray(start, end));
    const line = Buffer.concat(this.#pending, this.#pendingBytes).toString('utf8');
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#onLine(line);
  }

  #keep(part: Buffer): void {
    this.#checkSize(this.#pendingBytes + part.length);
    this.#pending.push(part);
    this.#pendingBytes += part.length;
  }

  #checkSize(bytes: number): void {
    if (bytes > this.#maxLineBytes) throw new RangeError(`line of more than ${this.#maxLineBytes} bytes`);
  }
}
