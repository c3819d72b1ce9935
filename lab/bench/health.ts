/**
 * `npm run bench:health [-- --nodes <number>] [--seconds <number>]`: what probing many nodes costs one replica, on loopback only. The
 * nodes are one server in a process of its own, each with its own connection. Goals stand beside the figures; the exit status tells only
 * whether everything could be measured.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { NodeProber, RATE, type NodeTarget } from '../../backend/src/health/nodes.ts';
import { FakeLogger } from '../../backend/src/platform/fake/logger.ts';
import { systemClock, systemRandom } from '../../backend/src/platform/linux/clock.ts';
import { systemDialer } from '../../backend/src/platform/linux/dialer.ts';
import { print, printRow } from './report.ts';

const usageText = 'usage: npm run bench:health [-- --nodes <1 to 10000>] [--seconds <5 to 600>]';
/** What a server process is started with; it answers what it is asked with how many requests and connections it has seen. */
const serverRole = '--server';
/** Request, response with the acknowledgement of the request, acknowledgement of the response. */
const packetsPerProbe = 3;

interface Seen {
  readonly requests: number;
  readonly connections: number;
}

function serve(): void {
  const seen = { requests: 0, connections: 0 };
  const body = '{"lastUpdated": "2026-01-01 00:00:00","currentTime": "2026-01-01 00:00:00", "nodeEligible": true}';
  const answer = Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  const server = createServer((socket) => {
    seen.connections += 1;
    socket.setNoDelay(true);
    socket.on('data', () => {
      seen.requests += 1;
      socket.write(answer);
    });
    socket.on('error', () => socket.destroy());
  });
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
  process.on('message', () => process.send?.({ ...seen }));
  process.on('disconnect', () => process.exit(0));
}

function optionsOf(args: readonly string[]): { readonly count: number; readonly seconds: number } | undefined {
  try {
    const options = { nodes: { type: 'string', default: '1000' }, seconds: { type: 'string', default: '20' } } as const;
    const { values } = parseArgs({ args: [...args], options });
    const [count, seconds] = [Number(values.nodes), Number(values.seconds)];
    const inRange = count >= 1 && count <= 10_000 && seconds >= 5 && seconds <= 600;
    return Number.isInteger(count) && inRange ? { count, seconds } : undefined;
  } catch {
    return undefined;
  }
}

function targets(count: number): NodeTarget[] {
  return Array.from({ length: count }, (_, i) => ({ name: `n${i}`, address: '127.0.0.1' }));
}

/** The share of one core that this process takes while it waits, in percent. */
async function cpuShare(seconds: number): Promise<number> {
  const [start, before] = [performance.now(), process.cpuUsage()];
  await sleep(seconds * 1_000);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 10 / (performance.now() - start);
}

function rssMiB(): number {
  return process.memoryUsage().rss / 2 ** 20;
}

interface Bench {
  readonly prober: NodeProber;
  readonly server: ChildProcess;
  readonly count: number;
  readonly seconds: number;
}

function nodesSaidToBe(health: string, { prober }: Bench): number {
  return [...prober.health().values()].filter((word) => word === health).length;
}

async function benchUsual(bench: Bench): Promise<void> {
  const { server, count, seconds } = bench;
  const seen = async (): Promise<Seen> => {
    const [answer] = (server.send('seen'), await once(server, 'message')) as [Seen];
    return answer;
  };
  const before = await seen();
  const share = await cpuShare(seconds);
  const after = await seen();
  const perSecond = (after.requests - before.requests) / seconds;
  const alive = nodesSaidToBe('alive', bench);
  printRow('alive', `${alive} of ${count}`, { text: 'all', met: alive === count });
  printRow('probes per second', perSecond.toFixed(0), { text: `<= ${RATE}`, met: perSecond <= RATE * 1.02 });
  printRow('packets per second, both ways (3 per probe)', (perSecond * packetsPerProbe).toFixed(0));
  printRow('CPU of the prober', `${share.toFixed(1)} % of a core`, { text: '< 10 %', met: share < 10 });
  printRow('connections opened meanwhile', String(after.connections - before.connections));
}

/** All servers hang, as if the network between were broken; the kernel answers the second witness. */
async function benchSilence(bench: Bench): Promise<void> {
  bench.server.kill('SIGSTOP');
  await sleep(5_000);
  const share = await cpuShare(5);
  bench.server.kill('SIGCONT');
  const dead = nodesSaidToBe('dead', bench);
  printRow('CPU while nobody answers and all hosts live', `${share.toFixed(1)} % of a core`);
  printRow('dead by then', String(dead), { text: '0', met: dead === 0 });
}

async function benchProber(server: ChildProcess, count: number, seconds: number): Promise<void> {
  const [healthPort] = (await once(server, 'message')) as [number];
  const links = { connectedPrefixes: () => ['127.0.0.1/8'] };
  const ports = { clock: systemClock, random: systemRandom, dialer: systemDialer, links, logger: new FakeLogger() };
  // Nobody listens at the second port: the witness sees the hosts all the same.
  const options = { self: 'n0', host: '127.0.0.1', healthPort, kubeletPort: 1 };
  const prober = new NodeProber({ ...ports, onChange: () => {} }, options);
  const rss = rssMiB();
  prober.setNodes(targets(count));
  prober.start();
  await sleep(10_000);
  print(`\nOne replica probes ${count} nodes for ${seconds} s`);
  const bench = { prober, server, count, seconds };
  await benchUsual(bench);
  printRow('memory for it', `${(rssMiB() - rss).toFixed(0)} MiB`);
  await benchSilence(bench);
  prober.stop();
}

async function main(): Promise<number> {
  const options = optionsOf(process.argv.slice(2));
  if (options === undefined) {
    process.stderr.write(`${usageText}\n`);
    return 2;
  }
  const server = fork(process.argv[1] ?? '', [serverRole]);
  try {
    await benchProber(server, options.count, options.seconds);
    return 0;
  } finally {
    server.kill('SIGKILL');
  }
}

if (process.argv[2] === serverRole) serve();
else process.exit(await main());
