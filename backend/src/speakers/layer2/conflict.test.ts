import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  arpQuestion,
  claim,
  gist,
  HOST_MAC,
  ip,
  OUR_MAC,
  PEER_MAC,
  probeBy,
  settled,
  solicitation,
  table,
} from './testing/table.ts';
import { link, wanted, wants, type Table } from './testing/table.ts';
import { arpAnswer, arpProbe } from './wire/arp.ts';
import type { Packet } from './wire/frame.ts';
import { neighborAnswer, neighborProbe } from './wire/neighbor.ts';
import { hex } from './wire/testing/hex.ts';

const V4 = '192.0.2.10';
const V6 = '2001:db8::10';
const HOST = '02:00:00:00:00:aa';
const PEER = '02:00:00:00:00:02';

const families = [
  { name: 'ARP', text: V4, shown: V4, asked: 'probe', perAnnouncement: 2, question: () => arpQuestion(V4) },
  { name: 'NDP', text: V6, shown: '..:10', asked: 'question', perAnnouncement: 1, question: () => solicitation(V6) },
];

function probing(text: string): Table {
  const made = table();
  made.speaker.set(new Map([[text, wanted({ probe: true })]]));
  return made;
}

/** What a kernel that has the address answers: to an IPv6 probe to all nodes, as that names no address of ours. */
function answerOf(mac: Uint8Array, text: string, question: Packet): Packet {
  const kernel = { source: mac, mac, ip: ip(text) };
  if (question.kind === 'arp') return arpAnswer(kernel, question);
  assert.equal(question.kind, 'neighbor-solicitation');
  return neighborAnswer(kernel, question);
}

/** The answer of the kernel of node b to our probe. */
function kernelsAnswer(text: string): Packet {
  const speaking = { source: OUR_MAC, mac: OUR_MAC, ip: ip(text) };
  return answerOf(PEER_MAC, text, text === V6 ? neighborProbe(speaking) : arpProbe(speaking));
}

for (const { name, text, shown, asked, perAnnouncement, question } of families) {
  test(`${name}: two probes, and 300 ms after the first one the announcement`, () => {
    const { lan, clock, seen } = probing(text);
    assert.deepEqual(lan.take().map(gist), [`probe ${shown}`]);
    assert.deepEqual(seen, [{ ip: text, state: 'probing', link: 'eth1' }]);
    clock.advance(150);
    assert.deepEqual(lan.take().map(gist), [`probe ${shown}`]);
    lan.deliver(1, question());
    clock.advance(149);
    assert.deepEqual(lan.take(), [], 'neither announced nor answered for yet');
    clock.advance(1);
    assert.equal(lan.take().length, perAnnouncement);
    assert.deepEqual(seen.at(-1), { ip: text, state: 'announcing', link: 'eth1' });
    clock.advance(10_000);
    assert.equal(lan.take().length, 4 * perAnnouncement);
  });

  test(`${name}: somebody has the address: reported with their MAC, neither announced nor answered for`, () => {
    const { lan, clock, seen, speaker } = probing(text);
    lan.take();
    lan.deliver(1, claim(text, HOST_MAC));
    assert.deepEqual(seen.at(-1), { ip: text, state: 'conflict', link: 'eth1', mac: HOST, announced: false });
    clock.advance(20_000);
    lan.deliver(1, question());
    assert.deepEqual(lan.take(), []);
    assert.equal(speaker.counters().get('eth1')?.dropped['not-announced'], 1);
  });

  test(`${name}: somebody else is about to take the address too: neither does`, () => {
    const { lan, seen } = probing(text);
    lan.deliver(1, probeBy(text, HOST_MAC));
    assert.deepEqual(seen.at(-1), { ip: text, state: 'conflict', link: 'eth1', mac: HOST, announced: false });
  });

  test(`${name}: an address that somebody had is asked for again, and taken when they have gone`, () => {
    const { lan, clock, seen } = probing(text);
    lan.deliver(1, claim(text, HOST_MAC));
    lan.take();
    clock.advance(30_000);
    assert.deepEqual(lan.take().map(gist), [`probe ${shown}`]);
    lan.deliver(1, claim(text, HOST_MAC));
    clock.advance(29_000);
    assert.deepEqual(lan.take(), [], 'they are still there');
    clock.advance(2000);
    assert.deepEqual(lan.take().map(gist).slice(0, 2), [`probe ${shown}`, `probe ${shown}`]);
    assert.deepEqual(
      seen.map(({ state }) => state),
      ['probing', 'conflict', 'announcing'],
      'between its questions nothing is told',
    );
  });

  test(`${name}: somebody claims an address that is in use: reported, defended once, still answered for`, () => {
    const { lan, seen } = settled(text);
    lan.deliver(1, claim(text, HOST_MAC));
    assert.deepEqual(seen, [{ ip: text, state: 'conflict', link: 'eth1', mac: HOST, announced: true }]);
    const sent = lan.take();
    assert.equal(sent.length, perAnnouncement);
    assert.ok(sent.every((frame) => gist(frame).startsWith('announcement')));
    lan.deliver(1, question());
    assert.deepEqual(lan.take().map(gist), [`answer ${shown} is 02:00:00:00:00:01`]);
  });

  test(`${name}: at most one defence in ten seconds, however often it is claimed, under however many MACs`, () => {
    const { lan, clock, seen, speaker } = settled(text);
    for (let ms = 0; ms < 60_000; ms += 10) {
      lan.deliver(1, claim(text, hex(`0200000001${(ms % 250).toString(16).padStart(2, '0')}`)));
      clock.advance(10);
    }
    const defences = lan.take().filter((frame) => gist(frame).startsWith('announcement')).length / perAnnouncement;
    assert.equal(defences, 6);
    assert.equal(seen.length, 1);
    assert.equal(speaker.counters().get('eth1')?.conflicts, 6000);
    assert.deepEqual(speaker.states(), [
      { ip: text, state: 'conflict', link: 'eth1', mac: '02:00:00:00:01:00', announced: true },
    ]);
  });

  test(`${name}: one host goes on with an address after another: the one that is there is named`, () => {
    const { lan, clock, seen } = settled(text);
    lan.deliver(1, claim(text, HOST_MAC));
    for (let second = 0; second < 120; second++) {
      lan.deliver(1, claim(text, hex('0200000000bb')));
      clock.advance(1_000);
    }
    assert.deepEqual(
      seen.map((each) => 'mac' in each && each.mac),
      [HOST, '02:00:00:00:00:bb'],
    );
  });

  test(`${name}: a conflict is over when nobody answers for the address any more`, () => {
    const { lan, clock, seen } = settled(text);
    lan.deliver(1, claim(text, HOST_MAC));
    lan.take();
    clock.advance(30_000);
    assert.deepEqual(lan.take().map(gist), [`${asked} ${shown}`]);
    lan.deliver(1, claim(text, HOST_MAC));
    clock.advance(1000);
    assert.equal(seen.length, 1, 'it is not');
    lan.take();
    clock.advance(31_000);
    const [first, ...said] = lan.take().map(gist);
    assert.equal(first, `${asked} ${shown}`);
    assert.deepEqual(seen.at(-1), { ip: text, state: 'announcing', link: 'eth1' });
    assert.ok(said.length === perAnnouncement && said.every((each) => each.startsWith('announcement')), `${said}`);
    clock.advance(100_000);
    assert.equal(lan.take().length, 4 * perAnnouncement, 'neighbours may have the host’s MAC still');
    assert.equal(clock.pendingTimers, 0);
  });

  test(`${name}: a node of ours that speaks for the address is a rival: reported, and nothing else is done`, () => {
    const { lan, seen } = settled(text);
    lan.deliver(1, claim(text, PEER_MAC));
    assert.deepEqual(seen, [
      { ip: text, state: 'rival', link: 'eth1', mac: PEER, node: 'b', heard: 'announcement', toAll: true },
    ]);
    assert.deepEqual(lan.take(), []);
  });

  test(`${name}: who doesn't yield to a rival announces anew at once, who does is silent at once`, () => {
    const made = settled(text);
    made.onObservation = ({ ip: of, state }) => {
      if (state === 'rival') made.speaker.reassert(of);
    };
    made.lan.deliver(1, claim(text, PEER_MAC));
    assert.equal(made.lan.take().length, perAnnouncement);
    made.onObservation = ({ ip: of, state }) => {
      if (state === 'rival') made.speaker.update(new Map([[of, null]]));
    };
    made.clock.advance(200);
    made.lan.deliver(1, claim(text, PEER_MAC));
    made.clock.advance(60_000);
    made.lan.deliver(1, question());
    assert.deepEqual(made.lan.take(), []);
  });

  test(`${name}: two that won't yield quarrel at a bounded rate`, () => {
    const made = settled(text);
    made.onObservation = ({ ip: of, state }) => {
      if (state === 'rival') made.speaker.reassert(of);
    };
    for (let ms = 0; ms < 10_000; ms++) {
      made.lan.deliver(1, claim(text, PEER_MAC));
      made.clock.advance(1);
    }
    // Ten times a second for five seconds, in which views that differ have settled; then once in ten seconds, as with any other host.
    assert.ok(made.lan.take().length <= 51 * perAnnouncement);
    assert.ok(made.seen.length <= 201);
    for (let ms = 0; ms < 60_000; ms += 50) {
      made.lan.deliver(1, claim(text, PEER_MAC));
      made.clock.advance(50);
    }
    assert.ok(made.lan.take().length <= 6 * perAnnouncement);
  });

  test(`${name}: a peer's claim doesn't stop the address probe`, () => {
    const { lan, clock, seen } = probing(text);
    lan.deliver(1, claim(text, PEER_MAC));
    clock.advance(300);
    assert.deepEqual(
      seen.map(({ state }) => state),
      ['probing', 'rival', 'announcing'],
    );
    assert.equal(lan.take().filter((frame) => gist(frame).startsWith('announcement')).length, perAnnouncement);
  });

  test(`${name}: who speaks for the same third node as we do is no rival`, () => {
    const made = table();
    made.speaker.set(new Map([[text, wanted({ mac: PEER_MAC })]]));
    made.seen.length = 0;
    made.lan.deliver(1, claim(text, PEER_MAC));
    assert.deepEqual(made.seen, []);
  });

  test(`${name}: an audit asks, and the kernel that answers is named`, () => {
    const { lan, speaker, seen } = settled(text);
    speaker.audit(text);
    const [question, ...more] = lan.take();
    assert.ok(question !== undefined && more.length === 0);
    assert.equal(gist(question), `${asked} ${shown}`);
    const answer = answerOf(PEER_MAC, text, question.packet);
    assert.deepEqual(answer.destination, OUR_MAC, 'to us alone');
    lan.deliver(1, answer);
    const heard = { heard: 'answer', toAll: false };
    assert.deepEqual(seen, [{ ip: text, state: 'rival', link: 'eth1', mac: PEER, node: 'b', ...heard }]);
  });
}

test('ARP: who asks for others with our address announces nothing', () => {
  const { lan, seen } = settled(V4);
  lan.deliver(1, arpQuestion('192.0.2.99', { source: PEER_MAC, senderMac: PEER_MAC, senderIp: ip(V4) }));
  assert.deepEqual(seen, [
    { ip: V4, state: 'rival', link: 'eth1', mac: PEER, node: 'b', heard: 'answer', toAll: true },
  ]);
});

test('ARP: an announcement that is sent to us alone, as some kernels do to who has just asked, counts as an answer', () => {
  const { lan, seen } = settled(V4);
  lan.deliver(1, { ...claim(V4, PEER_MAC), destination: OUR_MAC });
  const last = seen.at(-1);
  assert.deepEqual(last?.state === 'rival' && [last.heard, last.toAll], ['answer', false]);
});

test('a rival that speaks for a third: known by where its frames come from', () => {
  const { lan, seen } = settled(V4);
  lan.deliver(1, { ...claim(V4, hex('0200000000cc')), source: PEER_MAC });
  assert.deepEqual(seen, [
    { ip: V4, state: 'rival', link: 'eth1', mac: '02:00:00:00:00:cc', node: 'b', heard: 'announcement', toAll: true },
  ]);
});

test('a rival whose frames name ever other MACs is one rival, and reported at a bounded rate', () => {
  const { lan, clock, seen } = settled(V4);
  for (let ms = 0; ms < 1000; ms++) {
    const senderMac = Uint8Array.of(2, 9, 0, 0, ms >> 8, ms & 255);
    lan.deliver(1, arpQuestion('192.0.2.99', { source: PEER_MAC, senderMac, senderIp: ip(V4) }));
    clock.advance(1);
  }
  assert.equal(seen.length, 20);
  assert.ok(seen.every(({ state }) => state === 'rival'));
});

test('a node’s kernel that answers does not hide what its replica announces at the same moment', () => {
  const { lan, seen } = settled(V4);
  lan.deliver(1, kernelsAnswer(V4));
  lan.deliver(1, claim(V4, PEER_MAC));
  assert.deepEqual(
    seen.map((observation) => observation.state === 'rival' && observation.heard),
    ['answer', 'announcement'],
  );
});

test('ordinary traffic from an address of ours is a claim as well', () => {
  const arp = settled(V4);
  arp.lan.deliver(1, arpQuestion('192.0.2.99', { senderIp: ip(V4) }));
  assert.equal(arp.seen[0]?.state, 'conflict');
  const ndp = settled(V6);
  ndp.lan.deliver(1, solicitation('2001:db8::99', { sourceIp: ip(V6) }));
  assert.equal(ndp.seen[0]?.state, 'conflict');
});

test('a gratuitous request is a claim and no question', () => {
  const { lan, seen } = settled(V4);
  lan.deliver(1, arpQuestion(V4, { senderIp: ip(V4) }));
  assert.equal(seen[0]?.state, 'conflict');
  assert.ok(lan.take().every((frame) => gist(frame).startsWith('announcement')));
});

test('a conflict soon after another one: within ten seconds there is neither a defence nor the steady rate', () => {
  const { lan, speaker, clock } = table({ steadyMs: 2000, recheckMs: 500 });
  speaker.set(wants(V6));
  clock.advance(10_000);
  lan.deliver(1, claim(V6, HOST_MAC));
  clock.advance(1600);
  assert.equal(speaker.states()[0]?.state, 'announcing');
  lan.deliver(1, claim(V6, HOST_MAC));
  lan.take();
  for (let ms = 0; ms < 7000; ms += 100) {
    lan.deliver(1, claim(V6, HOST_MAC));
    clock.advance(100);
  }
  assert.deepEqual(
    lan.take().filter((frame) => gist(frame).startsWith('announcement')),
    [],
  );
});

test('a conflict ends the burst: one announcement per ten seconds is what may be said', () => {
  const { lan, speaker, clock } = table({ steadyMs: 2000 });
  speaker.set(wants(V6));
  clock.advance(1000);
  lan.take();
  lan.deliver(1, claim(V6, HOST_MAC));
  clock.advance(29_000);
  assert.equal(lan.take().length, 1);
});

test('an address is probed for once: not again when its link comes back', () => {
  const { lan, clock } = probing(V6);
  clock.advance(10_000);
  lan.take();
  const [before] = lan.links();
  assert.ok(before !== undefined);
  lan.put({ ...before, up: false });
  lan.put(before);
  assert.deepEqual(lan.take().map(gist), ['announcement ..:10 is 02:00:00:00:00:01']);
});

test('an address that its pool moves to another link, and back, is probed for each time', () => {
  const { lan, speaker, clock } = table({}, [link(1), link(2)]);
  for (const name of ['eth1', 'eth2', 'eth1']) {
    speaker.set(new Map([[V4, wanted({ interface: name, probe: true })]]));
    assert.deepEqual(
      lan.take().map((sent) => [sent.link, gist(sent)]),
      [[name, `probe ${V4}`]],
    );
    clock.advance(10_000);
    assert.ok(lan.take().some((sent) => gist(sent).startsWith('announcement')));
  }
});

test('the states of all addresses can be asked for', () => {
  const { speaker, lan } = table();
  speaker.set(
    new Map([
      [V4, wanted({ probe: true })],
      ['203.0.113.1', wanted()],
      [V6, wanted()],
    ]),
  );
  lan.deliver(1, claim(V4, HOST_MAC));
  assert.deepEqual(speaker.states(), [
    { ip: V4, state: 'conflict', link: 'eth1', mac: HOST, announced: false },
    { ip: '203.0.113.1', state: 'no-link' },
    { ip: V6, state: 'announcing', link: 'eth1' },
  ]);
});

test('an observer that takes an address out hears nothing more of it', () => {
  const made = table();
  made.onObservation = () => made.speaker.set(new Map());
  made.speaker.set(wants(V4, V6));
  assert.equal(made.seen.length, 1);
  made.clock.advance(10_000);
  assert.deepEqual(made.lan.openLinks, []);
});
