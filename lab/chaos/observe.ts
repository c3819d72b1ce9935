import type { Router } from '../network/router.ts';
import { parseTable } from '../network/routes.ts';
import { run } from '../toolchain/run.ts';

/** Gateways, sorted, by address. */
export type Routes = ReadonlyMap<string, readonly string[]>;

/** `show bgp ... json` of FRR 8.4, as far as it is read here. */
interface BgpTable {
  readonly routes?: Readonly<Record<string, readonly BgpPath[]>>;
}

interface BgpPath {
  readonly peerId?: string;
  readonly stale?: boolean;
  readonly nexthops?: readonly { readonly ip: string; readonly scope?: string }[];
}

/** What a router's kernel does with packets to Services: the routes that BGP put there. */
export async function kernelRoutes(router: Router): Promise<Map<string, string[]>> {
  const families = ['-4', '-6'].map((family) =>
    run('ip', ['-n', router.namespace, family, '-j', 'route', 'show', 'proto', 'bgp']),
  );
  return new Map((await Promise.all(families)).flatMap((json) => [...parseTable(json)]));
}

/** What each replica, by its address, told a router (its Adj-RIB-In); what it retains of sessions that ended is marked. */
export async function heardByRouter(router: Router): Promise<Map<string, Map<string, string[]>>> {
  const heard = new Map<string, Map<string, string[]>>();
  for (const family of ['ipv4', 'ipv6']) {
    const table = JSON.parse(await router.vtysh(`show bgp ${family} unicast json`)) as BgpTable;
    for (const [prefix, paths] of Object.entries(table.routes ?? {})) addPaths(heard, prefix, paths);
  }
  return heard;
}

function addPaths(heard: Map<string, Map<string, string[]>>, prefix: string, paths: readonly BgpPath[]): void {
  const [ip = ''] = prefix.split('/');
  for (const { peerId = '', stale = false, nexthops = [] } of paths) {
    const routes = heard.get(peerId) ?? new Map<string, string[]>();
    heard.set(peerId, routes);
    const [{ ip: nextHop } = { ip: 'nowhere' }] = nexthops;
    // A path that is retained is shown as such, so that whoever compares finds it.
    routes.set(ip, [...(routes.get(ip) ?? []), stale ? `${nextHop} (stale)` : nextHop].sort());
  }
}

/** How `found` differs from `wanted`, a line for each address; none if they are the same. */
export function differences(who: string, found: Routes, wanted: Routes): string[] {
  const told = (gateways: readonly string[] = []): string => (gateways.length === 0 ? 'nothing' : gateways.join(' '));
  return [...new Set([...wanted.keys(), ...found.keys()])]
    .filter((ip) => told(found.get(ip)) !== told(wanted.get(ip)))
    .sort()
    .map((ip) => `${who} has ${told(found.get(ip))} for ${ip}, not ${told(wanted.get(ip))}`);
}
