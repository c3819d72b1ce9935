import { UpdateSubcode } from '../notification.ts';
import type { Reader } from '../reader.ts';
import { malformedAttribute, optionalTransitive, type AttributeCodec } from './attribute-codec.ts';

/** RFC 1997: values as `<AS>:<number>`, 16 bits each. */
export interface Communities {
  readonly type: 'communities';
  readonly values: readonly string[];
}

/** RFC 8092: values as `<AS>:<number>:<number>`, 32 bits each. */
export interface LargeCommunities {
  readonly type: 'large-communities';
  readonly values: readonly string[];
}

export const communities: AttributeCodec<Communities> = {
  type: 'communities',
  code: 8,
  flags: optionalTransitive,
  severity: 'treat-as-withdraw',
  encode(attribute, writer) {
    for (const value of attribute.values) for (const part of numbers(value, 2, 0xffff)) writer.u16(part);
  },
  decode: (reader) => ({ type: 'communities', values: readAll(reader, () => `${reader.u16()}:${reader.u16()}`) }),
};

export const largeCommunities: AttributeCodec<LargeCommunities> = {
  type: 'large-communities',
  code: 32,
  flags: optionalTransitive,
  severity: 'treat-as-withdraw',
  encode(attribute, writer) {
    for (const value of attribute.values) for (const part of numbers(value, 3, 0xffffffff)) writer.u32(part);
  },
  decode: (reader) => ({
    type: 'large-communities',
    values: readAll(reader, () => `${reader.u32()}:${reader.u32()}:${reader.u32()}`),
  }),
};

/** RFC 7606 section 7.8 and RFC 8092 section 5: at least one value, and whole ones. */
function readAll(reader: Reader, next: () => string): string[] {
  if (reader.remaining === 0) throw malformedAttribute('no community in the list', UpdateSubcode.optionalAttribute);
  const values: string[] = [];
  while (reader.remaining > 0) values.push(next());
  return values;
}

function numbers(text: string, count: number, max: number): number[] {
  const parts = text.split(':');
  const valid = parts.length === count && parts.every((part) => /^\d{1,10}$/.test(part) && Number(part) <= max);
  if (!valid) throw new RangeError(`${JSON.stringify(text)} is no community of ${count} numbers up to ${max}`);
  return parts.map(Number);
}
