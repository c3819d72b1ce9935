import type { Reader } from '../reader.ts';
import type { Writer } from '../writer.ts';

/** RFC 6793 section 3: the sender's AS number in full. */
export interface FourOctetAsCapability {
  readonly type: 'four-octet-as';
  readonly as: number;
}

export const fourOctetAs = {
  code: 65,
  encode({ as }: FourOctetAsCapability, writer: Writer): void {
    writer.u32(as);
  },
  decode(reader: Reader): FourOctetAsCapability {
    return { type: 'four-octet-as', as: reader.u32() };
  },
};
