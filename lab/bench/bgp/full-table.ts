import type { PeerConfig, Route } from '../../../backend/src/speakers/bgp/speaker.ts';

export const prefixes = 10_000;
export const hopsPerPrefix = 8;
export const paths = prefixes * hopsPerPrefix;
/** Nodes of the cluster; each prefix has others of them as next hops. */
const nodes = 32;

export const common = {
  port: 179,
  peerAs: 65001,
  localAs: 65000,
  routerId: '10.211.0.2',
  holdTimeSeconds: 90,
  connectRetrySeconds: 1,
  families: [{ family: 'ipv4-unicast', addPathSendMax: hopsPerPrefix }],
} as const satisfies Partial<PeerConfig>;

const prefixOf = (i: number): string => `10.77.${i >> 8}.${i & 255}/32`;
const hopOf = (node: number): string => `10.211.0.${100 + node}`;

/** @param dead a node that is none of the next hops: the one after the last takes its place */
function route(i: number, dead?: number): Route {
  const ring = Array.from({ length: hopsPerPrefix + 1 }, (_, step) => (i + step) % nodes);
  const chosen = ring.filter((node) => node !== dead).slice(0, hopsPerPrefix);
  return { prefix: prefixOf(i), med: 100, paths: chosen.map((node) => ({ id: node + 1, nextHop: hopOf(node) })) };
}

export function fullTable(): Map<string, Route> {
  return new Map(Array.from({ length: prefixes }, (_, i) => [prefixOf(i), route(i)]));
}

/** A worst case: all prefixes have the same next hops, and one of them goes, another comes. */
export function oneNodeForAll(dead?: number): Map<string, Route> {
  const same = route(0, dead);
  return new Map(Array.from({ length: prefixes }, (_, i) => [prefixOf(i), { ...same, prefix: prefixOf(i) }]));
}
