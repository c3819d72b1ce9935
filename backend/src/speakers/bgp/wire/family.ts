/** The address families whose routes are encoded and decoded here (IANA AFI 1 and 2, SAFI 1). */
export type AddressFamily = 'ipv4-unicast' | 'ipv6-unicast';

/** Any AFI/SAFI pair, as a name: capabilities may list families that nobody here speaks. */
export type FamilyName = AddressFamily | `afi-${number}/safi-${number}`;

export interface FamilyCodes {
  readonly afi: number;
  readonly safi: number;
}

const known: Readonly<Record<AddressFamily, FamilyCodes>> = {
  'ipv4-unicast': { afi: 1, safi: 1 },
  'ipv6-unicast': { afi: 2, safi: 1 },
};

export function familyName(afi: number, safi: number): FamilyName {
  if (safi === 1 && afi === 1) return 'ipv4-unicast';
  if (safi === 1 && afi === 2) return 'ipv6-unicast';
  return `afi-${afi}/safi-${safi}`;
}

/** @throws RangeError for a string that `familyName` does not make. */
export function familyCodes(name: FamilyName): FamilyCodes {
  if (isAddressFamily(name)) return known[name];
  const match = /^afi-(\d{1,5})\/safi-(\d{1,5})$/.exec(name);
  if (match === null) throw new RangeError(`${name as string} is no address family`);
  return { afi: Number(match[1]), safi: Number(match[2]) };
}

export function isAddressFamily(name: FamilyName): name is AddressFamily {
  return name === 'ipv4-unicast' || name === 'ipv6-unicast';
}
