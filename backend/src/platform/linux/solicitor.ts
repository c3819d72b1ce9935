import { isIPv4 } from 'node:net';
import type { Libc } from './libc.ts';

// sys/socket.h, netinet/in.h
const AF_INET = 2;
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_BINDTODEVICE = 25;
/** RFC 863. Whether anybody listens there is all the same. */
const DISCARD_PORT = 9;

/**
 * Has the kernel find out a neighbour's MAC address on a link by a datagram that is bound to the link: where no route of the link leads to
 * the address, Linux takes it for a neighbour there (ip(7), SO_BINDTODEVICE). IPv4; the host answers whatever link it is asked on,
 * unless its arp_ignore says otherwise.
 */
export function solicit(libc: Libc, link: string, address: string): void {
  if (!isIPv4(address)) return;
  const fd = libc.socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return;
  const device = new TextEncoder().encode(`${link}\0`);
  // struct sockaddr_in: family in the host's byte order, port and address in the network's.
  const target = new Uint8Array(16);
  new DataView(target.buffer).setUint16(0, AF_INET, true);
  new DataView(target.buffer).setUint16(2, DISCARD_PORT);
  target.set(address.split('.').map(Number), 4);
  if (libc.setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, device.byteLength) >= 0) {
    libc.sendto(fd, new Uint8Array(1), 1, 0, target, target.byteLength);
  }
  libc.close(fd);
}
