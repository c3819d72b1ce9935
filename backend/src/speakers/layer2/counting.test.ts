import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { CounterSnapshot } from './counters.ts';
import { HOST_MAC, ip, OUR_MAC, PEER_MAC, solicitation, table, wanted } from './testing/table.ts';
import { ALL_NODES, isUnspecified, multicastMac, solicitedNodeGroup } from './wire/address.ts';
import type { ArpPacket } from './wire/arp.ts';
import { encodeFrame, type Packet } from './wire/frame.ts';
import { BROADCAST, NO_MAC } from './wire/mac.ts';
import { neighborAnnouncement, neighborAnswer } from './wire/neighbor.ts';
import type { NeighborOption } from './wire/options.ts';

const V4 = '192.0.2.10';
const V6 = '2001:db8::10';

const station = fc.constantFrom(OUR_MAC, HOST_MAC, PEER_MAC);
const four = fc.constantFrom(V4, '192.0.2.99', '0.0.0.0').map(ip);
const six = fc.constantFrom(V6, '2001:db8::99').map(ip);

const arp: fc.Arbitrary<Packet> = fc.record<ArpPacket>({
  kind: fc.constant('arp'),
  destination: fc.constantFrom(BROADCAST, OUR_MAC, PEER_MAC),
  source: station,
  operation: fc.constantFrom('request', 'reply'),
  senderMac: station,
  senderIp: four,
  targetMac: fc.constantFrom(NO_MAC, OUR_MAC),
  targetIp: four,
});

const solicited: fc.Arbitrary<Packet> = fc
  .record({
    target: six,
    sourceIp: fc.oneof(six, fc.constant(ip('::'))),
    source: station,
    isToUs: fc.boolean(),
    isNamed: fc.boolean(),
  })
  .map(({ target, sourceIp, source, isToUs, isNamed }) => {
    const hasOption = isNamed && !isUnspecified(sourceIp);
    const options: NeighborOption[] = hasOption ? [{ type: 'source-link-layer', mac: source }] : [];
    const group = { destination: multicastMac(solicitedNodeGroup(target)), destinationIp: solicitedNodeGroup(target) };
    const to = isToUs && !isUnspecified(sourceIp) ? { destination: OUR_MAC, destinationIp: target } : group;
    return { ...solicitation(V6), source, sourceIp, target, options, ...to };
  });

const advertised: fc.Arbitrary<Packet> = fc
  .record({ target: six, source: station, mac: station, isToAll: fc.boolean(), isNamed: fc.boolean() })
  .map(({ target, source, mac, isToAll, isNamed }) => {
    const speaking = { source, mac, ip: target };
    const asker = { source: OUR_MAC, options: [{ type: 'source-link-layer', mac: OUR_MAC }] } as const;
    const packet = isToAll
      ? neighborAnnouncement(speaking)
      : neighborAnswer(speaking, { ...solicitation(V6), ...asker });
    const all = isToAll ? multicastMac(ALL_NODES) : packet.destination;
    return { ...packet, destination: all, options: isNamed ? packet.options : [] };
  });

/** As a question, as somebody's claim, or as a frame that was not taken. */
function counted({ questions, conflicts, rivals, dropped }: CounterSnapshot): number {
  const drops = Object.values(dropped).reduce((sum, each) => sum + each, 0);
  return questions.arp + questions.ndp + conflicts + rivals + drops;
}

test('each frame that comes is a question, a claim, or counted with the reason why it was not taken', () => {
  const desired = fc.constantFrom(wanted(), wanted({ probe: true }), wanted({ mac: PEER_MAC }));
  const frames = fc.array(fc.oneof(arp, solicited, advertised), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(desired, frames, (each, packets) => {
      const { lan, speaker } = table();
      speaker.set(new Map([V4, V6].map((text) => [text, each])));
      for (const packet of packets) {
        const before = speaker.counters().get('eth1');
        lan.deliver(1, encodeFrame(packet));
        const after = speaker.counters().get('eth1');
        assert.ok(before !== undefined && after !== undefined && counted(after) > counted(before));
      }
    }),
    { numRuns: 2_000 },
  );
});
