import { familyCodes, familyName, type FamilyName } from '../family.ts';
import type { Reader } from '../reader.ts';
import type { Writer } from '../writer.ts';

/** RFC 4760 section 8: AFI, a reserved octet, SAFI. */
export interface MultiprotocolCapability {
  readonly type: 'multiprotocol';
  readonly family: FamilyName;
}

export const multiprotocol = {
  code: 1,
  encode({ family }: MultiprotocolCapability, writer: Writer): void {
    const { afi, safi } = familyCodes(family);
    writer.u16(afi).u8(0).u8(safi);
  },
  decode(reader: Reader): MultiprotocolCapability {
    const afi = reader.u16();
    reader.u8();
    return { type: 'multiprotocol', family: familyName(afi, reader.u8()) };
  },
};
