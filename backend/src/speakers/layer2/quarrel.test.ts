import assert from 'node:assert/strict';
import { test } from 'node:test';
import { arpQuestion, claim, gist, PEER_MAC, settled, table } from './testing/table.ts';
import { wants, type Table } from './testing/table.ts';

const V4 = '192.0.2.10';
const V6 = '2001:db8::10';

test('to reassert over and over is to announce ten times a second', () => {
  const { lan, speaker, clock } = settled(V6);
  for (let ms = 0; ms < 1000; ms++) {
    speaker.reassert(V6);
    clock.advance(1);
  }
  assert.equal(lan.take().length, 11, 'at once, and after each 100 ms');
});

test('a rival that reasserts as often as it may is heard each time, though no two frames take equally long', () => {
  const { lan, clock, seen } = settled(V4);
  for (const sinceLastMs of [0, 103, 98, 101, 97, 102, 99]) {
    clock.advance(sinceLastMs);
    lan.deliver(1, claim(V4, PEER_MAC));
  }
  assert.equal(seen.filter(({ state }) => state === 'rival').length, 7);
});

test('what is to be said after a moment is said then, however many rivals come meanwhile', () => {
  const { lan, speaker, clock } = settled(V6);
  for (let ms = 0; ms < 80; ms += 10) {
    speaker.reassert(V6, 80);
    clock.advance(10);
  }
  assert.equal(lan.take().length, 1);
});

test('a short quarrel some seconds before does not make one that begins a long one', () => {
  const { lan, speaker, clock } = settled(V6);
  speaker.reassert(V6);
  clock.advance(8_000);
  lan.take();
  for (let ms = 0; ms < 1_000; ms += 100) {
    speaker.reassert(V6);
    clock.advance(100);
  }
  assert.equal(lan.take().length, 10);
});

test('a quarrel that is over for ten seconds does not count in the next one', () => {
  const { lan, speaker, clock } = settled(V6);
  const quarrel = (forMs: number): number => {
    for (let ms = 0; ms < forMs; ms += 100) {
      speaker.reassert(V6);
      clock.advance(100);
    }
    return lan.take().length;
  };
  assert.ok(quarrel(6_000) > 40);
  assert.equal(quarrel(4_000), 0);
  clock.advance(10_000);
  lan.take();
  assert.ok(quarrel(1_000) >= 10);
});

test('two replicas that both believe to be the owner: the wire settles it within one announcement', () => {
  const [lower, higher] = [settled(V4), table()];
  lower.onObservation = ({ state }) => {
    if (state === 'rival') lower.speaker.set(new Map());
  };
  higher.onObservation = ({ state }) => {
    if (state === 'rival') higher.speaker.reassert(V4);
  };
  higher.speaker.set(wants(V4));
  lower.speaker.reassert(V4);
  const asPeer = ({ packet }: ReturnType<Table['lan']['take']>[number]): ReturnType<typeof claim> => {
    assert.ok(packet.kind === 'arp');
    return { ...packet, source: PEER_MAC, senderMac: PEER_MAC };
  };
  // Each sees the other's frames under the MAC of its peer.
  for (const sent of higher.lan.take().slice(0, 1)) lower.lan.deliver(1, asPeer(sent));
  for (const sent of lower.lan.take().slice(0, 1)) higher.lan.deliver(1, asPeer(sent));
  for (const made of [lower, higher]) made.lan.deliver(1, arpQuestion(V4));
  assert.deepEqual(lower.lan.take(), []);
  assert.ok(higher.lan.take().some((frame) => gist(frame).startsWith('answer')));
});
