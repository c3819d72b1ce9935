import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { ReplicaPlace } from '../domain/replica.ts';
import { boundedPlace, decodePlace, encodePlace, MAX_PLACE_OCTETS } from './replica-place.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

// As an engine of another version sends it.
const GOLDEN =
  '{"links":[{"name":"eth0","mac":"02:00:00:00:00:01","prefixes":["192.0.2.1/24","fe80::1/64"]}],"towards":{"192.0.2.254":"eth0"}}';
const PLACE: ReplicaPlace = {
  links: [{ name: 'eth0', mac: '02:00:00:00:00:01', prefixes: ['192.0.2.1/24', 'fe80::1/64'] }],
  towards: { '192.0.2.254': 'eth0' },
};

suite('the place of a replica', () => {
  test('golden', () => {
    assert.equal(new TextDecoder().decode(encodePlace(PLACE)), GOLDEN);
    assert.deepEqual(decodePlace(bytes(GOLDEN)), PLACE);
  });

  test('with what it is silent about, golden', () => {
    const silent = { '192.0.2.130': 'asking', 'fd00::130': 'unmet' } as const;
    const golden = `${GOLDEN.slice(0, -1)},"silent":{"192.0.2.130":"asking","fd00::130":"unmet"}}`;
    assert.equal(new TextDecoder().decode(encodePlace({ ...PLACE, silent })), golden);
    assert.deepEqual(decodePlace(bytes(golden)), { ...PLACE, silent });
  });

  test('silent about more than it tells one by one', () => {
    const silent = Object.fromEntries(
      Array.from({ length: 257 }, (_, i) => [`192.0.${i >> 8}.${i & 255}`, 'asking' as const]),
    );
    assert.deepEqual(decodePlace(encodePlace({ ...PLACE, silent })), { ...PLACE, silent: 'many' });
    assert.deepEqual(decodePlace(bytes(JSON.stringify({ ...PLACE, silent }))), { ...PLACE, silent: 'many' });
  });

  test('silent about an address for a reason that we do not know: it is silent', () => {
    const later = JSON.stringify({ ...PLACE, silent: { '192.0.2.130': 'tired', '192.0.2.131': 7 } });
    assert.deepEqual(decodePlace(bytes(later)), { ...PLACE, silent: { '192.0.2.130': 'asking' } });
    for (const silent of [7, null, [], 'all'])
      assert.deepEqual(decodePlace(bytes(JSON.stringify({ ...PLACE, silent }))), PLACE);
  });

  test('with a link that is left alone but for who names it', () => {
    const [link = assert.fail()] = PLACE.links;
    const place: ReplicaPlace = { ...PLACE, links: [{ ...link, isLeftAlone: true }] };
    assert.deepEqual(decodePlace(encodePlace(place)), place);
    const odd = { ...PLACE, links: [{ ...link, isLeftAlone: 'no' }] };
    assert.deepEqual(decodePlace(bytes(JSON.stringify(odd))), PLACE);
  });

  test('of an engine without Layer 2: no links', () => {
    assert.deepEqual(decodePlace(new Uint8Array()), { links: [], towards: {} });
  });

  test('of a later version, with fields that we do not know, is read', () => {
    const later = '{"links":[{"name":"eth0","mac":"02:00:00:00:00:01","prefixes":[],"mtu":9000}],"more":[1]}';
    assert.deepEqual(decodePlace(bytes(later)), {
      links: [{ name: 'eth0', mac: '02:00:00:00:00:01', prefixes: [] }],
      towards: {},
    });
  });

  test('links that make no sense are left out, the others stay', () => {
    const links = [
      { name: 'eth0', mac: '02:00:00:00:00:01', prefixes: ['192.0.2.1/24', 7, 'x'.repeat(65)] },
      { name: 'eth1', mac: '02:00:00:00:00', prefixes: [] },
      { name: 'eth2', mac: '02:00:00:00:00:01' },
      { mac: '02:00:00:00:00:01', prefixes: [] },
      { name: 'y'.repeat(65), mac: '02:00:00:00:00:01', prefixes: [] },
      null,
      'eth3',
    ];
    assert.deepEqual(decodePlace(bytes(JSON.stringify({ links, towards: { a: 1, b: 'eth0' } }))), {
      links: [{ name: 'eth0', mac: '02:00:00:00:00:01', prefixes: ['192.0.2.1/24'] }],
      towards: { b: 'eth0' },
    });
  });

  for (const text of ['x', '[]', 'null', '7', '"links"', '{"links":', '\u{fffd}'])
    test(`${JSON.stringify(text)} is none`, () => assert.equal(decodePlace(bytes(text)), undefined));

  test('no UTF-8, or too much of it, is none', () => {
    assert.equal(decodePlace(Uint8Array.of(0x7b, 0xff, 0x7d)), undefined);
    assert.equal(decodePlace(bytes(`{"more":"${'x'.repeat(MAX_PLACE_OCTETS)}"}`)), undefined);
  });

  test('of a host with very many links fits, with the first of them', () => {
    const links = Array.from({ length: 4_000 }, (_, i) => ({
      name: `vlan${i}`,
      mac: '02:00:00:00:00:01',
      prefixes: Array.from({ length: 40 }, (__, j) => `2001:db8:${i.toString(16)}:${j.toString(16)}::1/64`),
    }));
    const encoded = encodePlace({ links, towards: {} });
    assert.ok(encoded.byteLength <= MAX_PLACE_OCTETS);
    const read = decodePlace(encoded)?.links ?? [];
    assert.ok(read.length >= 8);
    assert.deepEqual(
      read.map(({ name }) => name),
      links.slice(0, read.length).map(({ name }) => name),
    );
  });

  test('of a host with 128 VLANs: others are told as many links as a datagram takes, which the host goes by as well', () => {
    const links = Array.from({ length: 128 }, (_, i) => ({
      name: `bond0.${2_000 + i}`,
      mac: '02:00:5e:10:00:0a',
      prefixes: [`10.100.${i}.1/24`, `2001:db8:0:${i.toString(16)}::1/64`, `fe80::5eff:fe10:a/64`],
    }));
    const silent = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`192.0.2.${130 + i}`, 'asking' as const]));
    const own = boundedPlace({ links, towards: {} });
    assert.ok(own.links.length > 100, `${own.links.length} links`);
    assert.deepEqual(decodePlace(encodePlace({ links, towards: {} })), own);
    // What it is silent about gives way first.
    assert.deepEqual(decodePlace(encodePlace({ ...own, silent })), { ...own, silent: 'many' });
    const some = { links: links.slice(0, 100), towards: {} };
    assert.deepEqual(decodePlace(encodePlace({ ...some, silent })), { ...some, silent });
  });

  test('round trip, and no bytes make the decoder throw', () => {
    const text = fc.string({ maxLength: 20 });
    const link = fc.record(
      {
        name: text,
        mac: fc.uint8Array({ minLength: 6, maxLength: 6 }).map((mac) =>
          Buffer.from(mac)
            .toString('hex')
            .replace(/..(?=.)/g, '$&:'),
        ),
        prefixes: fc.array(text, { maxLength: 5 }),
      },
      { noNullPrototype: true },
    );
    const towards = fc.dictionary(
      text.filter((key) => key !== '__proto__'),
      text,
      { maxKeys: 5, noNullPrototype: true },
    );
    fc.assert(
      fc.property(fc.array(link, { maxLength: 8 }), towards, (links, reached) => {
        const place = { links, towards: reached };
        assert.deepEqual(decodePlace(encodePlace(place)), place);
      }),
    );
    fc.assert(fc.property(fc.uint8Array(), (some) => void decodePlace(some)));
    fc.assert(fc.property(fc.json(), (json) => void decodePlace(bytes(json))));
  });
});
