import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, suite, test } from 'node:test';
import { Agent, request } from 'undici';
import { selfSigned } from '../../backend/src/api/tls/self-signed.ts';
import { until } from '../state/until.ts';
import { refusals, type ApiTrouble } from './api-trouble.ts';

const agent = new Agent({ connect: { rejectUnauthorized: false } });

/** A port that is free now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

suite('the proxy of the API server', () => {
  let folder: string;
  let server: https.Server;
  let proxy: ChildProcess;
  let ports: { own: number; control: number };
  /** Paths that the server was asked for, in order. */
  const asked: string[] = [];
  /** The watches that the server has, and can say something in. */
  const watches: ServerResponse[] = [];

  /** How to end a watch, by what was seen of it. */
  const closes = new Map<object, () => void>();

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'proxy-'));
    const [notBefore, notAfter] = [new Date(Date.now() - 86_400_000), new Date(Date.now() + 86_400_000)];
    const { key, cert } = await selfSigned({ name: 'api', dnsNames: ['api'], notBefore, notAfter });
    const files = [join(folder, 'cert'), join(folder, 'key')] as const;
    await writeFile(files[0], cert);
    await writeFile(files[1], key);
    server = https.createServer({ key, cert }, (request, response) => {
      asked.push(request.url ?? '');
      if (request.url?.includes('watch') !== true) return void response.end(`${request.method} ${request.url}`);
      response.write('first\n');
      watches.push(response);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ports = { own: await freePort(), control: await freePort() };
    const at = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const program = join(import.meta.dirname, 'api-proxy.ts');
    proxy = spawn(process.execPath, [program, ...files, at, String(ports.own), String(ports.control)], {
      stdio: 'inherit',
    });
    await until(async () => (await ask('GET', '/')).status === 200, { what: 'the proxy to answer' });
  });
  afterEach(() => trouble(''));
  after(async () => {
    proxy.kill();
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true });
  });

  async function ask(method: 'GET' | 'PATCH', path: string): Promise<{ status: number; text: string }> {
    const answer = await request(`https://127.0.0.1:${ports.own}${path}`, { method, dispatcher: agent });
    return { status: answer.statusCode, text: await answer.body.text() };
  }

  async function trouble(body: ApiTrouble | ''): Promise<void> {
    const answer = await request(`http://127.0.0.1:${ports.control}/127.0.0.1`, { method: 'POST', body });
    await answer.body.dump();
  }

  /** How many watches are silenced, as the proxy says. */
  async function silent(): Promise<number> {
    return Number(await (await request(`http://127.0.0.1:${ports.control}/`)).body.text());
  }

  /** All that is heard of a watch, and whether it is over. */
  async function watch(kind: string): Promise<{ heard: string; isOver: boolean }> {
    const seen = { heard: '', isOver: false };
    const { body } = await request(`https://127.0.0.1:${ports.own}/api/v1/${kind}?watch=true`, { dispatcher: agent });
    closes.set(seen, () => void body.destroy());
    body.on('data', (piece: Buffer) => (seen.heard += piece.toString()));
    body.on('close', () => (seen.isOver = true)).on('error', () => undefined);
    await until(async () => Promise.resolve(seen.heard === 'first\n'), { what: 'the watch to begin' });
    return seen;
  }

  test('passes on what it is asked, as long as nobody has trouble', async () => {
    assert.deepEqual(await ask('GET', '/api/v1/nodes?limit=1'), { status: 200, text: 'GET /api/v1/nodes?limit=1' });
    assert.deepEqual(await ask('PATCH', '/x'), { status: 200, text: 'PATCH /x' });
  });

  test('refuses everything, or writes only, until that is over; watches break', async () => {
    for (const { name, status, writesOnly } of refusals) {
      const open = await watch('services');
      await trouble(name);
      await until(async () => Promise.resolve(open.isOver), { what: 'the watch to break' });
      assert.equal((await ask('GET', '/x')).status, writesOnly ? 200 : status);
      assert.equal((await ask('PATCH', '/x')).status, status);
      await trouble('');
      assert.equal((await ask('PATCH', '/x')).status, 200);
    }
  });

  test('tells each watch that its version is forgotten, in the way of the API server', async () => {
    const open = await watch('services');
    await trouble('expired');
    await until(async () => Promise.resolve(open.isOver), { what: 'the watch to break' });
    const { status, text } = await ask('GET', '/api/v1/services?watch=true&resourceVersion=1');
    assert.equal(status, 200);
    const { type, object } = JSON.parse(text) as { type: string; object: { code: number; reason: string } };
    assert.deepEqual([type, object.code, object.reason], ['ERROR', 410, 'Expired']);
    assert.equal((await ask('GET', '/api/v1/services')).text, 'GET /api/v1/services');
  });

  test('changes each object before every other write of it, whoever writes', async () => {
    const paths = ['/api/v1/services/a/status?fieldManager=x', '/api/v1/services/b'];
    await trouble('raced');
    asked.length = 0;
    for (const path of [...paths, ...paths, ...paths]) await ask('PATCH', path);
    await ask('GET', '/api/v1/services/a');
    const [a, b] = ['/api/v1/services/a', '/api/v1/services/b'];
    assert.deepEqual(asked, [a, paths[0], b, paths[1], ...paths, a, paths[0], b, paths[1], a]);
  });

  test('silences the watches of one kind that are open, for good, and no other', async () => {
    const [services, nodes] = [await watch('services'), await watch('nodes')];
    await trouble('silent services');
    await trouble('');
    const later = await watch('services');
    for (const response of watches) response.write('second\n');
    for (const open of [nodes, later]) {
      await until(async () => Promise.resolve(open.heard === 'first\nsecond\n'), { what: 'the watch to go on' });
    }
    assert.deepEqual(services, { heard: 'first\n', isOver: false });
  });

  test('tells how many it has silenced that nobody has closed yet', async () => {
    const before = await silent();
    const open = await watch('endpointslices');
    await watch('endpointslices');
    await trouble('silent endpointslices');
    assert.equal(await silent(), before + 2);
    closes.get(open)?.();
    await until(async () => (await silent()) === before + 1, { what: 'the proxy to notice' });
  });
});
