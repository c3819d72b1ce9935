import { parseRange, rangesOverlap, type AddressRange } from '../../domain/address.ts';
import type { Pool } from '../../domain/pool.ts';
import { subnetText, subnetTexts } from '../../domain/subnet.ts';
import type { Clock, Links, Logger } from '../../platform/ports.ts';
import { errorFields } from '../errors.ts';

export interface KnownSubnetsDeps {
  readonly clock: Clock;
  readonly links: Links;
  readonly logger: Logger;
  /** All nodes of the cluster, by name. */
  readonly nodes: () => ReadonlyMap<string, unknown>;
  readonly pools: () => ReadonlyMap<string, Pool>;
  /** `ranges` are others than before. */
  readonly onChange: () => void;
}

export interface KnownSubnetsOptions {
  /** Name of the node that this replica runs on. */
  readonly node: string;
}

/** CIDR text of subnets, by node. */
type ByNode = ReadonlyMap<string, readonly string[]>;
/** Names of nodes, by the CIDR text of a subnet. */
type Memory = ReadonlyMap<string, readonly string[]>;

/** What is remembered is written with every renewal of the lease, and must fit beside whatever else is in its annotations. */
const MAX_OCTETS = 32_768;
/** Of each subnet: enough that not all of them go at once. */
const MAX_NODES = 8;
/** How long a replica must have been without a subnet of its node before that is forgotten: a link may be down for a while. */
const FORGET_AFTER_MS = 3_600_000;

/**
 * The subnets of all replicas' nodes: of this host's links, of those that answer, and of those that are away, as far as a leader has
 * noted them beside the lease. Whoever leads reckons with the same ones. A subnet is remembered until its nodes are gone, or until
 * replicas there have done without it for an hour.
 */
export class KnownSubnets {
  readonly #deps: KnownSubnetsDeps;
  readonly #node: string;
  /** Undefined until they could be read once. */
  #own: readonly string[] | undefined;
  #heard: ByNode = new Map();
  #memory: Memory = new Map();
  #text: string | undefined;
  #missingSince: ReadonlyMap<string, number> = new Map();
  #known = '';

  constructor(deps: KnownSubnetsDeps, { node }: KnownSubnetsOptions) {
    this.#deps = deps;
    this.#node = node;
  }

  /** In a fixed order. */
  ranges(): readonly AddressRange[] {
    return this.#texts().flatMap(rangeOf);
  }

  /** What the replicas that answer say, by node. */
  hear(byNode: ByNode): void {
    this.#heard = byNode;
    this.#tell();
  }

  /** What stands beside the lease. What can't be read of it leaves in force what was read last. */
  recall(text: string | undefined): void {
    if (text === this.#text) return;
    this.#text = text;
    this.#memory = text === undefined ? new Map() : (decode(text) ?? this.#memory);
    this.#tell();
  }

  /** What a leader has to note beside the lease. */
  note(): string {
    const live = this.#live();
    const kept = new Map<string, Set<string>>();
    const add = (subnet: string, node: string): void =>
      void kept.set(subnet, (kept.get(subnet) ?? new Set()).add(node));
    for (const [subnet, nodes] of this.#memory) {
      for (const node of nodes) if (this.#deps.nodes().has(node)) add(subnet, node);
    }
    this.#forget(kept, live);
    for (const [node, subnets] of live) for (const subnet of subnets) add(subnet, node);
    return encode(this.#bounded(inOrder(kept)));
  }

  /** Takes what replicas have done without for long. */
  #forget(kept: Map<string, Set<string>>, live: ByNode): void {
    const now = this.#deps.clock.now();
    const missing = new Map<string, number>();
    for (const [subnet, nodes] of kept) {
      for (const node of nodes) {
        if (live.get(node)?.includes(subnet) !== false) continue;
        const key = `${subnet} ${node}`;
        const since = this.#missingSince.get(key) ?? now;
        if (now - since < FORGET_AFTER_MS) missing.set(key, since);
        else nodes.delete(node);
      }
    }
    this.#missingSince = missing;
  }

  /** Where there is no room for all, first those that a pool of addresses on links has to do with. */
  #bounded(memory: Memory): Memory {
    if (encode(memory).length <= MAX_OCTETS) return memory;
    const pools = [...this.#deps.pools().values()].filter(({ protocol }) => protocol === 'layer2');
    const ranges = pools.flatMap((pool) => pool.ranges);
    const isOfUse = (subnet: string): boolean =>
      rangeOf(subnet).some((own) => ranges.some((range) => rangesOverlap(own, range)));
    const rank = new Map([...memory.keys()].map((subnet) => [subnet, isOfUse(subnet) ? 0 : 1]));
    const first = [...memory].sort(([a], [b]) => (rank.get(a) ?? 0) - (rank.get(b) ?? 0));
    let room = MAX_OCTETS - '{}'.length;
    return new Map(
      first.filter(([subnet, nodes]) => {
        room -= encode(new Map([[subnet, nodes]])).length;
        return room >= 0;
      }),
    );
  }

  #live(): ByNode {
    const own = this.#ownPrefixes();
    // Of this host nothing is known: it is not one that does without.
    if (own === undefined) return this.#heard;
    return new Map([...this.#heard, [this.#node, subnetTexts([...own, ...(this.#heard.get(this.#node) ?? [])])]]);
  }

  /** Where they can't be read now, as they were. */
  #ownPrefixes(): readonly string[] | undefined {
    try {
      this.#own = this.#deps.links.connectedPrefixes();
    } catch (error) {
      this.#deps.logger.debug(errorFields(error), "this host's links could not be read");
    }
    return this.#own;
  }

  #texts(): string[] {
    const { nodes } = this.#deps;
    const remembered = [...this.#memory].flatMap(([subnet, names]) =>
      names.some((name) => nodes().has(name)) ? subnet : [],
    );
    return [...new Set([...[...this.#live().values()].flat(), ...remembered])].sort();
  }

  #tell(): void {
    const known = this.#texts().join();
    if (known === this.#known) return;
    this.#known = known;
    this.#deps.onChange();
  }
}

function rangeOf(subnet: string): AddressRange[] {
  const parsed = parseRange(subnet);
  return parsed.ok ? [parsed.value] : [];
}

function inOrder(memory: ReadonlyMap<string, ReadonlySet<string>>): Memory {
  const known = [...memory].filter(([, nodes]) => nodes.size > 0).sort(([a], [b]) => (a < b ? -1 : 1));
  return new Map(known.map(([subnet, nodes]) => [subnet, [...nodes].sort().slice(0, MAX_NODES)]));
}

function encode(memory: Memory): string {
  return JSON.stringify(Object.fromEntries(memory));
}

/**
 * What makes no sense is left out: people can write there, and so may a later version. Undefined for what is no object, or larger than
 * any that was written.
 */
function decode(text: string): Memory | undefined {
  const said = text.length > MAX_OCTETS ? undefined : parse(text);
  if (typeof said !== 'object' || said === null || Array.isArray(said)) return undefined;
  const memory = new Map<string, readonly string[]>();
  for (const [prefix, nodes] of Object.entries(said) as [string, unknown][]) {
    const subnet = subnetText(prefix);
    if (subnet === undefined || !Array.isArray(nodes)) continue;
    // One subnet may be written in two ways.
    const named = [...(memory.get(subnet) ?? []), ...nodes.filter((node) => typeof node === 'string')];
    memory.set(subnet, [...new Set(named)]);
  }
  return memory;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
