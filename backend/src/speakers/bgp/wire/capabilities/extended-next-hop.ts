import { familyCodes, familyName, type FamilyName } from '../family.ts';
import type { Reader } from '../reader.ts';
import type { Writer } from '../writer.ts';

/** RFC 8950 section 4: the families whose routes the sender takes with a next hop of another protocol (AFI; 2 is IPv6). */
export interface ExtendedNextHopCapability {
  readonly type: 'extended-next-hop';
  readonly entries: readonly { readonly family: FamilyName; readonly nextHopAfi: number }[];
}

export const extendedNextHop = {
  code: 5,
  encode({ entries }: ExtendedNextHopCapability, writer: Writer): void {
    for (const { family, nextHopAfi } of entries) {
      const { afi, safi } = familyCodes(family);
      writer.u16(afi).u16(safi).u16(nextHopAfi);
    }
  },
  decode(reader: Reader): ExtendedNextHopCapability {
    const entries = [];
    while (reader.remaining > 0) {
      entries.push({ family: familyName(reader.u16(), reader.u16()), nextHopAfi: reader.u16() });
    }
    return { type: 'extended-next-hop', entries };
  },
};
