import { wellKnown, type AttributeCodec } from './attribute-codec.ts';

/** RFC 4271 section 5.1.5: within an AS only; higher is preferred. */
export interface LocalPref {
  readonly type: 'local-pref';
  readonly value: number;
}

export const localPref: AttributeCodec<LocalPref> = {
  type: 'local-pref',
  code: 5,
  flags: wellKnown,
  severity: 'treat-as-withdraw',
  encode: (attribute, writer) => void writer.u32(attribute.value),
  decode: (reader) => ({ type: 'local-pref', value: reader.u32() }),
};
