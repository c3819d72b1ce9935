import type { LinkSpeaker } from '../announce/link-owner.ts';
import { parseAddress, parseRange, rangeContains, rangeSize, type AddressRange } from '../domain/address.ts';
import { NO_PLACE, type ReplicaPlace, type Silence, type Silences } from '../domain/replica.ts';
import { boundedPlace } from '../health/replica-place.ts';
import type { AnsweringReplica } from '../health/tracked-replica.ts';
import type { Link } from '../platform/ports.ts';
import { reachTarget } from '../speakers/layer2/resolve.ts';
import { macText } from '../speakers/layer2/wire/mac.ts';

type Candidate = Pick<AnsweringReplica, 'name' | 'node' | 'stale' | 'place'>;

interface Placed {
  readonly speaker: LinkSpeaker;
  readonly place: ReplicaPlace;
}

interface Subnet {
  readonly range: AddressRange;
  readonly speakers: LinkSpeaker[];
}

/** Who speaks for an address on a node although it is another's. */
interface RivalNode {
  readonly ip: string;
  readonly node: string;
  /** It told everybody of its own accord, as no kernel does. */
  readonly announces: boolean;
}

/**
 * Which replicas have a link for an address: every replica judges all of them, itself included, by what they say of their places. Nodes
 * share subnets, so that an address is looked up in the few of all replicas together. Where subnets of several sizes have it, it lives in
 * the smallest, as in any routing table, on whichever node that is.
 */
export class LinkPlaces {
  readonly #placed: readonly Placed[];
  /** Smaller ones first. */
  readonly #subnets: readonly Subnet[];
  readonly #silences = new Map<string, Silences>();
  readonly #bySelector = new Map<string, readonly LinkSpeaker[]>();

  constructor(candidates: readonly Candidate[]) {
    this.#placed = candidates.flatMap(({ name, node, stale, place }) =>
      node === undefined ? [] : [{ speaker: { replica: name, node, stale }, place }],
    );
    this.#subnets = subnetsOf(this.#placed);
    for (const { speaker, place } of this.#placed)
      if (place.silent !== undefined) this.#silences.set(speaker.replica, place.silent);
  }

  /** @param selector `interface` of the pool */
  speakersFor(ip: string, selector: string): readonly LinkSpeaker[] {
    return selector === '' ? (this.#subnetsWith(ip)[0]?.speakers ?? []) : this.#withLink(selector);
  }

  /**
   * Replicas of a rival's node that may think that they have a link for the address. One that doesn't hear of the smallest subnet, or is of
   * a version that takes all subnets for equal, announces it in a wider one: it is left to whoever outranks the other there as well.
   */
  speakersOf({ ip, node, announces }: RivalNode, selector: string): readonly LinkSpeaker[] {
    const isAnywhere = selector === '' && announces;
    const able = isAnywhere
      ? this.#subnetsWith(ip).flatMap(({ speakers }) => speakers)
      : this.speakersFor(ip, selector);
    return [...new Set(able)].filter((speaker) => speaker.node === node);
  }

  /** The replicas that speak on any link. */
  get speakers(): ReadonlySet<string> {
    return new Set(this.#placed.flatMap(({ speaker, place }) => (place.links.length > 0 ? [speaker.replica] : [])));
  }

  /** What a replica says of an address of its own: undefined if it speaks for it. Where it doesn't say which of many it is silent about, it may be any. */
  silenceOf(replica: string, ip: string): Silence | undefined {
    const silent = this.#silences.get(replica);
    return silent === 'many' ? 'asking' : silent?.[ip];
  }

  /**
   * What the replicas of a node say of an address of which none of them speaks for it for all that they say: `many` if one of them doesn't say
   * which ones it is silent about, so that it may speak for this one all the same.
   */
  silenceOn(node: string, ip: string): 'this' | 'many' | undefined {
    const there = this.#placed.filter(({ speaker }) => speaker.node === node);
    const isSilent =
      there.length > 0 && there.every(({ speaker }) => this.silenceOf(speaker.replica, ip) !== undefined);
    if (!isSilent) return undefined;
    return there.some(({ place }) => place.silent === 'many') ? 'many' : 'this';
  }

  #subnetsWith(ip: string): readonly Subnet[] {
    const address = parseAddress(ip);
    return address === undefined ? [] : this.#subnets.filter(({ range }) => rangeContains(range, address));
  }

  #withLink(selector: string): readonly LinkSpeaker[] {
    const known = this.#bySelector.get(selector);
    if (known !== undefined) return known;
    const target = reachTarget(selector);
    const has = ({ place }: Placed): boolean => {
      const name = target === undefined ? selector : place.towards[target];
      return place.links.some((link) => link.name === name);
    };
    const speakers = this.#placed.filter(has).map(({ speaker }) => speaker);
    this.#bySelector.set(selector, speakers);
    return speakers;
  }
}

/** Whether a pool's `interface` is none by name: it is the one towards an address, which each replica knows of its own. */
export function isTowards(selector: string): boolean {
  return reachTarget(selector) !== undefined;
}

function subnetsOf(placed: readonly Placed[]): readonly Subnet[] {
  const subnets = new Map<string, Subnet>();
  for (const { speaker, place } of placed) {
    const own = place.links.filter(({ isLeftAlone }) => isLeftAlone !== true);
    for (const range of own.flatMap(({ prefixes }) => prefixes).flatMap(subnetOf)) {
      const key = keyOf(range);
      const subnet = subnets.get(key) ?? { range, speakers: [] };
      subnets.set(key, subnet);
      if (!subnet.speakers.includes(speaker)) subnet.speakers.push(speaker);
    }
  }
  return [...subnets.values()].sort((a, b) => Number(rangeSize(a.range) - rangeSize(b.range)));
}

/** None for what is no prefix: those of other hosts come from their datagrams. */
function subnetOf(prefix: string): AddressRange[] {
  const parsed = prefix.includes('/') ? parseRange(prefix) : undefined;
  // A prefix of full length is an address without neighbours.
  return parsed?.ok !== true || rangeSize(parsed.value) === 1n ? [] : [parsed.value];
}

/** Of many addresses in one subnet the first is enough: they shall not take the room of another subnet. */
function firstOfEachSubnet(prefixes: readonly string[]): readonly string[] {
  const first = new Map<string, string>();
  for (const prefix of prefixes) {
    for (const range of subnetOf(prefix)) if (!first.has(keyOf(range))) first.set(keyOf(range), prefix);
  }
  return [...first.values()];
}

function keyOf({ family, first, last }: AddressRange): string {
  return `${family} ${first} ${last}`;
}

/** The place of this host, as other replicas are told, and by which it judges itself as well. */
export function placeOf(
  links: readonly Link[],
  selectors: Iterable<string>,
  towards: (address: string) => Link | undefined,
): ReplicaPlace {
  const up = links.filter((link) => link.up);
  if (up.length === 0) return NO_PLACE;
  const targets = [...new Set(selectors)].flatMap((selector) => reachTarget(selector) ?? []).sort();
  const reached = targets.flatMap((target): [string, string][] => {
    const link = towards(target);
    return link === undefined ? [] : [[target, link.name]];
  });
  return boundedPlace({
    links: up.map(({ name, mac, prefixes, isLeftAlone }) => ({
      ...{ name, mac: macText(mac) },
      prefixes: firstOfEachSubnet(prefixes),
      ...(isLeftAlone && { isLeftAlone }),
    })),
    towards: Object.fromEntries(reached),
  });
}
