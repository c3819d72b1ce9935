import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../state/until.ts';
import { Daemon } from './daemon.ts';
import { addHop, inNamespace, type Router, type RouterOptions } from './router.ts';
import { RouterNetwork, routerAddress, speakerAddress } from './router-network.ts';

function neighbour(address: string, family: string, { password, maxPrefixes }: RouterOptions): string {
  return `
[[neighbors]]
  [neighbors.config]
    neighbor-address = "${address}"
    peer-as = 65000
    auth-password = "${password ?? ''}"
  [neighbors.transport.config]
    passive-mode = true
  [neighbors.timers.config]
    hold-time = 9
    keepalive-interval = 3
    idle-hold-time-after-reset = 1
  [neighbors.graceful-restart.config]
    enabled = true
    restart-time = 30
    # A hard reset (RFC 8538) carries the text of a shutdown along, which GoBGP doesn't show: one session without.
    notification-enabled = ${family === 'ipv4-unicast'}
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "${family}"
    [neighbors.afi-safis.add-paths.config]
      receive = true
    [neighbors.afi-safis.mp-graceful-restart.config]
      enabled = true
    ${maxPrefixes === undefined ? '' : `[neighbors.afi-safis.prefix-limit.config]\n      max-prefixes = ${maxPrefixes}`}
`;
}

function configuration(options: RouterOptions): string {
  return `
[global.config]
  as = 65001
  router-id = "${routerAddress.ipv4}"
${neighbour(speakerAddress.ipv4, 'ipv4-unicast', options)}
${neighbour(speakerAddress.ipv6, 'ipv6-unicast', options)}`;
}

interface RibPath {
  readonly attrs: readonly { readonly type: number; readonly nexthop?: string }[];
}

/** GoBGP. It has no kernel routes of its own: its table is what counts. */
export class GobgpRouter implements Router {
  readonly #network: RouterNetwork;
  readonly #folder: string;
  #daemon: Daemon | undefined;

  private constructor(name: string, folder: string) {
    this.#network = new RouterNetwork(name);
    this.#folder = folder;
  }

  /** @param name prefix of the namespaces; unique on the machine */
  static async start(name: string): Promise<GobgpRouter> {
    const router = new GobgpRouter(name, await mkdtemp(join(tmpdir(), `${name}-`)));
    try {
      await router.#network.create();
      await router.restart();
      return router;
    } catch (error) {
      await router.remove();
      throw error;
    }
  }

  get speakerNamespace(): string {
    return this.#network.speaker;
  }

  get log(): string {
    return this.#daemon?.output ?? '';
  }

  async restart(options: RouterOptions = {}): Promise<void> {
    await this.#daemon?.kill();
    const file = join(this.#folder, 'gobgpd.toml');
    await writeFile(file, configuration(options));
    this.#daemon = new Daemon(this.#network.router, ['gobgpd', '-f', file, '--api-hosts', '127.0.0.1:50051']);
    await until(async () => (await this.#neighbours()).length === 2, {
      what: 'GoBGP to know its neighbours',
      explain: () => this.log,
    });
  }

  async table(): Promise<Map<string, string[]>> {
    const table = new Map<string, string[]>();
    for (const family of ['ipv4', 'ipv6']) {
      const rib = (await this.#gobgp('global', 'rib', '-a', family)) as Record<string, readonly RibPath[]>;
      for (const [prefix, paths] of Object.entries(rib)) {
        // NEXT_HOP, or that of MP_REACH_NLRI.
        for (const { attrs } of paths) addHop(table, prefix, attrs.find(({ nexthop }) => nexthop)?.nexthop ?? 'none');
      }
    }
    return table;
  }

  async established(): Promise<number> {
    const up = 6;
    return (await this.#neighbours()).filter(({ state }) => state?.session_state === up).length;
  }

  freeze(): void {
    this.#daemon?.signal('SIGSTOP');
  }

  async thaw(): Promise<void> {
    this.#daemon?.signal('SIGCONT');
  }

  async remove(): Promise<void> {
    await this.#daemon?.kill();
    await this.#network.remove();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #neighbours(): Promise<readonly { readonly state?: { readonly session_state?: number } }[]> {
    return (await this.#gobgp('neighbor')) as { state?: { session_state?: number } }[];
  }

  async #gobgp(...command: readonly string[]): Promise<unknown> {
    return JSON.parse(await inNamespace(this.#network.router, 'gobgp', '-j', ...command));
  }
}
