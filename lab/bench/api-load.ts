/**
 * Somebody who asks the REST API, each request at its time, whether those before have been answered or not: `node api-load.ts WISH`, on a machine
 * of the lab. It goes on until SIGTERM, waits for the answers that are due, and prints what came of it.
 */
import { Agent, request as httpsRequest } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';

export const KINDS = ['overview', 'a page of Services', 'an explanation', 'why there is no address'] as const;
export type Kind = (typeof KINDS)[number];

/** What a process of this file is told. */
export interface LoadWish {
  /** `https://ADDRESS:PORT` and the path of the API. */
  readonly base: string;
  readonly token: string;
  /** Of the Services, by turns: `NAMESPACE/NAME`. */
  readonly services: readonly string[];
  /** By turns. */
  readonly kinds: readonly Kind[];
  /** Requests a second. */
  readonly rate: number;
}

/** What it prints. */
export interface LoadTold {
  /** Milliseconds from asking until the whole answer was there, of those that were answered with 200. */
  readonly times: Readonly<Record<Kind, readonly number[]>>;
  /** What became of the others, each once. */
  readonly failures: readonly string[];
  readonly failed: number;
}

/** The first of a connection pay for its TLS handshake: these aren't counted. */
const WARM_UP_MS = 2_000;
const CONNECTIONS = 50;
const PAGES = 100;

/** One that waits for an address. */
export const WAITING = { namespace: 'default', name: 'waits' } as const;

function explanationOf(namespace: string, name: string): string {
  return `namespaces/${namespace}/services/${name}/explanation`;
}

const paths: Readonly<Record<Kind, (i: number, wish: LoadWish) => string>> = {
  overview: () => 'overview',
  'a page of Services': (i) => `services?page=${(i % PAGES) + 1}`,
  'an explanation': (i, { services }) => {
    const [namespace = '', name = ''] = (services[i % services.length] ?? '').split('/');
    return explanationOf(namespace, name);
  },
  'why there is no address': () => explanationOf(WAITING.namespace, WAITING.name),
};

/** As clients in a cluster do whose manager made its certificate itself. */
const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS, rejectUnauthorized: false });

async function timed(url: string, token: string): Promise<number> {
  const start = performance.now();
  return await new Promise((resolve, reject) => {
    const request = httpsRequest(url, { agent, headers: { authorization: `Bearer ${token}` } }, (response) => {
      response.on('error', reject).on('end', () => {
        if (response.statusCode === 200) resolve(performance.now() - start);
        else reject(new Error(`${response.statusCode}`));
      });
      response.resume();
    });
    request.on('error', reject);
    request.end();
  });
}

async function ask(wish: LoadWish, signal: AbortSignal): Promise<LoadTold> {
  const times = Object.fromEntries(KINDS.map((kind) => [kind, []])) as unknown as Record<Kind, number[]>;
  const failures: string[] = [];
  const all: Promise<void>[] = [];
  const start = performance.now();
  for (let i = 0; !signal.aborted; i += 1) {
    const wait = start + (i * 1_000) / wish.rate - performance.now();
    if (wait > 0) await sleep(wait);
    const kind = wish.kinds[i % wish.kinds.length] ?? 'overview';
    const warm = performance.now() - start > WARM_UP_MS;
    const done = timed(`${wish.base}/${paths[kind](Math.floor(i / wish.kinds.length), wish)}`, wish.token).then(
      (ms) => void (warm && times[kind].push(ms)),
      (error: unknown) => void failures.push(`${kind}: ${error instanceof Error ? error.message : String(error)}`),
    );
    all.push(done);
  }
  await Promise.all(all);
  agent.destroy();
  return { times, failures: [...new Set(failures)], failed: failures.length };
}

if (process.argv[1] === import.meta.filename) {
  const end = new AbortController();
  process.on('SIGTERM', () => end.abort());
  const told = await ask(JSON.parse(process.argv[2] ?? '') as LoadWish, end.signal);
  process.stdout.write(JSON.stringify(told));
}
