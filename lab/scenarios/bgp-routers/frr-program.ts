import { FrrRouter } from '../bgp-frr/frr-router.ts';
import { addHop, ownRoutes, speakerAs } from './router.ts';
import type { Preference, Router, RouterOptions, Table } from './router.ts';
import { routerAddress, speakerAddress } from './router-network.ts';

function configuration(options: RouterOptions): string {
  const { password, maxPrefixes, ttlSecurity, connects, bfd, announces } = options;
  const families = (['ipv4', 'ipv6'] as const).map((family) => {
    const peer = speakerAddress[family];
    return `
 neighbor ${peer} remote-as ${speakerAs(options)}
 neighbor ${peer} timers connect 1
 ${connects === true ? '!' : `neighbor ${peer} passive`}
 ${password === undefined ? '!' : `neighbor ${peer} password ${password}`}
 ${ttlSecurity === true ? `neighbor ${peer} ttl-security hops 1` : '!'}
 ${bfd === true ? `neighbor ${peer} bfd` : '!'}
 address-family ${family} unicast
  neighbor ${peer} activate
  ${maxPrefixes === undefined ? '!' : `neighbor ${peer} maximum-prefix ${maxPrefixes}`}
  ${announces === true ? `network ${ownRoutes[family]}` : '!'}
  maximum-paths 64
 exit-address-family`;
  });
  return `
hostname bgp-frr
router bgp 65001
 bgp router-id ${routerAddress.ipv4}
 no bgp ebgp-requires-policy
 no bgp network import-check
 no bgp default ipv4-unicast
 bgp graceful-restart stalepath-time 60
 timers bgp 3 9
${families.join('')}
`;
}

interface Paths {
  readonly paths?: readonly {
    readonly metric?: number;
    readonly locPrf?: number;
    readonly community?: { readonly string: string };
    readonly largeCommunity?: { readonly string: string };
  }[];
}

interface Rib {
  readonly routes: Readonly<
    Record<string, readonly { readonly peerId: string; readonly nexthops: readonly { readonly ip: string }[] }[]>
  >;
}

interface Neighbour {
  readonly bgpState: string;
  readonly messageStats: { readonly updatesRecv: number };
}

/** FRR, with kernel routes. */
export class FrrProgram implements Router {
  readonly #frr: FrrRouter;

  private constructor(frr: FrrRouter) {
    this.#frr = frr;
  }

  /** @param name prefix of the namespaces; unique on the machine */
  static async start(name: string): Promise<FrrProgram> {
    const frr = await FrrRouter.start(name);
    const router = new FrrProgram(frr);
    await frr.startBfd();
    await router.restart();
    return router;
  }

  readonly hasKernel = true;

  get namespace(): string {
    return this.#frr.namespace;
  }

  get speakerNamespace(): string {
    return this.#frr.speakerNamespace;
  }

  get log(): string {
    return this.#frr.log;
  }

  async restart(options: RouterOptions = {}): Promise<void> {
    await this.#frr.restartBgp(configuration(options));
  }

  async tables(): Promise<readonly Table[]> {
    const kernel = new Map([...(await this.#frr.routes(4)), ...(await this.#frr.routes(6))]);
    const host = (dst: string): string => (dst.includes('/') ? dst : `${dst}/${dst.includes(':') ? 128 : 32}`);
    return [await this.#table(), new Map([...kernel].map(([dst, hops]) => [host(dst), hops]))];
  }

  async #table(): Promise<Table> {
    const table = new Map<string, string[]>();
    const speakers = new Set<string>(Object.values(speakerAddress));
    for (const family of ['ipv4', 'ipv6']) {
      const { routes } = JSON.parse(await this.#frr.vtysh(`show bgp ${family} unicast json`)) as Rib;
      for (const [prefix, paths] of Object.entries(routes)) {
        const theirs = paths.filter(({ peerId }) => speakers.has(peerId));
        for (const { nexthops } of theirs) addHop(table, prefix, nexthops[0]?.ip ?? 'none');
      }
    }
    return table;
  }

  async preference(prefix: string): Promise<Preference> {
    const path = await this.#path(prefix);
    return { med: path?.metric, localPref: path?.locPrf };
  }

  async #path(prefix: string): Promise<NonNullable<Paths['paths']>[number] | undefined> {
    const family = prefix.includes(':') ? 'ipv6' : 'ipv4';
    const { paths = [] } = JSON.parse(await this.#frr.vtysh(`show bgp ${family} unicast ${prefix} json`)) as Paths;
    return paths[0];
  }

  async communities(prefix: string): Promise<readonly string[]> {
    const path = await this.#path(prefix);
    return `${path?.community?.string ?? ''} ${path?.largeCommunity?.string ?? ''}`.split(' ').filter(Boolean);
  }

  async established(): Promise<number> {
    return (await this.#neighbours()).filter(({ bgpState }) => bgpState === 'Established').length;
  }

  async updatesReceived(): Promise<number> {
    return (await this.#neighbours()).reduce((sum, { messageStats }) => sum + messageStats.updatesRecv, 0);
  }

  async refresh(): Promise<void> {
    await this.#frr.vtysh('clear bgp * soft in');
  }

  async endings(): Promise<string> {
    return this.#frr.vtysh('show bgp neighbors json');
  }

  async connections(): Promise<number> {
    return this.#frr.connections();
  }

  async cut(): Promise<void> {
    await this.#frr.blackhole();
  }

  async mend(): Promise<void> {
    await this.#frr.heal();
  }

  freeze(): void {
    this.#frr.signal('bgpd', 'SIGSTOP');
  }

  async thaw(): Promise<void> {
    this.#frr.signal('bgpd', 'SIGCONT');
  }

  async forgive(): Promise<void> {}

  async remove(): Promise<void> {
    await this.#frr.remove();
  }

  async #neighbours(): Promise<readonly Neighbour[]> {
    return Object.values(JSON.parse(await this.#frr.vtysh('show bgp neighbors json')) as Record<string, Neighbour>);
  }
}
