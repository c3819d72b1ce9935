import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from '../../state/until.ts';
import { Daemon } from './daemon.ts';
import { addHop, type Router, type RouterOptions } from './router.ts';
import { RouterNetwork, routerAddress, speakerAddress } from './router-network.ts';

const execute = promisify(execFile);

function configuration(socket: string, { password, maxPrefixes }: RouterOptions): string {
  return `
AS 65001
router-id ${routerAddress.ipv4}
fib-update no
listen on ${routerAddress.ipv4}
listen on ${routerAddress.ipv6}
socket "${socket}"
group "speaker" {
  remote-as 65000
  passive
  holdtime 9
  announce add-path recv yes
  announce enhanced refresh yes
  ${password === undefined ? '' : `tcp md5sig password "${password}"`}
  ${maxPrefixes === undefined ? '' : `max-prefix ${maxPrefixes}`}
  neighbor ${speakerAddress.ipv4} { announce IPv4 unicast }
  neighbor ${speakerAddress.ipv6} { announce IPv6 unicast }
}
allow from any
`;
}

interface Rib {
  readonly rib?: readonly { readonly prefix: string; readonly exit_nexthop: string; readonly valid: boolean }[];
}

interface Neighbours {
  readonly neighbors?: readonly Neighbour[];
}

interface Neighbour {
  readonly state: string;
  readonly stats: { readonly message: { readonly received: { readonly updates: number } } };
}

/** OpenBGPD. Its own kernel's routes are those of OpenBSD alone: its table is what counts. */
export class OpenbgpdRouter implements Router {
  readonly #network: RouterNetwork;
  readonly #folder: string;
  #daemon: Daemon | undefined;

  private constructor(name: string, folder: string) {
    this.#network = new RouterNetwork(name);
    this.#folder = folder;
  }

  /** @param name prefix of the namespaces; unique on the machine */
  static async start(name: string): Promise<OpenbgpdRouter> {
    const router = new OpenbgpdRouter(name, await mkdtemp(join(tmpdir(), `${name}-`)));
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
    const file = join(this.#folder, 'bgpd.conf');
    await writeFile(file, configuration(this.#socket, options), { mode: 0o600 });
    // It changes its root to a folder that Debian's service makes: one that nobody else sees does as well.
    const start = `mount -t tmpfs tmpfs /run && mkdir /run/openbgpd && exec /usr/sbin/bgpd -d -v -f ${file}`;
    this.#daemon = new Daemon(this.#network.router, ['unshare', '--mount', 'sh', '-c', start]);
    await until(async () => (await this.#neighbours()).length === 2, {
      what: 'OpenBGPD to know its neighbours',
      explain: () => this.log,
    });
  }

  async table(): Promise<Map<string, string[]>> {
    const table = new Map<string, string[]>();
    const { rib = [] } = (await this.#bgpctl('show', 'rib')) as Rib;
    for (const { prefix, exit_nexthop: hop, valid } of rib) if (valid) addHop(table, prefix, hop);
    return table;
  }

  async established(): Promise<number> {
    return (await this.#neighbours()).filter(({ state }) => state === 'Established').length;
  }

  /** How many UPDATEs of the sessions it has received. */
  async updatesReceived(): Promise<number> {
    return (await this.#neighbours()).reduce((sum, { stats }) => sum + stats.message.received.updates, 0);
  }

  /** Asks for all routes again. */
  async refresh(): Promise<void> {
    for (const address of Object.values(speakerAddress)) await this.#bgpctl('neighbor', address, 'refresh');
  }

  freeze(): void {
    this.#daemon?.signal('SIGSTOP');
  }

  async thaw(): Promise<void> {
    this.#daemon?.signal('SIGCONT');
    // It would refuse connections for half a minute (IdleHoldTimer).
    for (const address of Object.values(speakerAddress)) await this.#bgpctl('neighbor', address, 'clear');
  }

  async remove(): Promise<void> {
    await this.#daemon?.kill();
    await this.#network.remove();
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #socket(): string {
    return join(this.#folder, 'bgpd.sock');
  }

  async #neighbours(): Promise<readonly Neighbour[]> {
    return ((await this.#bgpctl('show', 'neighbor')) as Neighbours).neighbors ?? [];
  }

  async #bgpctl(...command: readonly string[]): Promise<unknown> {
    const { stdout } = await execute('bgpctl', ['-s', this.#socket, '-j', ...command], { maxBuffer: 64 * 1024 * 1024 });
    return stdout.startsWith('{') ? JSON.parse(stdout) : undefined;
  }
}
