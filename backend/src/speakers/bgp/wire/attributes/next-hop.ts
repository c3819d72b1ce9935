import { addressText, identifierBytes } from '../address.ts';
import { wellKnown, type AttributeCodec } from './attribute-codec.ts';

/** RFC 4271 section 5.1.3: the next hop of the IPv4 routes in the message's own NLRI field. */
export interface NextHop {
  readonly type: 'next-hop';
  readonly address: string;
}

export const nextHop: AttributeCodec<NextHop> = {
  type: 'next-hop',
  code: 3,
  flags: wellKnown,
  severity: 'treat-as-withdraw',
  encode: (value, writer) => void writer.bytes(identifierBytes(value.address)),
  decode: (reader) => ({ type: 'next-hop', address: addressText(reader.bytes(4)) }),
};
