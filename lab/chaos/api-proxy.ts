/**
 * A program between replicas and the API server: `node api-proxy.ts CERTIFICATE KEY SERVER PORT CONTROL-PORT`. It passes everything on, except
 * for whom it was told to have trouble: by `POST /ADDRESS` on the control port with the kind of trouble as the body, or nothing to end it.
 * `GET /` there tells how many watches are open that say nothing any more.
 */
import { readFileSync } from 'node:fs';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { refusals, silentPrefix, slowMs, type ApiTrouble } from './api-trouble.ts';

const [certificate = '', key = '', server = '', port = '', controlPort = ''] = process.argv.slice(2);
const agent = new https.Agent({ keepAlive: true, rejectUnauthorized: false });
/** By the client's address. */
const troubles = new Map<string, ApiTrouble>();

/** How often each object has been written while writes are raced. */
const writes = new Map<string, number>();

interface OpenWatch {
  readonly client: string;
  readonly path: string;
  readonly response: ServerResponse;
  readonly upstream: IncomingMessage;
}
const watches = new Set<OpenWatch>();
/** Those that say nothing any more. */
const silenced = new Set<OpenWatch>();

function addressOf({ socket }: IncomingMessage): string {
  return (socket.remoteAddress ?? '').replace('::ffff:', '');
}

function refuse(response: ServerResponse, status: number): void {
  const headers = { 'content-type': 'application/json', ...(status === 429 ? { 'retry-after': '1' } : {}) };
  const body = { kind: 'Status', apiVersion: 'v1', status: 'Failure', code: status, message: 'as chaos has it' };
  response.writeHead(status, headers).end(JSON.stringify(body));
}

/** As the API server says it: the watch begins, its only event is an error, and it ends. */
function expire(response: ServerResponse): void {
  const object = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'Expired', code: 410 };
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify({ type: 'ERROR', object: { ...object, message: 'too old resource version' } })}\n`);
}

function isWatch({ url = '/' }: IncomingMessage): boolean {
  return new URL(url, server).searchParams.has('watch');
}

/** Before the first and each other write of an object somebody else writes it, with the rights of who asks. */
async function race({ method = 'GET', url = '/', headers }: IncomingMessage): Promise<void> {
  if (!['PUT', 'PATCH'].includes(method)) return;
  const path = new URL(url, server).pathname.replace(/\/status$/, '');
  const before = writes.get(path) ?? 0;
  writes.set(path, before + 1);
  if (before % 2 === 1) return;
  const type = { 'content-type': 'application/merge-patch+json', authorization: headers.authorization ?? '' };
  const body = JSON.stringify({ metadata: { annotations: { 'chaos/raced': String(before) } } });
  await new Promise<void>((resolve) => {
    const own = https.request(new URL(path, server), { method: 'PATCH', headers: type, agent }, (answer) => {
      answer.resume().on('close', resolve);
    });
    own.on('error', () => resolve());
    own.end(body);
  });
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const trouble = troubles.get(addressOf(request));
  if (trouble === 'slow') await sleep(slowMs);
  if (trouble === 'expired' && isWatch(request)) return expire(response);
  if ([...troubles.values()].includes('raced')) await race(request);
  const refusal = refusals.find(
    ({ name, writesOnly }) => name === trouble && (!writesOnly || request.method !== 'GET'),
  );
  if (refusal === undefined) passOn(request, response);
  else {
    request.resume();
    refuse(response, refusal.status);
  }
}

function passOn(request: IncomingMessage, response: ServerResponse): void {
  const { method = 'GET', url = '/', headers } = request;
  const onward = https.request(new URL(url, server), { method, headers, agent });
  // As if the server had done it: the connection breaks.
  onward.on('error', () => response.destroy());
  response.on('close', () => onward.destroy());
  onward.on('response', (upstream) => {
    response.writeHead(upstream.statusCode ?? 502, upstream.headers);
    response.flushHeaders();
    upstream.on('error', () => response.destroy());
    upstream.on('aborted', () => response.destroy());
    upstream.pipe(response);
    if (isWatch(request)) follow({ client: addressOf(request), path: url, response, upstream });
  });
  request.pipe(onward);
}

function follow(watch: OpenWatch): void {
  watches.add(watch);
  watch.response.on('close', () => {
    watches.delete(watch);
    silenced.delete(watch);
  });
}

function begin(client: string, trouble: ApiTrouble): void {
  troubles.set(client, trouble);
  const own = [...watches].filter((watch) => watch.client === client);
  if (trouble.startsWith(silentPrefix)) {
    const kind = trouble.slice(silentPrefix.length);
    // For good: such a connection never recovers.
    for (const watch of own.filter(({ path }) => path.includes(`/${kind}`))) {
      watch.upstream.unpipe(watch.response).resume();
      silenced.add(watch);
    }
    return;
  }
  if (trouble === 'raced') return writes.clear();
  // Who is refused is refused from now on, not at the end of a watch.
  for (const { response } of own) response.destroy();
}

async function control(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method === 'GET') return void response.end(String(silenced.size));
  const client = (request.url ?? '/').slice(1);
  const trouble = await text(request);
  if (trouble === '') troubles.delete(client);
  else begin(client, trouble as ApiTrouble);
  response.end();
}

https
  .createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (request, response) => {
    serve(request, response).catch(() => response.destroy());
  })
  .listen(Number(port));
http
  .createServer((request, response) => {
    control(request, response).catch(() => response.destroy());
  })
  .listen(Number(controlPort));
