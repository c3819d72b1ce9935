import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { MAX_RESPONSE, readResponse } from './http-response.ts';

const body = '{"lastUpdated": "x","currentTime": "x", "nodeEligible": true}';
const whole = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

suite('a response', () => {
  test('of known length is there with its last octet, and not before', () => {
    for (let length = 0; length < whole.length; length++) {
      assert.equal(readResponse(whole.slice(0, length), false), 'incomplete', whole.slice(0, length));
    }
    assert.deepEqual(readResponse(whole, false), { status: 200, body, reusable: true });
  });

  test('in chunks', () => {
    const head = 'HTTP/1.1 503 Service Unavailable\r\nTransfer-Encoding: chunked\r\n\r\n';
    const chunks = '5\r\nhello\r\n0\r\n\r\n';
    assert.equal(readResponse(head + chunks.slice(0, -1), false), 'incomplete');
    assert.deepEqual(readResponse(head + chunks, false), { status: 503, body: chunks, reusable: true });
    assert.deepEqual(readResponse(`${head}0\r\n\r\n`, false), { status: 503, body: '0\r\n\r\n', reusable: true });
  });

  test('that ends with its connection', () => {
    const text = 'HTTP/1.0 200 OK\r\n\r\nok';
    assert.equal(readResponse(text, false), 'incomplete');
    assert.deepEqual(readResponse(text, true), { status: 200, body: 'ok', reusable: false });
  });

  test('after which the connection is closed can be no other', () => {
    const text = 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok';
    assert.deepEqual(readResponse(text, false), { status: 200, body: 'ok', reusable: false });
  });

  test('without a body', () => {
    assert.deepEqual(readResponse('HTTP/1.1 204 No Content\r\n\r\n', false), { status: 204, body: '', reusable: true });
  });

  test('after an interim one', () => {
    assert.equal(readResponse('HTTP/1.1 100 Continue\r\n\r\n', false), 'incomplete');
    const text = `HTTP/1.1 100 Continue\r\n\r\n${whole}`;
    assert.deepEqual(readResponse(text, false), { status: 200, body, reusable: true });
  });

  test('with more after it than it said is read, and the connection isn’t used again', () => {
    assert.deepEqual(readResponse(`${whole}!`, false), { status: 200, body: `${body}!`, reusable: false });
  });
});

suite('malformed is', () => {
  const cases: Readonly<Record<string, string>> = {
    'another protocol': 'SSH-2.0-OpenSSH_9.2\r\n',
    TLS: '\x15\x03\x01\x00\x02\x02\x16',
    'a status that is none': 'HTTP/1.1 999 Strange\r\n\r\n',
    'no status': 'HTTP/1.1 \r\n\r\n',
    'an endless status line': `HTTP/1.1 200 ${'x'.repeat(MAX_RESPONSE)}`,
    'an endless head': `HTTP/1.1 200 OK\r\n${'X-A: b\r\n'.repeat(MAX_RESPONSE / 8)}`,
    'a body that is announced as too long': 'HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n',
    'an endless body': `HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(MAX_RESPONSE + 1)}`,
    'endless chunks': `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${'1\r\nx\r\n'.repeat(MAX_RESPONSE / 6 + 1)}`,
  };
  for (const [name, text] of Object.entries(cases)) {
    test(name, () => assert.equal(readResponse(text, false), 'malformed'));
  }

  test('what ends too soon', () => {
    for (const length of [0, 5, 20, whole.length - 1]) {
      assert.equal(readResponse(whole.slice(0, length), true), 'malformed', String(length));
    }
  });
});
