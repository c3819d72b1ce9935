import { setTimeout as sleep } from 'node:timers/promises';
import type { Router, SessionChange } from '../../network/router.ts';

interface FrrPath {
  /** MED; left out where a path has none. */
  readonly metric?: number;
  readonly stale?: boolean;
}

/** Requests of a client must not be late by the looking. */
const EVERY_MS = 100;

/** By whose paths a router would send traffic to this network: those of PorterLB have a MED, those of the stand-in for OpenELB have none. */
export async function announcers(router: Router, network: string): Promise<string> {
  const text = await router.vtysh('show bgp ipv4 unicast json');
  const { routes } = JSON.parse(text) as { routes: Readonly<Record<string, readonly FrrPath[]>> };
  const paths = Object.entries(routes).flatMap(([prefix, all]) => (prefix.startsWith(network) ? all : []));
  const whose = paths.map(({ metric, stale }) => `${stale === true ? 'stale ' : ''}${owner(metric)}`);
  return [...new Set(whose)].sort().join(' and ');
}

function owner(metric: number | undefined): 'OpenELB' | 'PorterLB' {
  return metric === undefined ? 'OpenELB' : 'PorterLB';
}

/** What a router saw while something was done. */
export interface Seen {
  /** Whose paths it had, each time that this changed; `''`: none. */
  readonly tables: readonly string[];
  /** Neighbours whose session was up at first. */
  readonly before: readonly string[];
  readonly changes: readonly SessionChange[];
}

/** Looks at a router until it is told to stop: at its table again and again, and at all that became of its sessions. */
export class RouterWatch {
  readonly #router: Router;
  readonly #network: string;
  readonly #before: readonly string[];
  readonly #since = Date.now();
  readonly #tables: string[] = [];
  readonly #watch: Promise<void>;
  #stopped = false;

  private constructor(router: Router, network: string, before: readonly string[]) {
    this.#router = router;
    this.#network = network;
    this.#before = before;
    this.#watch = this.#look();
  }

  /** @param network how the addresses begin that are of interest */
  static async start(router: Router, network: string): Promise<RouterWatch> {
    return new RouterWatch(router, network, await router.establishedPeers());
  }

  async stop(): Promise<Seen> {
    this.#stopped = true;
    await this.#watch;
    return { tables: this.#tables, before: this.#before, changes: await this.#router.sessionChanges(this.#since) };
  }

  async #look(): Promise<void> {
    while (!this.#stopped) {
      const now = await announcers(this.#router, this.#network);
      if (now !== this.#tables.at(-1)) this.#tables.push(now);
      await sleep(EVERY_MS);
    }
  }
}

/** For how many milliseconds a router had no session at all, between those that were up before and the next; undefined: it had some all the time. */
export function betweenSessions({ before, changes }: Seen): number | undefined {
  const left = new Set(before);
  let since: number | undefined;
  for (const { at, peer, isUp } of changes) {
    if (isUp) return since === undefined ? undefined : at - since;
    left.delete(peer);
    if (left.size === 0) since ??= at;
  }
  return undefined;
}
