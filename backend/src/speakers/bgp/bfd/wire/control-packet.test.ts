import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { toHex } from '../../wire/testing/hex.ts';
import { decodeControlPacket, encodeControlPacket, type ControlPacket } from './control-packet.ts';
import { diagnosticName } from './diagnostic.ts';
import { DROP_REASONS } from './drop.ts';
import { BFD_STATES } from './state.ts';
import { goldenDrops, goldenPackets } from './testing/golden.ts';

test('there are golden packets, and one that is dropped for each reason but being short', () => {
  assert.ok(goldenPackets.length > 10);
  const reasons = new Set(goldenDrops.map(({ reason }) => reason));
  assert.deepEqual([...reasons].sort(), DROP_REASONS.filter((reason) => reason !== 'truncated').sort());
});

for (const { name, octets, packet } of goldenPackets) {
  test(`${name}: decodes to the packet, and the packet encodes to it`, () => {
    assert.deepEqual(decodeControlPacket(octets), packet);
    assert.equal(toHex(encodeControlPacket(packet)), toHex(octets));
  });

  test(`${name}: decodes in the middle of a bigger buffer, and with something behind it`, () => {
    const bigger = new Uint8Array(octets.length + 40).fill(0xa5);
    bigger.set(octets, 10);
    assert.deepEqual(decodeControlPacket(bigger.subarray(10, 10 + octets.length)), packet);
    assert.deepEqual(decodeControlPacket(bigger.subarray(10, 30 + octets.length)), packet);
  });

  test(`${name}: every shorter one is dropped as truncated`, () => {
    for (let length = 0; length < octets.length; length++) {
      assert.deepEqual(decodeControlPacket(octets.subarray(0, length)), { kind: 'drop', reason: 'truncated' });
    }
  });
}

for (const { name, octets, reason } of goldenDrops) {
  test(`${name}: dropped, ${reason}`, () => {
    assert.deepEqual(decodeControlPacket(octets), { kind: 'drop', reason });
  });
}

test('any octets at all are either dropped or a packet that encodes to what was read', () => {
  const nearly = fc
    .tuple(fc.constantFrom(...goldenPackets), fc.array(fc.tuple(fc.nat(23), fc.nat(255)), { maxLength: 4 }))
    .map(([{ octets }, changes]) => {
      const copy = octets.slice();
      for (const [at, value] of changes) copy[at] = value;
      return copy;
    });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), nearly), (octets) => {
      const decoded = decodeControlPacket(octets);
      if (decoded.kind === 'drop') return;
      assert.deepEqual(decodeControlPacket(encodeControlPacket(decoded)), decoded);
    }),
    { numRuns: 2_000 },
  );
});

test('who knows no session of ours may say that it is down, or shut down, and nothing else (RFC 5880 section 6.8.6)', () => {
  const [golden] = goldenPackets;
  for (const [state, kind] of [
    [0, 'control'],
    [1, 'control'],
    [2, 'drop'],
    [3, 'drop'],
  ] as const) {
    const octets = golden?.octets.slice() ?? new Uint8Array();
    octets[1] = ((octets[1] ?? 0) & 0x3f) | (state << 6);
    octets.fill(0, 8, 12);
    assert.equal(decodeControlPacket(octets).kind, kind, `state ${state}`);
  }
});

test('a packet that may be sent comes back as it was', () => {
  const uint32 = fc.nat(0xffffffff);
  const flag = fc.boolean();
  const packet: fc.Arbitrary<ControlPacket> = fc.record(
    {
      ...{ kind: fc.constant('control' as const), diagnostic: fc.nat(31), state: fc.constantFrom(...BFD_STATES) },
      ...{ poll: flag, final: flag, controlPlaneIndependent: flag, demand: flag },
      ...{ detectMultiplier: fc.integer({ min: 1, max: 255 }), desiredMinTxUs: uint32 },
      ...{ myDiscriminator: fc.integer({ min: 1, max: 0xffffffff }), requiredMinEchoRxUs: uint32 },
      ...{ yourDiscriminator: fc.integer({ min: 1, max: 0xffffffff }), requiredMinRxUs: uint32 },
    },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(packet, (value) => assert.deepEqual(decodeControlPacket(encodeControlPacket(value)), value)),
    { numRuns: 1_000 },
  );
});

test('diagnostics have words, also those that are not assigned', () => {
  assert.equal(diagnosticName(1), 'Control Detection Time Expired');
  assert.equal(diagnosticName(31), 'diagnostic 31');
});
