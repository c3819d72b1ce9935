/** What a flood of ARP requests for addresses of nobody costs, and how long answers take meanwhile. */
import type { LightNode } from '../../cluster/light-node.ts';
import type { Asked } from '../../lan/asker-process.ts';
import { findProcesses, usage } from '../usage.ts';
import { run } from '../../toolchain/run.ts';
import { printRow } from '../report.ts';
import { answers, figures } from './answer-figures.ts';
import { createEndpoints, createService, type Bench, type Pair } from './arp-bench.ts';

const flood = { perSecond: 20_000, seconds: 10 };
/** Some of the nodes' network that nobody has. */
const foreign = Array.from({ length: 64 }, (_, i) => `10.50.0.${64 + i}`);
const worstMs = 50;
/** So many Services come and go at a time. */
const lanes = 8;

/** Processes of the replica on a node. */
async function replicaOn(node: LightNode): Promise<number[]> {
  const there = new Set((await run('ip', ['netns', 'pids', node.namespace])).split('\n').map(Number));
  return (await findProcesses((line) => line.includes('backend/src/main.ts'))).filter((pid) => there.has(pid));
}

/** What the owner's replica needs of one core while `work` runs, in percent; measured from outside. */
async function cpuDuring<T>(node: LightNode, work: () => Promise<T>): Promise<{ result: T; percent: string }> {
  const pids = await replicaOn(node);
  const before = await usage(pids);
  const start = performance.now();
  const result = await work();
  const { cpuMs } = await usage(pids);
  return {
    result,
    percent: `${((100 * (cpuMs - before.cpuMs)) / (performance.now() - start)).toFixed(1)} % of a core`,
  };
}

/** What the asking host saw while something went on. */
interface Meanwhile {
  readonly what: string;
  readonly asked: Asked;
  readonly percent: string;
}

export async function underFlood(bench: Bench, pairs: readonly Pair[]): Promise<void> {
  const [first] = pairs;
  if (first === undefined) return;
  // The kernel's own answers go along, to tell what the asking host itself was held up.
  const ips = pairs.flatMap(({ ip, ownIp }) => [ownIp, ip]);
  const ask = { ips, rounds: 350, pauseMs: 5, timeoutMs: 1000 };
  const calm = await cpuDuring(first.owner, () => bench.asker.ask({ ...ask, rounds: 400 }));
  const flooded = async (what: string): Promise<Meanwhile> => {
    const { result, percent } = await cpuDuring(first.owner, () =>
      Promise.all([bench.flood.run({ ips: foreign, ...flood }), bench.asker.ask(ask)]),
    );
    const [{ sent, lost, seconds }, asked] = result;
    printRow(
      `flood of foreign ARP requests, ${what}:`,
      `${Math.round((sent - lost) / seconds)}/s for ${seconds.toFixed(1)} s`,
    );
    return { what, asked, percent };
  };
  const still = await flooded('meanwhile');
  const coming = new ComingAndGoing(bench);
  await coming.start();
  const changing = await flooded('with changes');
  await coming.stop();
  printRow('  addresses given and taken back with changes:', String(coming.count));
  const whose = `CPU of the replica on ${first.owner.name}`;
  printRow(`  ${whose}, before:`, calm.percent);
  for (const { what, percent } of [still, changing]) printRow(`  ${whose}, ${what}:`, percent);
  for (const pair of pairs) {
    printRow(`  PorterLB's for ${pair.ip}, before:`, figures(calm.result, pair.ip));
    for (const { what, asked } of [still, changing]) tell(pair, what, asked);
  }
}

function tell({ ip, ownIp }: Pair, what: string, asked: Asked): void {
  const { ms, lost } = answers(asked, ip);
  printRow(`  the kernel's for ${ownIp}, ${what}:`, figures(asked, ownIp));
  const met = lost === 0 && Math.max(...ms) < worstMs;
  printRow(`  PorterLB's for ${ip}, ${what}:`, figures(asked, ip), { text: `worst < ${worstMs} ms`, met });
}

/** Services that are created, get an address of each family, and are deleted, again and again. */
class ComingAndGoing {
  readonly #bench: Bench;
  #stopped = false;
  #lanes: Promise<void> = Promise.resolve();
  /** Addresses that were given, and are not any more. */
  count = 0;

  constructor(bench: Bench) {
    this.#bench = bench;
  }

  /** Returns when all of them come and go. */
  async start(): Promise<void> {
    const names = Array.from({ length: lanes }, (_, i) => `coming-${i}`);
    for (const name of names) await createEndpoints(this.#bench.lab, name);
    const first = names.map(async (name) => this.#comeAndGo(name));
    await Promise.all(first);
    const again = async (name: string): Promise<void> => {
      while (!this.#stopped) await this.#comeAndGo(name);
    };
    this.#lanes = Promise.all(names.map(again)).then(() => undefined);
    // Whoever stops it is told.
    this.#lanes.catch(() => undefined);
    this.count = 0;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#lanes;
  }

  async #comeAndGo(name: string): Promise<void> {
    const { lab, ingress } = this.#bench;
    await createService(lab, name, []);
    await ingress.of(name);
    await lab.api.delete(`/api/v1/namespaces/default/services/${name}`);
    await ingress.gone(name);
    this.count += 2;
  }
}
