import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Observation } from './model.ts';
import { claim, HOST_MAC, ip, link, OUR_MAC, PEER_MAC, probeBy, settled, solicitation } from './testing/table.ts';
import { table, wanted, type Table } from './testing/table.ts';
import { addressText } from './wire/address.ts';
import { neighborAnswer, neighborProbe, neighborQuestion } from './wire/neighbor.ts';

const V6 = '2001:db8::10';
const PEER = '02:00:00:00:00:02';
const OWN = { source: OUR_MAC, mac: OUR_MAC, ip: ip(V6) };
const KERNEL = { source: PEER_MAC, mac: PEER_MAC, ip: ip(V6) };

/** What the kernel of node b, which has the address, answers to our probe: to all nodes, as the probe names no address of ours. */
const kernelsAnswer = neighborAnswer(KERNEL, neighborProbe(OWN));

function probing(text: string): Table {
  const made = table();
  made.speaker.set(new Map([[text, wanted({ probe: true })]]));
  return made;
}

function lastHeard(seen: readonly Observation[]): string | undefined {
  const last = seen.at(-1);
  return last?.state === 'rival' ? last.heard : undefined;
}

test('NDP: a kernel that answers the probe before the first announcement is heard as one', () => {
  const { lan, clock, seen } = probing(V6);
  clock.advance(200);
  lan.deliver(1, kernelsAnswer);
  assert.deepEqual(seen.at(-1), {
    ip: V6,
    state: 'rival',
    link: 'eth1',
    mac: PEER,
    node: 'b',
    heard: 'answer',
    toAll: true,
  });
});

test('NDP: what is told to all nodes long after our probe, or right after an audit, is no answer to it', () => {
  const { lan, clock, speaker, seen } = probing(V6);
  clock.advance(449);
  lan.deliver(1, claim(V6, PEER_MAC));
  assert.equal(lastHeard(seen), 'answer');
  clock.advance(1_000);
  for (const ask of [() => undefined, () => speaker.audit(V6)]) {
    ask();
    lan.deliver(1, claim(V6, PEER_MAC));
    assert.equal(lastHeard(seen), 'announcement');
    clock.advance(200);
  }
});

test('NDP: who claims an address is known by the MAC that neighbours would use, whatever host the frame comes from', () => {
  const { lan, seen } = settled(V6);
  const router = Uint8Array.of(2, 0, 0, 0, 0, 0x99);
  lan.deliver(1, { ...claim(V6, HOST_MAC), source: router });
  assert.deepEqual(seen, [{ ip: V6, state: 'conflict', link: 'eth1', mac: '02:00:00:00:00:aa', announced: true }]);
});

test('NDP: an audit comes from the link-local address of the link, or from what that would be', () => {
  for (const [prefixes, from] of [
    [['2001:db8::1/64', 'fe80::1/64'], 'fe80::1'],
    [['192.0.2.1/24'], 'fe80::ff:fe00:1'],
  ] as const) {
    const { lan, speaker } = table({}, [link(1, { prefixes })]);
    speaker.set(new Map([[V6, wanted({ interface: 'eth1' })]]));
    lan.take();
    speaker.audit(V6);
    const [packet] = lan.take().map((sent) => sent.packet);
    assert.ok(packet?.kind === 'neighbor-solicitation');
    assert.equal(addressText(packet.sourceIp), from);
    assert.deepEqual(packet.options, [{ type: 'source-link-layer', mac: OUR_MAC }]);
  }
});

test('NDP: what a kernel tells us alone does not hide that it tells all nodes', () => {
  const { lan, seen } = settled(V6);
  lan.deliver(1, neighborAnswer(KERNEL, neighborQuestion(OWN, ip('fe80::1'))));
  lan.deliver(1, probeBy(V6, HOST_MAC));
  lan.deliver(1, kernelsAnswer);
  assert.deepEqual(
    seen.map((each) => each.state === 'rival' && [each.heard, each.toAll]),
    [
      ['answer', false],
      ['answer', true],
    ],
  );
});

test('NDP: what is told to all nodes right after another host’s probe is an answer to that', () => {
  const { lan, seen } = settled(V6);
  lan.deliver(1, probeBy(V6, HOST_MAC));
  lan.deliver(1, claim(V6, PEER_MAC));
  assert.deepEqual(seen, [
    { ip: V6, state: 'rival', link: 'eth1', mac: PEER, node: 'b', heard: 'answer', toAll: true },
  ]);
});

test('NDP: who has just probed, and then tells all nodes, announces; unless somebody else asked as well', () => {
  for (const [heard, askers] of [
    ['announcement', [PEER_MAC]],
    ['answer', [HOST_MAC, PEER_MAC]],
  ] as const) {
    const { lan, seen } = settled(V6);
    for (const mac of askers) lan.deliver(1, probeBy(V6, mac));
    lan.deliver(1, claim(V6, PEER_MAC));
    assert.deepEqual(seen, [{ ip: V6, state: 'rival', link: 'eth1', mac: PEER, node: 'b', heard, toAll: true }]);
  }
});

test('NDP: who asks for others with our address announces nothing', () => {
  const { lan, seen } = settled(V6);
  const options = [{ type: 'source-link-layer', mac: PEER_MAC }] as const;
  lan.deliver(1, solicitation('2001:db8::99', { source: PEER_MAC, sourceIp: ip(V6), options }));
  assert.deepEqual(seen, [
    { ip: V6, state: 'rival', link: 'eth1', mac: PEER, node: 'b', heard: 'answer', toAll: true },
  ]);
});
