import type { Server, Socket } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { Delivery, TcpOptions } from '../ports.ts';
import { libc, must, SystemError } from './libc.ts';

// sys/socket.h, netinet/in.h, linux/tcp.h: the same on every architecture that Node.js has binaries for.
const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_STREAM = 1;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_SNDBUF = 7;
const IPPROTO_IP = 0;
const IPPROTO_TCP = 6;
const IPPROTO_IPV6 = 41;
const IP_TTL = 2;
const IP_MINTTL = 21;
const IPV6_UNICAST_HOPS = 16;
const IPV6_MINHOPCOUNT = 73;
const TCP_INFO = 11;
const TCP_MD5SIG = 14;
const TCP_USER_TIMEOUT = 18;
/** As a TTL: the system's default again (ip(7), ipv6(7)). */
export const systemTtl = -1;
/** TCP_MD5SIG_MAXKEYLEN. */
const maxKeyBytes = 80;

/** Whether Node.js can't make such a socket by itself. */
export function isSpecial({ password, ttl, minTtl }: TcpOptions): boolean {
  return password !== undefined || ttl !== undefined || minTtl !== undefined;
}

/**
 * A TCP socket that is neither bound nor connected and has the options that must be set before. Needs no capability.
 *
 * @param host the other end: an IP literal, a link-local one with or without its zone
 * @returns a file descriptor, which is the caller's to close
 * @throws {Error} for what the kernel refuses, or where the C library can't be called
 */
export function openSocket(host: string, options: TcpOptions): number {
  const family = host.includes(':') ? AF_INET6 : AF_INET;
  const fd = must('socket', libc().socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  try {
    setOptions(fd, host, options);
    return fd;
  } catch (error) {
    libc().close(fd);
    throw error;
  }
}

/**
 * The descriptor of a socket that Node.js has; undefined once it is closed. `_handle` is what Node.js calls its own, and the only way: sockets
 * that it accepts have no other.
 */
export function descriptorOf(socket: Socket | Server): number | undefined {
  const { _handle: handle } = socket as { _handle?: { readonly fd?: number } | null };
  const fd = handle?.fd ?? -1;
  return fd < 0 ? undefined : fd;
}

export function closeSocket(fd: number): void {
  libc().close(fd);
}

/** Sets the options on a socket; those that are left out stay. @throws {Error} as `openSocket` does */
export function setOptions(fd: number, host: string, { password, ttl, minTtl }: TcpOptions): void {
  const v6 = host.includes(':');
  if (ttl !== undefined) setNumber(fd, v6 ? [IPPROTO_IPV6, IPV6_UNICAST_HOPS] : [IPPROTO_IP, IP_TTL], ttl);
  if (minTtl !== undefined) setNumber(fd, v6 ? [IPPROTO_IPV6, IPV6_MINHOPCOUNT] : [IPPROTO_IP, IP_MINTTL], minTtl);
  if (password !== undefined) setPassword(fd, host, password);
}

/**
 * The key of TCP-MD5 (RFC 2385) for what goes to and comes from a host; it takes the place of the one before, also while connected. An empty one
 * means that there is none any more.
 *
 * @throws {Error} as `openSocket` does; never with the key in it
 */
export function setPassword(fd: number, host: string, password: string): void {
  const key = new TextEncoder().encode(password);
  if (key.length > maxKeyBytes) throw new RangeError(`the password has more than ${maxKeyBytes} octets`);
  // struct tcp_md5sig: address (128 octets), flags, prefix length, length of the key (16 bits), interface (32 bits), key (80 octets)
  const value = new Uint8Array(136 + maxKeyBytes);
  value.set(socketAddress(host));
  new DataView(value.buffer).setUint16(130, key.length, true);
  value.set(key, 136);
  const result = libc().setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, value, value.length);
  const errno = result < 0 ? libc().errno() : 0;
  value.fill(0);
  // What was not there can't be removed.
  if (errno !== 0 && key.length > 0) throw new SystemError('setsockopt(TCP_MD5SIG)', errno);
}

// struct tcp_info of linux/tcp.h: segments that are sent and not acknowledged, and, since Linux 4.1, octets that are.
const UNACKED_AT = 24;
const BYTES_ACKED_AT = 120;
const INFO_OCTETS = 128;

/** What the kernel knows of what was sent over a connected socket; undefined where it doesn't say, or can't be asked. */
export function deliveryOf(fd: number): Delivery | undefined {
  const info = new Uint8Array(INFO_OCTETS);
  const length = new Uint8Array(Uint32Array.of(INFO_OCTETS).buffer);
  try {
    if (libc().getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, length) < 0) return undefined;
  } catch {
    return undefined;
  }
  if ((new Uint32Array(length.buffer)[0] ?? 0) < INFO_OCTETS) return undefined;
  const unacked = new Uint32Array(info.buffer, UNACKED_AT, 1)[0] ?? 0;
  const acknowledged = new BigUint64Array(info.buffer, BYTES_ACKED_AT, 1)[0] ?? 0n;
  return { acknowledged: Number(acknowledged), isUnderWay: unacked > 0 };
}

function setNumber(fd: number, [level, name]: readonly [number, number], value: number): void {
  const bytes = new Uint8Array(Int32Array.of(value).buffer);
  must(`setsockopt(${level}, ${name})`, libc().setsockopt(fd, level, name, bytes, bytes.length));
}

/** Of what is written and not read yet, the kernel keeps this much, twice for its own bookkeeping (socket(7)); else up to 4 MB. */
const SEND_BUFFER_BYTES = 65_536;
/** After so long without a sign that anything written was read, a connection is gone, in milliseconds (tcp(7), TCP_USER_TIMEOUT). */
const UNREAD_MS = 30_000;

/**
 * Bounds what the kernel keeps for readers that don't read, of all connections that this server will accept: they inherit it.
 *
 * @throws {Error} as `openSocket` does
 */
export function boundAccepted(server: Server): void {
  const fd = descriptorOf(server);
  if (fd === undefined) return;
  setNumber(fd, [SOL_SOCKET, SO_SNDBUF], SEND_BUFFER_BYTES);
  setNumber(fd, [IPPROTO_TCP, TCP_USER_TIMEOUT], UNREAD_MS);
}

/** struct sockaddr_in or sockaddr_in6 without a port. */
function socketAddress(host: string): Uint8Array {
  const [literal = ''] = host.split('%');
  const octets = ipaddr.process(literal).toByteArray();
  const v6 = octets.length === 16;
  const address = new Uint8Array(v6 ? 28 : 16);
  new DataView(address.buffer).setUint16(0, v6 ? AF_INET6 : AF_INET, true);
  address.set(octets, v6 ? 8 : 4);
  return address;
}
