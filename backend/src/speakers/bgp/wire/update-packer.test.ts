import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeMessage } from './message.ts';
import { encodePrefix } from './nlri.ts';
import type { AddressFamily } from './family.ts';
import { frameOf } from './testing/frames.ts';
import { hex, marker, toHex } from './testing/hex.ts';
import { context } from './testing/message-codec.ts';
import { UpdatePacker, type NlriColumns } from './update-packer.ts';
import type { ReceivedUpdate } from './update.ts';

function columns(prefixes: readonly string[], pathIds: readonly number[] = []): NlriColumns {
  return { prefixes: prefixes.map((prefix) => encodePrefix(prefix).octets), pathIds };
}

function decode(messages: readonly Uint8Array[], ...addPath: AddressFamily[]): ReceivedUpdate[] {
  return messages.map((octets) => {
    assert.ok(octets.length <= 4096);
    const message = decodeMessage(frameOf(octets), context(true, ...addPath));
    assert.ok(message.type === 'update');
    assert.deepEqual(message.problems, []);
    return message;
  });
}

const attributes = [
  { type: 'origin', origin: 'igp' },
  { type: 'as-path', segments: [{ kind: 'sequence', ases: [65001] }] },
] as const;

test('spells routes as BIRD does: IPv4 with path identifiers', () => {
  const packer = new UpdatePacker(context(true, 'ipv4-unicast'));
  const encoded = packer.encodeAttributes([...attributes, { type: 'next-hop', address: '192.0.2.2' }]);
  packer.reach('ipv4-unicast', '192.0.2.2', encoded, columns(['203.0.113.9/32', '203.0.113.64/26'], [2, 2]));
  packer.unreach('ipv4-unicast', columns(['203.0.113.9/32', '203.0.113.64/26'], [2, 2]));
  const [reach, unreach, ...others] = packer.takeMessages();
  assert.equal(others.length, 0);
  const expected = `${marker} 003d 02 0000 0014 40 01 01 00 40 02 06 02 01 0000fde9 40 03 04 c0000202
    00000002 20 cb007109 00000002 1a cb007140`;
  assert.equal(toHex(reach ?? hex('00')), toHex(hex(expected)));
  const gone = `${marker} 0029 02 0012 00000002 20 cb007109 00000002 1a cb007140 0000`;
  assert.equal(toHex(unreach ?? hex('00')), toHex(hex(gone)));
});

test('spells routes as BIRD does: IPv6 in MP attributes, End-of-RIB', () => {
  const packer = new UpdatePacker(context(true));
  const routes = columns(['2001:db8:88::/48', '2001:db8:99::5/128']);
  packer.reach('ipv6-unicast', '2001:db8::2', packer.encodeAttributes(attributes), routes);
  packer.unreach('ipv6-unicast', routes);
  packer.endOfRib('ipv4-unicast');
  packer.endOfRib('ipv6-unicast');
  assert.deepEqual(
    packer.takeMessages().map(toHex),
    [
      `${marker} 0055 02 0000 003e
       90 0e 002d 0002 01 10 20010db8000000000000000000000002 00
       30 20010db80088 80 20010db8009900000000000000000005
       40 01 01 00 40 02 06 02 01 0000fde9`,
      `${marker} 0036 02 0000 001f 90 0f 001b 0002 01 30 20010db80088 80 20010db8009900000000000000000005`,
      `${marker} 0017 02 0000 0000`,
      `${marker} 001e 02 0000 0007 90 0f 0003 0002 01`,
    ].map((rows) => toHex(hex(rows))),
  );
});

test('an IPv4 route with an IPv6 next hop travels in MP_REACH_NLRI (RFC 8950 section 3)', () => {
  const packer = new UpdatePacker({ ...context(true), extendedNextHop: true });
  packer.checkNextHop('ipv4-unicast', '2001:db8::2');
  packer.reach('ipv4-unicast', '2001:db8::2', packer.encodeAttributes(attributes), columns(['203.0.113.0/24']));
  const [reach, ...others] = packer.takeMessages();
  assert.equal(others.length, 0);
  const expected = `${marker} 0041 02 0000 002a
    90 0e 0019 0001 01 10 20010db8000000000000000000000002 00 18 cb0071
    40 01 01 00 40 02 06 02 01 0000fde9`;
  assert.equal(toHex(reach ?? hex('00')), toHex(hex(expected)));
});

test('where longer messages are agreed on, a table takes a few of them, none longer than 65535 octets (RFC 8654)', () => {
  const packer = new UpdatePacker({ ...context(true), extendedMessages: true });
  const prefixes = Array.from({ length: 30_000 }, (_, i) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}/32`);
  packer.reach('ipv4-unicast', '192.0.2.2', packer.encodeAttributes(fourAttributes), columns(prefixes));
  const messages = packer.takeMessages();
  assert.equal(messages.length, 3);
  assert.ok(messages.every(({ length }) => length <= 65_535));
});

test('what does not fill a message is left where that is asked for', () => {
  const packer = new UpdatePacker(context(true));
  const encoded = packer.encodeAttributes(fourAttributes);
  const routes = columns(Array.from({ length: 2_000 }, (_, i) => `10.1.${i >> 8}.${i & 255}/32`));
  const packed = packer.reach('ipv4-unicast', '192.0.2.2', encoded, { ...routes, fullOnly: true });
  const full = packer.takeMessages();
  assert.equal(full.length, 2);
  assert.ok(full.every(({ length }) => length > 4_090));
  const rest = columns(Array.from({ length: 2_000 - packed }, (_, i) => `10.2.${i >> 8}.${i & 255}/32`));
  assert.equal(packer.reach('ipv4-unicast', '192.0.2.2', encoded, { ...rest, fullOnly: true }), 0);
  assert.equal(packer.takeMessages().length, 0);
  assert.equal(packer.reach('ipv4-unicast', '192.0.2.2', encoded, rest), 2_000 - packed);
  assert.equal(packer.takeMessages().length, 1);
});

for (const addPath of [true, false]) {
  test(`splits by size and loses nothing, ADD-PATH ${addPath ? 'on' : 'off'}`, () => {
    const four = Array.from({ length: 1500 }, (_, i) => `10.1.${i >> 8}.${i & 255}/32`);
    const six = Array.from({ length: 1500 }, (_, i) => `fd00::${(i + 1).toString(16)}/128`);
    const families: AddressFamily[] = addPath ? ['ipv4-unicast', 'ipv6-unicast'] : [];
    const ids = four.map((_, i) => i + 1);
    const packer = new UpdatePacker(context(true, ...families));
    packer.reach('ipv4-unicast', '192.0.2.2', packer.encodeAttributes(fourAttributes), columns(four, ids));
    packer.reach('ipv6-unicast', '2001:db8::2', packer.encodeAttributes(attributes), columns(six, ids));
    packer.unreach('ipv4-unicast', columns(four, ids));
    packer.unreach('ipv6-unicast', columns(six, ids));
    const updates = decode(packer.takeMessages(), ...families);
    const wanted = (prefixes: string[]): object[] =>
      prefixes.map((prefix, i) => (addPath ? { pathId: i + 1, prefix } : { prefix }));
    assert.deepEqual(
      updates.flatMap(({ nlri }) => nlri),
      wanted(four),
    );
    assert.deepEqual(
      updates.flatMap(({ withdrawn }) => withdrawn),
      wanted(four),
    );
    const mp = (type: string): object[] =>
      updates.flatMap((update) => update.attributes.flatMap((a) => (a.type === type && 'nlri' in a ? a.nlri : [])));
    assert.deepEqual(mp('mp-reach'), wanted(six));
    assert.deepEqual(mp('mp-unreach'), wanted(six));
    // Full to the last route that fits: 5 or 9 octets per IPv4 route, 17 or 21 per IPv6 route.
    const octets = 1500 * 2 * (addPath ? 9 + 21 : 5 + 17);
    assert.ok(updates.length <= Math.ceil(octets / 3900) + 4);
  });
}

const fourAttributes = [...attributes, { type: 'next-hop', address: '192.0.2.2' }] as const;

test('attributes that leave no room for a route are refused, next hops of another family too', () => {
  const packer = new UpdatePacker(context(true));
  const values = Array.from({ length: 1100 }, (_, i) => `65000:${i}`);
  assert.throws(() => packer.encodeAttributes([{ type: 'communities', values }]), RangeError);
  assert.throws(() => packer.encodeAttributes([{ type: 'communities', values: ['65536:1'] }]), RangeError);
  assert.throws(() => packer.encodeAttributes([{ type: 'large-communities', values: ['1:2'] }]), RangeError);
  assert.throws(() => packer.checkNextHop('ipv4-unicast', 'fd00::1'), RangeError);
  assert.throws(() => packer.checkNextHop('ipv6-unicast', '10.0.0.1'), RangeError);
  assert.throws(() => packer.checkNextHop('ipv6-unicast', 'fe80::1%eth0'), RangeError);
});
