import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { PathAttribute } from './attributes/attribute.ts';
import { addressText } from './address.ts';
import type { Capability } from './capabilities/capability.ts';
import type { FamilyName } from './family.ts';
import { FrameReader, type Frame } from './frame.ts';
import { decodeMessage, encodeMessage, type Message, type ReceivedMessage } from './message.ts';
import { encodePrefix, type Nlri } from './nlri.ts';
import { ProtocolError } from './protocol-error.ts';
import { captured } from './testing/captured.ts';
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
  fc.constant({ type: 'route-refresh' }),
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

function withoutProblems(message: ReceivedMessage): object {
  const { problems: _, ...rest } = { problems: [], ...message };
  return rest;
}

/** Decodes a stream as a session does: until it ends or breaks the protocol. */
function decodeAll(stream: Uint8Array, chosen: (typeof contexts)[number]): void {
  const reader = new FrameReader();
  try {
    for (const frame of reader.frames(stream)) decodeFrame(frame, chosen);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
  }
}

/** What decodes also encodes, to something that decodes to the same. */
function decodeFrame(frame: Frame, chosen: (typeof contexts)[number]): void {
  const message = decodeMessage(frame, chosen);
  let again: Uint8Array;
  try {
    again = encodeMessage(message, chosen);
  } catch (error) {
    // Our spelling is longer in places (MP attributes have a 16-bit length): a full message may not fit any more.
    if (error instanceof RangeError && frame.body.length > 4000) return;
    throw error;
  }
  assert.deepEqual(withoutProblems(decodeMessage(frameOf(again), chosen)), withoutProblems(message));
}

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
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 7 }), body, agreed, (type, octet, chosen) => {
      const length = 19 + octet.length;
      const header = [...new Uint8Array(16).fill(0xff), length >> 8, length & 0xff, type];
      decodeAll(Uint8Array.from([...header, ...octet]), chosen);
      decodeAll(octet, chosen);
    }),
    { numRuns: 3_000 },
  );
});

test('real messages with octets changed, removed and added decode or are a ProtocolError', () => {
  const mutation = record({ at: fc.nat(200), kind: fc.constantFrom('set', 'flip', 'cut', 'insert'), octet: u8 });
  const original = fc.constantFrom(...captured.map(({ rows }) => rows));
  fc.assert(
    fc.property(original, fc.array(mutation, { minLength: 1, maxLength: 4 }), agreed, (rows, mutations, chosen) => {
      const body = [...hex(rows).subarray(18)];
      for (const { at, kind, octet } of mutations) {
        const index = at % body.length;
        if (kind === 'insert') body.splice(index, 0, octet);
        else if (kind === 'cut' && body.length > 1) body.splice(index, 1);
        else body[index] = kind === 'flip' ? (body[index] ?? 0) ^ octet : octet;
      }
      const length = 18 + body.length;
      decodeAll(Uint8Array.from([...new Uint8Array(16).fill(0xff), length >> 8, length & 0xff, ...body]), chosen);
    }),
    { numRuns: 5_000 },
  );
});
