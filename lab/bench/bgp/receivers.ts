import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { until } from '../../state/until.ts';
import { run } from '../../toolchain/run.ts';
import type { FrrRouter } from '../../scenarios/bgp-frr/frr-router.ts';
import { Daemon } from '../../scenarios/bgp-routers/daemon.ts';
import { ip, routerAddress, speakerAddress } from '../../scenarios/bgp-routers/router-network.ts';

/** What a router has from the one sender that there is. */
export interface Received {
  readonly established: boolean;
  readonly paths: number;
  readonly updates: number;
}

export interface Place {
  readonly address: string;
  readonly port: number;
}

export interface Receiver extends Place {
  readonly name: string;
  look(): Promise<Received>;
}

const frrPlace: Place = { address: routerAddress.ipv4, port: 179 };
/** FRR has the port 179 on all addresses, and each BIRD one of its own. */
const birdPlace: Place = { address: '10.211.0.5', port: 1790 };
const longBirdPlace: Place = { address: '10.211.0.6', port: 1791 };
export const places: readonly Place[] = [frrPlace, birdPlace, longBirdPlace];

export function frr(router: FrrRouter): Receiver {
  interface Neighbor {
    readonly bgpState?: string;
    readonly messageStats?: { readonly updatesRecv?: number };
    readonly addressFamilyInfo?: { readonly ipv4Unicast?: { readonly acceptedPrefixCounter?: number } };
  }
  return {
    name: 'FRR',
    ...frrPlace,
    async look() {
      const json = await router.vtysh(`show bgp neighbors ${speakerAddress.ipv4} json`);
      const neighbor = (JSON.parse(json) as Record<string, Neighbor>)[speakerAddress.ipv4];
      return {
        established: neighbor?.bgpState === 'Established',
        paths: neighbor?.addressFamilyInfo?.ipv4Unicast?.acceptedPrefixCounter ?? 0,
        updates: neighbor?.messageStats?.updatesRecv ?? 0,
      };
    },
  };
}

/** BIRD beside FRR in the router's namespace. It has no kernel protocol: its table is what is looked at. */
export class Bird implements Receiver {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly #socket: string;
  readonly #daemon: Daemon;

  private constructor(name: string, { address, port }: Place, daemon: Daemon, socket: string) {
    this.name = name;
    this.address = address;
    this.port = port;
    this.#socket = socket;
    this.#daemon = daemon;
  }

  /** @param long whether it takes messages of more than 4,096 octets (RFC 8654), which it doesn't as it comes */
  static async start(namespace: string, folder: string, long = false): Promise<Bird> {
    const name = long ? 'BIRD with extended messages' : 'BIRD';
    const place = long ? longBirdPlace : birdPlace;
    const file = join(folder, `bird-${place.address}.conf`);
    const socket = join(folder, `bird-${place.address}.ctl`);
    await writeFile(
      file,
      `router id 10.211.0.1;
protocol device {}
protocol direct { ipv4; }
protocol bgp sender {
  local ${place.address} port ${place.port} as 65001;
  neighbor ${speakerAddress.ipv4} as 65000;
  passive;
  error wait time 1, 1;
  enable extended messages ${long ? 'on' : 'off'};
  ipv4 { import all; export none; add paths rx; };
}
`,
    );
    await ip('-n', namespace, 'address', 'add', `${place.address}/24`, 'dev', 'eth0');
    const daemon = new Daemon(namespace, ['bird', '-f', '-c', file, '-s', socket]);
    const bird = new Bird(name, place, daemon, socket);
    await until(() => bird.#show('status').then(() => true), {
      what: 'BIRD to answer',
      explain: () => bird.#daemon.output,
    });
    return bird;
  }

  async look(): Promise<Received> {
    const text = await this.#show('protocols', 'all', 'sender');
    const number = (pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? 0);
    return {
      established: text.includes('Established'),
      paths: number(/Routes:\s+(\d+) imported/),
      // BIRD counts prefixes in UPDATEs, not messages.
      updates: NaN,
    };
  }

  async stop(): Promise<void> {
    await this.#daemon.kill();
  }

  #show(...what: string[]): Promise<string> {
    return run('birdc', ['-s', this.#socket, 'show', ...what]);
  }
}
