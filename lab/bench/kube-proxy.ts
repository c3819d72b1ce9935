/**
 * `npm run bench:kube-proxy [-- --runs N]`: what `externalTrafficPolicy: Cluster` costs when a node with Pods dies, in a real cluster with
 * kubelets and kube-proxy: how long requests are lost because a router still sends to the dead node, which is PorterLB's part, and how long
 * because kube-proxy on the others still chooses its Pods, which is Kubernetes'. Needs root; a minute and a half for each run.
 */
import { parseArgs } from 'node:util';
import { Lab } from '../lab.ts';
import type { Outcome } from '../network/client.ts';
import { until } from '../state/until.ts';
import { addressOf, mainJob, type Show } from '../story/main-job.ts';
import { isAnswered, PacedTraffic } from '../story/traffic.ts';
import { progressToStderr } from '../toolchain/index.ts';
import { percentile, seconds } from './figures.ts';
import { print, printRow } from './report.ts';

const usage = 'usage: npm run bench:kube-proxy [-- --runs <number>]\n  --runs <number>   default 3\n';
/** kubelets may be silent for 50 s; then endpoints are taken out, and each kube-proxy hears of it. */
const patienceMs = 120_000;

interface Run {
  /** From the power off to the routers' last change, in milliseconds. */
  readonly routedMs: number;
  /** To the sending of the last request that was lost. */
  readonly lastLostMs: number;
  /** Of the requests that were sent when routers were right already. */
  readonly lostShare: number;
}

const show: Show = { progress: progressToStderr, command: () => undefined, result: () => undefined };

async function measure(lab: Lab, ip: string, victim: string): Promise<Run> {
  const others = lab.nodes.filter(({ name }) => name !== victim).map(({ addresses }) => addresses.ipv4);
  const traffic = new PacedTraffic(lab.client('c1'), ip, { everyMs: 20, timeoutMs: 1_000 });
  const start = Date.now();
  await lab.node(victim).powerOff();
  await Promise.all(lab.routers.map((router) => router.waitForRoutes(ip, others)));
  const routed = Date.now();
  // So many answers in a row mean that nobody chooses the dead ones any more: of six Pods two are dead.
  const inRow = 250;
  const quiet = async (): Promise<boolean> =>
    traffic.outcomes.length > inRow && traffic.outcomes.slice(-inRow).every(isAnswered) && Date.now() - routed > 5_000;
  await until(quiet, { what: 'requests to be answered', timeoutMs: patienceMs });
  return runOf(await traffic.stop(), start, routed);
}

function runOf(outcomes: readonly Outcome[], start: number, routed: number): Run {
  const lost = outcomes.filter((outcome) => !isAnswered(outcome));
  const last = Math.max(start, ...lost.map(({ sentAt }) => sentAt));
  const meanwhile = outcomes.filter(({ sentAt }) => sentAt > routed && sentAt <= last);
  const lostThen = meanwhile.filter((outcome) => !isAnswered(outcome));
  return {
    routedMs: routed - start,
    lastLostMs: last - start,
    lostShare: meanwhile.length === 0 ? 0 : lostThen.length / meanwhile.length,
  };
}

async function bench(lab: Lab, runs: number): Promise<void> {
  for (const { run } of mainJob.slice(0, 3)) await run(lab, show);
  const ip = await addressOf(lab, 'whoami');
  const all: Run[] = [];
  for (let i = 0; i < runs; i++) {
    const victim = lab.nodes.at(-1)?.name ?? '';
    all.push(await measure(lab, ip, victim));
    await lab.node(victim).powerOn();
    await lab.kubectl(['rollout', 'restart', 'deployment/whoami']);
    await lab.kubectl(['rollout', 'status', 'deployment/whoami', '--timeout=120s']);
    const [, , reach] = mainJob;
    await reach?.run(lab, show);
  }
  report(all);
}

function report(runs: readonly Run[]): void {
  const figure = (of: (run: Run) => number): string => {
    const values = runs.map(of);
    return `${seconds(percentile(values, 50))} (${seconds(percentile(values, 100))})`;
  };
  print(`a node with two of six Pods dies, externalTrafficPolicy: Cluster; ${runs.length} runs, median and worst`);
  printRow(
    'no router sends to it any more, after',
    figure(({ routedMs }) => routedMs),
  );
  printRow(
    "the last request is lost to kube-proxy's choice, after",
    figure(({ lastLostMs }) => lastLostMs),
  );
  const shares = runs.map(({ lostShare }) => lostShare);
  printRow('requests lost in between', `${(100 * percentile(shares, 50)).toFixed(0)} %`);
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { runs: { type: 'string', default: '3' } } });
  const runs = Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1) {
    process.stderr.write(usage);
    return 2;
  }
  const interruption = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => interruption.abort());
  const lab = await Lab.up({ progress: progressToStderr, signal: interruption.signal });
  try {
    await bench(lab, runs);
    return 0;
  } finally {
    await lab.down();
  }
}

process.exit(await main());
