import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  arpQuestion,
  claim,
  gist,
  HOST_MAC,
  ip,
  link,
  OUR_MAC,
  PEER_MAC,
  solicitation,
  table,
} from './testing/table.ts';
import { probeBy, wanted, wants, type Table } from './testing/table.ts';
import { BROADCAST } from './wire/mac.ts';
import { hex } from './wire/testing/hex.ts';

const V4 = '192.0.2.10';
const V6 = '2001:db8::10';

/** Announced already, so that only answers are left on the wire. */
function settled(...texts: readonly string[]): Table {
  const made = table();
  made.speaker.set(wants(...texts));
  made.clock.advance(10_000);
  made.lan.take();
  return made;
}

function answersTo(made: Table, frame: Parameters<Table['lan']['deliver']>[1]): string[] {
  made.lan.deliver(1, frame);
  return made.lan.take().map(gist);
}

test('an ARP request is answered to the one who asked, by what they said of themselves', () => {
  const { lan, ...rest } = settled(V4);
  lan.deliver(1, arpQuestion(V4, { source: hex('0200000000bb') }));
  const [sent, ...more] = lan.take();
  assert.deepEqual(more, []);
  assert.deepEqual(sent?.packet, {
    ...{ kind: 'arp', destination: HOST_MAC, source: OUR_MAC, operation: 'reply' },
    ...{ senderMac: OUR_MAC, senderIp: ip(V4), targetMac: HOST_MAC, targetIp: ip('192.0.2.200') },
  });
  assert.deepEqual(rest.speaker.counters().get('eth1')?.sent.answer, { arp: 1, ndp: 0 });
});

test('so is a unicast one, by which neighbours see whether we are still there', () => {
  assert.deepEqual(answersTo(settled(V4), arpQuestion(V4, { destination: OUR_MAC })), [
    `answer ${V4} is 02:00:00:00:00:01`,
  ]);
  assert.deepEqual(answersTo(settled(V6), solicitation(V6, { destination: OUR_MAC, destinationIp: ip(V6) })), [
    'answer ..:10 is 02:00:00:00:00:01',
  ]);
});

test('a solicitation is answered: solicited, overriding, no router, from the address itself', () => {
  const { lan } = settled(V6);
  lan.deliver(1, solicitation(V6));
  assert.deepEqual(
    lan.take().map(({ packet }) => packet),
    [
      {
        ...{ kind: 'neighbor-advertisement', destination: HOST_MAC, source: OUR_MAC },
        ...{ sourceIp: ip(V6), destinationIp: ip('2001:db8::200'), target: ip(V6) },
        ...{ router: false, solicited: true, override: true, options: [{ type: 'target-link-layer', mac: OUR_MAC }] },
      },
    ],
  );
});

test('a solicitation that does not say where from is answered to where its frame came from', () => {
  const { lan } = settled(V6);
  lan.deliver(1, solicitation(V6, { options: [] }));
  assert.deepEqual(lan.take()[0]?.packet.destination, HOST_MAC);
});

test('duplicate address detection by others hears that the address is taken: told to all, as nobody has asked by name', () => {
  const { lan, seen } = settled(V6);
  seen.length = 0;
  lan.deliver(1, probeBy(V6, HOST_MAC));
  const [sent] = lan.take();
  assert.ok(sent?.packet.kind === 'neighbor-advertisement');
  assert.deepEqual([sent.packet.destination, sent.packet.destinationIp], [hex('333300000001'), ip('ff02::1')]);
  assert.deepEqual([sent.packet.solicited, sent.packet.override], [false, true]);
  assert.deepEqual(seen, [], 'to ask is no conflict');
});

test('an ARP probe by others is answered, and is no conflict (RFC 5227 section 2.1.1)', () => {
  const made = settled(V4);
  made.seen.length = 0;
  assert.deepEqual(answersTo(made, probeBy(V4, HOST_MAC)), [`answer ${V4} is 02:00:00:00:00:01`]);
  assert.deepEqual(made.seen, []);
});

test('for others there is no answer', () => {
  const made = settled(V4, V6);
  const others = [
    arpQuestion('192.0.2.11'),
    solicitation('2001:db8::11'),
    arpQuestion('192.0.2.1'),
    arpQuestion('0.0.0.0'),
  ];
  for (const question of others) assert.deepEqual(answersTo(made, question), []);
  assert.deepEqual(answersTo(made, arpQuestion(V4, { destination: PEER_MAC })), [], 'sent to another station');
  assert.deepEqual(answersTo(made, arpQuestion(V4, { operation: 'reply' })), [], 'a reply asks nothing');
  const counted = made.speaker.counters().get('eth1');
  assert.deepEqual([counted?.dropped.foreign, counted?.dropped['other-station'], counted?.received], [4, 1, 6]);
  assert.deepEqual(counted?.questions, { arp: 0, ndp: 0 });
});

test('bad frames are counted by their reason, and nothing else happens', () => {
  const made = settled(V6);
  made.lan.deliver(1, new Uint8Array(3));
  made.lan.deliver(1, hex('ffffffffffff 02000000000a 8100 0007 0806 0001 0800 0604 0001'));
  const dropped = made.speaker.counters().get('eth1')?.dropped;
  assert.deepEqual([dropped?.truncated, dropped?.['vlan-tagged']], [1, 1]);
  assert.deepEqual(made.lan.take(), []);
});

test('an address that was taken out is not answered for any more, from that very call on', () => {
  const made = settled(V4, V6);
  made.speaker.update(new Map([[V4, null]]));
  assert.deepEqual(answersTo(made, arpQuestion(V4)), []);
  assert.deepEqual(answersTo(made, solicitation(V6)).length, 1);
  made.speaker.set(new Map());
  assert.deepEqual(answersTo(made, solicitation(V6)), []);
  assert.deepEqual(made.lan.openLinks, [], 'nobody listens where nothing can be answered');
});

test("with another node's MAC: neighbours are told to send there, from our own MAC", () => {
  const { lan, speaker, clock } = table();
  speaker.set(new Map([V4, V6].map((text) => [text, wanted({ mac: PEER_MAC })])));
  clock.advance(10_000);
  lan.take();
  lan.deliver(1, arpQuestion(V4));
  lan.deliver(1, solicitation(V6));
  const sent = lan.take();
  assert.deepEqual(sent.map(gist), [`answer ${V4} is 02:00:00:00:00:02`, 'answer ..:10 is 02:00:00:00:00:02']);
  for (const { packet } of sent) assert.deepEqual(packet.source, OUR_MAC);
});

test('questions are answered on the link of the subnet only', () => {
  const made = table({}, [link(1), link(2, { prefixes: ['198.51.100.1/24'] })]);
  made.speaker.set(wants(V4, '198.51.100.10'));
  made.clock.advance(10_000);
  made.lan.take();
  made.lan.deliver(2, arpQuestion(V4));
  assert.deepEqual(made.lan.take(), []);
  made.lan.deliver(2, arpQuestion('198.51.100.10'));
  assert.deepEqual(
    made.lan.take().map(({ link: name }) => name),
    ['eth2'],
  );
});

test('solicited-node groups are joined once for all addresses that share one, and left with the last', () => {
  const { lan, speaker } = table();
  const shares = '2001:db8::ff:0:10';
  speaker.set(wants(V4, V6, shares));
  assert.deepEqual(lan.groups(1), ['ff02::1', 'ff02::1:ff00:10']);
  speaker.update(new Map([[V6, null]]));
  assert.deepEqual(lan.groups(1), ['ff02::1', 'ff02::1:ff00:10']);
  speaker.update(new Map([[shares, null]]));
  assert.deepEqual(lan.groups(1), []);
  assert.deepEqual(lan.openLinks, [1], 'still open for IPv4');
});

test('a request from an address that is ours, for one that is ours as well, is answered though it is a claim', () => {
  const made = settled(V4, '192.0.2.11');
  made.clock.advance(20_000);
  const question = arpQuestion('192.0.2.11', { senderIp: ip(V4), destination: BROADCAST });
  assert.deepEqual(
    answersTo(made, question),
    ['192.0.2.11', V4, V4].map(
      (text, i) => `${['answer', 'announcement (request)', 'announcement (reply)'][i]} ${text} is 02:00:00:00:00:01`,
    ),
  );
});

test('frames of this host itself, come back by another way, say nothing', () => {
  const other = hex('020000000009');
  const made = table({}, [link(1), link(2, { mac: other, prefixes: ['198.51.100.1/24'] })]);
  made.speaker.set(wants(V4));
  made.seen.length = 0;
  made.lan.deliver(1, claim(V4, other));
  assert.deepEqual(made.seen, []);
  assert.equal(made.speaker.counters().get('eth1')?.dropped.own, 1);
});

test('each link counts for itself, also after its addresses went and came; one that is gone is forgotten', () => {
  const made = table({}, [link(1), link(2, { prefixes: ['198.51.100.1/24'] })]);
  const other = '198.51.100.10';
  made.speaker.set(wants(V4, V6, other));
  for (const question of [arpQuestion(V4), arpQuestion(V4), solicitation(V6)]) made.lan.deliver(1, question);
  made.lan.deliver(2, arpQuestion(other));
  const questions = (): unknown[] => [...made.speaker.counters()].map(([name, counted]) => [name, counted.questions]);
  const both = [
    ['eth1', { arp: 2, ndp: 1 }],
    ['eth2', { arp: 1, ndp: 0 }],
  ];
  assert.deepEqual(questions(), both);
  made.speaker.set(wants(V4, V6));
  made.speaker.set(wants(V4, V6, other));
  assert.deepEqual(questions(), both);
  made.lan.remove(2);
  made.clock.advance(1_000);
  assert.deepEqual(questions(), both.slice(0, 1));
});

test('frames to groups that nobody has joined count as dropped', () => {
  const made = settled(V4);
  made.lan.unwanted(1);
  const counted = made.speaker.counters().get('eth1');
  assert.deepEqual([counted?.received, counted?.dropped.group], [1, 1]);
});

test('frames that there was no room for count, each once, also those of a link that is closed then', () => {
  const made = settled(V4);
  made.lan.overflow(1, 70);
  const counted = (): unknown[] => {
    const counters = made.speaker.counters().get('eth1');
    return [counters?.received, counters?.dropped.overflow];
  };
  assert.deepEqual(counted(), [70, 70]);
  assert.deepEqual(counted(), [70, 70]);
  made.lan.overflow(1, 7);
  made.speaker.set(new Map());
  assert.deepEqual(made.lan.openLinks, []);
  assert.deepEqual(counted(), [77, 77]);
});
