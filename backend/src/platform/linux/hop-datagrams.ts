import type { HopDatagramHandlers, HopDatagrams, HopDatagramSocket } from '../ports.ts';
import { DatagramBatch } from './datagram-batch.ts';
import { errno, libc, must, SystemError, type Libc, type Poll } from './libc.ts';
import { AF_INET, AF_INET6, fromSocketAddress, toSocketAddress } from './socket-address.ts';

// sys/socket.h, linux/in.h, linux/in6.h
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const IPPROTO_IP = 0;
const IP_TOS = 1;
const IP_TTL = 2;
const IP_RECVTTL = 12;
const IPPROTO_IPV6 = 41;
const IPV6_UNICAST_HOPS = 16;
const IPV6_V6ONLY = 26;
const IPV6_RECVHOPLIMIT = 51;
const IPV6_TCLASS = 67;

const TTL = 255;
/** DSCP CS6 (RFC 4594, network control), as a whole octet. */
const NETWORK_CONTROL = 0xc0;
/** Where net.core.rmem_max allows: a thousand short datagrams, what comes while the engine doesn't look. */
const receiveBuffer = 1 << 20;
const batchSize = 16;
/** Of batches in one go: a flood must not hold up timers. */
const mostBatches = 64;

/** UDP sockets of the host. */
export const systemHopDatagrams: HopDatagrams = {
  bind(host: string, port: number, handlers: HopDatagramHandlers): HopDatagramSocket {
    try {
      return new HopSocket(libc(), { host, port }, handlers);
    } catch (error) {
      setImmediate(() => handlers.onError(error instanceof Error ? error : new Error(String(error))));
      return { send: () => undefined, receive: () => undefined, close: () => undefined };
    }
  },
};

/** A UDP socket by the C library: Node.js' own don't tell the TTL, and have their turn after the timers. */
class HopSocket implements HopDatagramSocket {
  readonly #libc: Libc;
  readonly #handlers: HopDatagramHandlers;
  readonly #batch: DatagramBatch;
  readonly #fd: number;
  readonly #poll: Poll;
  #receiving = false;
  #closed = false;

  /** @throws {Error} */
  constructor(library: Libc, at: { readonly host: string; readonly port: number }, handlers: HopDatagramHandlers) {
    this.#libc = library;
    this.#handlers = handlers;
    this.#batch = new DatagramBatch(library, batchSize);
    const v6 = at.host.includes(':');
    this.#fd = must('socket', library.socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    try {
      for (const [level, name, value] of v6 ? v6Options : v4Options) this.#setOption(level, name, value);
      const address = toSocketAddress(library, at.host, at.port);
      must('bind', library.bind(this.#fd, address, address.length));
      this.#poll = library.poll(this.#fd, (failed) => this.#onReadable(failed));
    } catch (error) {
      library.close(this.#fd);
      throw error;
    }
  }

  send(bytes: Uint8Array, port: number, host: string): void {
    if (this.#closed) return;
    const address = toSocketAddress(this.#libc, host, port);
    // What it returns is of no use: a datagram that can't be sent is a lost one.
    this.#libc.sendto(this.#fd, bytes, bytes.length, 0, address, address.length);
  }

  receive(): void {
    // From within a handler: the batch that it is about is still in use.
    if (this.#receiving) return;
    this.#receiving = true;
    try {
      for (let batches = 0; batches < mostBatches && this.#receiveBatch(); batches++);
    } finally {
      this.#receiving = false;
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#poll.close();
    this.#libc.close(this.#fd);
  }

  /** Whether there may be more. */
  #receiveBatch(): boolean {
    if (this.#closed) return false;
    const received = this.#batch.receive(this.#fd);
    if (received < 0) this.#onReadError();
    for (let index = 0; index < received && !this.#closed; index++) this.#deliver(index);
    return received === batchSize;
  }

  #deliver(index: number): void {
    const { bytes, name, ttl } = this.#batch.datagram(index);
    const from = fromSocketAddress(this.#libc, name);
    if (from !== undefined && ttl !== undefined) this.#handlers.onMessage(bytes, { ...from, ttl });
  }

  #onReadable(failed: boolean): void {
    try {
      this.receive();
    } catch (error) {
      // A listener's own mistake is not for the native code that called us.
      setImmediate(() => {
        throw error;
      });
    }
    if (failed && !this.#closed) this.#poll.restart();
  }

  #onReadError(): void {
    const error = new SystemError('recvmmsg', this.#libc.errno());
    const passing: readonly number[] = [errno.EAGAIN, errno.EINTR, errno.ENOBUFS, errno.ENOMEM, errno.ENETDOWN];
    if (passing.includes(error.errno)) return;
    this.close();
    setImmediate(() => this.#handlers.onError(error));
  }

  #setOption(level: number, name: number, value: number): void {
    const bytes = new Uint8Array(Int32Array.of(value).buffer);
    must(`setsockopt(${level}, ${name})`, this.#libc.setsockopt(this.#fd, level, name, bytes, bytes.length));
  }
}

type Option = readonly [level: number, name: number, value: number];

const v4Options: readonly Option[] = [
  [SOL_SOCKET, SO_RCVBUF, receiveBuffer],
  [IPPROTO_IP, IP_TTL, TTL],
  [IPPROTO_IP, IP_RECVTTL, 1],
  [IPPROTO_IP, IP_TOS, NETWORK_CONTROL],
];

const v6Options: readonly Option[] = [
  [SOL_SOCKET, SO_RCVBUF, receiveBuffer],
  [IPPROTO_IPV6, IPV6_V6ONLY, 1],
  [IPPROTO_IPV6, IPV6_UNICAST_HOPS, TTL],
  [IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1],
  [IPPROTO_IPV6, IPV6_TCLASS, NETWORK_CONTROL],
];
