/**
 * `npm run bench:latency`: how long from a change in the API to the router's kernel, and what a burst and a cold start cost.
 * Two replicas of the image on a light lab (API server, FRR, nodes as objects). FRR takes about 60 ms of each change by itself:
 * bgpd holds it 50 ms, zebra 10 ms. The API's own answers are measured beside, and what else the machine did meanwhile.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { HttpKube } from '../../backend/src/cluster/http/http-kube.ts';
import { readKubeconfig } from '../../backend/src/cluster/http/kubeconfig.ts';
import type { Kube } from '../../backend/src/cluster/kube.ts';
import { endpointSlices, services } from '../../backend/src/cluster/kinds.ts';
import { systemClock } from '../../backend/src/platform/linux/clock.ts';
import type { KubeObject } from '../cluster/api-client.ts';
import type { LightLab } from '../light-lab.ts';
import { until } from '../state/until.ts';
import { inParallel, milliseconds, seconds } from './figures.ts';
import { ForeignLoad } from './foreign-load.ts';
import { aborted, established, inLab, prepare } from './in-lab.ts';
import { IngressWatch } from './ingress-watch.ts';
import type { Replicas } from './replicas.ts';
import { RouteMonitor } from './route-monitor.ts';
import { namespace, service, slice } from './services.ts';
import { findProcesses, usage, type Usage } from './usage.ts';

const samples = 30;
const burst = 1000;
/** Requests under way at once, of the measuring client. */
const lanes = 16;

interface Bench {
  readonly lab: LightLab;
  readonly kube: Kube;
  readonly replicas: Replicas;
  readonly ingress: IngressWatch;
  readonly routes: RouteMonitor;
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const printFigure = (what: string, figure: string): void => print(`${what.padEnd(44)}${figure}`);
const create = (kube: Kube, object: KubeObject): Promise<unknown> =>
  object.kind === 'Service' ? kube.create(services, object) : kube.create(endpointSlices, object as never);

function gateways({ lab }: Bench, nodes: readonly string[]): string {
  return nodes
    .map((node) => lab.node(node).addresses.ipv4)
    .sort()
    .join();
}

async function remove(bench: Bench, name: string, ip: string): Promise<void> {
  await bench.kube.delete(services, { namespace, name });
  await bench.kube.delete(endpointSlices, { namespace, name: `${name}-1` });
  await bench.routes.when(() => bench.routes.gateways(ip) === '');
  await until(() => Promise.resolve(bench.ingress.count === 0), { what: 'the Service to be gone' });
}

async function single(bench: Bench, policy: 'Cluster' | 'Local'): Promise<void> {
  const wanted = gateways(bench, policy === 'Local' ? ['n1', 'n2'] : ['n1', 'n2', 'n3']);
  const toAnswer: number[] = [];
  const toAddress: number[] = [];
  const toRoute: number[] = [];
  for (let i = 0; i < samples; i++) {
    const name = `single-${i}`;
    await create(bench.kube, slice(name, ['n1', 'n2']));
    await sleep(50);
    const start = performance.now();
    // The address may be seen before the answer is.
    const answered = create(bench.kube, service({ name, policy })).then(() => performance.now());
    const { at, ip } = await bench.ingress.of(name);
    const routed = await bench.routes.when(() => bench.routes.gateways(ip) === wanted);
    toAnswer.push((await answered) - start);
    toAddress.push(at - start);
    toRoute.push(routed - start);
    await remove(bench, name, ip);
  }
  printFigure(`create -> API answer, ${policy}:`, milliseconds(toAnswer));
  printFigure(`create -> address in status, ${policy}:`, milliseconds(toAddress));
  printFigure(`create -> router's kernel, ${policy}:`, milliseconds(toRoute));
}

async function move(bench: Bench): Promise<void> {
  const name = 'moving';
  await create(bench.kube, slice(name, ['n1']));
  await create(bench.kube, service({ name, policy: 'Local' }));
  const { ip } = await bench.ingress.of(name);
  const taken: number[] = [];
  for (let i = 0; i < samples; i++) {
    const node = i % 2 === 0 ? 'n2' : 'n1';
    await sleep(100);
    const start = performance.now();
    const { endpoints } = slice(name, [node]) as unknown as { endpoints: unknown };
    await bench.kube.patch(
      endpointSlices,
      { namespace, name: `${name}-1` },
      { type: 'merge', body: { endpoints } as never },
    );
    taken.push((await bench.routes.when(() => bench.routes.gateways(ip) === gateways(bench, [node]))) - start);
  }
  printFigure("endpoint moved (Local) -> router's kernel:", milliseconds(taken));
  await remove(bench, name, ip);
}

/** The same creates and one status patch each by a pooled client, with nobody else at work: what the API itself takes. */
async function bareApi({ kube }: Bench): Promise<number> {
  const start = performance.now();
  const status = { status: { loadBalancer: { ingress: [{ ip: '192.0.2.1', ipMode: 'VIP' }] } } };
  await inParallel(burst, lanes, async (i) => {
    const name = `bare-${i}`;
    await create(kube, service({ name, policy: 'Cluster', loadBalancerClass: 'example.com/none' }));
    await kube.patch(
      services,
      { namespace, name },
      { type: 'merge', body: status as never },
      { subresource: 'status' },
    );
  });
  const taken = performance.now() - start;
  await inParallel(burst, lanes, (i) => kube.delete(services, { namespace, name: `bare-${i}` }));
  return taken;
}

/** The bare API comes before and after, as the machine may be busier at one time than at another. */
async function burstAndColdStart(bench: Bench): Promise<void> {
  await bench.replicas.kill();
  const before = await bareApi(bench);
  bench.ingress.forget();
  await bench.replicas.start();
  await established(bench.lab);
  const addressed = await many(bench);
  await coldStart(bench);
  await bench.replicas.kill();
  const after = await bareApi(bench);
  printFigure('bare API, same creates and patches, twice:', `${seconds(before)}, ${seconds(after)}`);
  printFigure('all addresses / mean of the bare API:', ((2 * addressed) / (before + after)).toFixed(2));
}

/** Creates the Services; returns the time until all have addresses, in milliseconds. */
async function many(bench: Bench): Promise<number> {
  const { kube, replicas, ingress, routes, lab } = bench;
  await inParallel(burst, lanes, async (i) => void (await create(kube, slice(`burst-${i}`, ['n1', 'n2']))));
  await sleep(1_000);
  const pids = await replicas.pids();
  const apiServer = await findProcesses((line) => line.includes('kube-apiserver') && line.includes(lab.name));
  const before = await usage(pids);
  const apiBefore = await usage(apiServer);
  const start = performance.now();
  await inParallel(
    burst,
    lanes,
    async (i) => void (await create(kube, service({ name: `burst-${i}`, policy: 'Cluster' }))),
  );
  const created = performance.now() - start;
  const addressed = (await ingress.all(burst)) - start;
  const routed = (await routes.when(() => complete(bench) >= burst)) - start;
  const after = await usage(pids);
  const apiAfter = await usage(apiServer);
  printFigure(`${burst} Services at once, all created:`, seconds(created));
  printFigure('  all addresses:', seconds(addressed));
  printFigure('  all routes:', seconds(routed));
  printFigure('  CPU of both replicas:', seconds(after.cpuMs - before.cpuMs));
  printFigure('  CPU of the API server:', seconds(apiAfter.cpuMs - apiBefore.cpuMs));
  printFigure('  memory of both replicas, before and after:', `${mebibytes(before)}, ${mebibytes(after)}`);
  return addressed;
}

function mebibytes({ rssMiB }: Usage): string {
  return `${rssMiB.toFixed(0)} MiB`;
}

function complete(bench: Bench): number {
  const wanted = gateways(bench, ['n1', 'n2', 'n3']);
  let count = 0;
  for (let i = 0; i < burst; i++) {
    if (bench.routes.gateways(`172.30.${i >> 8}.${i & 255}`) === wanted) count += 1;
  }
  return count;
}

async function coldStart(bench: Bench): Promise<void> {
  const { replicas, routes, lab } = bench;
  const taken: number[] = [];
  for (let i = 0; i < 5; i++) {
    await replicas.kill();
    await lab.router('r1').restart();
    await routes.when(() => complete(bench) === 0);
    await sleep(500);
    const start = performance.now();
    await replicas.start();
    taken.push((await routes.when(() => complete(bench) >= burst)) - start);
  }
  printFigure(`cold start, ${burst} Services -> all routes:`, milliseconds(taken));
}

async function atRest({ replicas }: Bench): Promise<void> {
  printFigure('memory of both replicas at rest:', mebibytes(await usage(await replicas.pids())));
}

const sections: readonly ((bench: Bench) => Promise<void>)[] = [
  atRest,
  (bench) => single(bench, 'Cluster'),
  (bench) => single(bench, 'Local'),
  move,
  burstAndColdStart,
];

async function measure(bench: Bench, signal: AbortSignal): Promise<void> {
  await bench.replicas.start();
  await established(bench.lab);
  for (const section of sections) {
    signal.throwIfAborted();
    const load = await ForeignLoad.start(bench.lab.name);
    await section(bench);
    print(`    (${await load.describe()})`);
  }
}

async function benchIn(lab: LightLab, signal: AbortSignal): Promise<void> {
  const replicas = await prepare(lab);
  const config = await readKubeconfig(lab.kubeconfig, systemClock);
  const kube = new HttpKube({ clock: systemClock }, { config, connections: lanes });
  const ingress = await IngressWatch.start(kube);
  const routes = await RouteMonitor.start(lab.router('r1'));
  try {
    await Promise.race([measure({ lab, kube, replicas, ingress, routes }, signal), aborted(signal)]);
  } finally {
    routes.stop();
    ingress.stop();
    await kube.close();
  }
}

process.exit(await inLab(benchIn));
