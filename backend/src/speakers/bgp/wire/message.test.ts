import assert from 'node:assert/strict';
import { test } from 'node:test';
import { frameOf } from './testing/frames.ts';
import { assertCodec, assertDecodes } from './testing/assert-codec.ts';
import { captured } from './testing/captured.ts';
import { hex, marker, toHex } from './testing/hex.ts';
import { context, messageCodec } from './testing/message-codec.ts';
import { decodeMessage, encodeMessage } from './message.ts';
import { ProtocolError } from './protocol-error.ts';

test('there are messages of both routers', () => {
  assert.ok(captured.filter(({ canonical }) => canonical).length >= 9);
  assert.ok(captured.filter(({ canonical }) => !canonical).length >= 4);
});

for (const { name, rows, agreed, message, canonical } of captured) {
  test(`captured from ${name}`, () => {
    if (canonical) assertCodec(messageCodec(agreed), message, rows);
    else assertDecodes(messageCodec(agreed), message, rows);
  });
}

const plain = messageCodec(context(true));

for (const [holdTimeSeconds, as] of [
  [0, 1],
  [1, 65535],
  [2, 23456],
  [3, 64512],
  [65535, 65534],
] as const) {
  test(`OPEN with hold time ${holdTimeSeconds} and AS ${as}, no optional parameters`, () => {
    const twoOctets = (value: number): string => value.toString(16).padStart(4, '0');
    assertCodec(
      plain,
      { type: 'open', as, holdTimeSeconds, identifier: '10.0.0.1', capabilities: [] },
      `${marker} 001d 01 04 ${twoOctets(as)} ${twoOctets(holdTimeSeconds)} 0a000001 00`,
    );
  });
}

test('OPEN in the form with 16-bit lengths (RFC 9072 section 2)', () => {
  const value = new Uint8Array(253).fill(7);
  assertCodec(
    plain,
    {
      type: 'open',
      as: 65000,
      holdTimeSeconds: 90,
      identifier: '10.0.0.1',
      capabilities: [
        { type: 'unknown', code: 200, value },
        { type: 'four-octet-as', as: 65000 },
      ],
    },
    `${marker} 0128 01 04 fde8 005a 0a000001
     ff ff 0108               # extended form, 264 octets
     02 0105                  # capabilities, 261 octets
     c8 fd ${toHex(value)}    # an unknown capability of the greatest length
     41 04 0000fde8`,
  );
});

test('OPEN takes the form with 16-bit lengths as soon as one octet is not enough for the parameter with its header', () => {
  // A capability of n octets takes n + 2, a second one without a value two more.
  for (const [octets, length] of [
    [251, 29 + 2 + 253],
    [249, 29 + 2 + 253],
    [252, 29 + 3 + 3 + 254],
  ] as const) {
    const capabilities = [
      { type: 'unknown', code: 200, value: new Uint8Array(octets) } as const,
      ...(octets === 249 ? [{ type: 'route-refresh' } as const] : []),
    ];
    const message = { type: 'open', as: 1, holdTimeSeconds: 90, identifier: '10.0.0.1', capabilities } as const;
    const encoded = plain.encode(message);
    assert.equal(encoded.length, length);
    assert.deepEqual(plain.decode(encoded), message);
  }
});

test('OPEN in the extended form although it is short, its length octet not 255', () => {
  const rows = `${marker} 0029 01 04 fde8 005a 0a000001 01 ff 0009 02 0006 41 04 0000fde8`;
  const [frame] = [hex(rows)].map(frameOf);
  assert.ok(frame);
  assert.deepEqual(decodeMessage(frame, context(true)), {
    type: 'open',
    as: 65000,
    holdTimeSeconds: 90,
    identifier: '10.0.0.1',
    capabilities: [{ type: 'four-octet-as', as: 65000 }],
  });
});

const badOpens: readonly (readonly [name: string, rows: string, notification: string])[] = [
  ['version 3', '03 fde8 005a 0a000001 00', '02 01 0004'],
  ['an authentication parameter', '04 fde8 005a 0a000001 04 01 02 0000', '02 04'],
  ['the extended form behind a length of 0', '04 fde8 005a 0a000001 00 ff 0009 02 0006 41 04 0000fde8', '02 00'],
  ['parameters longer than the message', '04 fde8 005a 0a000001 05 02 02 0200', '02 00'],
  ['parameters shorter than the message', '04 fde8 005a 0a000001 02 02 00 0000', '02 00'],
  ['a parameter that runs over its end', '04 fde8 005a 0a000001 04 02 06 0200', '02 00'],
  ['a capability that runs over its end', '04 fde8 005a 0a000001 04 02 02 0204', '02 00'],
  ['4-octet AS in 2 octets', '04 fde8 005a 0a000001 06 02 04 41 02 fde8', '02 00'],
  ['route refresh with a value', '04 fde8 005a 0a000001 05 02 03 02 01 00', '02 00'],
  ['graceful restart that ends within a family', '04 fde8 005a 0a000001 07 02 05 40 03 0078 00', '02 00'],
];

for (const [name, rows, expected] of badOpens) {
  test(`OPEN with ${name} is refused`, () => {
    assert.throws(
      () => decodeMessage({ type: 1, body: hex(rows) }, context(true)),
      (error) => {
        assert.ok(error instanceof ProtocolError);
        assert.equal(error.severity, 'session-reset');
        const sent = encodeMessage({ type: 'notification', ...error.notification }, context(true));
        assert.equal(toHex(sent.subarray(19)), toHex(hex(expected)));
        return true;
      },
    );
  });
}

test('RFC 8950: the capability that says that IPv4 routes may have IPv6 next hops', () => {
  assertCodec(
    messageCodec(context(true)),
    {
      type: 'open',
      as: 65001,
      holdTimeSeconds: 180,
      identifier: '192.0.2.1',
      capabilities: [
        {
          type: 'extended-next-hop',
          entries: [
            { family: 'ipv4-unicast', nextHopAfi: 2 },
            { family: 'afi-1/safi-128', nextHopAfi: 2 },
          ],
        },
      ],
    },
    // RFC 8950 section 4: NLRI AFI (2 octets), NLRI SAFI (2 octets), next hop AFI (2 octets)
    `${marker} 002d 01
     04 fde9 00b4 c0000201
     10 02 0e 05 0c 0001 0001 0002 0001 0080 0002`,
  );
});
