import type { Libc } from './libc.ts';

/** `struct mmsghdr` and `struct iovec` of a 64-bit Linux. */
const headerSize = 64;
const headerIovec = 16;
const headerIovecCount = 24;
const headerReceived = 56;
const iovecSize = 16;

/** An Ethernet frame; jumbo frames come cut, which no ARP packet and no neighbour message is long enough for. */
const slotSize = 2048;

/** Room for the frames of one call of recvmmsg(2): a call costs the same for one frame as for many. */
export class FrameBatch {
  readonly #libc: Libc;
  readonly #capacity: number;
  readonly #headers: Uint8Array;
  readonly #view: DataView;
  readonly #slots: Uint8Array;
  readonly #iovecs: Uint8Array;

  constructor(libc: Libc, capacity: number) {
    this.#libc = libc;
    this.#capacity = capacity;
    this.#headers = new Uint8Array(new ArrayBuffer(capacity * headerSize));
    this.#iovecs = new Uint8Array(new ArrayBuffer(capacity * iovecSize));
    this.#slots = new Uint8Array(new ArrayBuffer(capacity * slotSize));
    this.#view = new DataView(this.#headers.buffer);
    const iovecs = new DataView(this.#iovecs.buffer);
    for (let index = 0; index < capacity; index++) {
      iovecs.setBigUint64(index * iovecSize, libc.addressOf(this.#slots) + BigInt(index * slotSize), true);
      iovecs.setBigUint64(index * iovecSize + 8, BigInt(slotSize), true);
      const iovec = libc.addressOf(this.#iovecs) + BigInt(index * iovecSize);
      this.#view.setBigUint64(index * headerSize + headerIovec, iovec, true);
      this.#view.setBigUint64(index * headerSize + headerIovecCount, 1n, true);
    }
  }

  /** Takes what waits at a non-blocking socket, up to the batch's capacity. Returns how many frames, or -1 with errno. */
  receive(fd: number): number {
    return this.#libc.recvmmsg(fd, this.#headers, this.#capacity, 0, null);
  }

  /** Valid until the next `receive`. */
  frame(index: number): Uint8Array {
    const length = this.#view.getUint32(index * headerSize + headerReceived, true);
    return this.#slots.subarray(index * slotSize, index * slotSize + length);
  }
}
