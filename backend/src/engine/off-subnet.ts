import { nextHop } from '../announce/next-hop.ts';
import type { PeerTarget } from '../announce/snapshot.ts';
import { formatAddress, rangeContains, type Address, type AddressRange } from '../domain/address.ts';
import type { Node } from '../domain/node.ts';
import type { PeerConfig } from '../speakers/bgp/speaker.ts';

/**
 * Next hops outside of the subnets that a router of another AS shares with this host: it may ignore routes by them (RFC 4271, 5.1.3). Nothing is
 * said of a router that is on no subnet of this host. Asked for each change of each session, and so kept: most routers share their subnets.
 */
export class OffSubnetNextHops {
  #external = new Map<string, PeerTarget>();
  /** By nodes, subnets and families; an empty text where there is none. */
  readonly #known = new Map<string, string>();

  configure(targets: readonly PeerTarget[], configs: readonly PeerConfig[]): void {
    const within = new Set(configs.filter(({ localAs, peerAs }) => localAs === peerAs).map(({ key }) => key));
    this.#external = new Map(targets.filter(({ name }) => !within.has(name)).map((target) => [target.name, target]));
    this.nodesChanged();
  }

  nodesChanged(): void {
    this.#known.clear();
  }

  /** @returns the address and its node, `10.9.0.7 (node n7)`: of several the first by the node's name */
  of(peer: string, nodes: ReadonlyMap<string, Node>): string | undefined {
    const target = this.#external.get(peer);
    if (target === undefined || target.subnets.length === 0) return undefined;
    const subnets = target.subnets.map(({ family, first, last }) => `${family} ${first} ${last}`);
    const key = [target.onlyNode ?? '', ...target.sendMax.keys(), ...subnets].join();
    const known = this.#known.get(key) ?? find(target, nodes.values());
    this.#known.set(key, known);
    return known === '' ? undefined : known;
  }
}

function find({ sendMax, subnets, onlyNode }: PeerTarget, nodes: Iterable<Node>): string {
  const families = [...sendMax.keys()].filter((of) => subnets.some(({ family }) => family === of));
  let found: { readonly name: string; readonly hop: Address } | undefined;
  for (const node of nodes) {
    if (onlyNode !== undefined && node.name !== onlyNode) continue;
    if (node.excluded || (found !== undefined && found.name < node.name)) continue;
    const hops = families.map((family) => nextHop(node, family, subnets));
    const off = hops.find((hop) => hop !== undefined && !isOn(subnets, hop));
    if (off !== undefined) found = { name: node.name, hop: off };
  }
  return found === undefined ? '' : `${formatAddress(found.hop)} (node ${found.name})`;
}

function isOn(subnets: readonly AddressRange[], hop: Address): boolean {
  return subnets.some((subnet) => rangeContains(subnet, hop));
}
