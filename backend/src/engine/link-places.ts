import type { LinkSpeaker } from '../announce/link-owner.ts';
import { parseAddress, parseRange, rangeContains, rangeSize, type AddressRange } from '../domain/address.ts';
import { NO_PLACE, type ReplicaPlace } from '../domain/replica.ts';
import type { AnsweringReplica } from '../health/replicas.ts';
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

/**
 * Which replicas have a link for an address: every replica judges all of them, itself included, by what they say of their places. Nodes
 * share subnets, so that an address is looked up in the few of all replicas together.
 */
export class LinkPlaces {
  readonly #placed: readonly Placed[];
  readonly #subnets = new Map<string, Subnet>();
  readonly #bySelector = new Map<string, readonly LinkSpeaker[]>();

  constructor(candidates: readonly Candidate[]) {
    this.#placed = candidates.flatMap(({ name, node, stale, place }) =>
      node === undefined ? [] : [{ speaker: { replica: name, node, stale }, place }],
    );
    for (const { speaker, place } of this.#placed) {
      for (const prefix of place.links.flatMap(({ prefixes }) => prefixes)) this.#addSubnet(prefix, speaker);
    }
  }

  /** @param selector `interface` of the pool */
  speakersFor(ip: string, selector: string): readonly LinkSpeaker[] {
    return selector === '' ? this.#onSubnetOf(ip) : this.#withLink(selector);
  }

  #addSubnet(prefix: string, speaker: LinkSpeaker): void {
    const parsed = prefix.includes('/') ? parseRange(prefix) : undefined;
    // A prefix of full length is an address without neighbours.
    if (parsed?.ok !== true || rangeSize(parsed.value) === 1n) return;
    const { family, first, last } = parsed.value;
    const key = `${family} ${first} ${last}`;
    const subnet = this.#subnets.get(key) ?? { range: parsed.value, speakers: [] };
    this.#subnets.set(key, subnet);
    if (!subnet.speakers.includes(speaker)) subnet.speakers.push(speaker);
  }

  #onSubnetOf(ip: string): readonly LinkSpeaker[] {
    const address = parseAddress(ip);
    if (address === undefined) return [];
    const found = [...this.#subnets.values()].filter(({ range }) => rangeContains(range, address));
    const [only] = found;
    return found.length === 1 && only !== undefined
      ? only.speakers
      : [...new Set(found.flatMap((each) => each.speakers))];
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

/** The most of each that others are told, and by which this host judges itself as well. */
const MAX_LINKS = 128;
const MAX_PREFIXES = 32;

function isSubnet(prefix: string): boolean {
  const parsed = parseRange(prefix);
  return parsed.ok && rangeSize(parsed.value) > 1n;
}

/** The place of this host, as other replicas are told. */
export function placeOf(
  links: readonly Link[],
  selectors: Iterable<string>,
  towards: (address: string) => Link | undefined,
): ReplicaPlace {
  const up = links.filter((link) => link.up).slice(0, MAX_LINKS);
  if (up.length === 0) return NO_PLACE;
  const targets = [...new Set(selectors)].flatMap((selector) => reachTarget(selector) ?? []).sort();
  const reached = targets.flatMap((target): [string, string][] => {
    const link = towards(target);
    return link === undefined ? [] : [[target, link.name]];
  });
  return {
    links: up.map(({ name, mac, prefixes }) => ({
      ...{ name, mac: macText(mac) },
      prefixes: prefixes.filter(isSubnet).slice(0, MAX_PREFIXES),
    })),
    towards: Object.fromEntries(reached),
  };
}
