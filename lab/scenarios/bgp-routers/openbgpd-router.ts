import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ProgramRouter } from './program-router.ts';
import { addHop, ownRoutes, speakerAs, type Preference, type RouterOptions, type Table } from './router.ts';

const execute = promisify(execFile);

interface RibRoute {
  readonly prefix: string;
  readonly exit_nexthop: string;
  readonly valid: boolean;
  readonly announced?: boolean;
  readonly metric?: number;
  readonly localpref?: number;
  readonly communities?: readonly string[];
  readonly large_communities?: readonly string[];
}

interface Neighbour {
  readonly state: string;
  readonly stats: { readonly message: { readonly received: { readonly updates: number } } };
}

/** OpenBGPD. Its own kernel's routes are those of OpenBSD alone: its table is what counts. */
export class OpenbgpdRouter extends ProgramRouter {
  static readonly cannot = { bfd: 'it has none' };
  override readonly hasKernel = false;

  protected configuration(options: RouterOptions): string {
    const { password, maxPrefixes, ttlSecurity, connects, announces } = options;
    const { router, speaker } = this.network.addresses;
    return `
AS 65001
router-id ${router.ipv4}
fib-update no
listen on ${router.ipv4}
listen on ${router.ipv6}
socket "${this.#socket}"
${announces === true ? `network ${ownRoutes.ipv4}\nnetwork ${ownRoutes.ipv6}` : ''}
group "speaker" {
  remote-as ${speakerAs(options)}
  ${connects === true ? '' : 'passive'}
  holdtime 9
  announce add-path recv yes
  announce enhanced refresh yes
  ${ttlSecurity === true ? 'ttl-security yes' : ''}
  ${password === undefined ? '' : `tcp md5sig password "${password}"`}
  ${maxPrefixes === undefined ? '' : `max-prefix ${maxPrefixes}`}
  neighbor ${speaker.ipv4} { announce IPv4 unicast }
  neighbor ${speaker.ipv6} { announce IPv6 unicast }
}
allow from any
${announces === true ? 'allow to any' : ''}
`;
  }

  protected command(file: string): readonly string[] {
    // It changes its root to a folder that Debian's service makes: one that nobody else sees does as well.
    const start = `mount -t tmpfs tmpfs /run && mkdir /run/openbgpd && exec /usr/sbin/bgpd -d -v -f ${file}`;
    return ['unshare', '--mount', 'sh', '-c', start];
  }

  protected async neighbours(): Promise<number> {
    return (await this.#neighbours()).length;
  }

  async tables(): Promise<readonly Table[]> {
    const table = new Map<string, string[]>();
    for (const { prefix, exit_nexthop: hop, valid, announced } of await this.#rib()) {
      if (valid && announced !== true) addHop(table, prefix, hop);
    }
    return [table];
  }

  async communities(prefix: string): Promise<readonly string[]> {
    const route = (await this.#rib('detail')).find((one) => one.prefix === prefix);
    return [...(route?.communities ?? []), ...(route?.large_communities ?? [])];
  }

  async preference(prefix: string): Promise<Preference> {
    const route = (await this.#rib('detail')).find((one) => one.prefix === prefix);
    return { med: route?.metric, localPref: route?.localpref };
  }

  async established(): Promise<number> {
    return (await this.#neighbours()).filter(({ state }) => state === 'Established').length;
  }

  async updatesReceived(): Promise<number> {
    return (await this.#neighbours()).reduce((sum, { stats }) => sum + stats.message.received.updates, 0);
  }

  override async refresh(): Promise<void> {
    for (const address of Object.values(this.network.addresses.speaker))
      await this.#bgpctl('neighbor', address, 'refresh');
  }

  override async forgive(): Promise<void> {
    // It refuses connections for half a minute and more after a session that ended (IdleHoldTimer).
    for (const address of Object.values(this.network.addresses.speaker))
      await this.#bgpctl('neighbor', address, 'clear');
  }

  get #socket(): string {
    return join(this.folder, 'bgpd.sock');
  }

  async #rib(...more: readonly string[]): Promise<readonly RibRoute[]> {
    const { rib = [] } = (await this.#bgpctl('show', 'rib', ...more)) as { rib?: readonly RibRoute[] };
    return rib;
  }

  async #neighbours(): Promise<readonly Neighbour[]> {
    const { neighbors = [] } = (await this.#bgpctl('show', 'neighbor')) as { neighbors?: readonly Neighbour[] };
    return neighbors;
  }

  async #bgpctl(...command: readonly string[]): Promise<unknown> {
    const { stdout } = await execute('bgpctl', ['-s', this.#socket, '-j', ...command], { maxBuffer: 64 * 1024 * 1024 });
    return stdout.startsWith('{') ? JSON.parse(stdout) : undefined;
  }
}
