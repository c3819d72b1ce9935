import { groupMac } from '../group-mac.ts';
import type { LinkSocket, LinkSocketEvents, Logger } from '../ports.ts';
import { attachFilter } from './attach-filter.ts';
import type { FrameBatch } from './frame-batch.ts';
import { errno, must, SystemError, type Libc, type Poll } from './libc.ts';
import { MulticastListener } from './multicast-listener.ts';
import { arpFilter, neighbourFilter, type Instruction } from './packet-filter.ts';

// sys/socket.h, linux/if_packet.h, linux/if_ether.h
const AF_PACKET = 17;
const SOCK_RAW = 3;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SOL_PACKET = 263;
const PACKET_ADD_MEMBERSHIP = 1;
const PACKET_DROP_MEMBERSHIP = 2;
const PACKET_STATISTICS = 6;
const ETH_P_ARP = 0x0806;
const ETH_P_IPV6 = 0x86dd;

/** Half of it is some hundred frames; net.core.rmem_max cuts it, on most hosts to what a flood of 20,000/s brings in 27 ms. */
const receiveBuffer = 1 << 20;
const broadcast = 'ffffffffffff';

export interface PacketSocketDeps {
  readonly libc: Libc;
  /** May be shared by all sockets of a thread. */
  readonly batch: FrameBatch;
  readonly logger: Logger;
}

/**
 * ARP and neighbour discovery on one link by two AF_PACKET sockets, one per Ethernet protocol: the kernel then hands them
 * frames of their protocol only, after VLANs, bonds and bridges have taken theirs, and never what this host sends.
 * Groups are joined twice: here, which sets the link's filter, and at the IP layer, which tells the switches.
 */
export class PacketSocket implements LinkSocket {
  readonly #libc: Libc;
  readonly #batch: FrameBatch;
  readonly #logger: Logger;
  readonly #listener: MulticastListener;
  readonly #index: number;
  readonly #events: LinkSocketEvents;
  readonly #sockets: { readonly fd: number; readonly poll: Poll }[] = [];
  /** How often it was joined, by group in hexadecimal. */
  readonly #groups = new Map<string, number>();
  /** How many of the groups have it, by MAC in hexadecimal. */
  readonly #groupMacs = new Map<string, number>();
  #refused = false;
  #closed = false;

  /** @throws {Error} that names the missing capability or the link */
  constructor({ libc, batch, logger }: PacketSocketDeps, index: number, events: LinkSocketEvents) {
    this.#libc = libc;
    this.#batch = batch;
    this.#logger = logger;
    this.#listener = new MulticastListener({ libc, onRefused: (reason) => this.#onRefused(reason) }, index);
    this.#index = index;
    this.#events = events;
    try {
      this.#listen(ETH_P_ARP, arpFilter);
      this.#listen(ETH_P_IPV6, neighbourFilter);
    } catch (error) {
      this.close();
      throw explained(error, index);
    }
  }

  send(frame: Uint8Array): void {
    if (this.#closed) return;
    const protocol = frame[12] === ETH_P_IPV6 >> 8 && frame[13] === (ETH_P_IPV6 & 0xff) ? 1 : 0;
    const fd = this.#sockets[protocol]?.fd ?? -1;
    if (this.#libc.send(fd, frame, frame.byteLength, 0) < 0) this.#events.onLost?.(this.#lastError('send'));
  }

  join(group: Uint8Array): void {
    if (this.#closed || addTo(this.#groups, hex(group)) > 1) return;
    const mac = groupMac(group);
    if (addTo(this.#groupMacs, hex(mac)) === 1) this.#setMembership(PACKET_ADD_MEMBERSHIP, mac);
    this.#listener.join(group);
  }

  leave(group: Uint8Array): void {
    if (this.#closed || takeFrom(this.#groups, hex(group)) !== 0) return;
    const mac = groupMac(group);
    if (takeFrom(this.#groupMacs, hex(mac)) === 0) this.#setMembership(PACKET_DROP_MEMBERSHIP, mac);
    this.#listener.leave(group);
  }

  takeOverflow(): number {
    return this.#sockets.reduce((sum, { fd }) => sum + this.#overflowOf(fd), 0);
  }

  /** The link may be another one than when groups were joined: IPv6 may have come to it. */
  relink(): void {
    this.#listener.retry();
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  close(): void {
    this.#closed = true;
    this.#listener.close();
    for (const { fd, poll } of this.#sockets.splice(0)) {
      poll.close();
      this.#libc.close(fd);
    }
  }

  #listen(protocol: number, filter: readonly Instruction[]): void {
    // No protocol until the filter is in place: nothing comes before.
    const fd = must('socket', this.#libc.socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    try {
      attachFilter(this.#libc, fd, filter);
      this.#setOption(fd, SOL_SOCKET, SO_RCVBUF, new Uint8Array(Int32Array.of(receiveBuffer).buffer));
      const address = linkAddress(protocol, this.#index);
      must('bind', this.#libc.bind(fd, address, address.byteLength));
      const socket = { fd, poll: this.#libc.poll(fd, (failed) => this.#read(socket, failed)) };
      this.#sockets.push(socket);
    } catch (error) {
      this.#libc.close(fd);
      throw error;
    }
  }

  #setOption(fd: number, level: number, name: number, value: Uint8Array): void {
    must('setsockopt', this.#libc.setsockopt(fd, level, name, value, value.byteLength));
  }

  /** The kernel begins anew whenever it is asked (packet(7)). */
  #overflowOf(fd: number): number {
    // struct tpacket_stats: packets, drops
    const statistics = new Uint8Array(8);
    const length = new Uint8Array(Int32Array.of(statistics.byteLength).buffer);
    if (this.#libc.getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, statistics, length) < 0) return 0;
    return new DataView(statistics.buffer).getUint32(4, true);
  }

  /** One batch, then the event loop's turn, which comes back here while more waits: a flood must not hold up timers. */
  #read(socket: { readonly fd: number; readonly poll: Poll }, failed: boolean): void {
    try {
      const received = this.#batch.receive(socket.fd);
      if (received < 0) this.#onReadError(socket.fd);
      for (let index = 0; index < received && !this.#closed; index++) this.#deliver(this.#batch.frame(index));
    } catch (error) {
      // A listener's own mistake is not for the native code that called us.
      setImmediate(() => {
        throw error;
      });
    }
    if (failed && !this.#closed) socket.poll.restart();
  }

  #deliver(frame: Uint8Array): void {
    if (this.#wants(frame)) this.#events.onFrame(frame);
    else this.#events.onUnwanted?.();
  }

  /** Many devices pass groups that nobody on this host has joined, or that somebody else has. */
  #wants(frame: Uint8Array): boolean {
    if (((frame[0] ?? 0) & 1) === 0) return true;
    const destination = hex(frame.subarray(0, 6));
    return destination === broadcast || this.#groupMacs.has(destination);
  }

  #onReadError(fd: number): void {
    const error = this.#lastError('recvmmsg');
    const passing: readonly number[] = [errno.EAGAIN, errno.EINTR, errno.ENOBUFS, errno.ENOMEM];
    if (passing.includes(error.errno)) return;
    // Once for each time that the link goes down; the kernel goes on by itself when it is up again.
    if (error.errno === errno.ENETDOWN && this.#isBound(fd)) return;
    this.#gone(error.errno === errno.ENETDOWN ? new Error(`the link ${this.#index} is gone`) : error);
  }

  /** The kernel takes the index from sockets whose link is removed, or moved to another network namespace. */
  #isBound(fd: number): boolean {
    const address = new Uint8Array(20);
    const length = new Uint8Array(Int32Array.of(address.byteLength).buffer);
    if (this.#libc.getsockname(fd, address, length) < 0) return false;
    return new DataView(address.buffer).getInt32(4, true) === this.#index;
  }

  #setMembership(name: number, mac: Uint8Array): void {
    const [first] = this.#sockets;
    if (first === undefined) return;
    // struct packet_mreq: index, type (PACKET_MR_MULTICAST is 0), length of the address, address
    const request = new Uint8Array(16);
    const view = new DataView(request.buffer);
    view.setInt32(0, this.#index, true);
    view.setUint16(6, mac.byteLength, true);
    request.set(mac, 8);
    if (this.#libc.setsockopt(first.fd, SOL_PACKET, name, request, request.byteLength) === 0) return;
    const error = this.#lastError('setsockopt');
    // A membership that ends together with its link is no failure.
    if (name === PACKET_DROP_MEMBERSHIP || error.errno === errno.ENODEV) return;
    setImmediate(() => this.#gone(error));
  }

  /** Once: what follows would say the same for every address. */
  #onRefused(reason: SystemError): void {
    if (this.#refused || reason.errno === errno.ENODEV) return;
    this.#refused = true;
    const message = 'IPv6 groups are not reported on this link: switches with MLD snooping may withhold solicitations';
    this.#logger.warn({ link: this.#index, err: reason }, message);
  }

  #gone(reason: Error): void {
    if (this.#closed) return;
    this.close();
    this.#events.onGone(reason);
  }

  #lastError(call: string): SystemError {
    return new SystemError(call, this.#libc.errno());
  }
}

/** `struct sockaddr_ll` to bind to a protocol on a link. */
function linkAddress(protocol: number, index: number): Uint8Array {
  const bytes = new Uint8Array(20);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, AF_PACKET, true);
  view.setUint16(2, protocol, false);
  view.setInt32(4, index, true);
  return bytes;
}

function explained(error: unknown, index: number): unknown {
  if (!(error instanceof SystemError)) return error;
  if (error.errno === errno.EPERM || error.errno === errno.EACCES) {
    const fix =
      'run the container as UID 0 with capabilities.add: [NET_RAW]; added capabilities do not reach other users';
    return new Error(`Layer 2 needs the capability NET_RAW: ${fix}`, { cause: error });
  }
  return new Error(`cannot open link ${index}: ${error.message}`, { cause: error });
}

/** Counts one more; how many there are now. */
function addTo(counts: Map<string, number>, key: string): number {
  const count = (counts.get(key) ?? 0) + 1;
  counts.set(key, count);
  return count;
}

/** Counts one less; how many are left, or undefined if there was none. */
function takeFrom(counts: Map<string, number>, key: string): number | undefined {
  const count = counts.get(key);
  if (count === undefined) return undefined;
  if (count > 1) counts.set(key, count - 1);
  else counts.delete(key);
  return count - 1;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}
