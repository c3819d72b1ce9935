import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Processes } from '../state/processes.ts';
import { until } from '../state/until.ts';
import { ensurePrograms, noProgress } from '../toolchain/index.ts';
import { run } from '../toolchain/run.ts';
import { routerAsn } from './frr-configuration.ts';
import type { Host } from './host.ts';
import { nodeNetwork, type Addresses } from './plan.ts';
import { parseRoutes, showRoute } from './routes.ts';
import { inNamespace } from './topology.ts';

/**
 * Takes BGP sessions from anywhere in the nodes' network, of any other AS, or of its own, with several paths of an address (RFC 7911), or
 * with one, and puts all equal ones into the kernel.
 */
export function birdConfiguration(address: string, { bfd, internal, addPaths = true }: BirdOptions): string {
  const kind = internal === undefined ? 'external' : 'internal;\n  direct';
  return `log stderr all;
router id ${address};
protocol device {}
${bfd === undefined ? '' : `protocol bfd { interface "*" { ${bfd} }; }`}
protocol kernel {
  merge paths on limit 64;
  ipv4 { import none; export where source = RTS_BGP; };
}
protocol bgp replicas {
  local ${address} as ${internal ?? routerAsn};
  neighbor range ${nodeNetwork.ipv4} ${kind};
  error wait time 1, 2;
  dynamic name "replica";
  ${bfd === undefined ? '' : 'bfd graceful;'}
  ipv4 { import all; export none; ${addPaths ? 'add paths rx;' : ''} };
}
`;
}

export interface BirdOptions {
  /** Parameters of BFD with all peers, as in BIRD's configuration: `interval 300 ms;`. Default: none. */
  readonly bfd?: string;
  /** Its AS, where it speaks iBGP with its peers. Default: eBGP. */
  readonly internal?: number;
  /** Whether it takes several paths of an address from one peer. Default: yes. */
  readonly addPaths?: boolean;
}

/** BIRD 2 on a host of the nodes' network, for IPv4: a router of another make than FRR. No client's traffic goes through it. */
export class BirdRouter {
  readonly name: string;
  readonly addresses: Addresses;
  readonly asn: number;
  readonly namespace: string;
  readonly #processes: Processes;
  readonly #host: Host;
  readonly #folder: string;
  readonly #options: BirdOptions;

  constructor(processes: Processes, host: Host, folder: string, options: BirdOptions = {}) {
    this.#processes = processes;
    this.#host = host;
    this.#folder = folder;
    this.#options = options;
    this.name = 'bird';
    this.asn = options.internal ?? routerAsn;
    this.addresses = host.addresses;
    this.namespace = host.namespace;
  }

  /** Returns when it answers. */
  async start(): Promise<void> {
    await ensurePrograms(['bird', 'birdc'], noProgress);
    await mkdir(this.#folder, { recursive: true });
    const file = join(this.#folder, 'bird.conf');
    await writeFile(file, birdConfiguration(this.addresses.ipv4, this.#options));
    const name = `${this.#host.name}.bird`;
    const command = [...inNamespace(this.namespace), 'bird', '-f', '-c', file, '-s', this.#socket];
    await this.#processes.start({ name, command });
    await until(() => this.birdc('show', 'status').then(() => true), {
      what: `BIRD on ${this.#host.name}`,
      explain: () => this.#processes.lastWords(name),
      signal: this.#processes.signal,
    });
  }

  /** Runs a command in BIRD's shell and returns its output. */
  async birdc(...command: string[]): Promise<string> {
    return run('birdc', ['-s', this.#socket, ...command]);
  }

  /** How many sessions are established. */
  async established(): Promise<number> {
    return (await this.birdc('show', 'protocols')).match(/ Established/g)?.length ?? 0;
  }

  /** The gateways of the kernel's route to exactly this address, sorted, each as often as it is there. */
  async gateways(destination: string): Promise<string[]> {
    const hops = parseRoutes(await this.exec('ip', ...showRoute(destination)));
    return hops.map(({ gateway, device }) => gateway ?? device);
  }

  /** Runs a program in its namespace and returns its standard output. */
  async exec(...command: string[]): Promise<string> {
    return this.#host.exec(...command);
  }

  get #socket(): string {
    return join(this.#folder, 'bird.ctl');
  }
}
