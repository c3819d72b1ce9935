import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeFrame, FrameReader, type Frame } from './frame.ts';
import { ProtocolError } from './protocol-error.ts';
import { captured } from './testing/captured.ts';
import { hex, marker, toHex } from './testing/hex.ts';

const stream = Buffer.concat(captured.map(({ rows }) => hex(rows)));
const expected = captured.map(({ rows }) => toHex(hex(rows)));

function feed(chunks: readonly Uint8Array[]): string[] {
  const reader = new FrameReader();
  const frames: Frame[] = [];
  for (const chunk of chunks) frames.push(...reader.frames(chunk));
  return frames.map(({ type, body }) => toHex(encodeFrame(type, body)));
}

test('all messages in one chunk', () => assert.deepEqual(feed([stream]), expected));

test('one octet at a time', () => {
  assert.deepEqual(feed(Array.from(stream, (octet) => Uint8Array.of(octet))), expected);
});

test('split at every octet', () => {
  for (let at = 0; at <= stream.length; at++) {
    assert.deepEqual(feed([stream.subarray(0, at), stream.subarray(at)]), expected, `split at ${at}`);
  }
});

test('a body is a copy: it survives the next chunk and changes of the chunk', () => {
  const reader = new FrameReader();
  const chunk = hex(`${marker} 0017 05 0001 00 01`);
  const [frame] = [...reader.frames(chunk)];
  chunk.fill(0);
  assert.equal(toHex(frame?.body ?? new Uint8Array()), '00010001');
});

test('the longest message passes', () => {
  const body = new Uint8Array(4077).fill(1);
  assert.equal(feed([encodeFrame(2, body)]).length, 1);
  assert.throws(() => encodeFrame(2, new Uint8Array(4078)), RangeError);
});

test('where both agree messages may have 65535 octets, but for OPEN and KEEPALIVE (RFC 8654)', () => {
  const longest = encodeFrame(2, new Uint8Array(65_516).fill(1), true);
  assert.throws(() => encodeFrame(2, new Uint8Array(65_517), true), RangeError);
  assert.throws(() => encodeFrame(1, new Uint8Array(4078), true), RangeError);
  const keepalive = encodeFrame(4);
  const octets = Buffer.concat([keepalive, longest, keepalive]);
  for (const size of [1, 1_000, octets.length]) {
    const reader = new FrameReader();
    const lengths: number[] = [];
    const take = ({ type, body }: Frame): void => {
      lengths.push(body.length);
      // What both agree on is known after a KEEPALIVE only.
      if (type === 4) reader.extend();
    };
    for (let at = 0; at < octets.length; at += size) {
      for (const frame of reader.frames(octets.subarray(at, at + size))) take(frame);
    }
    assert.deepEqual(lengths, [0, 65_516, 0]);
  }
  const reader = new FrameReader();
  reader.extend();
  assert.throws(() => [...reader.frames(hex(`${marker} 1001 01`))], ProtocolError);
});

const bad: readonly (readonly [name: string, rows: string, code: readonly number[], data: string])[] = [
  ['a marker that is not all ones', `${'ff'.repeat(15)}fe 0013 04`, [1, 1], ''],
  ['a length below the header', `${marker} 0012 04`, [1, 2], '0012'],
  ['a length of 4097', `${marker} 1001 02`, [1, 2], '1001'],
  ['an OPEN of 28 octets', `${marker} 001c 01`, [1, 2], '001c'],
  ['an UPDATE of 22 octets', `${marker} 0016 02`, [1, 2], '0016'],
  ['a NOTIFICATION of 20 octets', `${marker} 0014 03`, [1, 2], '0014'],
  ['a KEEPALIVE with a body', `${marker} 0014 04 00`, [1, 2], '0014'],
  ['a ROUTE-REFRESH of 22 octets', `${marker} 0016 05`, [1, 2], '0016'],
  ['type 0', `${marker} 0013 00`, [1, 3], '00'],
  ['type 6', `${marker} 0013 06`, [1, 3], '06'],
];

for (const [name, rows, [code, subcode], data] of bad) {
  test(`${name} is a header error, after the messages before it`, () => {
    const reader = new FrameReader();
    const seen: number[] = [];
    const keepalive = hex(`${marker} 0013 04`);
    assert.throws(
      () => {
        for (const { type } of reader.frames(Buffer.concat([keepalive, hex(rows)]))) seen.push(type);
      },
      (error) => {
        assert.ok(error instanceof ProtocolError);
        assert.equal(error.severity, 'session-reset');
        assert.deepEqual([error.notification.code, error.notification.subcode], [code, subcode]);
        assert.equal(toHex(error.notification.data), data);
        return true;
      },
    );
    assert.deepEqual(seen, [4]);
  });
}
