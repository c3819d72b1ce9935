import assert from 'node:assert/strict';
import { hex, toHex } from './hex.ts';

export interface Codec<T> {
  readonly encode: (value: T) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => T;
}

/**
 * A value and its octets (annotated rows, from a source other than our encoder) agree both ways; encoding what was decoded
 * gives the octets again; and it all works in the middle of a bigger buffer.
 */
export function assertCodec<T>(codec: Codec<T>, value: T, rows: string): void {
  const expected = hex(rows);
  const encoded = codec.encode(value);
  assert.equal(toHex(encoded), toHex(expected), 'the encoded octets');
  assert.equal(encoded.length, expected.length);
  assertDecodes(codec, value, rows);
  assert.equal(toHex(codec.encode(codec.decode(expected))), toHex(expected), 'encoding what was decoded');
}

/** For octets that our encoder would spell otherwise: they decode to the value, and the value survives our spelling. */
export function assertDecodes<T>(codec: Codec<T>, value: T, rows: string): void {
  const octets = hex(rows);
  assert.deepEqual(codec.decode(octets), value, 'the decoded value');
  const bigger = new Uint8Array(octets.length + 20).fill(0xa5);
  bigger.set(octets, 10);
  assert.deepEqual(codec.decode(bigger.subarray(10, 10 + octets.length)), value, 'decoded at an offset');
  assert.deepEqual(codec.decode(codec.encode(value)), value, 'decoded from our own spelling');
}
