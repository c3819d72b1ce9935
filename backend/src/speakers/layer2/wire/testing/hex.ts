/** Octets from annotated rows: hexadecimal digits, blanks as one likes, `#` starts a comment. @throws for anything else. */
export function hex(rows: string): Uint8Array {
  const digits = rows.replace(/#.*$/gm, '').replace(/\s+/g, '');
  if (!/^([0-9a-f]{2})+$/i.test(digits)) throw new Error(`not octets: ${digits}`);
  return Uint8Array.from(digits.match(/../g) ?? [], (octet) => parseInt(octet, 16));
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
