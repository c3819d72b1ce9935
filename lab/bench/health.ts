/**
 * `npm run bench:health [-- --nodes <number>] [--seconds <number>] [--deaths <number>]`: what probing many nodes costs each of two replicas, as
 * in production, and how soon both find that a node has died, with how many nodes. Namespaces of its own, no cluster: all nodes are one
 * process, each with its own address and connections. Goals stand beside the figures; the exit status tells only whether everything could
 * be measured.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { TOGETHER_MS } from '../../backend/src/health/crowd.ts';
import { RATE } from '../../backend/src/health/nodes.ts';
import { LineChannel } from '../lan/line-channel.ts';
import { inNamespace } from '../network/topology.ts';
import { until } from '../state/until.ts';
import { requireRoot } from '../toolchain/root.ts';
import { asImage } from './bgp/as-image.ts';
import { percentile, seconds as secondsText } from './figures.ts';
import { ForeignLoad } from './foreign-load.ts';
import { mostWithin, rates, type Deaths, type Look, type Rates } from './health/look.ts';
import { HealthNetwork } from './health/network.ts';
import type { NodesCommand, NodesTold } from './health/nodes-process.ts';
import type { ReplicaCommand } from './health/replica-process.ts';
import { print, printRow } from './report.ts';

const usageText =
  'usage: npm run bench:health [-- --nodes <45 to 10000>] [--seconds <5 to 600>] [--deaths <0 to 100, of one node, with each number of nodes>]';
/** With so many nodes, as far as there are, deaths are timed. */
const sizes = [200, 280, 400, 500];
const atOnce = 20;
const limitMs = 3_000;
const settledMs = 10_000;

interface Options {
  readonly count: number;
  readonly seconds: number;
  readonly deaths: number;
}

function optionsOf(args: readonly string[]): Options | undefined {
  try {
    const options = {
      nodes: { type: 'string', default: '1000' },
      seconds: { type: 'string', default: '20' },
      deaths: { type: 'string', default: '5' },
    } as const;
    const { values } = parseArgs({ args: [...args], options });
    const [count, seconds, deaths] = [Number(values.nodes), Number(values.seconds), Number(values.deaths)];
    const isIn = (value: number, least: number, most: number): boolean => value >= least && value <= most;
    // Somebody must live.
    const isFine = isIn(count, 2 * atOnce + deaths, 10_000) && isIn(seconds, 5, 600) && isIn(deaths, 0, 100);
    return isFine && [count, deaths].every(Number.isInteger) ? { count, seconds, deaths } : undefined;
  } catch {
    return undefined;
  }
}

interface Bench {
  readonly network: HealthNetwork;
  readonly nodes: LineChannel<NodesCommand, NodesTold>;
  readonly replicas: readonly LineChannel<ReplicaCommand, Look>[];
}

/** A program of health/ in a namespace, as the image would run it. */
function start<Command, Answer>(namespace: string, folder: string, program: string, ...more: readonly string[]) {
  const path = join(import.meta.dirname, 'health', program);
  const [command = '', ...args] = [...inNamespace(namespace), ...asImage(folder, [], path, namespace, ...more)];
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const channel = new LineChannel<Command, Answer>(child.stdin, child.stdout);
  child.on('error', (error) => channel.fail(error));
  child.on('close', () => channel.fail(new Error(`${program} ended`)));
  return channel;
}

async function look({ replicas }: Bench, command: ReplicaCommand = {}): Promise<Look[]> {
  return Promise.all(replicas.map((replica) => replica.tell(command)));
}

async function untilAllLive(bench: Bench, count: number): Promise<void> {
  await look(bench, { nodes: bench.network.addresses(count) });
  const all = async (): Promise<boolean> => (await look(bench)).every(({ alive }) => alive === count);
  const explain = async (): Promise<string> => (await look(bench)).map(({ alive }) => `${alive} are`).join(', ');
  await until(all, { what: `all ${count} nodes to be alive`, intervalMs: 500, explain });
}

/** One figure per replica: `7.1, 7.3`. */
function each(values: readonly number[], digits = 0): string {
  return values.map((value) => value.toFixed(digits)).join(', ');
}

function cpuText(per: readonly Rates[]): string {
  const shares = per.map(({ cpu }) => cpu);
  return `${each(shares, 1)} % of a core`;
}

async function benchUsual(bench: Bench, { count, seconds }: Options): Promise<void> {
  const rss = await look(bench);
  await untilAllLive(bench, count);
  await sleep(settledMs);
  print(`\nTwo replicas probe ${count} nodes for ${seconds} s; figures of the one, the other`);
  const [before, seen] = [await look(bench), await bench.nodes.tell({ answers: true })];
  await sleep(seconds * 1_000);
  const [after, seenThen] = [await look(bench), await bench.nodes.tell({ answers: true })];
  const per = after.map((one, i) => rates(before[i] ?? one, one));
  const isAll = after.every(({ alive }) => alive === count);
  printRow('alive', `${each(after.map(({ alive }) => alive))} of ${count}`, { text: 'all', met: isAll });
  const isBounded = per.every(({ probes }) => probes <= RATE * 1.02);
  printRow('probes per second', each(per.map(({ probes }) => probes)), { text: `<= ${RATE}`, met: isBounded });
  printRow('packets per second sent', each(per.map(({ sent }) => sent)));
  printRow('packets per second received', each(per.map(({ received }) => received)));
  const isCheap = per.every(({ cpu }) => cpu < 10);
  printRow('CPU', cpuText(per), { text: '< 10 %', met: isCheap });
  printRow('memory for it', `${each(after.map(({ rssMiB }, i) => rssMiB - (rss[i]?.rssMiB ?? 0)))} MiB`);
  printRow('requests per second to each node', ((seenThen.requests - seen.requests) / seconds / count).toFixed(2));
  printRow('connections opened meanwhile', String(seenThen.connections - seen.connections));
}

/** All service proxies hang, as if the network between were broken; the kernel answers the second witness. */
async function benchSilence(bench: Bench, { count }: Options): Promise<void> {
  await bench.nodes.tell({ answers: false });
  await sleep(settledMs / 2);
  const before = await look(bench);
  await sleep(settledMs / 2);
  const after = await look(bench);
  await bench.nodes.tell({ answers: true });
  const per = after.map((one, i) => rates(before[i] ?? one, one));
  const dead = after.map((one) => Object.keys(one.dead).length);
  print(`\nNone of the ${count} answers, and all hosts live`);
  printRow('CPU', cpuText(per));
  printRow('packets per second sent', each(per.map(({ sent }) => sent)));
  printRow('dead by then', each(dead), { text: '0', met: dead.every((number) => number === 0) });
}

/** Until each replica has found each of these nodes dead, in milliseconds since before they were told to die: too long by some, never too short. */
async function die(bench: Bench, addresses: readonly string[]): Promise<number[]> {
  const killedAt = performance.timeOrigin + performance.now();
  await bench.network.kill(addresses);
  const all = async (): Promise<Look[] | undefined> => {
    const looks = await look(bench);
    return looks.every(({ dead }) => addresses.every((address) => address in dead)) ? looks : undefined;
  };
  const looks = await until(all, { what: `both replicas to find ${addresses.length} dead`, intervalMs: 250 });
  return looks.flatMap(({ dead }) => addresses.map((address) => (dead[address] ?? NaN) - killedAt));
}

interface Measured {
  readonly alone: Deaths;
  readonly together: Deaths;
}

async function benchDeaths(bench: Bench, count: number, deaths: number): Promise<Measured> {
  await bench.network.reviveAll();
  await untilAllLive(bench, count);
  const mortal = bench.network.addresses(count).slice(-deaths - atOnce);
  const alone: number[] = [];
  for (const address of mortal.slice(atOnce)) {
    // Later than this it has nothing to do with those before.
    await sleep(TOGETHER_MS);
    alone.push(...(await die(bench, [address])));
  }
  await sleep(TOGETHER_MS);
  const together = await die(bench, mortal.slice(0, atOnce));
  printTimes(`${count} nodes, one dies`, alone);
  printTimes(`${count} nodes, ${atOnce} die at once`, together);
  return { alone: { nodes: count, times: alone }, together: { nodes: count, times: together } };
}

function printTimes(what: string, times: readonly number[]): void {
  const [median, worst] = [percentile(times, 50), percentile(times, 100)];
  const goal = { text: secondsText(limitMs), met: worst <= limitMs };
  printRow(what, `${secondsText(median)} (worst ${secondsText(worst)}, n ${times.length})`, goal);
}

async function benchAllDeaths(bench: Bench, { count, deaths }: Options): Promise<void> {
  print('\nFrom the death of a node to the verdict of both replicas');
  const measured: Measured[] = [];
  for (const size of [...sizes.filter((one) => one < count), count]) {
    measured.push(await benchDeaths(bench, size, deaths));
  }
  const most = (which: keyof Measured): string => {
    const deathsOf = measured.map((one) => one[which]);
    return String(mostWithin(limitMs, deathsOf) ?? 'none');
  };
  printRow(
    `so many nodes, and ${limitMs / 1_000} s held`,
    `${most('alone')} (one dies), ${most('together')} (${atOnce} at once)`,
  );
}

async function bench(options: Options, folder: string): Promise<void> {
  const network = new HealthNetwork(process.pid);
  const channels: { close(): void }[] = [];
  const open = <Command, Answer>(...args: Parameters<typeof start>): LineChannel<Command, Answer> => {
    const channel = start<Command, Answer>(...args);
    channels.push(channel);
    return channel;
  };
  try {
    await network.create();
    const nodes = open<NodesCommand, NodesTold>(network.nodes, folder, 'nodes-process.ts');
    await nodes.tell({ answers: true });
    const replicas = network.replicas.map(({ namespace, host }) =>
      open<ReplicaCommand, Look>(namespace, folder, 'replica-process.ts', host),
    );
    const load = await ForeignLoad.start('plbhealth');
    const site = { network, nodes, replicas };
    await benchUsual(site, options);
    await benchSilence(site, options);
    if (options.deaths > 0) await benchAllDeaths(site, options);
    print(`\n${await load.describe()}`);
  } finally {
    for (const channel of channels) channel.close();
    await network.remove();
  }
}

async function main(): Promise<number> {
  const options = optionsOf(process.argv.slice(2));
  if (options === undefined) {
    process.stderr.write(`${usageText}\n`);
    return 2;
  }
  requireRoot();
  const folder = await mkdtemp(join(tmpdir(), 'porterlb-bench-'));
  try {
    await bench(options, folder);
    return 0;
  } finally {
    await rm(folder, { recursive: true });
  }
}

process.exit(await main());
