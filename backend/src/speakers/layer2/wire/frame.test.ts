import assert from 'node:assert/strict';
import { test } from 'node:test';
import { arpAnnouncement, arpAnswer, arpProbe } from './arp.ts';
import type { DropReason } from './drop.ts';
import { decodeFrame, encodeFrame, type Packet } from './frame.ts';
import { neighborAnnouncement, neighborAnswer, neighborProbe } from './neighbor.ts';
import { goldenDrops, goldenFrames, macA, macB, v4, v6 } from './testing/golden.ts';
import { hex, toHex } from './testing/hex.ts';

test('there are golden frames', () => {
  assert.ok(goldenFrames.length > 10);
  assert.ok(goldenDrops.length > 5);
});

for (const { name, rows, packet } of goldenFrames) {
  test(`${name}: decodes to the packet, and the packet encodes to it`, () => {
    const octets = hex(rows);
    assert.deepEqual(decodeFrame(octets), packet);
    assert.equal(toHex(encodeFrame(packet)), toHex(octets));
  });

  test(`${name}: decodes in the middle of a bigger buffer, and with the padding of a short frame`, () => {
    const octets = hex(rows);
    const bigger = new Uint8Array(octets.length + 40).fill(0xa5);
    bigger.set(octets, 10);
    assert.deepEqual(decodeFrame(bigger.subarray(10, 10 + octets.length)), packet);
    assert.deepEqual(decodeFrame(bigger.subarray(10, 28 + octets.length)), packet);
  });

  test(`${name}: every shorter frame is dropped as truncated`, () => {
    const octets = hex(rows);
    for (let length = 0; length < octets.length; length++) {
      assert.deepEqual(decodeFrame(octets.subarray(0, length)), { kind: 'drop', reason: 'truncated' });
    }
  });
}

for (const { name, rows, reason } of goldenDrops) {
  test(`${name}: dropped, ${reason}`, () => {
    assert.deepEqual(decodeFrame(hex(rows)), { kind: 'drop', reason });
  });
}

const arpRequest = goldenFrames[0]?.rows ?? '';
const solicitation = goldenFrames.find(({ name }) => name === 'Linux: neighbour solicitation')?.rows ?? '';

/** What becomes of a golden frame if some of its octets are others. */
function altered(rows: string, changes: Readonly<Record<number, string>>): unknown {
  const octets = hex(rows);
  for (const [at, value] of Object.entries(changes)) octets.set(hex(value), Number(at));
  return decodeFrame(octets);
}

const flaws: readonly (readonly [string, string, Record<number, string>, DropReason])[] = [
  ['a frame from a group', arpRequest, { 6: '01' }, 'source-mac'],
  ['a frame from no MAC', arpRequest, { 6: '000000000000' }, 'source-mac'],
  ['an 802.1ad tag', arpRequest, { 12: '88a8' }, 'vlan-tagged'],
  ['IPv4', arpRequest, { 12: '0800' }, 'ether-type'],
  ['ARP of another hardware type', arpRequest, { 14: '0006' }, 'arp-hardware'],
  ['ARP with long hardware addresses', arpRequest, { 18: '14' }, 'arp-hardware'],
  ['ARP for another protocol', arpRequest, { 16: '86dd' }, 'arp-protocol'],
  ['ARP with long protocol addresses', arpRequest, { 19: '10' }, 'arp-protocol'],
  ['InARP', arpRequest, { 20: '0008' }, 'arp-operation'],
  ['an ARP sender with a group MAC', arpRequest, { 22: '01' }, 'source-mac'],
  ['an ARP sender with a multicast IP', arpRequest, { 28: 'e0000001' }, 'arp-sender'],
  ['an ARP sender with a loopback IP', arpRequest, { 28: '7f000001' }, 'arp-sender'],
  ['an ARP sender with the broadcast IP', arpRequest, { 28: 'ffffffff' }, 'arp-sender'],
  ['IP version 4 under the type of IPv6', solicitation, { 14: '45' }, 'ipv6-version'],
  ['a payload shorter than its length says', solicitation, { 18: '0021' }, 'truncated'],
  ['a code that is not 0', solicitation, { 55: '01', 56: 'bdf1' }, 'icmp-code'],
  ['a multicast target', solicitation, { 62: 'ff02' }, 'multicast-target'],
  ['a multicast source', solicitation, { 22: 'ff02' }, 'multicast-source'],
  ['an option without a length', solicitation, { 79: '00', 56: 'bdf3' }, 'option'],
  ['an option over the end', solicitation, { 79: '02', 56: 'bdf1' }, 'option'],
];

for (const [name, rows, changes, reason] of flaws) {
  test(`${name}: dropped, ${reason}`, () => {
    assert.deepEqual(altered(rows, changes), { kind: 'drop', reason });
  });
}

const dad = goldenFrames.find(({ name }) => name.includes('duplicate'))?.packet as Packet & {
  kind: 'neighbor-solicitation';
};
const answered = goldenFrames.find(({ name }) => name === 'Linux: solicited neighbour advertisement')?.packet;

test('a solicitation from :: may neither be unicast nor name a link-layer address (RFC 4861 section 7.1.1)', () => {
  const expected = { kind: 'drop', reason: 'unspecified-source' };
  assert.deepEqual(decodeFrame(encodeFrame({ ...dad, destinationIp: v6.a })), expected);
  const options = [{ type: 'source-link-layer', mac: macA } as const];
  assert.deepEqual(decodeFrame(encodeFrame({ ...dad, options })), expected);
});

test('an advertisement to a group that says it was solicited is dropped (RFC 4861 section 7.1.2)', () => {
  assert.ok(answered !== undefined && answered.kind !== 'arp');
  const destinationIp = hex('ff020000000000000000000000000001');
  assert.deepEqual(decodeFrame(encodeFrame({ ...answered, destinationIp })), {
    kind: 'drop',
    reason: 'solicited-multicast',
  });
});

function golden(name: string): string {
  const found = goldenFrames.find((frame) => frame.name.startsWith(name));
  assert.ok(found !== undefined, name);
  return toHex(hex(found.rows));
}

function packetOf<K extends Packet['kind']>(name: string, kind: K): Packet & { kind: K } {
  const found = goldenFrames.find((frame) => frame.name.startsWith(name));
  assert.ok(found?.packet.kind === kind, name);
  return found.packet as Packet & { kind: K };
}

test('what this host says for an address is what Linux and scapy say, octet by octet', () => {
  const a4 = { source: macA, mac: macA, ip: v4.a };
  const b4 = { source: macB, mac: macB, ip: v4.b };
  const a6 = { source: macA, mac: macA, ip: v6.a };
  assert.equal(toHex(encodeFrame(arpAnswer(a4, packetOf('Linux: ARP request', 'arp')))), golden('Linux: ARP reply'));
  assert.equal(toHex(encodeFrame(arpAnnouncement(b4, 'request'))), golden('Linux: ARP announcement'));
  assert.equal(toHex(encodeFrame(arpAnnouncement(a4, 'reply'))), golden('scapy: gratuitous ARP reply'));
  assert.equal(toHex(encodeFrame(arpProbe(a4))), golden('scapy: ARP probe'));
  const question = packetOf('Linux: neighbour solicitation', 'neighbor-solicitation');
  assert.equal(toHex(encodeFrame(neighborAnswer(a6, question))), golden('Linux: solicited neighbour'));
  assert.equal(toHex(encodeFrame(neighborAnswer(a6, dad))), golden('scapy: unsolicited'), 'to duplicate detection');
  assert.equal(toHex(encodeFrame(neighborAnnouncement(a6))), golden('scapy: unsolicited'));
  assert.deepEqual({ ...decodeFrame(encodeFrame(neighborProbe(a6))), options: [] }, { ...dad, options: [] });
});

test("with another node's MAC, only what ARP and NDP say names it: switches must not learn it from our frames", () => {
  const speaking = { source: macA, mac: macB, ip: v4.a };
  const announced = arpAnnouncement(speaking, 'reply');
  assert.deepEqual([announced.source, announced.senderMac], [macA, macB]);
  const advertised = neighborAnnouncement({ ...speaking, ip: v6.a });
  assert.deepEqual([advertised.source, advertised.options], [macA, [{ type: 'target-link-layer', mac: macB }]]);
});
