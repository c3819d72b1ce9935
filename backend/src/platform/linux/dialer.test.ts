import { createServer, type AddressInfo, type Server } from 'node:net';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { dialerCompliance, type DialerHarness, type PeerEnd, type RemoteOptions } from '../dialer-compliance.ts';
import { systemDialer } from './dialer.ts';
import { descriptorOf, setOptions } from './tcp-options.ts';

const host = '127.0.0.1';
const servers: Server[] = [];
after(() => servers.forEach((server) => server.close()));

async function listening(server: Server): Promise<number> {
  servers.push(server);
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, host, resolve);
  await promise;
  return (server.address() as AddressInfo).port;
}

async function listen(options: RemoteOptions = {}): ReturnType<DialerHarness['listen']> {
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
      setPassword: (password) => setOptions(descriptorOf(socket) ?? -1, host, { password }),
    });
  });
  const port = await listening(server);
  setOptions(descriptorOf(server) ?? -1, host, options);
  return { host, port, peers };
}

async function refusing(): ReturnType<DialerHarness['refusing']> {
  const server = createServer();
  const port = await listening(server);
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  await promise;
  return { host, port };
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${String(condition)}`);
    await sleep(2);
  }
}

dialerCompliance('system dialer', () => ({
  dialer: systemDialer,
  listen,
  refusing,
  until,
  settle: () => sleep(20),
  pass: (ms) => sleep(ms),
}));
