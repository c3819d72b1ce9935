/** Routes that FRR's zebra leaves in its kernel although its bgpd has no path to them: a defect of 8.4 after a crash. */
import type { Router } from '../network/router.ts';
import type { Heard, Retained, Routes } from './observe.ts';

/** `show ip route json` of FRR 8.4, as far as it is read here. */
export type ZebraRoutes = Readonly<
  Record<string, readonly { readonly selected?: boolean; readonly internalFlags: number }[]>
>;

/**
 * Where zebra has the route to an address from: it found it in its kernel when it started (`found`), bgpd gave it (`given`), or it has none although
 * its kernel has (`none`). Only of addresses that it was asked about.
 */
export type ZebraWords = ReadonlyMap<string, 'found' | 'given' | 'none'>;

/** `ZEBRA_FLAG_SELFROUTE`: put there by a zebra before this one. */
const foundAtStart = 0x02;

export async function askZebra(router: Pick<Router, 'vtysh'>, ips: readonly string[]): Promise<ZebraWords> {
  const tables = await Promise.all(['ip', 'ipv6'].map((family) => router.vtysh(`show ${family} route json`)));
  return readZebra(Object.assign({}, ...tables.map((json) => JSON.parse(json) as ZebraRoutes)) as ZebraRoutes, ips);
}

export function readZebra(routes: ZebraRoutes, ips: readonly string[]): ZebraWords {
  const flags = new Map(
    Object.entries(routes).map(([prefix, entries]) => {
      const [ip = ''] = prefix.split('/');
      return [ip, entries.find(({ selected }) => selected === true)?.internalFlags];
    }),
  );
  return new Map(ips.map((ip) => [ip, wordFor(flags.get(ip))]));
}

function wordFor(flags: number | undefined): 'found' | 'given' | 'none' {
  if (flags === undefined) return 'none';
  return (flags & foundAtStart) === 0 ? 'given' : 'found';
}

/** Addresses to which a kernel has a route and bgpd no path, neither a replica's nor one that it retains. */
export function withoutPath({ told, retained }: Heard, kernel: Routes): string[] {
  const known = new Set([
    ...[...told.values()].flatMap((routes) => [...routes.keys()]),
    ...retained.map(({ ip }) => ip),
  ]);
  return [...kernel.keys()].filter((ip) => !known.has(ip));
}

/**
 * What is in the kernel since before a crash of zebra. When it starts again it takes over the routes of the zebra before it and takes away those
 * that nobody gives it any more; under load FRR 8.4 (Debian) overlooks some, which then stay until bgpd has a path to them again: as its own, or
 * without knowing of them. No replica can withdraw what bgpd doesn't have. Where bgpd has a path, or gave zebra the route, nothing is left by a crash.
 */
export function leftByCrash(sight: {
  readonly heard: Heard;
  readonly kernel: Routes;
  readonly zebra: ZebraWords;
}): Retained[] {
  const isLeft = (ip: string): boolean => ['found', 'none'].includes(sight.zebra.get(ip) ?? 'given');
  return withoutPath(sight.heard, sight.kernel)
    .filter(isLeft)
    .flatMap((ip) => (sight.kernel.get(ip) ?? []).map((gateway) => ({ peer: 'zebra', ip, gateway })));
}
