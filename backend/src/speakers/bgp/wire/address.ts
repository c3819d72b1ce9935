import ipaddr from 'ipaddr.js';

/** Octets of an IPv4 or IPv6 literal without a zone. @throws RangeError if it is neither. */
export function addressBytes(text: string): Uint8Array {
  const quad = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (quad !== null) return ipv4Bytes(text, quad);
  if (text.includes(':') && ipaddr.IPv6.isValid(text) && !text.includes('%')) {
    return Uint8Array.from(ipaddr.IPv6.parse(text).toByteArray());
  }
  throw new RangeError(`${JSON.stringify(text)} is no IP address`);
}

function ipv4Bytes(text: string, quad: RegExpExecArray): Uint8Array {
  const octets = quad.slice(1).map(Number);
  // A leading zero means octal to some parsers and nothing to others: refuse it.
  if (octets.some((octet) => octet > 255) || octets.join('.') !== text) {
    throw new RangeError(`${JSON.stringify(text)} is no IP address`);
  }
  return Uint8Array.from(octets);
}

/** Text of 4 or 16 octets; IPv6 as RFC 5952 has it. */
export function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  return new ipaddr.IPv6([...bytes]).toRFC5952String();
}

/** One text for an address however it is written, with the zone that it has (RFC 4007 section 11); what is no address stays as it is. */
export function canonicalText(address: string): string {
  const [literal = '', ...zone] = address.split('%');
  try {
    return [addressText(addressBytes(literal)), ...zone].join('%');
  } catch {
    return address;
  }
}

/** A 32-bit identifier in dotted form (BGP Identifier, RFC 4271 section 4.2). */
export function identifierBytes(text: string): Uint8Array {
  const bytes = addressBytes(text);
  if (bytes.length !== 4) throw new RangeError(`${text} is no dotted 32-bit identifier`);
  return bytes;
}
