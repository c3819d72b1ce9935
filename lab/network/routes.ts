import { isIPv6 } from 'node:net';

/** One way out of a kernel route. */
export interface NextHop {
  /** The gateway's address; `undefined` for a route to a link. */
  readonly gateway: string | undefined;
  readonly device: string;
  /** Relative, 1 and up. */
  readonly weight: number;
}

/** What `ip -j route show` prints per route, as far as it is read here (iproute2 6.1). */
interface RouteEntry {
  readonly dst?: string;
  readonly type?: string;
  readonly metric?: number;
  readonly gateway?: string;
  readonly via?: { readonly host: string };
  readonly dev?: string;
  readonly weight?: number;
  readonly nexthops?: readonly RouteEntry[];
}

/** The arguments for `ip` that show the kernel's route to exactly this address or prefix. */
export function showRoute(destination: string): string[] {
  const [address = ''] = destination.split('/');
  const family = isIPv6(address) ? ['-6'] : ['-4'];
  return [...family, '-j', 'route', 'show', 'exact', destination];
}

/**
 * The next hops in the answer to `showRoute`, sorted by gateway: those of the route that the kernel prefers, which is the
 * one of the lowest metric. None if there is no route, or one that rejects. IPv6 routes of several next hops come as one
 * entry or as one entry each; both read the same.
 */
export function parseRoutes(json: string): NextHop[] {
  const entries = JSON.parse(json.trim() === '' ? '[]' : json) as RouteEntry[];
  const lowest = Math.min(...entries.map(metricOf));
  return entries
    .filter((entry) => metricOf(entry) === lowest && (entry.type ?? 'unicast') === 'unicast')
    .flatMap((entry) => entry.nexthops ?? [entry])
    .map(nextHop)
    .sort((a, b) => compare(a.gateway ?? '', b.gateway ?? ''));
}

/** The gateways of every destination in the answer to `ip -j route show`, sorted, by destination. */
export function parseTable(json: string): Map<string, string[]> {
  const entries = JSON.parse(json.trim() === '' ? '[]' : json) as RouteEntry[];
  const destinations = Map.groupBy(entries, ({ dst = '' }) => dst);
  const gateways = (own: readonly RouteEntry[]): string[] =>
    parseRoutes(JSON.stringify(own)).map(({ gateway = '' }) => gateway);
  return new Map([...destinations].map(([destination, own]) => [destination, gateways(own)]));
}

/** Whether the next hops' gateways are these, in any order. */
export function hasGateways(nextHops: readonly NextHop[], gateways: readonly string[]): boolean {
  const actual = nextHops.map((hop) => hop.gateway ?? '').sort(compare);
  const expected = [...gateways].sort(compare);
  return actual.length === expected.length && actual.every((gateway, i) => gateway === expected[i]);
}

function metricOf(entry: RouteEntry): number {
  return entry.metric ?? 0;
}

function nextHop(entry: RouteEntry): NextHop {
  return { gateway: entry.gateway ?? entry.via?.host, device: entry.dev ?? '', weight: entry.weight ?? 1 };
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
