import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../platform/ports.ts';
import { ShortCache } from './short-cache.ts';

/** Of the network that this process lives in, which is the host's. */
const FOLDER = '/proc/sys/net/ipv4/conf';
const KNOWN_MS = 60_000;
const MAX_INTERFACES = 16;
/** With these words for every interface (Documentation/networking/ip-sysctl of Linux): the higher of the two counts. */
const ALL = 'all';

/** How the kernel answers ARP at an interface. */
export interface ArpSetting {
  readonly interface: string;
  /** `arp_ignore`: 0 answers for any address of the host, wherever it is configured. */
  readonly ignore: number;
  /** `arp_announce`: 2 asks with an address of the interface only. */
  readonly announce: number;
}

/** What this node's kernel is told about ARP: in IPVS mode it has the addresses of all Services. */
export class ArpSettings {
  readonly #folder: string;
  readonly #known: ShortCache<readonly ArpSetting[] | undefined>;

  constructor(deps: { readonly clock: Clock }, { folder = FOLDER }: { readonly folder?: string } = {}) {
    this.#folder = folder;
    this.#known = new ShortCache(deps, { max: 1 });
  }

  /** At these interfaces, or for all of them if there are none. Undefined: the kernel doesn't say. */
  async at(interfaces: readonly string[]): Promise<readonly ArpSetting[] | undefined> {
    const names = interfaces.length === 0 ? [ALL] : interfaces.slice(0, MAX_INTERFACES);
    return await this.#known.get(
      names.join(' '),
      () => KNOWN_MS,
      async () => await this.#read(names),
    );
  }

  async #read(names: readonly string[]): Promise<readonly ArpSetting[] | undefined> {
    try {
      const [ignoreAll, announceAll] = await Promise.all([
        this.#value(ALL, 'arp_ignore'),
        this.#value(ALL, 'arp_announce'),
      ]);
      return await Promise.all(
        names.map(async (name) => ({
          interface: name,
          ignore: Math.max(ignoreAll, await this.#value(name, 'arp_ignore')),
          announce: Math.max(announceAll, await this.#value(name, 'arp_announce')),
        })),
      );
    } catch {
      return undefined;
    }
  }

  /** An interface that has gone meanwhile is no interface. */
  async #value(name: string, setting: string): Promise<number> {
    return Number.parseInt(await readFile(join(this.#folder, name, setting), 'ascii'), 10);
  }
}
