import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../toolchain/run.ts';
import type { Processes } from '../state/processes.ts';
import { until } from '../state/until.ts';
import { bgpdConfiguration, routerAsn, zebraConfiguration } from './frr-configuration.ts';
import { NeighbourTable } from './neighbours.ts';
import type { Addresses, NetworkPlan, RouterPlan } from './plan.ts';
import { hasGateways, parseRoutes, showRoute } from './routes.ts';
import type { NextHop } from './routes.ts';
import { cablesOf, inNamespace, setCables } from './topology.ts';

export interface RouterDeps {
  readonly processes: Processes;
  readonly network: NetworkPlan;
}

/** A router between the nodes' and the clients' network: FRR's zebra and bgpd in a namespace. */
export class Router {
  readonly name: string;
  /** On the nodes' network: the peer address for BGP, by either family. */
  readonly addresses: Addresses;
  readonly asn = routerAsn;
  readonly namespace: string;
  /** Of its kernel, on the nodes' network. */
  readonly neighbours: NeighbourTable;
  readonly #deps: RouterDeps;
  readonly #plan: RouterPlan;
  readonly #folder: string;
  #zebraOptions: readonly string[] = [];

  constructor(deps: RouterDeps, plan: RouterPlan, folder: string) {
    this.#deps = deps;
    this.#plan = plan;
    this.#folder = folder;
    this.name = plan.name;
    this.addresses = plan.addresses;
    this.namespace = plan.namespace;
    this.neighbours = new NeighbourTable(plan.namespace, 'nodes');
  }

  /** Starts FRR; returns when bgpd answers. Does nothing if it runs. */
  async start(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    await writeFile(join(this.#folder, 'zebra.conf'), zebraConfiguration(this.#plan));
    await writeFile(join(this.#folder, 'bgpd.conf'), bgpdConfiguration(this.#plan));
    // The daemons give up root for the user frr and make their sockets here.
    await run('chown', ['-R', 'frr:frr', this.#folder]);
    await chmod(this.#folder, 0o755);
    await this.#startDaemon('zebra');
    await this.#startDaemon('bgpd');
    await until(() => this.vtysh('show bgp summary json').then(() => true), {
      what: `bgpd of ${this.name}`,
      explain: () => this.#deps.processes.lastWords(`${this.name}.bgpd`),
      signal: this.#deps.processes.signal,
    });
  }

  /**
   * From its next start on its kernel's IPv6 routes are replaced as those of IPv4 are. By itself FRR deletes the old one and adds the new
   * one, so that the kernel has none for a moment, whatever replicas say.
   */
  replaceIpv6Routes(): void {
    this.#zebraOptions = ['--v6-rr-semantics'];
  }

  /** Ends FRR in order: it says farewell to its peers and takes its routes out of the kernel. */
  async stop(): Promise<void> {
    await this.#stopDaemons('SIGTERM');
  }

  /** Ends FRR as a power failure would: no farewell. The kernel's routes stay until `start`, as with a dead control card. */
  async crash(): Promise<void> {
    await this.#stopDaemons('SIGKILL');
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** The kernel's route to exactly this address (or prefix): what packets follow. */
  async routes(destination: string): Promise<NextHop[]> {
    return parseRoutes(await run('ip', ['-n', this.namespace, ...showRoute(destination)]));
  }

  /** Returns once the kernel's route has exactly these gateways, in any order; none: once there is no route. */
  async waitForRoutes(
    destination: string,
    gateways: readonly string[],
    options: { readonly timeoutMs?: number; readonly intervalMs?: number } = {},
  ): Promise<NextHop[]> {
    const wanted = gateways.length === 0 ? 'no next hop' : `the next hops ${[...gateways].sort().join(', ')}`;
    return until(
      async () => {
        const nextHops = await this.routes(destination);
        return hasGateways(nextHops, gateways) && nextHops;
      },
      {
        what: `${this.name}'s kernel to have ${wanted} for ${destination}`,
        timeoutMs: options.timeoutMs ?? 60_000,
        intervalMs: options.intervalMs ?? 20,
        explain: () => this.#explainRoutes(destination),
      },
    );
  }

  /** Runs a command in FRR's shell and returns its output. */
  async vtysh(...commands: string[]): Promise<string> {
    const shell = ['--config_dir', this.#folder, '--vty_socket', this.#folder];
    return run('vtysh', [...shell, ...commands.flatMap((command) => ['-c', command])], { timeoutMs: 60_000 });
  }

  /** FRR's `show bgp summary json`, by family: `ipv4Unicast.peers["10.50.0.11"].state`. */
  async bgpSummary(): Promise<BgpSummary> {
    return JSON.parse(await this.vtysh('show bgp summary json')) as BgpSummary;
  }

  /** Addresses of the peers whose session is established, sorted. */
  async establishedPeers(): Promise<string[]> {
    const families = Object.values(await this.bgpSummary());
    const peers = families.flatMap((family) => Object.entries(family?.peers ?? {}));
    const established = peers.filter(([, peer]) => peer.state === 'Established').map(([address]) => address);
    return [...new Set(established)].sort();
  }

  /** When the first session since a moment came up, by bgpd's own log; both in milliseconds since the epoch. */
  async sessionSince(since: number): Promise<number | undefined> {
    return (await this.sessionChanges(since)).find(({ isUp }) => isUp)?.at;
  }

  /** All sessions that came up or went down since a moment, in order, by bgpd's own log. @param since milliseconds since the epoch */
  async sessionChanges(since: number): Promise<SessionChange[]> {
    const log = await this.#deps.processes.lastWords(`${this.name}.bgpd`, Number.POSITIVE_INFINITY);
    const changes = [...log.matchAll(/^(\S+ \S+) .*%ADJCHANGE: neighbor (\S+?)\(\S+ in .*?(Up|Down)/gm)];
    return changes
      .map(([, time = '', peer = '', state]) => ({
        at: Date.parse(time),
        peer: peer.replace(/^\*/, ''),
        isUp: state === 'Up',
      }))
      .filter(({ at }) => at >= since);
  }

  /** Runs a program in the router's namespace and returns its standard output. */
  async exec(...command: string[]): Promise<string> {
    const [program = '', ...args] = [...inNamespace(this.namespace), ...command];
    return run(program, args);
  }

  /** Pulls its cables out of all networks. */
  async disconnect(): Promise<void> {
    await this.#setCables('down');
  }

  async reconnect(): Promise<void> {
    await this.#setCables('up');
  }

  async #setCables(state: 'up' | 'down'): Promise<void> {
    await setCables(this.#deps.network, cablesOf(this.#plan), state);
  }

  /** BFD with all peers from now on, until `stop`. @param timers multiplier, receive and transmit interval in milliseconds, as FRR has them */
  async startBfd(timers: string): Promise<void> {
    await writeFile(join(this.#folder, 'bfdd.conf'), `hostname ${this.name}\nlog stdout informational\n`);
    await this.#startDaemon('bfdd');
    await this.vtysh('configure terminal', `router bgp ${routerAsn}`, `neighbor cluster bfd ${timers}`);
  }

  /** FRR's `show bfd peers json`. */
  async bfdPeers(): Promise<readonly BfdPeerSummary[]> {
    return JSON.parse(await this.vtysh('show bfd peers json')) as BfdPeerSummary[];
  }

  async #startDaemon(daemon: 'zebra' | 'bgpd' | 'bfdd'): Promise<void> {
    const file = (name: string): string => join(this.#folder, name);
    const sockets = ['-z', file('zserv.api'), '--vty_socket', this.#folder, '-i', file(`${daemon}.pid`), '-P', '0'];
    if (daemon === 'bfdd') sockets.push('--bfdctl', file('bfdd.sock'));
    if (daemon === 'zebra') sockets.push(...this.#zebraOptions);
    await this.#deps.processes.start({
      name: `${this.name}.${daemon}`,
      command: [...inNamespace(this.namespace), `/usr/lib/frr/${daemon}`, '-f', file(`${daemon}.conf`), ...sockets],
    });
    await until(() => this.vtysh(`show version`).then(() => true), {
      what: `${daemon} of ${this.name}`,
      signal: this.#deps.processes.signal,
    });
  }

  async #stopDaemons(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    for (const daemon of ['bgpd', 'bfdd']) await this.#deps.processes.stop(`${this.name}.${daemon}`, signal);
    await this.#deps.processes.stop(`${this.name}.zebra`, signal);
  }

  async #explainRoutes(destination: string): Promise<string> {
    const gateways = (await this.routes(destination)).map((hop) => hop.gateway ?? hop.device);
    const peers = await this.establishedPeers().catch(() => []);
    return `it has ${gateways.join(', ') || 'none'}; established BGP peers: ${peers.join(', ') || 'none'}`;
  }
}

/** One session that came up or went down. */
export interface SessionChange {
  /** In milliseconds since the epoch. */
  readonly at: number;
  readonly peer: string;
  readonly isUp: boolean;
}

export type BgpSummary = Readonly<Partial<Record<'ipv4Unicast' | 'ipv6Unicast', BgpFamilySummary>>>;

/** One session of `show bfd peers json`; times in milliseconds. */
export interface BfdPeerSummary {
  readonly peer: string;
  readonly status: string;
  readonly diagnostic: string;
  readonly 'remote-transmit-interval': number;
  readonly 'remote-detect-multiplier': number;
}

export interface BgpFamilySummary {
  readonly as: number;
  readonly peers: Readonly<Record<string, BgpPeerSummary>>;
}

export interface BgpPeerSummary {
  readonly remoteAs: number;
  readonly state: string;
  /** Prefixes received. */
  readonly pfxRcd: number;
  readonly peerUptimeMsec: number;
  readonly connectionsEstablished: number;
}
