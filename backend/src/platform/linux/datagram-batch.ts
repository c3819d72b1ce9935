import type { Libc } from './libc.ts';

/** `struct mmsghdr`, `struct iovec`, `struct cmsghdr` and `struct sockaddr_in6` of a 64-bit Linux. */
const headerSize = 64;
const headerNameLength = 8;
const headerIovec = 16;
const headerIovecCount = 24;
const headerControl = 32;
const headerControlLength = 40;
const headerReceived = 56;
const iovecSize = 16;
const controlHeaderSize = 16;
const nameSize = 28;
/** Room for one `int`. */
const controlSize = 24;
const slotSize = 512;

const IPPROTO_IP = 0;
const IPPROTO_IPV6 = 41;
const IP_TTL = 2;
const IPV6_HOPLIMIT = 52;

/** A datagram of a batch; views are valid until the next `receive`. */
export interface ReceivedDatagram {
  readonly bytes: Uint8Array;
  /** `struct sockaddr_in` or `sockaddr_in6`. */
  readonly name: Uint8Array;
  /** Undefined if the kernel didn't say, as without IP_RECVTTL. */
  readonly ttl: number | undefined;
}

/** Room for the datagrams of one call of recvmmsg(2), with who sent them and their TTL. */
export class DatagramBatch {
  readonly #libc: Libc;
  readonly #capacity: number;
  readonly #headers: Uint8Array;
  readonly #view: DataView;
  readonly #iovecs: Uint8Array;
  readonly #slots: Uint8Array;
  readonly #names: Uint8Array;
  readonly #controls: Uint8Array;

  constructor(libc: Libc, capacity: number) {
    this.#libc = libc;
    this.#capacity = capacity;
    const room = (size: number): Uint8Array => new Uint8Array(new ArrayBuffer(capacity * size));
    this.#headers = room(headerSize);
    this.#iovecs = room(iovecSize);
    this.#slots = room(slotSize);
    this.#names = room(nameSize);
    this.#controls = room(controlSize);
    this.#view = new DataView(this.#headers.buffer);
    const iovecs = new DataView(this.#iovecs.buffer);
    const at = (bytes: Uint8Array, offset: number): bigint => libc.addressOf(bytes) + BigInt(offset);
    for (let index = 0; index < capacity; index++) {
      const header = index * headerSize;
      iovecs.setBigUint64(index * iovecSize, at(this.#slots, index * slotSize), true);
      iovecs.setBigUint64(index * iovecSize + 8, BigInt(slotSize), true);
      this.#view.setBigUint64(header, at(this.#names, index * nameSize), true);
      this.#view.setBigUint64(header + headerIovec, at(this.#iovecs, index * iovecSize), true);
      this.#view.setBigUint64(header + headerIovecCount, 1n, true);
      this.#view.setBigUint64(header + headerControl, at(this.#controls, index * controlSize), true);
    }
  }

  /** Takes what waits at a non-blocking socket, up to the batch's capacity. Returns how many datagrams, or -1 with errno. */
  receive(fd: number): number {
    // The kernel has written how much of them it used.
    for (let header = 0; header < this.#headers.length; header += headerSize) {
      this.#view.setUint32(header + headerNameLength, nameSize, true);
      this.#view.setBigUint64(header + headerControlLength, BigInt(controlSize), true);
    }
    return this.#libc.recvmmsg(fd, this.#headers, this.#capacity, 0, null);
  }

  datagram(index: number): ReceivedDatagram {
    const header = index * headerSize;
    const length = this.#view.getUint32(header + headerReceived, true);
    const nameLength = this.#view.getUint32(header + headerNameLength, true);
    return {
      bytes: this.#slots.subarray(index * slotSize, index * slotSize + length),
      name: this.#names.subarray(index * nameSize, index * nameSize + Math.min(nameLength, nameSize)),
      ttl: this.#ttl(index),
    };
  }

  #ttl(index: number): number | undefined {
    const used = Number(this.#view.getBigUint64(index * headerSize + headerControlLength, true));
    if (used < controlHeaderSize + 4) return undefined;
    const control = new DataView(this.#controls.buffer, index * controlSize, controlSize);
    const [level, type] = [control.getInt32(8, true), control.getInt32(12, true)];
    const isTtl = (level === IPPROTO_IP && type === IP_TTL) || (level === IPPROTO_IPV6 && type === IPV6_HOPLIMIT);
    return isTtl ? control.getInt32(controlHeaderSize, true) : undefined;
  }
}
