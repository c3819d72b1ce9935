import assert from 'node:assert/strict';
import { test } from 'node:test';
import { arpAnnouncement, arpAnswer, arpProbe } from '../../backend/src/speakers/layer2/wire/arp.ts';
import {
  neighborAnnouncement,
  neighborAnswer,
  neighborQuestion,
} from '../../backend/src/speakers/layer2/wire/neighbor.ts';
import { answeredFor } from './answer.ts';
import { octets } from './station.ts';

const [owner, asker] = [Uint8Array.of(2, 0, 0, 0, 0, 1), Uint8Array.of(2, 0, 0, 0, 0, 2)];
const speaking = (ip: string, mac = owner): { source: Uint8Array; mac: Uint8Array; ip: Uint8Array } => ({
  ...{ source: mac, mac, ip: octets(ip) },
});

test('an answer is what is sent to the one who asked', () => {
  const [four, six] = ['10.50.0.200', 'fd00:50::1:200'];
  const arp = arpAnswer(speaking(four), arpProbe(speaking(four, asker)));
  const ndp = neighborAnswer(speaking(six), neighborQuestion(speaking(six, asker), octets('fe80::2')));
  assert.deepEqual([answeredFor(arp, asker), answeredFor(ndp, asker)], [four, six]);
  assert.deepEqual([answeredFor(arp, owner), answeredFor(ndp, owner)], [undefined, undefined], 'to another');
});

test('neither an announcement nor a question is one', () => {
  const [four, six] = [speaking('10.50.0.200'), speaking('fd00:50::1:200')];
  const told = [arpAnnouncement(four, 'reply'), arpAnnouncement(four, 'request'), neighborAnnouncement(six)];
  const asked = [
    { ...arpProbe(four), destination: asker },
    { ...neighborQuestion(six, octets('fe80::1')), destination: asker },
  ];
  for (const packet of [...told, ...asked]) assert.equal(answeredFor(packet, asker), undefined);
});
