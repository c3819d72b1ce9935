/**
 * `npm run bench:api [-- --services <number>] [--rate <number>] [--seconds <number>]`: how long the API takes for its answers, with 200
 * pools, 100 nodes and two replicas. The API is in a process of its own, without TLS and on an API server in memory; nothing else is
 * done there, but that a Service changes 20 times a second: how long it takes until the engine would be told, which is what the API may
 * add to the latency of announcing. Goals stand beside the figures; the exit status tells only whether everything could be measured.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request as httpRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { BASE_PATH } from '../../backend/src/api/routes.ts';
import { ApiBench, bgpPeers, eips, factsOf, kinds, served } from '../../backend/src/api/testing/api-bench.ts';
import { aNode, announced, aSession } from '../../backend/src/api/testing/facts.ts';
import type { ReplicaReport } from '../../backend/src/api/replicas/facts.ts';
import { OPENELB_KEYS } from '../../backend/src/resources/keys.ts';
import { print, printRow } from './report.ts';

const usageText = 'usage: npm run bench:api [-- --services <1 to 50000>] [--rate <1 to 1000>] [--seconds <1 to 600>]';
const serverRole = '--server';
const poolCount = 200;
const nodeCount = 100;
const namespaceCount = 50;
const goalMs = 20;
/** What the API may add to the time from a change to its announcement. */
const delayGoalMs = 20;
const changeEveryMs = 50;

/** To the server: a Service changes now, by the clock that both processes have. */
interface Change {
  readonly changedAt: number;
}

/** From the server: how much CPU it has used, in microseconds, and how long changes took since it was asked last, in milliseconds. */
interface Told {
  readonly cpu: NodeJS.CpuUsage;
  readonly delays: readonly number[];
}

function commonNow(): number {
  return performance.timeOrigin + performance.now();
}

interface Options {
  readonly services: number;
  readonly rate: number;
  readonly seconds: number;
}

function nameOf(i: number): {
  readonly namespace: string;
  readonly name: string;
  readonly pool: string;
  readonly ip: string;
} {
  const pool = i % poolCount;
  const host = Math.floor(i / poolCount) + 1;
  const ip = `10.${pool}.${host >> 8}.${host & 255}`;
  return { namespace: `ns${i % namespaceCount}`, name: `s${i}`, pool: `pool${pool}`, ip };
}

function replicaFacts(name: string, services: number): ReplicaReport {
  const at = '2026-01-01T00:00:00Z';
  const nodes = Array.from({ length: nodeCount }, (_, i) => ({
    ...{ node: `n${i}`, address: `203.0.113.${i}`, health: 'alive' as const, since: at, found: 'it answers 200' },
    ...{ answered: at, status: 200, misses: 0, ailingMs: 0, witness: undefined, witnessSaid: undefined, flaps: 0 },
  }));
  const hops = Array.from({ length: 8 }, (_, i) => `203.0.113.${i}`);
  const addresses = Array.from({ length: services }, (_, i) => {
    const { ip, namespace, name: service } = nameOf(i);
    return { ...announced(ip, `${namespace}/${service}`, hops), nodes: hops.map((_hop, j) => `n${j}`) };
  });
  return factsOf(name, { nodes, addresses, sessions: [aSession('r1')] });
}

async function serve(services: number): Promise<void> {
  const bench = new ApiBench();
  const { kube, clock } = bench;
  for (let i = 0; i < poolCount; i += 1) {
    kube.store(eips, { metadata: { name: `pool${i}` }, spec: { address: `10.${i}.0.0/16` } });
  }
  for (let i = 0; i < nodeCount; i += 1) kube.store(kinds.nodes, aNode(`n${i}`, `203.0.113.${i}`));
  const conf = { peerAs: 65_000, neighborAddress: '203.0.113.250' };
  kube.store(bgpPeers, { metadata: { name: 'r1' }, spec: { conf } });
  for (let i = 0; i < services; i += 1) {
    const { namespace, name, ip, pool } = nameOf(i);
    kube.store(kinds.services, served(`${namespace}/${name}`, ip, pool));
  }
  const waits = served('ns0/waits', '10.0.0.1');
  kube.store(kinds.services, {
    ...waits,
    status: {},
    metadata: { name: 'waits', namespace: 'ns0', annotations: { [OPENELB_KEYS.servicePool]: 'nowhere' } },
  });
  for (const name of ['porter-0', 'porter-1']) bench.replicas.set(name, replicaFacts(name, services));
  await bench.start({ checkAnswers: false });
  while (!bench.view.synced || bench.view.services.size < services) await sleep(50);
  // Its clock is one that stands by itself: it is moved on again and again, and in between goes as the real one does.
  let last = performance.now();
  const standing = clock.now.bind(clock);
  Object.assign(clock, { now: () => standing() + performance.now() - last });
  setInterval(() => {
    const now = performance.now();
    const ms = Math.max(0, now - last);
    last = now;
    clock.advance(ms);
  }, 20);
  process.on('disconnect', () => process.exit(0));
  let delays: number[] = [];
  let changedAt: number | undefined;
  let changes = 0;
  bench.onInputs = () => {
    if (changedAt !== undefined) delays.push(commonNow() - changedAt);
    changedAt = undefined;
  };
  process.on('message', (message: Change | 'told') => {
    if (message === 'told') {
      process.send?.({ cpu: process.cpuUsage(), delays } satisfies Told);
      delays = [];
      return;
    }
    changes += 1;
    changedAt ??= message.changedAt;
    const { namespace, name, ip, pool } = nameOf(0);
    const service = served(`${namespace}/${name}`, ip, pool);
    kube.store(kinds.services, {
      ...service,
      spec: { ...service.spec, externalTrafficPolicy: changes % 2 === 0 ? 'Cluster' : 'Local' },
    });
  });
  process.send?.(bench.port);
}

function optionsOf(args: readonly string[]): Options | undefined {
  const within = (value: number, max: number): boolean => Number.isInteger(value) && value >= 1 && value <= max;
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        services: { type: 'string', default: '10000' },
        rate: { type: 'string', default: '200' },
        seconds: { type: 'string', default: '10' },
      },
    });
    const [services, rate, seconds] = [Number(values.services), Number(values.rate), Number(values.seconds)];
    const inRange = within(services, 50_000) && within(rate, 1_000) && within(seconds, 600);
    return inRange ? { services, rate, seconds } : undefined;
  } catch {
    return undefined;
  }
}

const agent = new Agent({ keepAlive: true, maxSockets: 50 });

/** Milliseconds until the whole answer is there. */
async function timed(port: number, path: string, body?: string): Promise<number> {
  const start = performance.now();
  const method = body === undefined ? 'GET' : 'POST';
  const headers = { authorization: 'Bearer admin', 'content-type': 'application/json' };
  return await new Promise((resolve, reject) => {
    const request = httpRequest(
      { agent, host: '127.0.0.1', port, method, path: `${BASE_PATH}/${path}`, headers },
      (response) => {
        response.resume().on('end', () => {
          if (response.statusCode === 200) resolve(performance.now() - start);
          else reject(new Error(`${path}: ${response.statusCode}`));
        });
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

async function told(server: ChildProcess): Promise<{ readonly cpuMs: number; readonly delays: readonly number[] }> {
  server.send('told');
  const [{ cpu, delays }] = (await once(server, 'message')) as [Told];
  return { cpuMs: (cpu.user + cpu.system) / 1_000, delays: [...delays].sort((a, b) => a - b) };
}

interface Load extends Options {
  readonly server: ChildProcess;
  readonly port: number;
}

/** Each request at its time, whether those before have been answered or not; meanwhile a Service changes again and again. */
async function measure(
  what: string,
  request: (i: number) => Promise<number>,
  { server, rate, seconds }: Pick<Load, 'server' | 'rate' | 'seconds'>,
): Promise<void> {
  const before = await told(server);
  const changes = setInterval(() => server.send({ changedAt: commonNow() } satisfies Change), changeEveryMs);
  const count = rate * seconds;
  const start = performance.now();
  const all: Promise<number>[] = [];
  for (let i = 0; i < count; i += 1) {
    const wait = start + (i * 1_000) / rate - performance.now();
    if (wait > 0) await sleep(wait);
    all.push(request(i));
  }
  const times = (await Promise.all(all)).sort((a, b) => a - b);
  clearInterval(changes);
  const { cpuMs, delays } = await told(server);
  const p99 = quantile(times, 0.99);
  const cpu = ((cpuMs - before.cpuMs) / count).toFixed(2);
  const figure = `p50 ${quantile(times, 0.5).toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, CPU ${cpu} ms each`;
  printRow(what, figure, { text: `p99 < ${goalMs} ms`, met: p99 < goalMs });
  const late = quantile(delays, 0.99);
  const delay = `p50 ${quantile(delays, 0.5).toFixed(1)} ms, p99 ${late.toFixed(1)} ms, max ${(delays.at(-1) ?? 0).toFixed(1)} ms`;
  printRow('  meanwhile, a change on its way to the engine', delay, {
    text: `p99 < ${delayGoalMs} ms`,
    met: late < delayGoalMs,
  });
}

async function main(): Promise<number> {
  const options = optionsOf(process.argv.slice(2));
  if (options === undefined) {
    process.stderr.write(`${usageText}\n`);
    return 2;
  }
  const { services, rate, seconds } = options;
  const server = fork(process.argv[1] ?? '', [serverRole, String(services)]);
  try {
    const [port] = (await once(server, 'message')) as [number];
    const load = { ...options, server, port };
    for (let i = 0; i < 200; i += 1) await timed(port, i % 2 === 0 ? 'overview' : 'services');
    print(`\n${services} Services, ${poolCount} pools, ${nodeCount} nodes; ${rate} requests/s for ${seconds} s each`);
    const paths = async (what: string, pathOf: (i: number) => string): Promise<void> =>
      await measure(what, async (i) => await timed(port, pathOf(i)), load);
    await measure('nothing', async () => await Promise.resolve(0), load);
    await paths('overview', () => 'overview');
    await paths('a page of Services', (i) => `services?page=${(i % 100) + 1}`);
    await paths('a page of the Services of a namespace', (i) => `namespaces/ns${i % namespaceCount}/services`);
    const explained = (i: number): string => {
      const { namespace, name } = nameOf(i % Math.min(poolCount, services));
      return `namespaces/${namespace}/services/${name}/explanation`;
    };
    await paths('an explanation', explained);
    await paths('the addresses of a pool', (i) => `pools/pool${i % poolCount}/addresses`);
    const waits = (): string => 'namespaces/ns0/services/waits/explanation';
    await paths('an explanation why there is no address', waits);
    const body = JSON.stringify({ drainNodes: ['n1'], pools: [{ name: 'pool0', disable: true }] });
    const simulated = async (): Promise<number> => await timed(port, 'simulations', body);
    await measure('a simulation, one in two seconds', simulated, { ...load, rate: 0.5, seconds: Math.max(4, seconds) });
    return 0;
  } finally {
    server.kill('SIGKILL');
    agent.destroy();
  }
}

if (process.argv[2] === serverRole) await serve(Number(process.argv[3]));
else process.exit(await main());
