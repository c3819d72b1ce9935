function sum(octets: Uint8Array, from: number): number {
  let total = 0;
  for (let i = 0; i < octets.length; i++) total += (i & 1) === 0 ? (octets[i] ?? 0) << 8 : (octets[i] ?? 0);
  return from + total;
}

/**
 * RFC 4443 section 2.3 with the pseudo-header of RFC 8200 section 8.1. Over a message whose checksum field is zero: the
 * value for that field; over one with a right checksum: 0.
 *
 * @param message up to 65,535 octets
 */
export function icmpv6Checksum(source: Uint8Array, destination: Uint8Array, message: Uint8Array): number {
  let total = sum(message, sum(destination, sum(source, message.length + 58)));
  while (total > 0xffff) total = (total & 0xffff) + Math.floor(total / 0x10000);
  return ~total & 0xffff;
}
