import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addressOctets, addressText, solicitedNodeGroup } from './address.ts';
import type { ArpPacket } from './arp.ts';
import { DROP_REASONS, type DropReason } from './drop.ts';
import { decodeFrame, encodeFrame, type Packet } from './frame.ts';
import type { NeighborAdvertisement, NeighborSolicitation } from './neighbor.ts';
import type { NeighborOption } from './options.ts';
import { goldenFrames } from './testing/golden.ts';
import { hex } from './testing/hex.ts';

/** Objects as literals make them: strict equality tells prototypes apart. */
function record<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record<T>(model, { noNullPrototype: true });
}
const octets = (size: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: size, maxLength: size });
const withFirst = (rest: fc.Arbitrary<Uint8Array>, first: fc.Arbitrary<number>): fc.Arbitrary<Uint8Array> =>
  fc.tuple(rest, first).map(([bytes, octet]) => Uint8Array.of(octet, ...bytes.subarray(1)));

const anyMac = octets(6);
const station = withFirst(
  octets(6),
  fc.nat(126).map((n) => (n + 1) * 2),
);
const host4 = withFirst(octets(4), fc.integer({ min: 0, max: 126 }));
const unicast6 = withFirst(octets(16), fc.integer({ min: 1, max: 254 }));
const address6 = fc.oneof(unicast6, unicast6.map(solicitedNodeGroup));

const option: fc.Arbitrary<NeighborOption> = fc.oneof(
  record<NeighborOption>({ type: fc.constantFrom('source-link-layer', 'target-link-layer'), mac: anyMac }),
  record<NeighborOption>({
    type: fc.constant('unknown'),
    code: fc.integer({ min: 3, max: 255 }),
    value: fc.integer({ min: 1, max: 5 }).chain((units) => octets(units * 8 - 2)),
  }),
);
const options = fc.array(option, { maxLength: 4 });

const arp: fc.Arbitrary<ArpPacket> = record<ArpPacket>({
  kind: fc.constant('arp'),
  destination: anyMac,
  source: station,
  operation: fc.constantFrom('request', 'reply'),
  senderMac: station,
  senderIp: host4,
  targetMac: anyMac,
  targetIp: octets(4),
});
const common = { destination: anyMac, source: station, sourceIp: unicast6, target: unicast6, options };
const solicitation: fc.Arbitrary<NeighborSolicitation> = record<NeighborSolicitation>({
  kind: fc.constant('neighbor-solicitation'),
  ...common,
  destinationIp: address6,
});
const advertisement: fc.Arbitrary<NeighborAdvertisement> = record<NeighborAdvertisement>({
  kind: fc.constant('neighbor-advertisement'),
  ...common,
  destinationIp: unicast6,
  router: fc.boolean(),
  solicited: fc.boolean(),
  override: fc.boolean(),
});
const packet: fc.Arbitrary<Packet> = fc.oneof(arp, solicitation, advertisement);

function assertTotal(bytes: Uint8Array): void {
  const decoded = decodeFrame(bytes);
  if (decoded.kind === 'drop') {
    assert.ok((DROP_REASONS as readonly DropReason[]).includes(decoded.reason));
    return;
  }
  const again = decodeFrame(encodeFrame(decoded));
  assert.deepEqual(again, decoded, 'what was decoded survives our spelling');
}

test('decoding what was encoded gives the packet', () => {
  fc.assert(
    fc.property(packet, (value) => {
      assert.deepEqual(decodeFrame(encodeFrame(value)), value);
    }),
    { numRuns: 2000 },
  );
});

test('random octets are dropped or decoded, never thrown about', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), assertTotal), { numRuns: 5000 });
});

test('random payloads under the right type of frame', () => {
  const types = fc.constantFrom('0806', '86dd', '8100');
  const payload = fc.uint8Array({ maxLength: 1600 });
  fc.assert(
    fc.property(types, payload, (type, bytes) => {
      assertTotal(Uint8Array.of(...hex(`ffffffffffff 02005e10000b ${type}`), ...bytes));
    }),
    { numRuns: 1000 },
  );
});

test('real frames with a few octets changed, cut or grown', () => {
  const change = fc.tuple(fc.nat(99), fc.nat(255));
  const frame = fc.constantFrom(...goldenFrames.map(({ rows }) => hex(rows)));
  fc.assert(
    fc.property(frame, fc.array(change, { maxLength: 3 }), fc.nat(120), (original, changes, length) => {
      const bytes = new Uint8Array(Math.max(length, 1));
      bytes.set(original.subarray(0, bytes.length));
      for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
      assertTotal(bytes);
    }),
    { numRuns: 10_000 },
  );
});

test('one wrong bit anywhere in a neighbour message is noticed', () => {
  fc.assert(
    fc.property(fc.oneof(solicitation, advertisement), fc.nat(), fc.nat(7), (value, seed, bit) => {
      const bytes = encodeFrame(value);
      // The addresses and everything from the ICMPv6 header on are under the checksum.
      const at = 22 + (seed % (bytes.length - 22));
      bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
      assert.equal(decodeFrame(bytes).kind, 'drop');
    }),
  );
});

test('addresses survive their text', () => {
  fc.assert(
    fc.property(fc.oneof(octets(4), octets(16)), (bytes) => {
      assert.deepEqual(addressOctets(addressText(bytes)), bytes);
    }),
  );
  for (const text of ['', '1.2.3', '1.2.3.256', '01.2.3.4', '1.2.3.4.5', ':::', 'fe80::1%eth0', 'eth0', '::1/64']) {
    assert.equal(addressOctets(text), undefined, text);
  }
});
