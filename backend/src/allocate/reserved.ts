import { parseAddress, type Address, type AddressRange } from '../domain/address.ts';
import type { Pool, PoolRange } from '../domain/pool.ts';
import { formatRange } from '../domain/ranges.ts';

export interface ReservedInput {
  /** Canonical text of a node's address -> name of the node. */
  readonly nodes: ReadonlyMap<string, string>;
  /** The ranges of the cluster's own Service IPs. */
  readonly serviceRanges: readonly AddressRange[];
  /** Subnets of the links of all replicas' nodes, as far as they are known. */
  readonly subnets: readonly AddressRange[];
  /**
   * Canonical text of the cluster addresses of all Services, as they are at any time: many clusters don't tell their Service ranges. Nothing
   * new is given of these; what is held already says nothing against its holder, as tenants can choose a Service's cluster address.
   */
  readonly clusterIPs?: Pick<ReadonlyMap<string, unknown>, 'has'>;
}

interface NodeAddress {
  readonly node: string;
  readonly address: Address;
}

function ascending(a: NodeAddress, b: NodeAddress): number {
  if (a.address.value === b.address.value) return a.address.family < b.address.family ? -1 : 1;
  return a.address.value < b.address.value ? -1 : 1;
}

export function single({ family, value }: Address): AddressRange {
  return { family, first: value, last: value };
}

/** Some devices drop IPv4 addresses that end in .0 or .255, whatever the prefix length. */
export function isBuggy(address: Address): boolean {
  const last = address.value & 0xffn;
  return address.family === 'ipv4' && (last === 0n || last === 255n);
}

/** First and last of an IPv4 subnet (RFC 919); the first of an IPv6 one, which means any router of it (RFC 4291, 2.6.1). */
function ownOf({ family, first, last }: AddressRange): AddressRange[] {
  if (last - first < 3n) return [];
  const network = single({ family, value: first });
  return family === 'ipv6' ? [network] : [network, single({ family, value: last })];
}

function ownOfPrefix(range: PoolRange, protocol: Pool['protocol']): AddressRange[] {
  // Routed, each address of an IPv4 prefix is as good as any; on a link, a prefix that somebody wrote down is taken for its subnet.
  return range.isPrefix && (range.family === 'ipv6' || protocol === 'layer2') ? ownOf(range) : [];
}

function rangesText(ranges: readonly AddressRange[]): string {
  return ranges.map(formatRange).join();
}

/** Addresses that are somebody's already, or nobody's for good, whatever a pool says. Cluster addresses apart a value: it never changes. */
export class Reserved {
  readonly serviceRanges: readonly AddressRange[];
  readonly #nodes: ReadonlyMap<string, string>;
  readonly #sorted: readonly NodeAddress[];
  readonly #subnets: readonly AddressRange[];
  readonly #subnetsText: string;
  readonly #clusterIPs: ReservedInput['clusterIPs'];
  /** Pools are values that stay the same for long, and every claim of a Service asks. */
  readonly #subnetOwn = new WeakMap<Pool, readonly AddressRange[]>();

  constructor({ nodes, serviceRanges, subnets, clusterIPs }: ReservedInput) {
    this.#clusterIPs = clusterIPs;
    this.serviceRanges = serviceRanges;
    this.#nodes = nodes;
    this.#subnets = subnets.flatMap(ownOf);
    this.#subnetsText = rangesText(subnets);
    const parsed = [...nodes].flatMap(([ip, node]) => {
      const address = parseAddress(ip);
      return address === undefined ? [] : [{ node, address }];
    });
    this.#sorted = parsed.sort(ascending);
  }

  /** Whether it was made of these ranges and subnets. */
  isMadeOf({ serviceRanges, subnets }: Pick<ReservedInput, 'serviceRanges' | 'subnets'>): boolean {
    return rangesText(serviceRanges) === rangesText(this.serviceRanges) && rangesText(subnets) === this.#subnetsText;
  }

  /** The node that has an address, in canonical text. */
  nodeWith(ip: string): string | undefined {
    return this.#nodes.get(ip);
  }

  /** Whether some Service of the cluster has an address, in canonical text, as its cluster address. */
  isClusterIP(ip: string): boolean {
    return this.#clusterIPs?.has(ip) === true;
  }

  /** The nodes with an address in a range, ascending. */
  nodesIn(range: AddressRange): NodeAddress[] {
    const found: NodeAddress[] = [];
    for (let i = this.#from(range.first); i < this.#sorted.length; i++) {
      const entry = this.#sorted[i];
      if (entry === undefined || entry.address.value > range.last) break;
      if (entry.address.family === range.family) found.push(entry);
    }
    return found;
  }

  /** The addresses of a pool that a subnet keeps for itself, as far as that can be known. */
  subnetOwn(pool: Pool): readonly AddressRange[] {
    const known = this.#subnetOwn.get(pool);
    if (known !== undefined) return known;
    const ofPrefixes = pool.ranges.flatMap((range) => ownOfPrefix(range, pool.protocol));
    const own = pool.protocol === 'layer2' ? [...ofPrefixes, ...this.#subnets] : ofPrefixes;
    this.#subnetOwn.set(pool, own);
    return own;
  }

  /** Index of the first node address that is not below `value`. */
  #from(value: bigint): number {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#sorted[middle]?.address.value ?? value) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

export const NOTHING_RESERVED = new Reserved({ nodes: new Map(), serviceRanges: [], subnets: [] });
