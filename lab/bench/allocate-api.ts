/**
 * Addresses for many Services at once from two replicas of the image, on a light lab with a real API server. The figure is a ratio:
 * to the same creates and status patches by a client that does nothing else. What the manager writes is counted by the API
 * server itself; only it and this bench write here, and what the bench writes is known.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { HttpKube } from '../../backend/src/cluster/http/http-kube.ts';
import { readKubeconfig } from '../../backend/src/cluster/http/kubeconfig.ts';
import type * as kinds from '../../backend/src/cluster/kinds.ts';
import { endpointSlices, services } from '../../backend/src/cluster/kinds.ts';
import type { Kube } from '../../backend/src/cluster/kube.ts';
import { listAll } from '../../backend/src/cluster/watch/list-all.ts';
import { patchFenced, type FencedPatch } from '../../backend/src/cluster/write/apply-status.ts';
import { systemClock } from '../../backend/src/platform/linux/clock.ts';
import { OPENELB_KEYS, SERVICE_CONDITIONS, SERVICE_KEYS } from '../../backend/src/resources/keys.ts';
import type { LightLab } from '../light-lab.ts';
import { CpuByPart } from './cpu-by-part.ts';
import { inParallel, seconds } from './figures.ts';
import { ForeignLoad } from './foreign-load.ts';
import { aborted, established, prepare } from './in-lab.ts';
import { IngressWatch } from './ingress-watch.ts';
import type { Replicas } from './replicas.ts';
import { print, printRow } from './report.ts';
import { ServerTime } from './server-time.ts';
import { namespace, service, slice } from './services.ts';
import { usage } from './usage.ts';
import { WriteRequests } from './write-requests.ts';

/** Requests under way at once, of the measuring client. */
const lanes = 16;
const idleMs = 30_000;
const maxRatio = 1.3;

interface Bench {
  readonly lab: LightLab;
  readonly kube: Kube;
  readonly replicas: Replicas;
  readonly ingress: IngressWatch;
  readonly count: number;
}

function newService(name: string, loadBalancerClass?: string): kinds.Service {
  const ours = loadBalancerClass === undefined ? {} : { loadBalancerClass };
  return service({ name, policy: 'Cluster', nodePorts: false, ...ours });
}

/** As much as the manager's first patch of a Service has. */
function addressPatch(ip: string): Pick<FencedPatch, 'metadata' | 'fields'> {
  const condition = { status: 'True', reason: 'Allocated', message: `Addresses: ${ip}.`, observedGeneration: 1 };
  const lastTransitionTime = new Date().toISOString();
  return {
    metadata: {
      finalizers: [SERVICE_KEYS.finalizer],
      labels: { [OPENELB_KEYS.servicePool]: 'bench' },
      annotations: { [SERVICE_KEYS.assigned]: `bench=${ip}` },
    },
    fields: {
      status: {
        loadBalancer: { ingress: [{ ip, ipMode: 'VIP' }] },
        conditions: [{ type: SERVICE_CONDITIONS.allocated, ...condition, lastTransitionTime }],
      },
    },
  };
}

/** As much as its second one has. */
function announcedPatch(): Pick<FencedPatch, 'fields'> {
  const lastTransitionTime = new Date().toISOString();
  const condition = { status: 'True', reason: 'Announced', message: 'The address is announced.', lastTransitionTime };
  return { fields: { status: { conditions: [{ type: SERVICE_CONDITIONS.announced, ...condition }] } } };
}

/**
 * The same creates and the same two status patches each as the manager's, by a client that does nothing else; returns how long that
 * took, in milliseconds.
 */
async function bareApi({ kube, count, lab, replicas }: Bench): Promise<number> {
  const load = await ForeignLoad.start(lab.name);
  const cpu = await CpuByPart.start(lab, replicas);
  const creates = await timeOfCreates(lab);
  const start = performance.now();
  await inParallel(count, lanes, async (i) => {
    let object: kinds.Service = await kube.create(services, newService(`bare-${i}`, 'example.com/none'));
    for (const patch of [addressPatch(`192.0.2.${i & 255}`), announcedPatch()])
      object = await patchFenced(kube, services, object, { type: 'strategic', ...patch, subresource: 'status' });
  });
  const taken = performance.now() - start;
  printRow('bare API, same creates and status patches', `${seconds(taken)} (${await load.describe()})`);
  printRow('  CPU', await cpu.describe());
  printRow(meanCreate, `${(await timeOfCreates(lab)).meanSince(creates).toFixed(0)} ms`);
  await inParallel(count, lanes, async (i) => {
    const ref = { namespace, name: `bare-${i}` };
    await kube.patch(services, ref, { type: 'merge', body: { metadata: { finalizers: null } } as never });
    await kube.delete(services, ref);
  });
  return taken;
}

/** It makes one at a time, as each takes a cluster address: the others wait for their turn, be there a manager or not. */
const meanCreate = `  a create in the API server, ${lanes} at once`;

async function timeOfCreates(lab: LightLab): Promise<ServerTime> {
  return ServerTime.parse(await lab.kubectl(['get', '--raw', '/metrics']), 'POST', 'services');
}

async function writeRequests({ lab }: Bench): Promise<WriteRequests> {
  return WriteRequests.parse(await lab.kubectl(['get', '--raw', '/metrics']));
}

/**
 * Waits until nobody has written anything for 5 s, but to these resources; returns how long that took, those 5 s apart, in
 * milliseconds. Events of a burst are written at 10 a second, so they take their time.
 */
async function untilQuiet(bench: Bench, but: readonly string[]): Promise<number> {
  const start = performance.now();
  for (let before = await writeRequests(bench); performance.now() - start < 900_000;) {
    await sleep(5_000);
    const now = await writeRequests(bench);
    const { resources } = now.since(before);
    if (resources.every((resource) => but.includes(resource))) return performance.now() - start - 5_000;
    before = now;
  }
  throw new Error('the manager went on writing for 15 minutes');
}

/** From the first create until all have addresses, and until all say that these are announced, in milliseconds. */
interface Served {
  readonly addressed: number;
  readonly announced: number;
}

/** Creates the Services, and waits for all that the manager writes of them. */
async function withManager(bench: Bench): Promise<Served> {
  const { kube, count, replicas, ingress, lab } = bench;
  const pids = await replicas.pids();
  const before = { writes: await writeRequests(bench), manager: await usage(pids) };
  const cpu = await CpuByPart.start(lab, replicas);
  const load = await ForeignLoad.start(lab.name);
  const creates = await timeOfCreates(lab);
  const start = performance.now();
  await inParallel(count, lanes, async (i) => void (await kube.create(services, newService(`many-${i}`))));
  const created = performance.now() - start;
  const addressed = (await ingress.all(count)) - start;
  printRow(`${count} Services at once: all created`, seconds(created));
  printRow('  all have addresses', `${seconds(addressed)} (${await load.describe()})`);
  printRow('  CPU until then', await cpu.describe());
  printRow(meanCreate, `${(await timeOfCreates(lab)).meanSince(creates).toFixed(0)} ms`);
  const announced = (await ingress.allAnnounced(count)) - start;
  printRow('  all say that they are announced', seconds(announced));
  printRow('  CPU until then', await cpu.describe());
  const quiet = await untilQuiet(bench, ['leases', 'events']);
  const after = { writes: await writeRequests(bench), manager: await usage(pids) };
  printRow('  nothing but Events is written, from then', seconds(quiet));
  printRow(
    '  memory of both replicas, before and after',
    `${before.manager.rssMiB.toFixed(0)}, ${after.manager.rssMiB.toFixed(0)} MiB`,
  );
  printWrites(bench, after.writes.since(before.writes).without('POST services', count));
  return { addressed, announced };
}

function printWrites({ count }: Bench, all: WriteRequests): void {
  const ofServices = all.of('services').total / count;
  printRow('  write requests per Service', ofServices.toFixed(3), { text: '<= 2.1', met: ofServices <= 2.1 });
  for (const resource of all.resources) printRow(`    ${resource}`, all.of(resource).toString());
}

/** What the Services say in the end: whether each has an address of its own, and is announced. */
async function printResult({ kube, count }: Bench): Promise<void> {
  const { items } = await listAll(kube, services, { namespace });
  const ours = items.filter(({ metadata }) => metadata?.name?.startsWith('many-') === true);
  const ips = new Set(ours.flatMap(({ status }) => status?.loadBalancer?.ingress?.[0]?.ip ?? []));
  const announced = ours.filter(({ status }) =>
    status?.conditions?.some(({ type, status }) => type === SERVICE_CONDITIONS.announced && status === 'True'),
  );
  printRow('  different addresses', String(ips.size), { text: String(count), met: ips.size === count });
  const met = announced.length === count;
  printRow('  condition Announced is True', String(announced.length), { text: String(count), met });
}

async function idle(bench: Bench): Promise<void> {
  printRow('  the last Event is written, from then', seconds(await untilQuiet(bench, ['leases'])));
  const pids = await bench.replicas.pids();
  const before = await Promise.all(pids.map((pid) => usage([pid])));
  const writes = await writeRequests(bench);
  await sleep(idleMs);
  const since = (await writeRequests(bench)).since(writes);
  const after = await Promise.all(pids.map((pid) => usage([pid])));
  const shares = after.map(({ cpuMs }, i) => (100 * (cpuMs - (before[i]?.cpuMs ?? 0))) / idleMs);
  const onlyLeases = since.total === since.of('leases').total;
  printRow(`at rest for ${idleMs / 1_000} s: write requests`, since.toString(), {
    text: 'Leases only',
    met: onlyLeases,
  });
  const text = shares.map((share) => `${share.toFixed(1)} %`).join(', ');
  printRow('  CPU of each replica', text, { text: '< 1 %', met: shares.every((share) => share < 1) });
  printRow('  memory of each replica', after.map(({ rssMiB }) => `${rssMiB.toFixed(0)} MiB`).join(', '));
}

/**
 * The bare API comes before and after, as the machine may be busier at one time than at another. The slices are there all the time, so
 * that the API server and etcd are as full in one run as in another.
 */
async function measure(bench: Bench): Promise<void> {
  const { lab, kube, replicas, ingress, count } = bench;
  await inParallel(
    count,
    lanes,
    async (i) => void (await kube.create(endpointSlices, slice(`many-${i}`, ['n1', 'n2']) as never)),
  );
  const before = await bareApi(bench);
  ingress.forget();
  await replicas.start();
  await established(lab);
  await untilQuiet(bench, ['leases']);
  const { addressed, announced } = await withManager(bench);
  await printResult(bench);
  await idle(bench);
  // The second bare run must find the API server as empty as the first, and only the manager takes its finalizer off.
  await inParallel(count, lanes, (i) => kube.delete(services, { namespace, name: `many-${i}` }));
  await untilQuiet(bench, ['leases', 'events']);
  await replicas.kill();
  const after = await bareApi(bench);
  const ratio = (ms: number): number => (2 * ms) / (before + after);
  const met = ratio(addressed) <= maxRatio;
  printRow('all addresses / mean of the bare API', ratio(addressed).toFixed(2), { text: `<= ${maxRatio}`, met });
  // The manager has the second patches wait for the first ones, the bare client has not: both are in this.
  printRow('all patches / mean of the bare API', ratio(announced).toFixed(2));
}

/** Prints the figures for so many Services. */
export async function benchApi(lab: LightLab, signal: AbortSignal, count: number): Promise<void> {
  print(`\nWith an API server and two replicas: ${count} Services without node ports`);
  const replicas = await prepare(lab);
  const config = await readKubeconfig(lab.kubeconfig, systemClock);
  const kube = new HttpKube({ clock: systemClock }, { config, connections: lanes });
  const ingress = await IngressWatch.start(kube);
  try {
    await Promise.race([measure({ lab, kube, replicas, ingress, count }), aborted(signal)]);
  } finally {
    ingress.stop();
    await kube.close();
  }
}
