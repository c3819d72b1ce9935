import type { LinkSpeaker } from '../announce/link-owner.ts';
import { NO_PLACE, type ReplicaPlace } from '../domain/replica.ts';
import type { AnsweringReplica } from '../health/replicas.ts';
import type { Link } from '../platform/ports.ts';
import { LinkResolver } from '../speakers/layer2/resolve.ts';
import { addressOctets } from '../speakers/layer2/wire/address.ts';
import { macText } from '../speakers/layer2/wire/mac.ts';

type Candidate = Pick<AnsweringReplica, 'name' | 'node' | 'stale' | 'place'>;

interface Placed extends LinkSpeaker {
  readonly resolver: LinkResolver;
}

const NO_OCTETS = new Uint8Array();

/** Which replicas have a link for an address: every replica judges all of them, itself included, by what they say of their places. */
export class LinkPlaces {
  readonly #placed: readonly Placed[];

  constructor(candidates: readonly Candidate[]) {
    this.#placed = candidates.flatMap(({ name, node, stale, place }) =>
      node === undefined ? [] : [{ replica: name, node, stale, resolver: resolverOf(place) }],
    );
  }

  /** @param selector `interface` of the pool */
  speakersFor(ip: string, selector: string): LinkSpeaker[] {
    const octets = addressOctets(ip);
    if (octets === undefined) return [];
    return this.#placed.filter(({ resolver }) => resolver.resolve(octets, ip, selector).length > 0);
  }
}

function resolverOf({ links, towards }: ReplicaPlace): LinkResolver {
  // The MAC has no say in where an address belongs.
  const all = links.map(({ name, prefixes }, index): Link => ({ index, name, mac: NO_OCTETS, up: true, prefixes }));
  return new LinkResolver(all, (address) => all.find(({ name }) => name === towards[address]));
}

const CAN_REACH = 'can_reach:';

/** The place of this host, as other replicas are told. */
export function placeOf(
  links: readonly Link[],
  selectors: Iterable<string>,
  towards: (address: string) => Link | undefined,
): ReplicaPlace {
  const up = links.filter((link) => link.up);
  if (up.length === 0) return NO_PLACE;
  const targets = [...new Set(selectors)].filter((selector) => selector.startsWith(CAN_REACH)).sort();
  const reached = targets.flatMap((selector): [string, string][] => {
    const target = selector.slice(CAN_REACH.length).trim();
    const link = towards(target);
    return link === undefined ? [] : [[target, link.name]];
  });
  return {
    links: up.map(({ name, mac, prefixes }) => ({ name, mac: macText(mac), prefixes })),
    towards: Object.fromEntries(reached),
  };
}
