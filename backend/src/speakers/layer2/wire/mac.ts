export const MAC_OCTETS = 6;

export const BROADCAST: Uint8Array = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff);

export const NO_MAC: Uint8Array = new Uint8Array(MAC_OCTETS);

/** Multicast or broadcast (IEEE 802: the I/G bit). */
export function isGroup(mac: Uint8Array): boolean {
  return ((mac[0] ?? 0) & 1) === 1;
}

/** A MAC that a station can have. */
export function isStation(mac: Uint8Array): boolean {
  return !isGroup(mac) && mac.some((octet) => octet !== 0);
}

export function sameOctets(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Lower case, colons: `02:00:5e:10:00:0a`. */
export function macText(mac: Uint8Array): string {
  return Array.from(mac, (octet) => octet.toString(16).padStart(2, '0')).join(':');
}
