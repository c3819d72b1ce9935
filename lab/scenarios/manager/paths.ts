import { isIPv6 } from 'node:net';
import { until } from '../../state/until.ts';
import type { Router } from '../../network/router.ts';

/** One path that a router has heard for an address. */
export interface HeardPath {
  /** Address of the replica that it came from. */
  readonly from: string;
  readonly nextHop: string;
  readonly med: number;
  /** As the router prints them: `graceful-shutdown`, `65001:1`. */
  readonly communities: readonly string[];
  /** What the router's own policy made of it. */
  readonly localPref: number;
  /** It takes part in the router's ECMP. */
  readonly inUse: boolean;
  /** Kept for a peer that went without a word (RFC 4724). */
  readonly stale: boolean;
}

/** `show bgp ... json` of FRR 8.4, as far as it is read here. */
interface FrrPath {
  readonly metric?: number;
  readonly locPrf?: number;
  readonly community?: { readonly string: string };
  readonly multipath?: boolean;
  readonly bestpath?: { readonly overall?: boolean };
  readonly stale?: boolean;
  readonly peer: { readonly peerId: string };
  readonly nexthops: readonly { readonly ip: string; readonly scope?: string }[];
}

/** All paths that a router's bgpd has for an address; none if it doesn't know it. */
export async function heardPaths(router: Router, ip: string): Promise<HeardPath[]> {
  const [family, length] = isIPv6(ip) ? ['ipv6', 128] : ['ipv4', 32];
  const answer = await router.vtysh(`show bgp ${family} unicast ${ip}/${length} json`);
  const { paths = [] } = JSON.parse(answer.trim() === '' ? '{}' : answer) as { paths?: readonly FrrPath[] };
  return paths.map((path) => ({
    from: path.peer.peerId,
    nextHop: path.nexthops[0]?.ip ?? '',
    med: path.metric ?? 0,
    communities: path.community?.string.split(' ') ?? [],
    // What a router takes a path for that it has no policy for (and doesn't print).
    localPref: path.locPrf ?? 100,
    inUse: path.multipath === true || path.bestpath?.overall === true,
    stale: path.stale === true,
  }));
}

/** The MEDs that a router has heard from each replica, by the replica's address: usually one. */
export function medsByReplica(paths: readonly HeardPath[]): Record<string, number[]> {
  const replicas = new Set(paths.map(({ from }) => from));
  const meds = (from: string): number[] => [
    ...new Set(paths.filter((path) => path.from === from).map(({ med }) => med)),
  ];
  return Object.fromEntries([...replicas].sort().map((from) => [from, meds(from)]));
}

/** Waits until a router has heard these MEDs, by the address of the replica, from sessions that are up. */
export async function hearsMeds(router: Router, ip: string, wanted: Readonly<Record<string, number>>): Promise<void> {
  const expected = JSON.stringify(
    Object.fromEntries(
      Object.entries(wanted)
        .sort()
        .map(([from, med]) => [from, [med]]),
    ),
  );
  const heard = async (): Promise<boolean> => {
    const paths = await heardPaths(router, ip);
    return JSON.stringify(medsByReplica(paths)) === expected && paths.every(({ stale }) => !stale);
  };
  const explain = async (): Promise<string> => JSON.stringify(await heardPaths(router, ip), undefined, 1);
  await until(heard, { what: `the MEDs ${expected} at ${router.name}`, explain });
}
