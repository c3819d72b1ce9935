import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { attributeCodecs, type PathAttribute } from './attributes/attribute.ts';
import { addressText } from './address.ts';
import type { Capability } from './capabilities/capability.ts';
import type { FamilyName } from './family.ts';
import { decodeMessage, encodeMessage, type Message } from './message.ts';
import { encodePrefix, type Nlri } from './nlri.ts';
import { captured } from './testing/captured.ts';
import { readCorpus } from './testing/corpus.ts';
import { decodeStream, fuzz, withoutProblems } from './testing/fuzzer.ts';
import { frameOf } from './testing/frames.ts';
import { hex } from './testing/hex.ts';
import { context } from './testing/message-codec.ts';

const contexts = [
  context(true),
  context(false),
  context(true, 'ipv4-unicast', 'ipv6-unicast'),
  context(false, 'ipv6-unicast'),
] as const;
/** Objects as literals make them: strict equality tells prototypes apart. */
function record<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record<T>(model, { noNullPrototype: true });
}
const agreed = fc.constantFrom(...contexts);
const u8 = fc.nat(0xff);
const u16 = fc.oneof(fc.constantFrom(0, 1, 2, 3, 23456, 65535), fc.nat(0xffff));
const u32 = fc.oneof(fc.constantFrom(0, 1, 65535, 65536, 0xffffffff), fc.nat(0xffffffff));
const octets = (size: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: size, maxLength: size });
const value = fc.uint8Array({ maxLength: 255 });
const ipv4 = octets(4).map(addressText);
const ipv6 = octets(16).map(addressText);
const family: fc.Arbitrary<FamilyName> = fc.constantFrom('ipv4-unicast', 'ipv6-unicast', 'afi-25/safi-65');

const capability: fc.Arbitrary<Capability> = fc.oneof(
  record({ type: fc.constant('multiprotocol'), family }),
  record({ type: fc.constantFrom('route-refresh', 'extended-message', 'enhanced-route-refresh') }),
  record({
    type: fc.constant('extended-next-hop'),
    entries: fc.array(record({ family, nextHopAfi: u16 }), { maxLength: 5 }),
  }),
  record({ type: fc.constant('four-octet-as'), as: u32 }),
  record({
    type: fc.constant('graceful-restart'),
    restarting: fc.boolean(),
    notification: fc.boolean(),
    restartTimeSeconds: fc.nat(4095),
    families: fc.array(record({ family, forwardingPreserved: fc.boolean() }), { maxLength: 5 }),
  }),
  record({ type: fc.constant('add-path'), families: fc.array(record({ family, mode: u8 }), { maxLength: 5 }) }),
  record({ type: fc.constant('unknown'), code: fc.integer({ min: 72, max: 255 }), value }),
);

/** Prefixes in canonical form: no bits beyond the length. */
function prefix(address: fc.Arbitrary<string>, bits: number): fc.Arbitrary<string> {
  return fc.tuple(address, fc.nat(bits)).map(([text, length]) => {
    const { octets: encoded } = encodePrefix(`${text}/${length}`);
    const full = new Uint8Array(bits / 8);
    full.set(encoded.subarray(1));
    return `${addressText(full)}/${length}`;
  });
}

function nlri(address: fc.Arbitrary<string>, bits: number, withId: boolean): fc.Arbitrary<Nlri[]> {
  const one = withId
    ? record({ pathId: u32, prefix: prefix(address, bits) })
    : record({ prefix: prefix(address, bits) });
  return fc.array(one, { maxLength: 6 });
}

const segments = (as: fc.Arbitrary<number>): fc.Arbitrary<object[]> =>
  fc.array(
    record({
      kind: fc.constantFrom('set', 'sequence', 'confed-sequence', 'confed-set'),
      ases: fc.array(as, { minLength: 1, maxLength: 100 }),
    }),
    { maxLength: 3 },
  );

function attribute(fourOctetAs: boolean, withId: boolean): fc.Arbitrary<PathAttribute> {
  return fc.oneof(
    record({ type: fc.constant('origin'), origin: fc.constantFrom('igp', 'egp', 'incomplete') }),
    record({ type: fc.constant('as-path'), segments: segments(fourOctetAs ? u32 : u16) }),
    record({ type: fc.constant('as4-path'), segments: segments(u32) }),
    record({ type: fc.constant('next-hop'), address: ipv4 }),
    record({ type: fc.constantFrom('med', 'local-pref'), value: u32 }),
    record({
      type: fc.constant('communities'),
      values: fc.array(
        fc.tuple(u16, u16).map((parts) => parts.join(':')),
        { minLength: 1, maxLength: 90 },
      ),
    }),
    record({
      type: fc.constant('large-communities'),
      values: fc.array(
        fc.tuple(u32, u32, u32).map((parts) => parts.join(':')),
        { minLength: 1, maxLength: 30 },
      ),
    }),
    record({
      type: fc.constant('mp-reach'),
      family: fc.constant('ipv6-unicast'),
      nextHops: fc.array(ipv6, { minLength: 1, maxLength: 2 }),
      nlri: nlri(ipv6, 128, withId),
    }),
    record({
      type: fc.constant('mp-unreach'),
      family: fc.constant('ipv6-unicast'),
      nlri: nlri(ipv6, 128, withId),
    }),
    record({ type: fc.constant('unknown'), flags: fc.constantFrom(0xc0, 0xe0, 0x80), code: fc.constant(99), value }),
  ) as fc.Arbitrary<PathAttribute>;
}

function update(fourOctetAs: boolean, four: boolean, six: boolean): fc.Arbitrary<Message> {
  const attributes = fc.uniqueArray(attribute(fourOctetAs, six), { selector: ({ type }) => type, maxLength: 10 });
  const routes = nlri(ipv4, 32, four);
  return record({ type: fc.constant('update'), withdrawn: routes, attributes, nlri: routes });
}

const withContext = agreed.chain((chosen) => {
  const { fourOctetAs, addPath } = chosen;
  const open = record({
    type: fc.constant('open'),
    as: u16,
    holdTimeSeconds: u16,
    identifier: ipv4,
    capabilities: fc.array(capability, { maxLength: 12 }),
  });
  const message = fc.oneof(
    open,
    update(fourOctetAs, addPath.has('ipv4-unicast'), addPath.has('ipv6-unicast')),
    record({ type: fc.constant('notification'), code: u8, subcode: u8, data: value }),
    fc.constant({ type: 'keepalive' }),
    record({ type: fc.constant('route-refresh'), family, subtype: u8, filters: value }),
  ) as fc.Arbitrary<Message>;
  return message.map((one) => [one, chosen] as const);
});

test('every message survives encoding and decoding', () => {
  fc.assert(
    fc.property(withContext, ([message, chosen]) => {
      const decoded = decodeMessage(frameOf(encodeMessage(message, chosen)), chosen);
      assert.deepEqual(withoutProblems(decoded), message);
    }),
    { numRuns: 500 },
  );
});

test('random octets decode or are a ProtocolError', () => {
  const body = fc.uint8Array({ maxLength: 300 });
  const tally = { decoded: 0, refused: 0 };
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 7 }), body, agreed, (type, octet, chosen) => {
      const length = 19 + octet.length;
      const header = [...new Uint8Array(16).fill(0xff), length >> 8, length & 0xff, type];
      decodeStream(Uint8Array.from([...header, ...octet]), chosen, tally);
      decodeStream(octet, chosen, tally);
    }),
    { numRuns: 1_000 },
  );
});

const corpus = readCorpus();

test('the corpus has something of each message and of each attribute that is known by name', () => {
  const files = new Set(corpus.map(({ name }) => name.split(' ')[0]));
  assert.ok(files.size >= 24, [...files].join());
  for (const type of ['open', 'update', 'notification', 'keepalive', 'route-refresh']) {
    assert.ok(files.has(`messages/${type}.hex`), type);
  }
  for (const { type } of attributeCodecs) assert.ok(files.has(`attributes/${type}.hex`), type);
});

for (const { name, type, body } of corpus) {
  test(`${name} is decoded or refused, whatever was agreed on`, () => {
    const length = 19 + body.length;
    const header = [...new Uint8Array(16).fill(0xff), length >> 8, length & 0xff, type];
    const tally = { decoded: 0, refused: 0 };
    for (const chosen of contexts) decodeStream(Uint8Array.from([...header, ...body]), chosen, tally);
    assert.equal(tally.decoded + tally.refused, contexts.length);
  });
}

test('messages of the corpus and of real routers with parts changed, removed, added and mixed decode or are a ProtocolError', () => {
  const real = captured.map(({ name, rows }) => {
    const [type = 0, ...body] = hex(rows).subarray(18);
    return { name, type, body: Uint8Array.from(body) };
  });
  // `npm run fuzz:bgp` does the same for longer, with other seeds.
  const { decoded, refused } = fuzz({ seed: 1, messages: 10_000, corpus: [...corpus, ...real] });
  assert.ok(decoded > 2_000 && refused > 2_000, `${decoded} decoded, ${refused} refused`);
});
