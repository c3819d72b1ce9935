/**
 * `npm run bench:bgp`: a full table of 10,000 addresses with 8 next hops each (ADD-PATH) into FRR and into BIRD, from session-up to the last route in the
 * router's table, beside GoBGP with the same routes into the same router in turn; then what the speaker takes by itself: for a change of one next hop of
 * all addresses, and for a hundred peers. Namespaces of its own, no cluster. Figures of other senders are for comparison on this machine, in this run.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FrrRouter } from '../scenarios/bgp-frr/frr-router.ts';
import { inNamespace } from '../scenarios/bgp-routers/router-network.ts';
import { until } from '../state/until.ts';
import { ensurePrograms, progressToStderr } from '../toolchain/index.ts';
import { run } from '../toolchain/run.ts';
import { hopsPerPrefix, paths, prefixes } from './bgp/full-table.ts';
import { GobgpSender } from './bgp/gobgp-sender.ts';
import { asImage } from './bgp/as-image.ts';
import { OwnSender } from './bgp/own-sender.ts';
import type { OwnTime } from './bgp/own-time.ts';
import { Bird, frr, type Receiver } from './bgp/receivers.ts';
import { percentile } from './figures.ts';
import { print, printRow } from './report.ts';

const rounds = 3;
const changeMs = 100;
const manyPeers = 100;
const pollMs = 20;

/** Opens and closes a session with a receiver. */
interface Sender {
  readonly pid: number;
  connect(receiver: Receiver): Promise<void>;
  disconnect(receiver: Receiver): Promise<void>;
}

interface Run {
  readonly ms: number;
  readonly updates: number;
  readonly bytes: number;
}

/** Octets that the router's kernel has received of BGP connections that stand. */
async function received(namespace: string): Promise<number> {
  const text = await inNamespace(namespace, 'ss', '-Htin', 'state', 'established');
  return [...text.matchAll(/bytes_received:(\d+)/g)].reduce((sum, [, bytes]) => sum + Number(bytes), 0);
}

async function residentMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}

/** From the last look at a router that has no session yet to the first one at a router that has all paths: too long by a look or two, never too short. */
async function fill(namespace: string, sender: Sender, receiver: Receiver): Promise<Run> {
  const { updates: before } = await receiver.look();
  await sender.connect(receiver);
  let began = performance.now();
  const deadline = began + 120_000;
  for (;;) {
    const asked = performance.now();
    const { established, paths: have } = await receiver.look();
    if (!established) began = asked;
    else if (have === paths) break;
    if (asked > deadline) throw new Error(`${receiver.name} has ${have} of ${paths} paths`);
    await sleep(pollMs);
  }
  const ms = performance.now() - began;
  return { ms, updates: (await receiver.look()).updates - before, bytes: await received(namespace) };
}

async function empty(sender: Sender, receiver: Receiver): Promise<void> {
  await sender.disconnect(receiver);
  const gone = async (): Promise<boolean> => {
    const { established, paths: have } = await receiver.look();
    return !established && have === 0;
  };
  await until(gone, { what: `${receiver.name} to have no route`, timeoutMs: 60_000 });
}

const middle = (values: readonly number[]): number => percentile(values, 50);
const milliseconds = (ms: number): string => `${ms.toFixed(1)} ms`;
const kilobytes = (bytes: number): string => `${Math.round(bytes / 1000)} kB`;

async function compare(namespace: string, ours: Sender, theirs: Sender, receiver: Receiver): Promise<void> {
  const runs = { ours: [] as Run[], theirs: [] as Run[] };
  let [ourMiB, theirMiB] = [0, 0];
  // In turn, so that what else the machine does falls on both.
  for (let round = 0; round < rounds; round++) {
    runs.ours.push(await fill(namespace, ours, receiver));
    ourMiB = await residentMiB(ours.pid);
    await empty(ours, receiver);
    runs.theirs.push(await fill(namespace, theirs, receiver));
    theirMiB = await residentMiB(theirs.pid);
    await empty(theirs, receiver);
  }
  const of = (which: readonly Run[], figure: keyof Run): number => middle(which.map((run) => run[figure]));
  const row = (what: string, figure: keyof Run, text: (value: number) => string): void => {
    const [our, their] = [of(runs.ours, figure), of(runs.theirs, figure)];
    if (Number.isNaN(our)) return;
    printRow(`  ${what}`, `${text(our)}, GoBGP ${text(their)}: ${(our / their).toFixed(2)} times`);
  };
  print(
    `${receiver.name}, ${prefixes} addresses with ${hopsPerPrefix} next hops each, the middle one of ${rounds} runs:`,
  );
  row('from session-up to the last route', 'ms', milliseconds);
  row('UPDATEs', 'updates', String);
  row('octets received', 'bytes', kilobytes);
  const memory = `${Math.round(ourMiB)} MiB, GoBGP ${Math.round(theirMiB)} MiB: ${(ourMiB / theirMiB).toFixed(2)} times`;
  printRow('  resident memory of the sender', memory);
}

async function withRouters(folder: string): Promise<void> {
  await ensurePrograms(
    ['ip', 'nsenter', '/usr/lib/frr/bgpd', 'vtysh', 'bird', 'birdc', 'gobgpd', 'gobgp'],
    progressToStderr,
  );
  const router = await FrrRouter.start(`plbbb${process.pid}`);
  const birds: Bird[] = [];
  let ours: OwnSender | undefined;
  let theirs: GobgpSender | undefined;
  try {
    for (const long of [false, true]) birds.push(await Bird.start(router.namespace, folder, long));
    theirs = await GobgpSender.start(router.speakerNamespace, folder);
    ours = await OwnSender.start(router.speakerNamespace, folder);
    for (const receiver of [frr(router), ...birds]) await compare(router.namespace, ours, theirs, receiver);
  } finally {
    await ours?.disconnect();
    await theirs?.stop();
    for (const bird of birds) await bird.stop();
    await router.remove();
  }
}

/** In a process of its own, whose heap has the limit that Node.js takes in a container of the chart's 512 MiB. */
async function ownTime(peers: number, folder: string): Promise<OwnTime> {
  const [command = '', ...args] = asImage(folder, ['--max-old-space-size=256'], 'own-time-process.ts', String(peers));
  return JSON.parse(await run(command, args)) as OwnTime;
}

async function alone(folder: string): Promise<void> {
  const one = await ownTime(1, folder);
  const goal = { text: `< ${changeMs} ms`, met: one.changeMs < changeMs };
  print('The speaker by itself, routers that read at once, in processor time:');
  printRow('  the whole table to one peer', milliseconds(one.tableMs));
  printRow(
    '  one next hop of all addresses changes',
    `${milliseconds(one.changeMs)}, ${kilobytes(one.changeBytes)}`,
    goal,
  );
  const many = await ownTime(manyPeers, folder);
  const ratio = (many.changeMs / one.changeMs).toFixed(0);
  printRow(`  the whole table to ${manyPeers} peers`, milliseconds(many.tableMs));
  printRow(`  one next hop changes, to ${manyPeers} peers`, `${milliseconds(many.changeMs)}: ${ratio} times one peer`);
  printRow('  the longest time for which nothing else had its turn', milliseconds(many.longestMs));
  printRow(`  memory of the process, at most, with ${manyPeers} peers`, `${Math.round(many.memoryMiB)} MiB`);
}

const folder = await mkdtemp(join(tmpdir(), 'plbbench-'));
try {
  await alone(folder);
  await withRouters(folder);
} finally {
  await rm(folder, { recursive: true, force: true });
}
