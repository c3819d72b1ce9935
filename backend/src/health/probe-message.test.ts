import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { decodeProbe, encodeProbe, type ProbeMessage } from './probe-message.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

// Written by hand from the layout; engines of other versions must read them.
const GOLDEN: readonly [what: string, message: ProbeMessage, bytes: string][] = [
  [
    'question',
    { kind: 'question', leaving: false, stale: false, announcing: false, nonce: 0x0102030405060708n },
    '504c423f 01 00 0000 0102030405060708',
  ],
  [
    'answer',
    { kind: 'answer', leaving: false, stale: false, announcing: false, nonce: 1n },
    '504c4221 01 00 0000 0000000000000001',
  ],
  [
    'answer of a stale one',
    { kind: 'answer', leaving: false, stale: true, announcing: false, nonce: 0n },
    '504c4221 01 02 0000 0000000000000000',
  ],
  [
    'answer of one that leaves',
    { kind: 'answer', leaving: true, stale: false, announcing: false, nonce: 0n },
    '504c4221 01 01 0000 0000000000000000',
  ],
  [
    'the largest nonce',
    { kind: 'question', leaving: false, stale: false, announcing: false, nonce: 2n ** 64n - 1n },
    '504c423f 01 00 0000 ffffffffffffffff',
  ],
];

const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

suite('the probe datagram', () => {
  for (const [what, message, bytes] of GOLDEN) {
    test(`golden: ${what}`, () => {
      assert.equal(hex(encodeProbe(message)), bytes.replaceAll(' ', ''));
      assert.deepEqual(decodeProbe(bytesOf(bytes)), message);
    });
  }

  test('is read at any offset of a larger buffer', () => {
    const [, message, bytes] = GOLDEN[0] ?? assert.fail();
    const larger = new Uint8Array(40);
    larger.set(bytesOf(bytes), 7);
    assert.deepEqual(decodeProbe(larger.subarray(7, 23)), message);
  });

  test('of a later version, with flags and fields that we do not know, is read', () => {
    assert.deepEqual(decodeProbe(bytesOf('504c4221 02 82 1234 0000000000000009')), {
      kind: 'answer',
      leaving: false,
      stale: true,
      announcing: false,
      nonce: 9n,
    });
    assert.deepEqual(decodeProbe(bytesOf('504c4221 ff ff ffff 0000000000000009')), {
      kind: 'answer',
      leaving: true,
      stale: true,
      announcing: true,
      nonce: 9n,
    });
  });

  const foreign = [
    '',
    '504c423f 01 00 0000 01020304050607',
    '504c423f 01 00 0000 010203040506070809',
    '504c423f 00 00 0000 0102030405060708',
    '504c4220 01 00 0000 0102030405060708',
    '00000000 00 00 0000 0000000000000000',
  ];
  for (const bytes of foreign)
    test(`none of ours: "${bytes}"`, () => assert.equal(decodeProbe(bytesOf(bytes)), undefined));

  test('round trip', () => {
    const messages = fc.record(
      {
        kind: fc.constantFrom('question' as const, 'answer' as const),
        leaving: fc.boolean(),
        stale: fc.boolean(),
        announcing: fc.boolean(),
        nonce: fc.bigInt(0n, 2n ** 64n - 1n),
      },
      { noNullPrototype: true },
    );
    fc.assert(fc.property(messages, (message) => assert.deepEqual(decodeProbe(encodeProbe(message)), message)));
  });

  test('no bytes make the decoder throw', () => {
    const near = fc
      .tuple(fc.constantFrom(...GOLDEN.map(([, , bytes]) => bytes)), fc.nat(15), fc.nat(255))
      .map(([bytes, at, octet]) => bytesOf(bytes).with(at, octet));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 40 }), near), (bytes) => {
        const message = decodeProbe(bytes);
        if (message !== undefined) assert.deepEqual(decodeProbe(encodeProbe(message)), message);
      }),
    );
  });
});
