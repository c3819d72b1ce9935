/**
 * `npm run bench:latency`: how long from a change in the API to the router's kernel, and what a burst and a cold start cost.
 * Two replicas of the image on a light lab (API server, FRR, nodes as objects); FRR's bgpd holds each route change 50 ms.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { HttpKube } from '../../backend/src/cluster/http/http-kube.ts';
import { readKubeconfig } from '../../backend/src/cluster/http/kubeconfig.ts';
import type { Kube } from '../../backend/src/cluster/kube.ts';
import { endpointSlices, services } from '../../backend/src/cluster/kinds.ts';
import { systemClock } from '../../backend/src/platform/linux/clock.ts';
import type { KubeObject } from '../cluster/api-client.ts';
import { LightLab } from '../light-lab.ts';
import { until } from '../state/until.ts';
import { progressToStderr } from '../toolchain/index.ts';
import { inParallel, milliseconds, seconds } from './figures.ts';
import { IngressWatch } from './ingress-watch.ts';
import { Replicas } from './replicas.ts';
import { RouteMonitor } from './route-monitor.ts';
import { configuration, namespace, service, slice } from './services.ts';
import { findProcesses, usage } from './usage.ts';

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
  const toAddress: number[] = [];
  const toRoute: number[] = [];
  for (let i = 0; i < samples; i++) {
    const name = `single-${i}`;
    await create(bench.kube, slice(name, ['n1', 'n2']));
    await sleep(50);
    const start = performance.now();
    await create(bench.kube, service({ name, policy }));
    const { at, ip } = await bench.ingress.of(name);
    const routed = await bench.routes.when(() => bench.routes.gateways(ip) === wanted);
    toAddress.push(at - start);
    toRoute.push(routed - start);
    await remove(bench, name, ip);
  }
  print(`create -> address in status, ${policy}:      ${milliseconds(toAddress)}`);
  print(`create -> router's kernel, ${policy}:        ${milliseconds(toRoute)}`);
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
  print(`endpoint moved (Local) -> router's kernel:  ${milliseconds(taken)}`);
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

async function many(bench: Bench): Promise<void> {
  const { kube, replicas, ingress, routes } = bench;
  await replicas.kill();
  ingress.forget();
  const bare = await bareApi(bench);
  ingress.forget();
  await replicas.start();
  await established(bench);
  await inParallel(burst, lanes, async (i) => void (await create(kube, slice(`burst-${i}`, ['n1', 'n2']))));
  await sleep(1_000);
  const pids = await replicas.pids();
  const apiServer = await findProcesses((line) => line.includes('kube-apiserver') && line.includes(bench.lab.name));
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
  print(
    `${burst} Services at once: created ${seconds(created)}, all addresses ${seconds(addressed)}, all routes ${seconds(routed)}`,
  );
  print(`  bare API, same creates and patches:       ${seconds(bare)} -> ratio ${(addressed / bare).toFixed(2)}`);
  print(
    `  CPU: manager (2 replicas) ${seconds(after.cpuMs - before.cpuMs)}, API server ${seconds(apiAfter.cpuMs - apiBefore.cpuMs)}`,
  );
  print(
    `  memory of both replicas:                  ${before.rssMiB.toFixed(0)} MiB before, ${after.rssMiB.toFixed(0)} MiB after`,
  );
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
  print(`cold start with ${burst} Services, process -> all routes: ${milliseconds(taken)}`);
}

async function established({ lab }: Bench): Promise<void> {
  const both = async (): Promise<boolean> => (await lab.router('r1').establishedPeers()).length === 2;
  await until(both, { what: 'both replicas to have their session', explain: () => lab.log('n1.porter-manager') });
}

async function main(): Promise<void> {
  const lab = await LightLab.up({ network: { nodes: 3, routers: 1, clients: 0 }, progress: progressToStderr });
  const replicas = await prepare(lab);
  const kube = new HttpKube(
    { clock: systemClock },
    { config: await readKubeconfig(lab.kubeconfig, systemClock), connections: lanes },
  );
  const ingress = await IngressWatch.start(kube);
  const routes = await RouteMonitor.start(lab.router('r1'));
  const bench: Bench = { lab, kube, replicas, ingress, routes };
  try {
    await replicas.start();
    await established(bench);
    const idle = await usage(await replicas.pids());
    print(`two replicas at rest:                       ${idle.rssMiB.toFixed(0)} MiB`);
    await single(bench, 'Cluster');
    await single(bench, 'Local');
    await move(bench);
    await many(bench);
    await coldStart(bench);
  } finally {
    routes.stop();
    ingress.stop();
    await kube.close();
    await lab.down();
    await replicas.remove();
  }
}

async function prepare(lab: LightLab): Promise<Replicas> {
  await lab.kubectl(['apply', '-f', 'charts/backend/crds']);
  await lab.kubectl(['wait', '--for=condition=Established', 'crd', '--all']);
  const router = lab.router('r1');
  for (const object of configuration({ asn: router.asn, address: router.addresses.ipv4 })) await lab.apply(object);
  return Replicas.prepare(lab, ['n1', 'n2']);
}

await main();
