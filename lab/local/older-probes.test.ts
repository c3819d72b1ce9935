import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { NO_PLACE } from '../../backend/src/domain/replica.ts';
import { decodeProbe, encodeProbe, type ProbeHeader } from '../../backend/src/health/probe-message.ts';
import { encodePlace } from '../../backend/src/health/replica-place.ts';

const place = { links: [{ name: 'eth0', mac: '02:00:00:00:00:01', prefixes: ['192.0.2.1/24'] }], towards: {} };

function header(said: Partial<ProbeHeader>): ProbeHeader {
  const state = { leaving: false, stale: false, behind: undefined, newcomer: false, announcing: false, med: undefined };
  const rest = { retained: undefined, news: false, placeOmitted: false, countsAsker: false };
  return { kind: 'answer', nonce: 1n, ...state, ...rest, ...said };
}

/** What a thread of a replica does: sends these to a port, then sends back what it hears of the port's owner. */
function thread(port: number, messages: readonly Uint8Array[]): string {
  const datagrams = JSON.stringify(new URL('../../backend/src/platform/linux/datagrams.ts', import.meta.url).href);
  const said = JSON.stringify(messages.map((bytes) => Buffer.from(bytes).toString('hex')));
  return `const { systemDatagrams } = await import(${datagrams});
    const onMessage = (bytes) => socket.send(Buffer.concat([Buffer.from('echo'), bytes]), ${port}, '127.0.0.1');
    const socket = systemDatagrams.bind('127.0.0.1', 0, { onMessage, onError(error) { throw error; } });
    for (const hex of ${said}) socket.send(Buffer.from(hex, 'hex'), ${port}, '127.0.0.1');`;
}

test('an older replica says and hears the first three flags only and no MED offset, and always says its place', async (t) => {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  t.after(() => socket.close());
  await once(socket, 'listening');
  const source = thread(socket.address().port, [
    encodeProbe(header({ kind: 'question', leaving: true, stale: true, announcing: true, news: true, med: 100 })),
    encodeProbe(header({}), encodePlace(place)),
    encodeProbe(header({ placeOmitted: true })),
  ]);
  const worker = `const { Worker } = require('node:worker_threads');
    new Worker(new URL('data:text/javascript,' + encodeURIComponent(${JSON.stringify(source)})));`;
  const older = new URL('older-probes.ts', import.meta.url).href;
  const child = spawn(process.execPath, ['--import', older, '--eval', worker], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));

  const heard: Buffer[] = [];
  socket.on('message', (bytes, from) => {
    if (heard.push(bytes) !== 3) return;
    socket.send(
      encodeProbe(header({ kind: 'question', stale: true, news: true, retained: 50 })),
      from.port,
      from.address,
    );
  });
  while (heard.length < 4) await once(socket, 'message');

  assert.deepEqual(heard.slice(0, 3).map(decodeProbe), [
    { ...header({ kind: 'question', leaving: true, stale: true, announcing: true }), place: NO_PLACE },
    { ...header({}), place },
    { ...header({}), place },
  ]);
  const echo = heard[3]?.subarray('echo'.length) ?? new Uint8Array();
  assert.deepEqual(decodeProbe(echo), { ...header({ kind: 'question', stale: true }), place: NO_PLACE });
});
