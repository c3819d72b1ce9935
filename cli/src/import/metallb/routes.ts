import type { BgpAdvertisement } from './advertisements.ts';
import type { Fields } from './fields.ts';
import type { Finding } from './finding.ts';
import { labelText, PEER_LABEL } from './marks.ts';
import { selectorText, type LabelSelector, type Requirements } from './selectors.ts';

/** Most overrides that an Eip has. */
const MAX_OVERRIDES = 8;

/** What routes carry. */
interface Attributes {
  readonly communities?: readonly string[];
  readonly largeCommunities?: readonly string[];
  readonly localPref?: number;
}

/** `spec.bgp` of an Eip. */
export interface PoolRoutes extends Attributes {
  readonly peerSelector?: LabelSelector;
  readonly overrides?: readonly (Attributes & { readonly peerSelector: LabelSelector })[];
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
    `its BGPAdvertisements ${names} differ in nodes, or in more than ${MAX_OVERRIDES} peers, and a pool is announced in one way: through all of their nodes, to all ` +
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

function attributes(all: readonly BgpAdvertisement[], gather: typeof inAny, localPref: number | undefined): Attributes {
  const communities = gather(all.map((each) => each.communities));
  const largeCommunities = gather(all.map((each) => each.largeCommunities));
  return {
    ...(communities.length === 0 ? {} : { communities }),
    ...(largeCommunities.length === 0 ? {} : { largeCommunities }),
    ...(localPref === undefined ? {} : { localPref }),
  };
}

/** What a peer hears for which all of these are: each adds to the others. */
function together(all: readonly BgpAdvertisement[]): Attributes {
  return attributes(all, inAny, all.find((each) => each.localPref !== undefined)?.localPref);
}

/** What is true of each of them. */
function common(all: readonly BgpAdvertisement[]): Attributes {
  return attributes(all, inAll, commonLocalPref(all));
}

/** Attributes for all, and what named peers hear beside these; undefined: an Eip can't say it. */
function byPeer(all: readonly BgpAdvertisement[]): PoolRoutes | undefined {
  if (new Set(all.map(({ nodes }) => JSON.stringify(nodes.map(selectorText).sort()))).size > 1) return undefined;
  const forAll = all.filter(({ peers }) => peers.length === 0);
  const rest = forAll.length > 0 ? together(forAll) : common(all);
  const overrides = inAny(all.map(({ peers }) => peers)).flatMap((name) => {
    const own = together(all.filter(({ peers }) => peers.length === 0 || peers.includes(name)));
    if (JSON.stringify(own) === JSON.stringify(rest)) return [];
    return [{ peerSelector: { matchLabels: { [PEER_LABEL]: labelText(name) } }, ...own }];
  });
  if (overrides.length > MAX_OVERRIDES) return undefined;
  return overrides.length === 0 ? rest : { ...rest, overrides };
}

export function routesOf(pool: Fields, all: readonly BgpAdvertisement[]): Routes {
  const kept = ofAddresses(all);
  const isOne = new Set(kept.map(audience)).size <= 1;
  const told = isOne ? together(kept) : byPeer(kept);
  const selector = peerSelector(either(kept.map(({ peers }) => peers)));
  const bgp = { ...(told ?? common(kept)), ...(selector === undefined ? {} : { peerSelector: selector }) };
  return {
    bgp: Object.keys(bgp).length === 0 ? undefined : bgp,
    nodes: either(kept.map(({ nodes }) => nodes)),
    findings: [...(told === undefined ? [tellApart(pool, kept)] : []), ...tellLeftOut(all, kept)],
  };
}
