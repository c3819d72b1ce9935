import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { PcapReader } from './pcap.ts';
import { readFrame } from './records.ts';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'));
const a = '02:00:0a:32:00:0b';
const b = '02:00:0a:32:00:0c';
const all = 'ff:ff:ff:ff:ff:ff';
const hexA = '02000a32000b';
const hexB = '02000a32000c';

/** Laid out by hand from RFC 826 and RFC 4861. */
const arp = (to: string, operation: number, sender: string, target: string): string =>
  `${to} ${hexA} 0806 0001 0800 06 04 000${operation} ${sender} ${target}`;
const ipv6 = (to: string, source: string, type: number, rest: string): string =>
  `${to} ${hexA} 86dd 60000000 0020 3a ff ${source} ${source} ${type.toString(16)} 00 0000 ${rest}`;
const node = 'fd000050 00000000 00000000 00000011';
const service = 'fd000050 00000000 00000000 00010200';

const frames: readonly [string, string, object][] = [
  [
    'a question',
    arp('ffffffffffff', 1, `${hexA} 0a32000b`, '000000000000 0a3200c8'),
    { kind: 'arp-request', ip: '10.50.0.200', from: '10.50.0.11', mac: a, source: a, destination: all },
  ],
  [
    'a probe',
    arp('ffffffffffff', 1, `${hexA} 00000000`, '000000000000 0a3200c8'),
    { kind: 'arp-request', ip: '10.50.0.200', from: '0.0.0.0', mac: a, source: a, destination: all },
  ],
  [
    "an answer that gives another's MAC",
    arp(hexB, 2, `${hexB} 0a3200c8`, `${hexA} 0a32000b`),
    { kind: 'arp-reply', ip: '10.50.0.200', from: '10.50.0.200', mac: b, source: a, destination: b },
  ],
  [
    'an announcement by a request',
    arp('ffffffffffff', 1, `${hexA} 0a3200c8`, '000000000000 0a3200c8'),
    { kind: 'gratuitous', ip: '10.50.0.200', from: '10.50.0.200', mac: a, source: a, destination: all },
  ],
  [
    'an answer with something behind it, up to the least length of a frame',
    `${arp(hexB, 2, `${hexA} 0a3200c8`, `${hexB} 0a32000b`)} 686921 ${'00'.repeat(15)}`,
    { kind: 'arp-reply', ip: '10.50.0.200', from: '10.50.0.200', mac: a, source: a, destination: b, padding: 'hi!' },
  ],
  [
    'a solicitation',
    ipv6('3333ff010200', node, 135, `00000000 ${service} 0101 ${hexA}`),
    { kind: 'ns', ip: 'fd00:50::1:200', from: 'fd00:50::11', mac: a, source: a, destination: '33:33:ff:01:02:00' },
  ],
  [
    'a solicited advertisement',
    ipv6(hexB, service, 136, `60000000 ${service} 0201 ${hexB}`),
    { kind: 'na', ip: 'fd00:50::1:200', from: 'fd00:50::1:200', mac: b, source: a, destination: b },
  ],
  [
    'an unsolicited one',
    ipv6('333300000001', service, 136, `20000000 ${service} 0201 ${hexA}`),
    {
      ...{ kind: 'unsolicited-na', ip: 'fd00:50::1:200', from: 'fd00:50::1:200' },
      ...{ mac: a, source: a, destination: '33:33:00:00:00:01' },
    },
  ],
];

suite('frames of the LAN', () => {
  for (const [what, hex, expected] of frames) {
    test(what, () => assert.deepEqual(readFrame({ at: 5, frame: bytes(hex) }), { at: 5, ...expected }));
  }

  test('everything else is none of its business, nor is what was cut', () => {
    const [, question] = frames[0] ?? [];
    const frame = bytes(question ?? '');
    for (let length = 0; length < frame.length; length++) {
      assert.equal(readFrame({ at: 0, frame: frame.subarray(0, length) }), undefined);
    }
    assert.equal(readFrame({ at: 0, frame: bytes(ipv6('333300000001', node, 134, '00'.repeat(40))) }), undefined);
  });
});

suite('captures', () => {
  const header = bytes('d4c3b2a1 0200 0400 00000000 00000000 00000400 01000000');
  const record = bytes('01000000 f4010000 03000000 2a000000 aabbcc');

  test('are read in pieces of any size', () => {
    const whole = Buffer.concat([header, record, record]);
    for (const size of [1, 7, 24, whole.length]) {
      const reader = new PcapReader();
      const found = [];
      for (let at = 0; at < whole.length; at += size) found.push(...reader.push(whole.subarray(at, at + size)));
      const expected = { at: 1000.5, frame: Uint8Array.of(0xaa, 0xbb, 0xcc) };
      assert.deepEqual(found, [expected, expected]);
    }
  });

  test('of another kind are refused', () => {
    assert.throws(() => new PcapReader().push(new Uint8Array(24)), /not a capture/);
  });
});
