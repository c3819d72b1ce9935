import type { BgpAdvertisement } from './advertisements.ts';
import type { Fields } from './fields.ts';
import type { Finding } from './finding.ts';
import { labelText, PEER_LABEL } from './marks.ts';
import { selectorText, type LabelSelector, type Requirements } from './selectors.ts';

/** `spec.bgp` of an Eip. */
export interface PoolRoutes {
  readonly communities?: readonly string[];
  readonly largeCommunities?: readonly string[];
  readonly localPref?: number;
  readonly peerSelector?: LabelSelector;
}

/** What comes of all BGPAdvertisements of a pool. */
export interface Routes {
  readonly bgp: PoolRoutes | undefined;
  /** Alternatives; none: all nodes. */
  readonly nodes: readonly Requirements[];
  readonly findings: readonly Finding[];
}

/** As a text: which nodes, and which peers hear of them. */
function audience({ nodes, peers }: BgpAdvertisement): string {
  return JSON.stringify([nodes.map(selectorText).sort(), [...peers].sort()]);
}

/** What is in any of the lists, or everything where one list says so by being empty. */
export function either<T>(lists: readonly (readonly T[])[]): T[] {
  return lists.some((list) => list.length === 0) ? [] : [...new Set(lists.flat())];
}

function inAll(lists: readonly (readonly string[])[]): string[] {
  return [...new Set(lists.flat())].filter((item) => lists.every((list) => list.includes(item)));
}

function inAny(lists: readonly (readonly string[])[]): string[] {
  return [...new Set(lists.flat())];
}

function peerSelector(peers: readonly string[]): LabelSelector | undefined {
  if (peers.length === 0) return undefined;
  return { matchExpressions: [{ key: PEER_LABEL, operator: 'In', values: peers.map((name) => labelText(name)) }] };
}

/** Advertisements of addresses, if there are any: those of prefixes beside them have nothing to add. */
function ofAddresses(all: readonly BgpAdvertisement[]): readonly BgpAdvertisement[] {
  const found = all.filter((each) => each.ofAddresses);
  return found.length > 0 ? found : all;
}

function commonLocalPref(all: readonly BgpAdvertisement[]): number | undefined {
  const [first, ...others] = all.map(({ localPref }) => localPref);
  return others.every((other) => other === first) ? first : undefined;
}

function tellApart(pool: Fields, all: readonly BgpAdvertisement[]): Finding {
  const names = all.map(({ fields }) => fields.name).join(', ');
  const why =
    `its BGPAdvertisements ${names} differ in nodes or peers, and a pool is announced in one way: through all of their nodes, to all ` +
    'of their peers, with the communities and the local preference that all of them have';
  const next = 'Where that is not enough, split the pool: an Eip for each way, and name it in the Services.';
  return { kind: 'lost', object: pool.label, why, next };
}

/** What is left out of an advertisement of prefixes that stands beside one of addresses. */
function tellLeftOut(all: readonly BgpAdvertisement[], kept: readonly BgpAdvertisement[]): Finding[] {
  return all
    .filter((each) => !kept.includes(each))
    .map(({ fields }) => ({
      ...({ kind: 'lost', object: fields.label } as const),
      why: 'its communities, local preference, nodes and peers are those of a prefix that is not announced',
    }));
}

export function routesOf(pool: Fields, all: readonly BgpAdvertisement[]): Routes {
  const kept = ofAddresses(all);
  const isOne = new Set(kept.map(audience)).size <= 1;
  const gather = isOne ? inAny : inAll;
  const communities = gather(kept.map((each) => each.communities));
  const largeCommunities = gather(kept.map((each) => each.largeCommunities));
  const localPref = isOne ? kept.find((each) => each.localPref !== undefined)?.localPref : commonLocalPref(kept);
  const selector = peerSelector(either(kept.map(({ peers }) => peers)));
  const bgp: PoolRoutes = {
    ...(communities.length === 0 ? {} : { communities }),
    ...(largeCommunities.length === 0 ? {} : { largeCommunities }),
    ...(localPref === undefined ? {} : { localPref }),
    ...(selector === undefined ? {} : { peerSelector: selector }),
  };
  return {
    bgp: Object.keys(bgp).length === 0 ? undefined : bgp,
    nodes: either(kept.map(({ nodes }) => nodes)),
    findings: [...(isOne ? [] : [tellApart(pool, kept)]), ...tellLeftOut(all, kept)],
  };
}
