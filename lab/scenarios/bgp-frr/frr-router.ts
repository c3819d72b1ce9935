import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from '../../state/until.ts';
import { ip, kernelRoutes, RouterNetwork, routerAddress, speakerAddress } from '../bgp-routers/router-network.ts';

const execute = promisify(execFile);

export { linkLocal, routerAddress, speakerAddress } from '../bgp-routers/router-network.ts';

const configuration = `
hostname bgp-frr
router bgp 65001
 bgp router-id ${routerAddress.ipv4}
 no bgp ebgp-requires-policy
 no bgp network import-check
 bgp graceful-restart stalepath-time 60
 neighbor P peer-group
 neighbor P remote-as 65000
 neighbor P passive
 bgp listen range 10.211.0.0/24 peer-group P
 bgp listen range fd00:211::/64 peer-group P
 address-family ipv4 unicast
  neighbor P activate
  maximum-paths 64
 exit-address-family
 address-family ipv6 unicast
  neighbor P activate
  maximum-paths 64
 exit-address-family
`;

type Daemon = 'zebra' | 'bgpd' | 'bfdd';

/** `show bfd peers json` of FRR 8.4, as far as it is read here; times in milliseconds. */
export interface BfdPeerOfFrr {
  readonly peer: string;
  readonly multihop: boolean;
  readonly status: 'up' | 'down' | 'init' | 'shutdown';
  readonly 'remote-detect-multiplier': number;
  readonly 'remote-receive-interval': number;
  readonly 'remote-transmit-interval': number;
}

export interface BgpNeighborOfFrr {
  readonly bgpState: string;
}

/** FRR (zebra and bgpd) in a network namespace, one veth away from another namespace in which a speaker runs. */
export class FrrRouter {
  readonly namespace: string;
  readonly speakerNamespace: string;
  readonly #network: RouterNetwork;
  readonly #folder: string;
  readonly #zebraOptions: readonly string[];
  readonly #daemons = new Map<Daemon, ChildProcess>();
  #log = '';

  private constructor(name: string, folder: string, zebraOptions: readonly string[]) {
    this.#zebraOptions = zebraOptions;
    this.#network = new RouterNetwork(name);
    this.namespace = this.#network.router;
    this.speakerNamespace = this.#network.speaker;
    this.#folder = folder;
  }

  /** @param name prefix of the namespaces; unique on the machine. */
  static async start(name: string, zebraOptions: readonly string[] = []): Promise<FrrRouter> {
    const folder = await mkdtemp(join(tmpdir(), `${name}-`));
    const router = new FrrRouter(name, folder, zebraOptions);
    try {
      await router.#network.create();
      await execute('chown', ['frr:frr', folder]);
      await chmod(folder, 0o755);
      await writeFile(join(folder, 'zebra.conf'), 'hostname bgp-frr\n');
      await writeFile(join(folder, 'bgpd.conf'), configuration);
      await router.startDaemon('zebra');
      await router.startDaemon('bgpd');
      return router;
    } catch (error) {
      await router.remove();
      throw error;
    }
  }

  /** All that its daemons have written. */
  get log(): string {
    return this.#log;
  }

  /** Starts bgpd anew with another configuration. */
  async restartBgp(lines: string): Promise<void> {
    await this.stopDaemon('bgpd', 'SIGKILL');
    await writeFile(join(this.#folder, 'bgpd.conf'), lines);
    await this.startDaemon('bgpd');
  }

  async startDaemon(name: Daemon): Promise<void> {
    const at = (file: string): string => join(this.#folder, file);
    const args = [`--net=/var/run/netns/${this.namespace}`, `/usr/lib/frr/${name}`, '-u', 'frr', '-g', 'frr'];
    args.push('-f', at(`${name}.conf`), '-i', at(`${name}.pid`), '-z', at('zserv.api'), '-P', '0');
    args.push('--vty_socket', this.#folder, '--log', 'stdout');
    if (name === 'bfdd') args.push('--bfdctl', at('bfdd.sock'));
    if (name === 'zebra') args.push(...this.#zebraOptions);
    const child = spawn('nsenter', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const before = this.#log.length;
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (this.#log += String(chunk)));
    this.#daemons.set(name, child);
    await until(async () => (await execute('test', ['-S', at(`${name}.vty`)])) !== undefined, {
      what: `${name} to listen`,
      explain: () => this.#log.slice(before),
    });
  }

  signal(name: Daemon, signal: NodeJS.Signals): void {
    this.#daemons.get(name)?.kill(signal);
  }

  async stopDaemon(name: Daemon, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#daemons.get(name);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGCONT');
    child.kill(signal);
    await exited;
    await rm(join(this.#folder, `${name}.vty`), { force: true });
  }

  /** Kernel routes that BGP installed: destination -> its next hops, sorted. */
  async routes(family: 4 | 6): Promise<Map<string, string[]>> {
    return kernelRoutes(this.namespace, family, 'bgp');
  }

  async vtysh(command: string, daemon: Daemon = 'bgpd'): Promise<string> {
    return (await execute('vtysh', ['--vty_socket', this.#folder, '-d', daemon, '-c', command])).stdout;
  }

  /** BFD, where peers of BGP ask for it. */
  async startBfd(): Promise<void> {
    await writeFile(join(this.#folder, 'bfdd.conf'), 'hostname bgp-frr\n');
    await this.startDaemon('bfdd');
  }

  /** Changes the configuration of bfdd: `lines` as in its file, below `bfd`. */
  async configureBfd(...lines: string[]): Promise<void> {
    const commands = ['configure terminal', 'bfd', ...lines].flatMap((line) => ['-c', line]);
    await execute('vtysh', ['--vty_socket', this.#folder, '-d', 'bfdd', ...commands]);
  }

  /** Sessions of BFD, by the peer's address. */
  async bfdPeers(): Promise<Map<string, BfdPeerOfFrr>> {
    const list = JSON.parse(await this.vtysh('show bfd peers json', 'bfdd')) as BfdPeerOfFrr[];
    return new Map(list.map((peer) => [peer.peer, peer]));
  }

  /** `show bgp neighbors json`, by the peer's address; one that has gone by itself has none. */
  async neighbors(): Promise<Readonly<Record<string, BgpNeighborOfFrr>>> {
    return JSON.parse(await this.vtysh('show bgp neighbors json')) as Record<string, BgpNeighborOfFrr>;
  }

  /** From now on neither the router nor the speaker hears anything; both may go on talking, and the link stays up. */
  async blackhole(): Promise<void> {
    await this.#network.cut();
  }

  async heal(): Promise<void> {
    await this.#network.mend();
  }

  /** Gives each end an address that is on no link, and the way to the other's. */
  async addFarAddresses(addresses: { readonly router: string; readonly speaker: string }): Promise<void> {
    for (const [namespace, own, other, via] of [
      [this.namespace, addresses.router, addresses.speaker, speakerAddress.ipv4],
      [this.speakerNamespace, addresses.speaker, addresses.router, routerAddress.ipv4],
    ] as const) {
      await ip('-n', namespace, 'addr', 'add', `${own}/32`, 'dev', 'lo');
      await ip('-n', namespace, 'route', 'add', `${other}/32`, 'via', via);
    }
  }

  /** Changes the configuration of bgpd: `lines` as in its file, below `router bgp`. */
  async configure(...lines: string[]): Promise<void> {
    const commands = ['configure terminal', 'router bgp 65001', ...lines].flatMap((line) => ['-c', line]);
    await execute('vtysh', ['--vty_socket', this.#folder, '-d', 'bgpd', ...commands]);
  }

  async connections(): Promise<number> {
    return this.#network.connections();
  }

  async remove(): Promise<void> {
    for (const name of ['bgpd', 'bfdd', 'zebra'] as const) await this.stopDaemon(name, 'SIGKILL');
    await this.#network.remove();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
