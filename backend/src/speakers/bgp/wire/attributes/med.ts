import { optionalNonTransitive, type AttributeCodec } from './attribute-codec.ts';

/** MULTI_EXIT_DISC, RFC 4271 section 5.1.4: lower is preferred. */
export interface Med {
  readonly type: 'med';
  readonly value: number;
}

export const med: AttributeCodec<Med> = {
  type: 'med',
  code: 4,
  flags: optionalNonTransitive,
  severity: 'treat-as-withdraw',
  encode: (attribute, writer) => void writer.u32(attribute.value),
  decode: (reader) => ({ type: 'med', value: reader.u32() }),
};
