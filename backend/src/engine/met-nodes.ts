import { parseAddress, parseRange, rangeContains, type AddressRange } from '../domain/address.ts';
import type { Link, Neighbour } from '../platform/ports.ts';
import { macText } from '../speakers/layer2/wire/mac.ts';

/** Somebody who answered on a link for an address of a node. */
interface Met {
  readonly link: number;
  readonly node: string;
  readonly mac: Uint8Array;
  /** The address is of a subnet of the link. */
  readonly isLocal: boolean;
}

export interface Meeting {
  readonly neighbours: readonly Neighbour[];
  readonly links: readonly Pick<Link, 'index' | 'prefixes'>[];
  /** Names of nodes by their addresses. */
  readonly nodes: ReadonlyMap<string, string>;
  /** The node whose replica said that it has the MAC. */
  readonly replicaNodeOf: (mac: string) => string | undefined;
}

/**
 * Which MACs are nodes'. What was met stays known until another MAC is met for the same address, as the kernel soon forgets neighbours
 * that it has no route to.
 *
 * On the subnet of a link it is a node that answers for its address. On another link it may be as well, as Linux answers for all addresses
 * of a host on each of its links; or a router does that has a route to it (proxy ARP), and that answers for several nodes.
 */
export class MetNodes {
  /** By link and address. */
  #met: ReadonlyMap<string, Neighbour> = new Map();
  #byMac: ReadonlyMap<string, string> = new Map();
  /** By link and node. */
  #byNode: ReadonlyMap<string, Uint8Array> = new Map();

  nodeOf(mac: string): string | undefined {
    return this.#byMac.get(mac);
  }

  macOf(node: string, link: number): Uint8Array | undefined {
    return this.#byNode.get(`${link} ${node}`);
  }

  /** Changes whenever `nodeOf` or `macOf` does. */
  get fingerprint(): string {
    const macs = [...this.#byNode].map(([key, mac]) => `${key} ${macText(mac)}`);
    return macs.sort().join();
  }

  update({ neighbours, links, nodes, replicaNodeOf }: Meeting): void {
    const all = [...this.#met.values(), ...neighbours];
    const indexes = new Set(links.map(({ index }) => index));
    const known = all.filter(({ link, address }) => indexes.has(link) && nodes.has(address));
    this.#met = new Map(known.map((neighbour) => [`${neighbour.link} ${neighbour.address}`, neighbour]));
    const subnets = subnetsOf(links);
    const met = [...this.#met.values()].map(({ link, address, mac }) => {
      return { link, mac, node: nodes.get(address) ?? '', isLocal: isIn(address, subnets.get(link) ?? []) };
    });
    this.#byMac = byMacOf(met, replicaNodeOf);
    const trusted = met.filter(({ mac, node }) => this.#byMac.get(macText(mac)) === node);
    // The address of the link's own subnet comes last, and stays.
    const inOrder = trusted.sort((a, b) => Number(a.isLocal) - Number(b.isLocal));
    this.#byNode = new Map(inOrder.map(({ link, node, mac }) => [`${link} ${node}`, mac]));
  }
}

function byMacOf(met: readonly Met[], replicaNodeOf: Meeting['replicaNodeOf']): ReadonlyMap<string, string> {
  const local = nodesByMac(met.filter(({ isLocal }) => isLocal));
  const all = nodesByMac(met);
  return new Map(
    [...all].flatMap(([mac, nodes]) => {
      const [node, ...more] = local.get(mac) ?? nodes;
      const isProxy = !local.has(mac) && (replicaNodeOf(mac) ?? node) !== node;
      return node === undefined || more.length > 0 || isProxy ? [] : [[mac, node]];
    }),
  );
}

function nodesByMac(met: readonly Met[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const { mac, node } of met) {
    const text = macText(mac);
    found.set(text, (found.get(text) ?? new Set()).add(node));
  }
  return found;
}

export function subnetsOf(links: Meeting['links']): ReadonlyMap<number, readonly AddressRange[]> {
  const ranges = ({ prefixes }: Pick<Link, 'prefixes'>): AddressRange[] =>
    prefixes.flatMap((prefix) => {
      const parsed = parseRange(prefix);
      return parsed.ok ? [parsed.value] : [];
    });
  return new Map(links.map((link) => [link.index, ranges(link)]));
}

export function isIn(text: string, ranges: readonly AddressRange[]): boolean {
  const address = parseAddress(text);
  return address !== undefined && ranges.some((range) => rangeContains(range, address));
}
