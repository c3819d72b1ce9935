import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProtocolError } from './protocol-error.ts';
import { assertCodec } from './testing/assert-codec.ts';
import { hex, marker, toHex } from './testing/hex.ts';
import { context, messageCodec } from './testing/message-codec.ts';
import { endOfRib } from '../testing/peer-table.ts';
import { decodeUpdate, encodeUpdate, type UpdateMessage } from './update.ts';

const origin = '40 01 01 00';
const asPath = '40 02 06 02 01 0000fde8';
const nextHop = '40 03 04 c0000201';
const route = '18 0a0000';
const good = `${origin} ${asPath} ${nextHop}`;

/** An UPDATE's body from the rows of its attributes and of its NLRI. */
function update(attributes: string, nlri = route): Uint8Array {
  const length = hex(`00 ${attributes}`).length - 1;
  return hex(`0000 ${length.toString(16).padStart(4, '0')} ${attributes} ${nlri}`);
}

test('prefixes of every kind of length, IPv4', () => {
  const nlri = ['0.0.0.0/0', '128.0.0.0/1', '10.0.0.0/8', '10.128.0.0/9', '10.1.2.0/24', '10.1.2.3/32'];
  assertCodec(
    messageCodec(context(true)),
    { type: 'update', withdrawn: nlri.map((prefix) => ({ prefix })), attributes: [], nlri: [] },
    `${marker} 0028 02
     0011 00 01 80 08 0a 09 0a80 18 0a0102 20 0a010203
     0000`,
  );
});

test('the shortest and the longest IPv6 prefix, with path identifiers', () => {
  assertCodec(
    messageCodec(context(true, 'ipv6-unicast')),
    {
      type: 'update',
      withdrawn: [],
      attributes: [
        {
          type: 'mp-unreach',
          family: 'ipv6-unicast',
          nlri: [
            { pathId: 0, prefix: '::/0' },
            { pathId: 4294967295, prefix: '2001:db8::1/128' },
          ],
        },
      ],
      nlri: [],
    },
    `${marker} 0038 02
     0000 0021
     90 0f 001d 0002 01
     00000000 00
     ffffffff 80 20010db8000000000000000000000001`,
  );
});

test('AS numbers of 2 octets: AS_TRANS in AS_PATH, all of it in AS4_PATH (RFC 6793)', () => {
  const segments = [{ kind: 'sequence', ases: [65536, 65535] }] as const;
  const message: UpdateMessage = {
    type: 'update',
    withdrawn: [],
    attributes: [
      { type: 'origin', origin: 'igp' },
      { type: 'as-path', segments },
      { type: 'next-hop', address: '192.0.2.1' },
      { type: 'as4-path', segments },
    ],
    nlri: [{ prefix: '10.0.0.0/24' }],
  };
  const rows = `0000 0021
    40 01 01 00
    40 02 06 02 02 5ba0 ffff            # AS_TRANS, 65535
    40 03 04 c0000201
    c0 11 0a 02 02 00010000 0000ffff    # 65536, 65535
    18 0a0000`;
  assert.equal(toHex(encodeUpdate(message, context(false))), toHex(hex(rows)));
  const decoded = decodeUpdate(hex(rows), context(false));
  assert.deepEqual(decoded.problems, []);
  assert.deepEqual(decoded.attributes[1], { type: 'as-path', segments: [{ kind: 'sequence', ases: [23456, 65535] }] });
  assert.deepEqual(decoded.attributes[3], { type: 'as4-path', segments });
});

test('LOCAL_PREF, an empty AS_PATH, AS sets, many communities (long length), an unknown attribute', () => {
  const communities = Array.from({ length: 64 }, (_, i) => `65000:${i}`);
  const octets = communities.map((_, i) => `fde8${i.toString(16).padStart(4, '0')}`).join(' ');
  assertCodec(
    messageCodec(context(true)),
    {
      type: 'update',
      withdrawn: [],
      attributes: [
        { type: 'origin', origin: 'incomplete' },
        { type: 'as-path', segments: [] },
        { type: 'next-hop', address: '192.0.2.1' },
        { type: 'local-pref', value: 100 },
        { type: 'communities', values: communities },
        { type: 'unknown', flags: 0xe0, code: 99, value: hex('0102') },
        { type: 'as4-path', segments: [{ kind: 'set', ases: [4294967295] }] },
      ],
      nlri: [{ prefix: '10.0.0.0/24' }],
    },
    `${marker} 0142 02
     0000 0127
     40 01 01 02
     40 02 00
     40 03 04 c0000201
     40 05 04 00000064
     d0 08 0100 ${octets}
     e0 63 02 0102
     c0 11 06 01 01 ffffffff
     18 0a0000`,
  );
});

test('attributes of which nothing is read are no problem: ATOMIC_AGGREGATE, AGGREGATOR, and optional ones that nobody knows', () => {
  const foreign = '40 06 00  c0 07 08 0000fde8 c0000201  80 63 02 0102  c0 64 00  e0 65 00';
  assert.deepEqual(decodeUpdate(update(`${good} ${foreign}`), context(true)).problems, []);
  const lists = `80 09 04 c0000201  80 0a 08 c0000201 c0000202  e0 10 08 ${'00'.repeat(8)}  c0 19 14 ${'00'.repeat(20)}`;
  assert.deepEqual(decodeUpdate(update(`${good} ${lists}`), context(true)).problems, []);
  const of2Octets = `${origin} 40 02 04 02 01 fde8 ${nextHop} c0 07 06 fde8 c0000201  c0 12 08 00010000 c0000201`;
  assert.deepEqual(decodeUpdate(update(of2Octets), context(false)).problems, []);
});

test('an MP attribute of a family that is not spoken here stays raw', () => {
  const body = update(`${origin} ${asPath} 80 0e 05 0019 46 00 00`, '');
  const { attributes, problems } = decodeUpdate(body, context(true));
  assert.deepEqual(attributes.at(-1), { type: 'unknown', flags: 0x80, code: 14, value: hex('0019 46 00 00') });
  assert.deepEqual(problems, []);
});

test('wrong flags of an MP attribute whose prefixes can be read end no session, nor do they of another (RFC 7606 section 3 c)', () => {
  for (const attributes of [
    `c0 0e 0d 0001 01 04 c0000201 00 18 0a0000 ${origin} ${asPath}`,
    `40 0f 07 0001 01 18 0a0000`,
    `80 01 01 00 ${asPath}`,
  ]) {
    const { problems } = decodeUpdate(update(attributes, ''), context(true));
    assert.deepEqual(
      problems.map(({ severity, notification: { code, subcode } }) => [severity, code, subcode]),
      [['treat-as-withdraw', 3, 4]],
    );
  }
  // Which prefixes it is about can't be known.
  const garbled = update(`c0 0e 0d 0001 01 04 c0000201 00 48 0a0000 ${origin} ${asPath}`, '');
  assert.throws(() => decodeUpdate(garbled, context(true)), { severity: 'session-reset' });
});

test('IPv4 routes may come in MP_REACH_NLRI', () => {
  const body = update(`80 0e 0d 0001 01 04 c0000201 00 18 0a0000 ${origin} ${asPath}`, '');
  assert.deepEqual(decodeUpdate(body, context(true)).attributes[0], {
    type: 'mp-reach',
    family: 'ipv4-unicast',
    nextHops: ['192.0.2.1'],
    nlri: [{ prefix: '10.0.0.0/24' }],
  });
});

test('End-of-RIB of each family, and what is none', () => {
  const familyOf = (rows: string): string | undefined => endOfRib(decodeUpdate(hex(rows), context(true)));
  assert.equal(familyOf('0000 0000'), 'ipv4-unicast');
  assert.equal(familyOf('0000 0006 80 0f 03 0002 01'), 'ipv6-unicast');
  assert.equal(familyOf('0000 0007 90 0f 0003 0002 01'), 'ipv6-unicast');
  assert.equal(familyOf('0000 0008 80 0f 05 0002 01 08 20'), undefined);
  assert.equal(familyOf('0004 18 0a0000 0000'), undefined);
});

const tolerated: readonly (readonly [name: string, attributes: string, severity: string, notification: string])[] = [
  ['ORIGIN 3', `40 01 01 03 ${asPath} ${nextHop}`, 'treat-as-withdraw', '3 6'],
  ['ORIGIN of two octets', `40 01 02 0000 ${asPath} ${nextHop}`, 'treat-as-withdraw', '3 5'],
  ['ORIGIN with the optional flag', `c0 01 01 00 ${asPath} ${nextHop}`, 'treat-as-withdraw', '3 4'],
  ['an unknown AS_PATH segment', `${origin} 40 02 06 05 01 0000fde8 ${nextHop}`, 'treat-as-withdraw', '3 11'],
  ['an empty AS_PATH segment', `${origin} 40 02 02 02 00 ${nextHop}`, 'treat-as-withdraw', '3 11'],
  ['an AS_PATH segment that ends early', `${origin} 40 02 04 02 02 fde8 ${nextHop}`, 'treat-as-withdraw', '3 11'],
  ['an AS_PATH of one octet', `${origin} 40 02 01 02 ${nextHop}`, 'treat-as-withdraw', '3 5'],
  ['NEXT_HOP of 16 octets', `${origin} ${asPath} 40 03 10 ${'00'.repeat(16)}`, 'treat-as-withdraw', '3 5'],
  ['MED of 3 octets', `${origin} ${asPath} ${nextHop} 80 04 03 000000`, 'treat-as-withdraw', '3 5'],
  ['communities of 5 octets', `${origin} ${asPath} ${nextHop} c0 08 05 0000000000`, 'treat-as-withdraw', '3 5'],
  ['no community', `${origin} ${asPath} ${nextHop} c0 08 00`, 'treat-as-withdraw', '3 9'],
  [
    'large communities of 8 octets',
    `${origin} ${asPath} ${nextHop} c0 20 08 ${'00'.repeat(8)}`,
    'treat-as-withdraw',
    '3 5',
  ],
  ['a malformed AS4_PATH', `${origin} ${asPath} ${nextHop} c0 11 01 02`, 'attribute-discard', '3 5'],
  ['ORIGIN twice', `${origin} ${asPath} ${nextHop} ${origin}`, 'attribute-discard', '3 1'],
  ['no ORIGIN', `${asPath} ${nextHop}`, 'treat-as-withdraw', '3 3'],
  ['no AS_PATH', `${origin} ${nextHop}`, 'treat-as-withdraw', '3 3'],
  ['no NEXT_HOP', `${origin} ${asPath}`, 'treat-as-withdraw', '3 3'],
  ['an attribute that overruns the list', `${origin} ${asPath} ${nextHop} c0 08 40 0000`, 'treat-as-withdraw', '3 1'],
  ['AGGREGATOR as well-known', `${origin} ${asPath} ${nextHop} 40 07 00`, 'treat-as-withdraw', '3 4'],
  ['AGGREGATOR of 6 octets among 4-octet AS numbers', `${good} c0 07 06 ${'00'.repeat(6)}`, 'attribute-discard', '3 5'],
  ['AGGREGATOR that is not transitive', `${good} 80 07 08 ${'00'.repeat(8)}`, 'treat-as-withdraw', '3 4'],
  ['ATOMIC_AGGREGATE of one octet', `${good} 40 06 01 00`, 'attribute-discard', '3 5'],
  ['ATOMIC_AGGREGATE as optional', `${good} c0 06 00`, 'treat-as-withdraw', '3 4'],
  ['ORIGINATOR_ID of 5 octets', `${good} 80 09 05 ${'00'.repeat(5)}`, 'treat-as-withdraw', '3 5'],
  ['CLUSTER_LIST of 6 octets', `${good} 80 0a 06 ${'00'.repeat(6)}`, 'treat-as-withdraw', '3 5'],
  ['no cluster', `${good} 80 0a 00`, 'treat-as-withdraw', '3 5'],
  ['extended communities of 9 octets', `${good} c0 10 09 ${'00'.repeat(9)}`, 'treat-as-withdraw', '3 5'],
  ['no extended community', `${good} c0 10 00`, 'treat-as-withdraw', '3 5'],
  ['AS4_AGGREGATOR of 6 octets', `${good} c0 12 06 ${'00'.repeat(6)}`, 'attribute-discard', '3 5'],
  ['IPv6 extended communities of 8 octets', `${good} c0 19 08 ${'00'.repeat(8)}`, 'treat-as-withdraw', '3 5'],
  ['LOCAL_PREF of 3 octets', `${good} 40 05 03 000000`, 'treat-as-withdraw', '3 5'],
  ['an attribute header cut short', `${origin} ${asPath} ${nextHop} c0`, 'treat-as-withdraw', '3 1'],
];

for (const [name, attributes, severity, codes] of tolerated) {
  test(`UPDATE with ${name}: ${severity}, its routes stay recognisable (RFC 7606)`, () => {
    const { problems, nlri } = decodeUpdate(update(attributes), context(true));
    assert.deepEqual(
      problems.map((problem) => [problem.severity, `${problem.notification.code} ${problem.notification.subcode}`]),
      [[severity, codes]],
    );
    assert.deepEqual(nlri, [{ prefix: '10.0.0.0/24' }]);
  });
}

const fatal: readonly (readonly [name: string, body: Uint8Array, subcode: number])[] = [
  ['withdrawn routes longer than the message', hex('0005 18 0a0000 00'), 1],
  ['attributes longer than the message', hex('0000 0005 00'), 1],
  ['a body of two octets', hex('0000'), 1],
  ['an IPv4 prefix of 33 bits', update(`${origin} ${asPath} ${nextHop}`, '21 0a00000000'), 10],
  ['an IPv4 prefix that ends early', update(`${origin} ${asPath} ${nextHop}`, '18 0a00'), 10],
  ['a withdrawn prefix that ends early', hex('0003 18 0a00 0000'), 10],
  ['an IPv6 prefix of 129 bits', update(`80 0f 15 0002 01 81 ${'00'.repeat(17)}`, ''), 9],
  ['an MP_REACH next hop of 5 octets', update(`80 0e 0a 0002 01 05 0000000000 00`, ''), 9],
  ['MP_REACH_NLRI cut short', update('80 0e 04 0002 01 10', ''), 5],
  ['a well-known attribute that nobody knows', update(`${origin} ${asPath} ${nextHop} 40 63 00`), 2],
  ['attribute 0', update(`${origin} ${asPath} ${nextHop} 40 00 00`), 2],
  ['MP_UNREACH_NLRI twice', update('80 0f 03 0002 01 80 0f 03 0002 01', ''), 1],
];

for (const [name, body, subcode] of fatal) {
  test(`UPDATE with ${name} resets the session`, () => {
    assert.throws(
      () => decodeUpdate(body, context(true)),
      (error) => {
        assert.ok(error instanceof ProtocolError);
        assert.equal(error.severity, 'session-reset');
        assert.deepEqual([error.notification.code, error.notification.subcode], [3, subcode]);
        return true;
      },
    );
  });
}

const malformed: readonly (readonly [name: string, attribute: string, rest: string])[] = [
  ['short', '40 01 01 03', `${asPath} ${nextHop}`],
  ['short, its length in two octets', '50 01 0001 03', `${asPath} ${nextHop}`],
  ['of 255 octets', `c0 08 ff ${'ab'.repeat(255)}`, `${origin} ${asPath} ${nextHop}`],
  ['of 257 octets', `d0 08 0101 ${'ab'.repeat(257)}`, `${origin} ${asPath} ${nextHop}`],
];

for (const [name, attribute, rest] of malformed) {
  test(`a NOTIFICATION about an attribute that is ${name} carries it as it came (RFC 4271 section 6.3)`, () => {
    for (const attributes of [`${attribute} ${rest}`, `${rest} ${attribute}`]) {
      const { problems } = decodeUpdate(update(attributes), context(true));
      assert.deepEqual(
        problems.map(({ notification }) => toHex(notification.data)),
        [toHex(hex(attribute))],
      );
    }
  });
}

test('the reset that an unknown well-known attribute leads to carries it as it came', () => {
  assert.throws(
    () => decodeUpdate(update(`${origin} 50 63 0003 010203`), context(true)),
    (error) => error instanceof ProtocolError && toHex(error.notification.data) === toHex(hex('50 63 0003 010203')),
  );
});

test('the reset that a long malformed MP_REACH_NLRI leads to carries it as it came', () => {
  const attribute = `90 0e 012c 0002 01 10 ${'20'.repeat(296)}`;
  assert.throws(
    () => decodeUpdate(update(`${origin} ${attribute}`, ''), context(true)),
    (error) => error instanceof ProtocolError && toHex(error.notification.data) === toHex(hex(attribute)),
  );
});
