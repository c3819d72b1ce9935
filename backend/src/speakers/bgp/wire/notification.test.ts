import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  decodeNotification,
  describeNotification,
  encodeNotification,
  hardReset,
  notification,
  shutdownCommunication,
  shutdownText,
} from './notification.ts';
import { assertCodec } from './testing/assert-codec.ts';
import { hex, toHex } from './testing/hex.ts';
import { ProtocolError } from './protocol-error.ts';

const codec = { encode: encodeNotification, decode: decodeNotification };

test('NOTIFICATION without, with one octet and with more data', () => {
  assertCodec(codec, notification(4), '04 00');
  // RFC 6608: the unexpected message's type, one octet.
  assertCodec(codec, notification(5, 3, [1]), '05 03 01');
  assertCodec(codec, notification(2, 7, hex('01 04 0002 00 01')), '02 07 01 04 0002 00 01');
  assert.throws(() => decodeNotification(hex('04')), ProtocolError);
});

test('a shutdown text is UTF-8 with its length (RFC 9003 section 2)', () => {
  assert.equal(toHex(shutdownCommunication('')), '00');
  assert.equal(toHex(shutdownCommunication('Ü')), '02c39c');
  const cut = shutdownCommunication(`${'x'.repeat(254)}Ü and more`);
  assert.equal(cut.length, 255);
  assert.equal(cut[0], 254);
});

test('a text comes back, whatever it is; control characters become visible', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 255 }), (text) => {
      assert.equal(shutdownText(notification(6, 2, shutdownCommunication(text))), text);
    }),
  );
  assert.equal(shutdownText(notification(6, 4, shutdownCommunication('a\nb\u202ec'))), 'a\\u000ab\\u202ec');
});

test('a text that is missing, empty, malformed or not due is none', () => {
  assert.equal(shutdownText(notification(6, 2)), undefined);
  assert.equal(shutdownText(notification(6, 2, [0])), undefined);
  assert.equal(shutdownText(notification(6, 2, [2, 65])), undefined);
  assert.equal(shutdownText(notification(6, 3, [1, 65])), undefined);
  assert.equal(shutdownText(notification(4, 2, [1, 65])), undefined);
});

test('what a NOTIFICATION says', () => {
  const shutdown = notification(6, 2, shutdownCommunication('maintenance'));
  assert.equal(describeNotification(shutdown), 'Cease / Administrative Shutdown: "maintenance"');
  assert.equal(
    describeNotification(hardReset(shutdown)),
    'Cease / Hard Reset (Cease / Administrative Shutdown: "maintenance")',
  );
  assert.equal(describeNotification(notification(6, 9)), 'Cease / Hard Reset');
  assert.equal(describeNotification(notification(6, 9, [6, 9, 6, 9, 6, 9])), 'Cease / Hard Reset');
  assert.equal(describeNotification(notification(4)), 'Hold Timer Expired');
  assert.equal(describeNotification(notification(2, 2, [0, 1])), 'OPEN Message Error / Bad Peer AS');
  assert.equal(describeNotification(notification(6, 77)), 'Cease / cease-subcode-77');
  assert.equal(describeNotification(notification(9, 1)), 'error-code-9 / subcode-1');
});

test('a hard reset carries what it stands for (RFC 8538 section 3.1)', () => {
  assertCodec(codec, hardReset(notification(6, 2, shutdownCommunication('x'))), '06 09 06 02 01 78');
});
