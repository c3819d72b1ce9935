import { join } from 'node:path';
import { ProgramRouter } from './program-router.ts';
import { addHop, ownRoutes, speakerAs, type Preference, type RouterOptions, type Table } from './router.ts';
import { inNamespace, kernelRoutes, type Ends } from './router-network.ts';

function session({ router, speaker }: Ends, channel: 'ipv4' | 'ipv6', options: RouterOptions): string {
  const { maxPrefixes, announces } = options;
  return `
protocol static own_${channel} { ${channel}; route ${ownRoutes[channel]} blackhole; }
protocol kernel { scan time 2; merge paths on limit 64; ${channel} { import none; export where source = RTS_BGP; }; }
protocol bgp speaker${channel.slice(-1)} from speaker {
  local ${router[channel]} as 65001;
  neighbor ${speaker[channel]} as ${speakerAs(options)};
  ${channel} {
    import all;
    export ${announces === true ? 'where source = RTS_STATIC' : 'none'};
    add paths rx;
    ${maxPrefixes === undefined ? '' : `import limit ${maxPrefixes} action disable;`}
  };
}
`;
}

/** BIRD 2, with kernel routes. */
export class BirdRouter extends ProgramRouter {
  protected configuration(options: RouterOptions): string {
    const { password, ttlSecurity, connects, bfd } = options;
    const { addresses } = this.network;
    return `log stderr all;
router id ${addresses.router.ipv4};
protocol device {}
${options.internal === true ? '# Within an AS next hops are looked up.\nprotocol direct { ipv4; ipv6; }' : ''}
${bfd === true ? 'protocol bfd { interface "*" { interval 300 ms; }; }' : ''}
template bgp speaker {
  hold time 9;
  keepalive time 3;
  connect delay time 1;
  error wait time 1, 2;
  passive ${connects === true ? 'off' : 'on'};
  ${password === undefined ? '' : `password "${password}";`}
  ${ttlSecurity === true ? 'ttl security on;' : ''}
  ${bfd === true ? 'bfd on;' : ''}
}
${session(addresses, 'ipv4', options)}${session(addresses, 'ipv6', options)}`;
  }

  protected command(file: string): readonly string[] {
    return ['bird', '-f', '-c', file, '-s', this.#socket];
  }

  protected async neighbours(): Promise<number> {
    return (await this.#birdc('show', 'protocols')).match(/^speaker[46] /gm)?.length ?? 0;
  }

  async tables(): Promise<readonly Table[]> {
    const kernels = [4, 6] as const;
    const kernel = await Promise.all(kernels.map((family) => kernelRoutes(this.network.router, family, 'bird')));
    const host = (dst: string): string => (dst.includes('/') ? dst : `${dst}/${dst.includes(':') ? 128 : 32}`);
    const routes = kernel.flatMap((table) => [...table]).map(([dst, hops]) => [host(dst), hops] as const);
    return [await this.#table(), new Map(routes)];
  }

  async #table(): Promise<Table> {
    const table = new Map<string, string[]>();
    let prefix = '';
    // A prefix stands before its first path; whose path it is, and by which next hop, is below.
    for (const line of (await this.#birdc('show', 'route', 'where', 'source = RTS_BGP')).split('\n')) {
      prefix = /^[0-9a-f.:]+\/\d+/.exec(line)?.[0] ?? prefix;
      const hop = /^\tvia (\S+) /.exec(line)?.[1];
      if (hop !== undefined) addHop(table, prefix, hop);
    }
    return table;
  }

  async communities(prefix: string): Promise<readonly string[]> {
    const text = await this.#birdc('show', 'route', 'all', 'for', prefix);
    const list = (name: string): string[] => {
      const values = new RegExp(`^\\s*BGP.${name}: (.*)$`, 'm').exec(text)?.[1] ?? '';
      return [...values.matchAll(/\(([\d, ]+)\)/g)].map(([, numbers = '']) => numbers.replaceAll(/,\s*/g, ':'));
    };
    return [...list('community'), ...list('large_community')];
  }

  async preference(prefix: string): Promise<Preference> {
    const text = await this.#birdc('show', 'route', 'all', 'for', prefix);
    const number = (name: string): number | undefined => {
      const value = new RegExp(`BGP\\.${name}: (\\d+)`).exec(text)?.[1];
      return value === undefined ? undefined : Number(value);
    };
    return { med: number('med'), localPref: number('local_pref') };
  }

  async established(): Promise<number> {
    return (await this.#birdc('show', 'protocols')).match(/ Established/g)?.length ?? 0;
  }

  async updatesReceived(): Promise<number> {
    const text = await this.#birdc('show', 'protocols', 'all');
    return [...text.matchAll(/Import updates:\s+(\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0);
  }

  override async refresh(): Promise<void> {
    for (const name of ['speaker4', 'speaker6']) await this.#birdc('reload', 'in', name);
  }

  get #socket(): string {
    return join(this.folder, 'bird.ctl');
  }

  async #birdc(...command: readonly string[]): Promise<string> {
    return inNamespace(this.network.router, 'birdc', '-s', this.#socket, ...command);
  }
}
