import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { NO_PLACE, type ReplicaPlace } from '../domain/replica.ts';
import { decodeProbe, encodeProbe, type ProbeMessage } from './probe-message.ts';
import { encodePlace, MAX_PLACE_OCTETS } from './replica-place.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const PLACE: ReplicaPlace = {
  links: [{ name: 'e', mac: '02:00:00:00:00:01', prefixes: ['192.0.2.1/24'] }],
  towards: {},
};
const PLACE_HEX = hex(
  new TextEncoder().encode(
    '{"links":[{"name":"e","mac":"02:00:00:00:00:01","prefixes":["192.0.2.1/24"]}],"towards":{}}',
  ),
);

function message(kind: ProbeMessage['kind'], rest: Partial<ProbeMessage> = {}): ProbeMessage {
  const view = { stale: false, behind: undefined, newcomer: false, med: undefined, retained: undefined };
  const flags = { leaving: false, ...view, announcing: false, news: false, placeOmitted: false, countsAsker: false };
  return { kind, ...flags, nonce: 0n, place: NO_PLACE, ...rest };
}

function encode({ place, ...header }: ProbeMessage): Uint8Array {
  return encodeProbe(header, place.links.length > 0 ? encodePlace(place) : undefined);
}

// Written by hand from the layout; engines of other versions must read them.
const GOLDEN: readonly [what: string, message: ProbeMessage, bytes: string][] = [
  [
    'question',
    message('question', { leaving: false, stale: false, nonce: 0x0102030405060708n }),
    '504c423f 01 00 0000 0102030405060708',
  ],
  ['answer', message('answer', { leaving: false, stale: false, nonce: 1n }), '504c4221 01 00 0000 0000000000000001'],
  [
    'answer of a stale one',
    message('answer', { leaving: false, stale: true, nonce: 0n }),
    '504c4221 01 02 0000 0000000000000000',
  ],
  [
    'answer of one that leaves',
    message('answer', { leaving: true, stale: false, nonce: 0n }),
    '504c4221 01 01 0000 0000000000000000',
  ],
  [
    'answer of a stale one that is behind others',
    message('answer', { stale: true, behind: true, nonce: 5n }),
    '504c4221 01 22 0000 0000000000000005',
  ],
  [
    'answer of a stale one that is not',
    message('answer', { stale: true, behind: false, nonce: 6n }),
    '504c4221 01 42 0000 0000000000000006',
  ],
  ['question that has news', message('question', { news: true, nonce: 2n }), '504c423f 01 08 0000 0000000000000002'],
  [
    'answer of one that speaks on a link',
    message('answer', { announcing: true, nonce: 3n, place: PLACE }),
    `504c4221 01 04 0000 0000000000000003 ${PLACE_HEX}`,
  ],
  [
    'answer of one that leaves to the asker what is the asker’s',
    message('answer', { countsAsker: true, nonce: 3n, place: PLACE }),
    `504c4221 01 08 0000 0000000000000003 ${PLACE_HEX}`,
  ],
  [
    'answer without the place that it has',
    message('answer', { placeOmitted: true, nonce: 4n }),
    '504c4221 01 10 0000 0000000000000004',
  ],
  [
    'answer of one that has not met all nodes',
    message('answer', { newcomer: true, nonce: 5n }),
    '504c4221 01 80 0000 0000000000000005',
  ],
  [
    'answer of the first, whom nobody has left anything to outbid',
    message('answer', { med: 100, nonce: 5n }),
    '504c4221 01 00 0065 0000000000000005',
  ],
  [
    'answer of one that has taken over at the bottom, and knows of routes that are there',
    message('answer', { med: 0, retained: 0, nonce: 5n }),
    '504c4221 01 00 0401 0000000000000005',
  ],
  [
    'the largest offsets',
    message('answer', { med: 1_022, retained: 62, nonce: 5n }),
    '504c4221 01 00 ffff 0000000000000005',
  ],
  [
    'the largest nonce',
    message('question', { leaving: false, stale: false, nonce: 2n ** 64n - 1n }),
    '504c423f 01 00 0000 ffffffffffffffff',
  ],
];

const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

suite('the probe datagram', () => {
  for (const [what, message, bytes] of GOLDEN) {
    test(`golden: ${what}`, () => {
      assert.equal(hex(encode(message)), bytes.replaceAll(' ', ''));
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
    const stale = message('answer', { stale: true, med: 0x233, retained: 3, nonce: 9n });
    assert.deepEqual(decodeProbe(bytesOf('504c4221 02 02 1234 0000000000000009')), stale);
    const all = message('answer', {
      leaving: true,
      stale: true,
      newcomer: true,
      behind: true,
      announcing: true,
      placeOmitted: true,
      countsAsker: true,
      med: 1_022,
      retained: 62,
      nonce: 9n,
    });
    assert.deepEqual(decodeProbe(bytesOf('504c4221 ff ff ffff 0000000000000009')), all);
  });

  test('with a place that does not read: alive, without links', () => {
    const answer = message('answer', { nonce: 9n });
    assert.deepEqual(decodeProbe(bytesOf('504c4221 01 00 0000 0000000000000009 7b')), answer);
    assert.deepEqual(decodeProbe(bytesOf('504c4221 01 00 0000 0000000000000009 ff00')), answer);
  });

  test('says the worst that fits where an offset is too large', () => {
    const [said] = [decodeProbe(encode(message('answer', { med: 5_000, retained: 100 })))];
    assert.deepEqual([said?.med, said?.retained], [1_022, 62]);
  });

  const foreign = [
    '',
    '504c423f 01 00 0000 01020304050607',
    `504c423f 01 00 0000 0102030405060708${'20'.repeat(MAX_PLACE_OCTETS + 1)}`,
    '504c423f 00 00 0000 0102030405060708',
    '504c4220 01 00 0000 0102030405060708',
    '00000000 00 00 0000 0000000000000000',
  ];
  for (const bytes of foreign)
    test(`none of ours: "${bytes.slice(0, 40)}"`, () => assert.equal(decodeProbe(bytesOf(bytes)), undefined));

  test('round trip', () => {
    const messages = fc.record(
      {
        kind: fc.constantFrom('question' as const, 'answer' as const),
        leaving: fc.boolean(),
        stale: fc.boolean(),
        newcomer: fc.boolean(),
        behind: fc.constantFrom(undefined, true, false),
        announcing: fc.boolean(),
        bit: fc.boolean(),
        placeOmitted: fc.boolean(),
        med: fc.option(fc.nat(1_022), { nil: undefined }),
        retained: fc.option(fc.nat(62), { nil: undefined }),
        place: fc.constantFrom(NO_PLACE, PLACE),
        nonce: fc.bigInt(0n, 2n ** 64n - 1n),
      },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(messages, ({ bit, ...rest }) => {
        const isQuestion = rest.kind === 'question';
        const message = { ...rest, news: isQuestion && bit, countsAsker: !isQuestion && bit };
        assert.deepEqual(decodeProbe(encode(message)), message);
      }),
    );
  });

  test('no bytes make the decoder throw', () => {
    const near = fc
      .tuple(fc.constantFrom(...GOLDEN.map(([, , bytes]) => bytes)), fc.nat(15), fc.nat(255))
      .map(([bytes, at, octet]) => bytesOf(bytes).with(at, octet));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 40 }), near), (bytes) => {
        const message = decodeProbe(bytes);
        if (message !== undefined) assert.deepEqual(decodeProbe(encode(message)), message);
      }),
    );
  });
});
