import { errno, SystemError, type Libc } from './libc.ts';

// sys/socket.h, linux/in6.h
const AF_INET6 = 10;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const IPPROTO_IPV6 = 41;
const IPV6_JOIN_GROUP = 20;
const IPV6_LEAVE_GROUP = 21;

export interface MulticastListenerDeps {
  readonly libc: Libc;
  /** The kernel would not join a group here: there is no IPv6 on the link, or on the host. */
  readonly onRefused: (reason: SystemError) => void;
}

/**
 * Membership in IPv6 groups of one link as an application has it: the kernel reports it and answers the queries of routers and
 * switches (MLD; RFC 3810). Switches that snoop on that send frames of a group only to ports where somebody is in it
 * (RFC 4541 section 3). Sockets without a port: nothing is received by them.
 */
export class MulticastListener {
  readonly #libc: Libc;
  readonly #onRefused: (reason: SystemError) => void;
  readonly #index: number;
  /** A socket holds as many groups as net.core.optmem_max has room for: 365 by 20 KiB, the default of older kernels. */
  readonly #sockets: number[] = [];
  /** In which socket, by `struct ipv6_mreq` in hexadecimal. */
  readonly #joined = new Map<string, number>();
  /** Those that the kernel would not join, by the same key. */
  readonly #refused = new Map<string, Uint8Array>();
  #closed = false;

  constructor({ libc, onRefused }: MulticastListenerDeps, index: number) {
    this.#libc = libc;
    this.#onRefused = onRefused;
    this.#index = index;
  }

  /** Joins a group (16 octets) that has not been joined yet. */
  join(group: Uint8Array): void {
    if (this.#closed) return;
    const refusal = this.#tryToJoin(this.#request(group));
    if (refusal !== undefined) this.#onRefused(refusal);
  }

  /** The link may be another one now: tries again what was refused, up to the first one that still is. */
  retry(): void {
    for (const request of [...this.#refused.values()]) {
      // Whatever is refused again has its turn after the others.
      if (this.#tryToJoin(request) !== undefined) return;
    }
  }

  /** Leaves it, if the kernel had joined. */
  leave(group: Uint8Array): void {
    const request = this.#request(group);
    const key = keyOf(request);
    this.#refused.delete(key);
    const fd = this.#joined.get(key);
    if (fd === undefined) return;
    this.#joined.delete(key);
    // Fails where the membership has ended together with the link's IPv6, which is as good.
    this.#libc.setsockopt(fd, IPPROTO_IPV6, IPV6_LEAVE_GROUP, request, request.byteLength);
  }

  /** Leaves all. */
  close(): void {
    this.#closed = true;
    this.#joined.clear();
    this.#refused.clear();
    for (const fd of this.#sockets.splice(0)) this.#libc.close(fd);
  }

  #tryToJoin(request: Uint8Array): SystemError | undefined {
    const key = keyOf(request);
    this.#refused.delete(key);
    const joined = this.#joinAnywhere(request);
    if (!(joined instanceof SystemError)) return void this.#joined.set(key, joined);
    this.#refused.set(key, request);
    return joined;
  }

  /** In the first socket that has room, or in a new one. */
  #joinAnywhere(request: Uint8Array): number | SystemError {
    for (const fd of this.#sockets) {
      const refusal = this.#joinIn(fd, request);
      if (refusal === undefined) return fd;
      if (refusal.errno !== errno.ENOMEM && refusal.errno !== errno.ENOBUFS) return refusal;
    }
    const fd = this.#libc.socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return new SystemError('socket', this.#libc.errno());
    const refusal = this.#joinIn(fd, request);
    if (refusal !== undefined) {
      this.#libc.close(fd);
      return refusal;
    }
    this.#sockets.push(fd);
    return fd;
  }

  #joinIn(fd: number, request: Uint8Array): SystemError | undefined {
    const result = this.#libc.setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, request, request.byteLength);
    return result < 0 ? new SystemError('setsockopt', this.#libc.errno()) : undefined;
  }

  /** `struct ipv6_mreq` */
  #request(group: Uint8Array): Uint8Array {
    const bytes = new Uint8Array(20);
    bytes.set(group);
    new DataView(bytes.buffer).setInt32(16, this.#index, true);
    return bytes;
  }
}

function keyOf(request: Uint8Array): string {
  return Buffer.from(request).toString('hex');
}
