import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { datagramsCompliance, type Endpoint } from '../datagrams-compliance.ts';
import { systemDatagrams } from './datagrams.ts';

async function freePort(host: string): Promise<Endpoint> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  socket.bind(0, host);
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return { host, port };
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 12_000 && !condition(); i++) await sleep(5);
  assert.ok(condition());
}

const hasIPv6 = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .some(({ address }) => address === '::1');

for (const host of hasIPv6 ? ['127.0.0.1', '::1'] : ['127.0.0.1']) {
  datagramsCompliance(`system, ${host}`, async () => ({
    datagrams: systemDatagrams,
    a: await freePort(host),
    b: await freePort(host),
    until,
  }));
}
