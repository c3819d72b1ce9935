import type { Router } from '../network/router.ts';
import { parseTable } from '../network/routes.ts';
import { run } from '../toolchain/run.ts';

/** Gateways, sorted, by address; or paths in words, sorted, by address. */
export type Routes = ReadonlyMap<string, readonly string[]>;

/** `show bgp ... json detail` of FRR 8.4, as far as it is read here. */
interface BgpTable {
  /** By prefix: something about it, and then its paths. */
  readonly routes?: Readonly<Record<string, readonly (BgpPath | { readonly prefix: string })[]>>;
}

export interface BgpPath {
  readonly peer: { readonly peerId: string };
  readonly stale?: boolean;
  /** Absent where the path has none. */
  readonly metric?: number;
  readonly community?: { readonly string: string };
  readonly aspath: { readonly string: string };
  readonly origin: string;
  /** The global one first. */
  readonly nexthops: readonly [{ readonly ip: string }, ...unknown[]];
}

/** `show bgp neighbors json` of FRR 8.4, as far as it is read here. */
type BgpNeighbours = Readonly<
  Record<
    string,
    {
      readonly bgpState: string;
      readonly gracefulRestartInfo?: { readonly endOfRibRecv?: Readonly<Record<string, boolean>> };
    }
  >
>;

const families = { ipv4: 'ipv4Unicast', ipv6: 'ipv6Unicast' } as const;

/** What a router's kernel does with packets to Services: the routes that BGP put there. */
export async function kernelRoutes(router: Router): Promise<Map<string, string[]>> {
  const found = ['-4', '-6'].map((family) =>
    run('ip', ['-n', router.namespace, family, '-j', 'route', 'show', 'proto', 'bgp']),
  );
  return new Map((await Promise.all(found)).flatMap((json) => [...parseTable(json)]));
}

/** What a router has heard of Services. */
export interface Heard {
  /** By the replica's address: what it told the router (its Adj-RIB-In), with all attributes. */
  readonly told: ReadonlyMap<string, Routes>;
  /** What the router still keeps of earlier sessions (RFC 4724). */
  readonly retained: readonly Retained[];
}

export interface Retained {
  /** The replica's address, or `zebra` where no session of any replica has to do with it (`leftByCrash`). */
  readonly peer: string;
  readonly ip: string;
  readonly gateway: string;
}

export async function heardByRouter(router: Router): Promise<Heard> {
  const tables = await Promise.all(
    Object.keys(families).map(
      async (family) => JSON.parse(await router.vtysh(`show bgp ${family} unicast json detail`)) as BgpTable,
    ),
  );
  const prefixes = tables.flatMap(({ routes = {} }) => Object.entries(routes));
  return sortPaths(prefixes.map(([prefix, rows]) => [prefix, rows.filter((row) => 'peer' in row)] as const));
}

/** A router's sessions at one moment, by the replica's address, sorted. */
export interface Sessions {
  readonly established: readonly string[];
  /** Those of them in which the replica has said that it has told everything (End-of-RIB), of both families. */
  readonly complete: readonly string[];
}

export async function sessionsOf(router: Router): Promise<Sessions> {
  return readSessions(JSON.parse(await router.vtysh('show bgp neighbors json')) as BgpNeighbours);
}

export function readSessions(neighbours: BgpNeighbours): Sessions {
  const up = Object.entries(neighbours).filter(([, { bgpState }]) => bgpState === 'Established');
  const complete = up.filter(([, { gracefulRestartInfo: { endOfRibRecv = {} } = {} }]) =>
    Object.values(families).every((family) => endOfRibRecv[family] === true),
  );
  const names = (found: readonly (readonly [string, unknown])[]): string[] => found.map(([address]) => address).sort();
  return { established: names(up), complete: names(complete) };
}

/** @param table paths by prefix */
export function sortPaths(table: readonly (readonly [prefix: string, paths: readonly BgpPath[]])[]): Heard {
  const told = new Map<string, Map<string, string[]>>();
  const retained: Retained[] = [];
  for (const [prefix, paths] of table) {
    const [ip = ''] = prefix.split('/');
    for (const path of paths) {
      const peer = path.peer.peerId;
      const own = told.get(peer) ?? new Map<string, string[]>();
      told.set(peer, own);
      if (path.stale === true) retained.push({ peer, ip, gateway: path.nexthops[0].ip });
      else own.set(ip, [...(own.get(ip) ?? []), describePath(path)].sort());
    }
  }
  return { told, retained };
}

/** Everything that a path says: `10.50.0.11 med 100 by 65001 IGP`, and its communities. */
function describePath({ nexthops, metric, aspath, origin, community }: BgpPath): string {
  const words = [nexthops[0].ip, 'med', metric ?? 'none', 'by', aspath.string, origin];
  return [...words, ...(community === undefined ? [] : [community.string])].join(' ');
}

/** A path as a replica at rest tells it: with no community, and our AS alone (65001). */
export function pathAtRest(gateway: string, med: number): string {
  return `${gateway} med ${med} by 65001 IGP`;
}

/**
 * Routes without the gateways that a router keeps of earlier sessions although they were not renewed: FRR before 9.1 takes only one of an
 * address' stale paths away when a replica is back (its issue 17372), and the rest six minutes later. What was renewed is stale no longer.
 */
export function withoutLeftovers(
  routes: Routes,
  leftovers: readonly Retained[],
  wanted: Routes,
): Map<string, readonly string[]> {
  const isLeftover = (ip: string, gateway: string): boolean =>
    leftovers.some((one) => one.ip === ip && one.gateway === gateway) && wanted.get(ip)?.includes(gateway) !== true;
  return new Map([...routes].map(([ip, gateways]) => [ip, gateways.filter((gateway) => !isLeftover(ip, gateway))]));
}

/** How `found` differs from `wanted`, a line for each address; none if they are the same. */
export function differences(who: string, found: Routes, wanted: Routes): string[] {
  const told = (routes: readonly string[] = []): string => (routes.length === 0 ? 'nothing' : routes.join(', '));
  return [...new Set([...wanted.keys(), ...found.keys()])]
    .filter((ip) => told(found.get(ip)) !== told(wanted.get(ip)))
    .sort()
    .map((ip) => `${who} has ${told(found.get(ip))} for ${ip}, not ${told(wanted.get(ip))}`);
}
