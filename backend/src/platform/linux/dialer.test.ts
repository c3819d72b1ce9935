import { createServer, type AddressInfo, type Server } from 'node:net';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { dialerCompliance, type DialerHarness, type PeerEnd } from '../dialer-compliance.ts';
import { systemDialer } from './dialer.ts';

const servers: Server[] = [];
after(() => servers.forEach((server) => server.close()));

async function listening(server: Server): Promise<number> {
  servers.push(server);
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  return (server.address() as AddressInfo).port;
}

async function listen(): ReturnType<DialerHarness['listen']> {
  const peers: PeerEnd[] = [];
  const server = createServer((socket) => {
    const chunks: Buffer[] = [];
    let closed = false;
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('end', () => (closed = true));
    socket.on('close', () => (closed = true));
    socket.on('error', () => (closed = true));
    peers.push({
      received: () => Buffer.concat(chunks).toString(),
      closed: () => closed,
      write: (text) => void socket.write(text),
      end: () => void socket.end(),
      reset: () => void socket.resetAndDestroy(),
      pause: () => void socket.pause(),
      resume: () => void socket.resume(),
    });
  });
  return { host: '127.0.0.1', port: await listening(server), peers };
}

async function refusing(): ReturnType<DialerHarness['refusing']> {
  const server = createServer();
  const port = await listening(server);
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  await promise;
  return { host: '127.0.0.1', port };
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${String(condition)}`);
    await sleep(2);
  }
}

dialerCompliance('system dialer', () => ({ dialer: systemDialer, listen, refusing, until, settle: () => sleep(20) }));
