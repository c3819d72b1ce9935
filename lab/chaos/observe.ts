import type { Router } from '../network/router.ts';
import { parseTable } from '../network/routes.ts';
import { run } from '../toolchain/run.ts';

/** Gateways, sorted, by address. */
export type Routes = ReadonlyMap<string, readonly string[]>;

/** `show bgp ... json` of FRR 8.4, as far as it is read here. */
interface BgpTable {
  readonly routes?: Readonly<Record<string, readonly BgpPath[]>>;
}

export interface BgpPath {
  readonly peerId: string;
  readonly stale?: boolean;
  /** The global one first. */
  readonly nexthops: readonly [{ readonly ip: string }, ...unknown[]];
}

/** What a router's kernel does with packets to Services: the routes that BGP put there. */
export async function kernelRoutes(router: Router): Promise<Map<string, string[]>> {
  const families = ['-4', '-6'].map((family) =>
    run('ip', ['-n', router.namespace, family, '-j', 'route', 'show', 'proto', 'bgp']),
  );
  return new Map((await Promise.all(families)).flatMap((json) => [...parseTable(json)]));
}

/** What a router has heard of Services. */
export interface Heard {
  /** By the replica's address: what it told the router (its Adj-RIB-In). */
  readonly told: ReadonlyMap<string, Routes>;
  /** What the router still keeps of earlier sessions (RFC 4724), of all replicas together. */
  readonly retained: Routes;
}

export async function heardByRouter(router: Router): Promise<Heard> {
  const tables = await Promise.all(
    ['ipv4', 'ipv6'].map(
      async (family) => JSON.parse(await router.vtysh(`show bgp ${family} unicast json`)) as BgpTable,
    ),
  );
  return sortPaths(tables.flatMap(({ routes = {} }) => Object.entries(routes)));
}

/** @param table paths by prefix */
export function sortPaths(table: readonly (readonly [prefix: string, paths: readonly BgpPath[]])[]): Heard {
  const told = new Map<string, Map<string, string[]>>();
  const retained = new Map<string, string[]>();
  for (const [prefix, paths] of table) {
    for (const path of paths) {
      const own = told.get(path.peerId) ?? new Map<string, string[]>();
      told.set(path.peerId, own);
      add(path.stale === true ? retained : own, prefix, path);
    }
  }
  return { told, retained };
}

function add(routes: Map<string, string[]>, prefix: string, { nexthops }: BgpPath): void {
  const [ip = ''] = prefix.split('/');
  routes.set(ip, [...(routes.get(ip) ?? []), nexthops[0].ip].sort());
}

/**
 * Routes without the gateways that a router keeps of earlier sessions although they were not renewed: FRR before 9.1 takes only one of an
 * address' stale paths away when a replica is back (its issue 17372), and the rest six minutes later. What was renewed is stale no longer.
 */
export function withoutLeftovers(routes: Routes, { retained }: Heard, wanted: Routes): Map<string, readonly string[]> {
  const isLeftover = (ip: string, gateway: string): boolean =>
    retained.get(ip)?.includes(gateway) === true && wanted.get(ip)?.includes(gateway) !== true;
  return new Map([...routes].map(([ip, gateways]) => [ip, gateways.filter((gateway) => !isLeftover(ip, gateway))]));
}

/** How `found` differs from `wanted`, a line for each address; none if they are the same. */
export function differences(who: string, found: Routes, wanted: Routes): string[] {
  const told = (gateways: readonly string[] = []): string => (gateways.length === 0 ? 'nothing' : gateways.join(' '));
  return [...new Set([...wanted.keys(), ...found.keys()])]
    .filter((ip) => told(found.get(ip)) !== told(wanted.get(ip)))
    .sort()
    .map((ip) => `${who} has ${told(found.get(ip))} for ${ip}, not ${told(wanted.get(ip))}`);
}
