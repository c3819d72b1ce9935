import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { hopDatagramsCompliance } from '../hop-datagrams-compliance.ts';
import { systemHopDatagrams } from './hop-datagrams.ts';
import { libc } from './libc.ts';
import { fromSocketAddress, toSocketAddress } from './socket-address.ts';

async function freePort(host: string): Promise<number> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  socket.bind(0, host);
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 12_000 && !condition(); i++) await sleep(5);
  assert.ok(condition());
}

const hasIPv6 = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .some(({ address }) => address === '::1');
const hosts = [['127.0.0.1', '0.0.0.0'] as const, ...(hasIPv6 ? [['::1', '::'] as const] : [])];

for (const [host, everywhere] of hosts) {
  hopDatagramsCompliance(`system, ${host}`, async () => ({
    ...{ datagrams: systemHopDatagrams, host, everywhere, until },
    ports: [await freePort(host), await freePort(host)],
  }));

  test(`system, ${host}: a TTL that is not ours is told as it is`, async (t) => {
    const port = await freePort(host);
    const ttls: number[] = [];
    const socket = systemHopDatagrams.bind(host, port, {
      onMessage: (_, { ttl }) => ttls.push(ttl),
      onError: (error) => assert.fail(error),
    });
    const other = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    t.after(() => {
      socket.close();
      other.close();
    });
    other.bind(0, host);
    await once(other, 'listening');
    other.setTTL(7);
    other.send('x', port, host);
    await until(() => ttls.length > 0);
    assert.deepEqual(ttls, [7]);
  });
}

test('socket addresses are read as they were written, a link-local one with its interface', () => {
  for (const host of ['192.0.2.1', '2001:db8::1', 'fe80::1%lo']) {
    assert.deepEqual(fromSocketAddress(libc(), toSocketAddress(libc(), host, 49_152)), { host, port: 49_152 });
  }
  assert.deepEqual(fromSocketAddress(libc(), toSocketAddress(libc(), 'fe80::1%nosuch', 9)), {
    host: 'fe80::1',
    port: 9,
  });
  assert.equal(fromSocketAddress(libc(), new Uint8Array(4)), undefined);
  assert.equal(fromSocketAddress(libc(), new Uint8Array(28)), undefined);
  assert.throws(() => toSocketAddress(libc(), 'r1.example', 9));
});
