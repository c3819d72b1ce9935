import { ProgramRouter } from './program-router.ts';
import { addHop, ownRoutes, speakerAs, type Preference, type RouterOptions, type Table } from './router.ts';
import { inNamespace } from './router-network.ts';

function neighbour(address: string, family: string, options: RouterOptions): string {
  const { password, maxPrefixes, ttlSecurity, connects } = options;
  return `
[[neighbors]]
  [neighbors.config]
    neighbor-address = "${address}"
    peer-as = ${speakerAs(options)}
    auth-password = "${password ?? ''}"
  [neighbors.transport.config]
    passive-mode = ${connects !== true}
  [neighbors.timers.config]
    hold-time = 9
    keepalive-interval = 3
    idle-hold-time-after-reset = 1
    connect-retry = 1
  [neighbors.ttl-security.config]
    enabled = ${ttlSecurity === true}
    ttl-min = 255
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

interface RibPath {
  readonly attrs: readonly RibAttribute[];
  readonly 'source-id'?: string;
}

interface RibAttribute {
  readonly type: number;
  readonly nexthop?: string;
  /** Of type 4. */
  readonly metric?: number;
  /** Of type 8: 32-bit numbers. */
  readonly communities?: readonly number[];
  /** Of type 5 a number, of type 32 a list. */
  readonly value?: number | readonly LargeCommunity[];
}

interface LargeCommunity {
  readonly ASN: number;
  readonly LocalData1: number;
  readonly LocalData2: number;
}

interface Neighbour {
  readonly state?: {
    readonly session_state?: number;
    readonly messages?: { readonly received?: { readonly update?: number } };
  };
}

/** GoBGP. It has no kernel routes of its own: its table is what counts. */
export class GobgpRouter extends ProgramRouter {
  static readonly cannot = {
    refresh: 'it keeps what it has received and never asks',
    bfd: 'it has none',
  };
  override readonly hasKernel = false;

  protected configuration(options: RouterOptions): string {
    const { router, speaker } = this.network.addresses;
    return `
[global.config]
  as = 65001
  router-id = "${router.ipv4}"
${neighbour(speaker.ipv4, 'ipv4-unicast', options)}
${neighbour(speaker.ipv6, 'ipv6-unicast', options)}`;
  }

  protected command(file: string): readonly string[] {
    return ['gobgpd', '-f', file, '--api-hosts', '127.0.0.1:50051'];
  }

  protected async neighbours(): Promise<number> {
    return (await this.#neighbours()).length;
  }

  protected override async started({ announces }: RouterOptions): Promise<void> {
    if (announces !== true) return;
    for (const family of ['ipv4', 'ipv6'] as const) {
      const route = [ownRoutes[family], '-a', family, 'nexthop', this.network.addresses.router[family]];
      await inNamespace(this.network.router, 'gobgp', 'global', 'rib', 'add', ...route);
    }
  }

  async tables(): Promise<readonly Table[]> {
    const table = new Map<string, string[]>();
    const own = new Set<string>(Object.values(ownRoutes));
    for (const family of ['ipv4', 'ipv6']) {
      const rib = (await this.#gobgp('global', 'rib', '-a', family)) as Record<string, readonly RibPath[]>;
      for (const [prefix, paths] of Object.entries(rib)) {
        if (own.has(prefix)) continue;
        // NEXT_HOP, or that of MP_REACH_NLRI.
        for (const { attrs } of paths) addHop(table, prefix, attrs.find(({ nexthop }) => nexthop)?.nexthop ?? 'none');
      }
    }
    return [table];
  }

  async preference(prefix: string): Promise<Preference> {
    const attributes = await this.#attributes(prefix);
    const localPref = attributes.find(({ type }) => type === 5)?.value;
    return {
      med: attributes.find(({ type }) => type === 4)?.metric,
      localPref: typeof localPref === 'number' ? localPref : undefined,
    };
  }

  async #attributes(prefix: string): Promise<readonly RibAttribute[]> {
    const family = prefix.includes(':') ? 'ipv6' : 'ipv4';
    const rib = (await this.#gobgp('global', 'rib', '-a', family)) as Record<string, readonly RibPath[]>;
    return rib[prefix]?.[0]?.attrs ?? [];
  }

  async communities(prefix: string): Promise<readonly string[]> {
    return (await this.#attributes(prefix)).flatMap(({ communities = [], value = [], type }) => [
      ...communities.map((community) => `${community >>> 16}:${community & 0xffff}`),
      ...(type === 32 && typeof value === 'object'
        ? value.map((large) => `${large.ASN}:${large.LocalData1}:${large.LocalData2}`)
        : []),
    ]);
  }

  async established(): Promise<number> {
    const up = 6;
    return (await this.#neighbours()).filter(({ state }) => state?.session_state === up).length;
  }

  async updatesReceived(): Promise<number> {
    return (await this.#neighbours()).reduce((sum, { state }) => sum + (state?.messages?.received?.update ?? 0), 0);
  }

  async #neighbours(): Promise<readonly Neighbour[]> {
    return (await this.#gobgp('neighbor')) as Neighbour[];
  }

  async #gobgp(...command: readonly string[]): Promise<unknown> {
    return JSON.parse(await inNamespace(this.network.router, 'gobgp', '-j', ...command));
  }
}
