import { familyCodes, familyName, type FamilyName } from '../family.ts';
import type { Reader } from '../reader.ts';
import type { Writer } from '../writer.ts';

/** RFC 7911 section 4. Modes other than 1 to 3 are kept; whoever negotiates ignores them. */
export const AddPathMode = { receive: 1, send: 2, both: 3 } as const;

export interface AddPathCapability {
  readonly type: 'add-path';
  readonly families: readonly { readonly family: FamilyName; readonly mode: number }[];
}

export const addPath = {
  code: 69,
  encode({ families }: AddPathCapability, writer: Writer): void {
    for (const { family, mode } of families) {
      const { afi, safi } = familyCodes(family);
      writer.u16(afi).u8(safi).u8(mode);
    }
  },
  decode(reader: Reader): AddPathCapability {
    const families = [];
    while (reader.remaining > 0) {
      families.push({ family: familyName(reader.u16(), reader.u8()), mode: reader.u8() });
    }
    return { type: 'add-path', families };
  },
};
