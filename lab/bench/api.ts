/**
 * `npm run bench:api [-- --services <number>] [--rate <number>] [--seconds <number>] [--moves <number>] [--only answers|announcing]`: how long the REST
 * API takes for its answers beside everything else that a replica does, and whether announcing notices it. Two replicas of the image in a light lab: API server, FRR, 200 pools,
 * 100 nodes whose health ports answer, 10,000 announced Services. The leader is asked, over TLS, with a ServiceAccount's token that the API server
 * judges; it has one core, for all of its threads, and who asks and the other replica have another. Goals stand beside the figures; the exit status tells only whether everything
 * could be measured.
 */
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { BASE_PATH } from '../../backend/src/api/routes.ts';
import { HttpKube } from '../../backend/src/cluster/http/http-kube.ts';
import { readKubeconfig } from '../../backend/src/cluster/http/kubeconfig.ts';
import type { Kube } from '../../backend/src/cluster/kube.ts';
import { endpointSlices, services as serviceKind } from '../../backend/src/cluster/kinds.ts';
import { systemClock } from '../../backend/src/platform/linux/clock.ts';
import type { LightLab } from '../light-lab.ts';
import { until } from '../state/until.ts';
import { run } from '../toolchain/run.ts';
import { ApiAsker } from './api-asker.ts';
import { KINDS, type Kind, type LoadTold, type LoadWish } from './api-load.ts';
import { buildWorld, placeOf, serviceAt, sliceAt, tokenIn, WORLD } from './api-world.ts';
import { percentile, seconds as asSeconds } from './figures.ts';
import { ForeignLoad } from './foreign-load.ts';
import { aborted, established, inLab, prepare } from './in-lab.ts';
import { IngressWatch } from './ingress-watch.ts';
import { print, printRow } from './report.ts';
import type { Replicas } from './replicas.ts';
import { RouteMonitor } from './route-monitor.ts';
import { usage } from './usage.ts';

const usageText =
  'usage: npm run bench:api [-- --services <1 to 50000>] [--rate <1 to 450>] [--seconds <5 to 600>] [--moves <2 to 1000>]' +
  ' [--only answers|announcing]';
const PARTS: readonly string[] = ['answers', 'announcing', ''];
const GOAL_MS = 20;
/** What Node.js lets its heap take where the container's memory is limited as the chart does by default, to 512 MiB, in MiB. */
const HEAP_MIB = 256;
/** What may lie between the medians of announcing with and without requests: what one run differs from another by. */
const NO_EFFECT_MS = 5;
const moving = { namespace: 'default', name: 'moving' };

interface Options {
  readonly services: number;
  readonly rate: number;
  readonly seconds: number;
  readonly moves: number;
  /** The part that is measured; empty: all. */
  readonly only: string;
}

interface Bench extends Options {
  readonly lab: LightLab;
  readonly kube: Kube;
  readonly routes: RouteMonitor;
  readonly ingress: IngressWatch;
  readonly replicas: Replicas;
  readonly token: string;
}

/** The bench, once it is known who leads. */
interface Led extends Bench {
  readonly leader: string;
  readonly pid: number;
}

function optionsOf(args: readonly string[]): Options | undefined {
  const text = (value: string): { type: 'string'; default: string } => ({ type: 'string', default: value });
  const options = {
    services: text('10000'),
    rate: text('200'),
    seconds: text('20'),
    moves: text('40'),
    only: text(''),
  };
  try {
    const { values } = parseArgs({ args: [...args], options });
    const within = (value: number, min: number, max: number): boolean =>
      Number.isInteger(value) && value >= min && value <= max;
    const [services, rate] = [Number(values.services), Number(values.rate)];
    const [seconds, moves, { only }] = [Number(values.seconds), Number(values.moves), values];
    const known = within(services, 1, 50_000) && within(rate, 1, 450) && within(seconds, 5, 600);
    const all = { services, rate, seconds, moves, only };
    return known && within(moves, 2, 1_000) && PARTS.includes(only) ? all : undefined;
  } catch {
    return undefined;
  }
}

function baseAt(lab: LightLab, node: string): string {
  return `https://${lab.node(node).addresses.ipv4}:17982${BASE_PATH}`;
}

/** The machine of the replica that leads, as soon as the API of both says who that is. */
async function leaderOf({ lab, token }: Bench): Promise<string> {
  const ask = async (node: string): Promise<string> =>
    lab.node('n3').exec('curl', '-fsSk', '-H', `Authorization: Bearer ${token}`, `${baseAt(lab, node)}/version`);
  return await until(
    async () => {
      const [answer = ''] = await Promise.all(['n1', 'n2'].map(ask));
      const { replicas } = JSON.parse(answer) as { replicas: { node: string | null; leads: boolean | null }[] };
      return replicas.find(({ leads }) => leads === true)?.node ?? undefined;
    },
    { what: 'both replicas to answer, and one to lead', timeoutMs: 60_000, intervalMs: 500 },
  );
}

function ask(bench: Led, kinds: readonly Kind[]): ApiAsker {
  const { lab, leader, token, rate, services } = bench;
  const asked = Array.from({ length: Math.min(services, WORLD.pools) }, (_, i) => placeOf(i));
  const names = asked.map(({ namespace, name }) => `${namespace}/${name}`);
  const wish: LoadWish = { base: baseAt(lab, leader), token, services: names, kinds, rate };
  return ApiAsker.start(lab, 'n3', { wish, core: 0 });
}

/** Figures of what was refused at once say nothing: it is told beside them. */
function printFailures({ failures, failed }: LoadTold): void {
  if (failed > 0) print(`  NOT ANSWERED: ${failed} (${failures.join('; ')})`);
}

function printTimes(what: string, kinds: readonly Kind[], told: LoadTold): void {
  const { times } = told;
  for (const kind of kinds) {
    const p99 = percentile(times[kind], 99);
    const figure = `p50 ${percentile(times[kind], 50).toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, n ${times[kind].length}`;
    printRow(`${what}${kind}`, figure, { text: `p99 < ${GOAL_MS} ms`, met: p99 < GOAL_MS });
  }
  printFailures(told);
}

async function answers(bench: Led, kinds: readonly Kind[], what: string): Promise<void> {
  const asker = ask(bench, kinds);
  await sleep(2_000);
  const [start, { cpuMs: before }] = [performance.now(), await usage([bench.pid])];
  await sleep(bench.seconds * 1_000);
  const cpuMs = (await usage([bench.pid])).cpuMs - before;
  const tookMs = performance.now() - start;
  printTimes(what, kinds, await asker.stop());
  // What a request costs is the same on a busy machine, where how long it takes is not.
  const [share, each] = [(100 * cpuMs) / tookMs, (1_000 * cpuMs) / (tookMs * bench.rate)];
  printRow(
    '  meanwhile, CPU of the replica',
    `${share.toFixed(0)} % of a core, ${each.toFixed(1)} ms for each request`,
  );
}

/** Milliseconds from a change of the endpoints of a Service (policy Local), node by node, until the router's kernel forwards by it. */
async function moves(bench: Led, ip: string): Promise<number[]> {
  const { kube, lab, routes } = bench;
  const taken: number[] = [];
  for (let i = 0; i < bench.moves / 2; i += 1) {
    const node = routes.gateways(ip) === lab.node('n1').addresses.ipv4 ? 'n2' : 'n1';
    await sleep(100);
    const start = performance.now();
    const { endpoints } = sliceAt(moving, [node]) as unknown as { endpoints: never };
    const ref = { namespace: moving.namespace, name: `${moving.name}-1` };
    await kube.patch(endpointSlices, ref, { type: 'merge', body: { endpoints } as never });
    taken.push((await routes.when(() => routes.gateways(ip) === lab.node(node).addresses.ipv4)) - start);
  }
  return taken;
}

/** Without requests, with, with, without: what the machine does otherwise falls to both alike. */
async function announcing(bench: Led): Promise<void> {
  const { kube, ingress, routes, lab } = bench;
  await kube.create(endpointSlices, sliceAt(moving, ['n1']) as never);
  await kube.create(serviceKind, serviceAt(moving, 'bench', 'Local'));
  const { ip } = await ingress.of(moving.name);
  await routes.when(() => routes.gateways(ip) === lab.node('n1').addresses.ipv4);
  const busy = async (): Promise<number[]> => {
    const asker = ask(bench, KINDS);
    await sleep(2_000);
    const taken = await moves(bench, ip);
    printFailures(await asker.stop());
    return taken;
  };
  const [first, second, third, fourth] = [await moves(bench, ip), await busy(), await busy(), await moves(bench, ip)];
  const [without, during] = [
    [...first, ...fourth],
    [...second, ...third],
  ];
  const figure = (ms: readonly number[]): string =>
    `p50 ${percentile(ms, 50).toFixed(1)} ms, p95 ${percentile(ms, 95).toFixed(1)} ms, n ${ms.length}`;
  const more = percentile(during, 50) - percentile(without, 50);
  printRow("an endpoint moved -> router's kernel, nobody asks", figure(without));
  printRow('  and with all of these asked for in turn', figure(during), {
    text: `median + ${NO_EFFECT_MS} ms at most`,
    met: more <= NO_EFFECT_MS,
  });
}

function sectionsOf(led: Led): (() => Promise<void>)[] {
  const all = { answers: answersOf(led), announcing: [() => announcing(led)] };
  return Object.entries(all).flatMap(([part, sections]) => (['', part].includes(led.only) ? sections : []));
}

function answersOf(led: Led): (() => Promise<void>)[] {
  return [
    () => idle(led),
    ...KINDS.map((kind) => () => answers(led, [kind], '')),
    () => answers(led, KINDS, 'all in turn: '),
  ];
}

async function idle({ pid, seconds }: Led): Promise<void> {
  const { cpuMs } = await usage([pid]);
  await sleep(seconds * 1_000);
  const share = ((await usage([pid])).cpuMs - cpuMs) / (seconds * 10);
  printRow('CPU of the replica when nobody asks', `${share.toFixed(1)} % of a core`);
}

/** The leader has a core; the other replica, which in a cluster is on another machine, shares that of who asks. */
async function keepApart(replicas: Replicas, leader: number): Promise<void> {
  for (const pid of await replicas.pids()) {
    const core = pid === leader ? availableParallelism() - 1 : 0;
    await run('taskset', ['-a', '-c', '-p', String(core), String(pid)]);
  }
}

async function measure(bench: Bench, signal: AbortSignal): Promise<void> {
  const { lab, replicas, ingress, services, rate, seconds } = bench;
  const start = performance.now();
  await replicas.start();
  await established(lab);
  await ingress.allAnnounced(services);
  print(`all were announced ${asSeconds(performance.now() - start)} after the replicas were started`);
  signal.throwIfAborted();
  const leader = await leaderOf(bench);
  const pid = await replicas.pid(leader);
  await keepApart(replicas, pid);
  const led = { ...bench, leader, pid };
  print(
    `\n${services} announced Services, ${WORLD.pools} pools, ${WORLD.nodes} nodes; ${rate} requests/s for ${seconds} s each, to the leader`,
  );
  for (const section of sectionsOf(led)) {
    signal.throwIfAborted();
    const load = await ForeignLoad.start(lab.name);
    await section();
    print(`    (${await load.describe()})`);
  }
}

async function benchIn(lab: LightLab, signal: AbortSignal, options: Options): Promise<void> {
  const heap = { NODE_OPTIONS: `--max-old-space-size=${HEAP_MIB}` };
  const replicas = await prepare(lab, { API: 'true', KUBESPHERE: '', ...heap });
  const config = await readKubeconfig(lab.kubeconfig, systemClock);
  const kube = new HttpKube({ clock: systemClock }, { config, connections: 16 });
  const start = performance.now();
  await buildWorld(lab, kube, options.services);
  print(`the cluster was made in ${asSeconds(performance.now() - start)}`);
  const token = await tokenIn(lab);
  const ingress = await IngressWatch.start(kube);
  const routes = await RouteMonitor.start(lab.router('r1'));
  try {
    const bench = { ...options, lab, kube, routes, ingress, replicas, token };
    await Promise.race([measure(bench, signal), aborted(signal)]);
  } finally {
    routes.stop();
    ingress.stop();
    await kube.close();
  }
}

const options = optionsOf(process.argv.slice(2));
if (options === undefined) {
  process.stderr.write(`${usageText}\n`);
  process.exit(2);
}
process.exit(
  await inLab((lab, signal) => benchIn(lab, signal, options), { nodes: 3, routers: 1, clients: 0, hosts: 1 }),
);
