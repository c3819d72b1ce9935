import ipaddr from 'ipaddr.js';
import type { Libc } from './libc.ts';

// sys/socket.h, linux/in.h, linux/in6.h, net/if.h
export const AF_INET = 2;
export const AF_INET6 = 10;
const IF_NAMESIZE = 16;

/**
 * `struct sockaddr_in` or `sockaddr_in6`.
 *
 * @param host an IP literal; a link-local one with the name of its interface behind it
 * @throws {Error} for what is no address
 */
export function toSocketAddress(libc: Libc, host: string, port: number): Uint8Array {
  const [literal = '', zone] = host.split('%');
  const octets = ipaddr.parse(literal).toByteArray();
  const v6 = octets.length === 16;
  const bytes = new Uint8Array(v6 ? 28 : 16);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, v6 ? AF_INET6 : AF_INET, true);
  view.setUint16(2, port);
  bytes.set(octets, v6 ? 8 : 4);
  if (v6 && zone !== undefined) view.setUint32(24, libc.if_nametoindex(zone), true);
  return bytes;
}

/** What `toSocketAddress` makes, the other way round; undefined for another family. */
export function fromSocketAddress(libc: Libc, bytes: Uint8Array): { host: string; port: number } | undefined {
  if (bytes.length < 16) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const port = view.getUint16(2);
  const family = view.getUint16(0, true);
  if (family === AF_INET) return { host: textOf(bytes.subarray(4, 8)), port };
  if (family !== AF_INET6 || bytes.length < 28) return undefined;
  const scope = view.getUint32(24, true);
  const zone = scope === 0 ? null : libc.if_indextoname(scope, new Uint8Array(IF_NAMESIZE));
  const host = textOf(bytes.subarray(8, 24));
  return { host: zone === null ? host : `${host}%${zone}`, port };
}

function textOf(octets: Uint8Array): string {
  return ipaddr.fromByteArray([...octets]).toString();
}
