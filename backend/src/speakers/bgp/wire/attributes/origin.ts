import { UpdateSubcode } from '../notification.ts';
import { malformedAttribute, wellKnown, type AttributeCodec } from './attribute-codec.ts';

const origins = ['igp', 'egp', 'incomplete'] as const;

/** RFC 4271 section 5.1.1. */
export interface Origin {
  readonly type: 'origin';
  readonly origin: (typeof origins)[number];
}

export const origin: AttributeCodec<Origin> = {
  type: 'origin',
  code: 1,
  flags: wellKnown,
  severity: 'treat-as-withdraw',
  encode: (value, writer) => void writer.u8(origins.indexOf(value.origin)),
  decode(reader) {
    const code = reader.u8();
    const name = origins[code];
    if (name === undefined) throw malformedAttribute(`ORIGIN ${code}`, UpdateSubcode.invalidOrigin);
    return { type: 'origin', origin: name };
  },
};
