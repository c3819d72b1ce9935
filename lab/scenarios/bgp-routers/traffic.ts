import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { until } from '../../state/until.ts';
import type { EchoTally } from './echo.ts';
import type { Router, Table } from './router.ts';
import { ip } from './router-network.ts';

const everyMs = 20;

/** The addresses of the next hops and of the Services, all on the speaker's machine. */
export interface Targets {
  readonly hops: readonly string[];
  readonly services: readonly string[];
}

/**
 * Flows from the router's machine to Services, over next hops that a speaker tells it: fifty a second to each. The machine of the speaker is all nodes at once. Where the
 * router has no kernel to put routes into, what its table has is put there for it.
 */
export class RoutedTraffic {
  readonly #router: Router;
  readonly #targets: Targets;
  readonly #children: ChildProcess[] = [];
  #answers: Interface | undefined;
  #mirror: TableMirror | undefined;

  constructor(router: Router, targets: Targets) {
    this.#router = router;
    this.#targets = targets;
  }

  /** Returns when every Service has answered. */
  async start(): Promise<this> {
    const { hops, services } = this.#targets;
    await this.#addresses('add');
    const server = this.#run(this.#router.speakerNamespace, 'serve', ...services);
    const serving = server.stdout === null ? undefined : createInterface({ input: server.stdout });
    let listening = 0;
    serving?.on('line', () => (listening += 1));
    await until(async () => listening === services.length, { what: `${services.join(', ')} to be served` });
    if (!this.#router.hasKernel) this.#mirror = await new TableMirror(this.#router, hops).start();
    const client = this.#run(this.#router.namespace, 'ask', String(everyMs), ...services);
    if (client.stdout !== null) this.#answers = createInterface({ input: client.stdout });
    await this.more(services.length * 10);
    return this;
  }

  async tally(): Promise<EchoTally> {
    if (this.#answers === undefined) throw new Error('nobody asks yet');
    const answer = once(this.#answers, 'line') as Promise<[string]>;
    this.#children.at(-1)?.stdin?.write('\n');
    const [line] = await answer;
    return JSON.parse(line) as EchoTally;
  }

  /** Waits until so many flows more have been answered, or some are lost. */
  async more(count: number): Promise<void> {
    const { answered: before } = await this.tally();
    const enough = async (): Promise<boolean> => {
      const { answered, lost } = await this.tally();
      return lost > 0 || answered >= before + count;
    };
    await until(enough, { what: `${count} answers more`, explain: async () => JSON.stringify(await this.tally()) });
  }

  /** What has become of all flows that were begun until now. */
  async settled(): Promise<EchoTally> {
    const { sent } = await this.tally();
    const isSettled = async (): Promise<EchoTally | false> => {
      const tally = await this.tally();
      return tally.answered + tally.lost >= sent && tally;
    };
    return until(isSettled, { what: 'all flows to be answered or given up' });
  }

  async stop(): Promise<void> {
    await this.#mirror?.stop();
    for (const child of this.#children) {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    }
    await this.#addresses('del');
  }

  #run(namespace: string, ...args: readonly string[]): ChildProcess {
    const program = [process.execPath, '--no-warnings', join(import.meta.dirname, 'echo.ts'), ...args];
    const command = [`--net=/var/run/netns/${namespace}`, ...program];
    const child = spawn('nsenter', command, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#children.push(child);
    return child;
  }

  async #addresses(change: 'add' | 'del'): Promise<void> {
    const { hops, services } = this.#targets;
    const namespace = this.#router.speakerNamespace;
    // Deprecated ones: the speaker's own packets go on coming from its own address.
    const deprecated = change === 'add' ? ['preferred_lft', '0', 'nodad'] : [];
    for (const address of hops) {
      await ip('-n', namespace, 'addr', change, own(address, [24, 64]), 'dev', 'eth0', ...deprecated);
    }
    for (const address of services) await ip('-n', namespace, 'addr', change, own(address, [32, 128]), 'dev', 'lo');
  }
}

function own(address: string, [of4, of6]: readonly [number, number]): string {
  return `${address}/${address.includes(':') ? of6 : of4}`;
}

/** Puts a router's table into its machine's kernel, ten times a second. */
export class TableMirror {
  readonly #router: Pick<Router, 'namespace' | 'tables'>;
  readonly #hops: ReadonlySet<string>;
  #has: Table = new Map();
  #stopped = false;
  #running: Promise<void> | undefined;

  constructor(router: Pick<Router, 'namespace' | 'tables'>, hops: readonly string[]) {
    this.#router = router;
    this.#hops = new Set(hops);
  }

  async start(): Promise<this> {
    await this.#look();
    this.#running = this.#go();
    return this;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
    await this.#install(new Map());
  }

  async #go(): Promise<void> {
    while (!this.#stopped) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      await this.#look();
    }
  }

  async #look(): Promise<void> {
    const [table = new Map<string, string[]>()] = await this.#router.tables();
    const routes = [...table].map(([prefix, hops]) => [prefix, hops.filter((hop) => this.#hops.has(hop))] as const);
    await this.#install(new Map(routes.filter(([, hops]) => hops.length > 0)));
  }

  async #install(table: Table): Promise<void> {
    for (const [prefix, hops] of table) {
      if (hops.join() === this.#has.get(prefix)?.join()) continue;
      const ways = hops.flatMap((hop) => ['nexthop', 'via', hop]);
      await ip('-n', this.#router.namespace, 'route', 'replace', prefix, 'proto', '250', ...ways);
    }
    for (const prefix of this.#has.keys()) {
      if (!table.has(prefix)) await ip('-n', this.#router.namespace, 'route', 'del', prefix, 'proto', '250');
    }
    this.#has = table;
  }
}
