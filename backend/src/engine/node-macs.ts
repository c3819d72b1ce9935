import type { Node } from '../domain/node.ts';
import type { ReplicaProber } from '../health/replicas.ts';
import type { Clock, Datagrams, DatagramSocket, Link, LinkLayer, Logger, Timer } from '../platform/ports.ts';
import { isIn, MetNodes, subnetsOf } from './met-nodes.ts';

export interface NodeMacsDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly links: Pick<LinkLayer, 'links' | 'neighbours' | 'solicit'>;
  readonly datagrams: Datagrams;
  readonly nodes: ReadonlyMap<string, Node>;
  readonly replicas: Pick<ReplicaProber, 'nodeOfMac'>;
  /** What `nodeOf` or `macOf` return may be different now. */
  readonly onChange: () => void;
}

export interface NodeMacsOptions {
  /** This host's node and address; nodes are met by their addresses of the same family. */
  readonly node: string;
  readonly address: string;
}

const REFRESH_MS = 5_000;
/** RFC 863. Whether anybody listens there is all the same: to send to it the kernel must find the node's MAC. */
const DISCARD_PORT = 9;
/** Time for an answer to the kernel's question; where a router may answer instead, it takes up to 0.8 s (proxy_delay, arp(7)). */
const MEET_MS = 300;
const MEET_PROXY_MS = 1_000;
/** The kernel has room for a thousand neighbours, and looks for each of these for three seconds. */
const MAX_SOLICITED = 64;
/** On each link how many nodes more are asked for beside those that have no address of its subnet: a router answers for these as well. */
const WITNESSES = 2;

/** A node that is looked for on a link, by these of its addresses. */
interface Wanted {
  readonly node: string;
  readonly link: number;
  readonly addresses: readonly string[];
  /** None of them is of the link's subnet. */
  readonly isFar: boolean;
}

/**
 * The MAC addresses of the cluster's nodes: what replicas say of their own, and for all nodes what this host's kernel knows of those that
 * it talks to.
 */
export class NodeMacs {
  readonly #deps: NodeMacsDeps;
  readonly #options: NodeMacsOptions;
  #socket: DatagramSocket | undefined;
  /** Nodes that somebody wants to have met. */
  readonly #needed = new Set<string>();
  /** One round for all who ask meanwhile. */
  #meeting: Promise<void> | undefined;
  readonly #met = new MetNodes();
  /** `<link index> <node>` of those that the kernel knew when it was asked last. */
  #fresh: ReadonlySet<string> = new Set();
  readonly #solicited = new Turns();
  readonly #witnesses = new Turns();
  #timer: Timer | undefined;
  #stopped = false;

  constructor(deps: NodeMacsDeps, options: NodeMacsOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** Reads now, and from then on again and again. */
  start(): void {
    void this.#refreshAndRest();
  }

  stop(): void {
    this.#stopped = true;
    this.#socket?.close();
    this.#timer?.cancel();
  }

  /** The node that has the MAC, `02:00:5e:10:00:0a`, on any link. */
  nodeOf(mac: string): string | undefined {
    return this.#deps.replicas.nodeOfMac(mac) ?? this.#met.nodeOf(mac);
  }

  /** The MAC of a node on a link of this host. */
  macOf(node: string, link: number): Uint8Array | undefined {
    return this.#met.macOf(node, link);
  }

  /** The MAC of the first of these nodes that we have met on one of the links; undefined if there is none yet, and then they are looked for. */
  macOfOneOf(nodes: readonly string[], links: readonly Pick<Link, 'index'>[]): Uint8Array | undefined {
    for (const node of nodes) {
      for (const { index } of links) {
        const mac = this.macOf(node, index);
        if (mac !== undefined) return mac;
      }
    }
    this.require(nodes);
    return undefined;
  }

  /** Sees to it that these nodes are met, if they are on a link of this host; `onChange` tells. */
  require(nodes: Iterable<string>): void {
    const before = this.#needed.size;
    for (const node of nodes) this.#needed.add(node);
    if (this.#needed.size > before) void this.#meet(this.#needed);
  }

  /** Has the kernel find every node that is not met yet, and reads its tables. Never rejects. */
  async meetAll(): Promise<void> {
    this.#meeting ??= this.#meet(this.#deps.nodes.keys()).finally(() => (this.#meeting = undefined));
    await this.#meeting;
  }

  async #meet(nodes: Iterable<string>): Promise<void> {
    const links = this.#deps.links.links().filter(({ up }) => up);
    const others = [...nodes].filter((node) => node !== this.#options.node);
    for (const node of others) if (!links.some(({ index }) => this.#isFresh(node, index))) this.#sendTo(node);
    const unmet = links.flatMap((link) => this.#unmetOn(link, others));
    for (const { link, addresses } of this.#solicited.next(unmet, MAX_SOLICITED)) {
      for (const address of addresses) this.#deps.links.solicit(link, address);
    }
    const patienceMs = unmet.some(({ isFar }) => isFar) ? MEET_PROXY_MS : MEET_MS;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#deps.clock.setTimer(unmet.length > 0 ? patienceMs : 0, resolve);
    await promise;
    await this.refresh();
  }

  #isFresh(node: string, link: number): boolean {
    return this.#fresh.has(`${link} ${node}`);
  }

  /**
   * Those of the nodes that the kernel does not know on the link. A node may have its InternalIP on another network, and answer for it
   * on this link all the same, as Linux does; or a router answers for it, which shows once it does so for others. Where its annotation names
   * an address on this link, that is what it is asked for.
   */
  #unmetOn(link: Link, nodes: readonly string[]): readonly Wanted[] {
    const subnets = subnetsOf([link]).get(link.index) ?? [];
    const wanted = (node: string): Wanted => {
      const { internalIPs = [], pinned = [] } = this.#deps.nodes.get(node) ?? {};
      const texts = [...internalIPs, ...pinned].map(({ text }) => text);
      const all = texts.filter((text) => !text.includes(':'));
      const near = all.filter((address) => isIn(address, subnets));
      const isFar = near.length === 0 && all.length > 0;
      return { node, link: link.index, addresses: isFar ? all : near, isFar };
    };
    const isUnmet = ({ node }: Wanted): boolean => !this.#isFresh(node, link.index);
    const unmet = nodes.map(wanted).filter(isUnmet);
    if (!unmet.some(({ isFar }) => isFar)) return unmet;
    const others = [...this.#deps.nodes.keys()].filter((node) => node !== this.#options.node && !nodes.includes(node));
    const witnesses = others.map(wanted).filter((each) => each.isFar && isUnmet(each));
    return [...unmet, ...this.#witnesses.next(witnesses, WITNESSES)];
  }

  #sendTo(name: string): void {
    const { datagrams, nodes } = this.#deps;
    const { address } = this.#options;
    if (this.#stopped) return;
    // What is lost is sent again with the next reading.
    this.#socket ??= datagrams.bind(address, 0, {
      onMessage: () => undefined,
      onError: () => (this.#socket = undefined),
    });
    for (const { text } of nodes.get(name)?.internalIPs ?? []) {
      if (text.includes(':') === address.includes(':')) this.#socket.send(Uint8Array.of(0), DISCARD_PORT, text);
    }
  }

  /** Reads the kernel's tables once more. Never rejects. */
  async refresh(): Promise<void> {
    const before = this.#met.fingerprint;
    try {
      const { links, replicas } = this.#deps;
      const neighbours = await links.neighbours();
      const nodes = this.#nodesByAddress();
      const replicaNodeOf = (mac: string): string | undefined => replicas.nodeOfMac(mac);
      this.#met.update({ neighbours, links: links.links(), nodes, replicaNodeOf });
      this.#fresh = new Set(neighbours.map(({ link, address }) => `${link} ${nodes.get(address) ?? ''}`));
    } catch (error) {
      this.#deps.logger.warn({ err: error }, 'the MAC addresses of the nodes could not be read');
    }
    // Whoever had them read, all shall know.
    if (!this.#stopped && this.#met.fingerprint !== before) this.#deps.onChange();
  }

  async #refreshAndRest(): Promise<void> {
    for (const node of this.#needed) if (!this.#deps.nodes.has(node)) this.#needed.delete(node);
    await this.#meet(this.#needed);
    if (this.#stopped) return;
    this.#timer = this.#deps.clock.setTimer(REFRESH_MS, () => void this.#refreshAndRest());
  }

  #nodesByAddress(): Map<string, string> {
    const all = [...this.#deps.nodes.values()];
    const named = (addresses: (node: Node) => Node['pinned']): (readonly [string, string])[] =>
      all.flatMap((node) => addresses(node).map(({ text }) => [text, node.name] as const));
    // The later ones count: an annotation, which may be wrong, takes no address from the node that has it.
    return new Map([...named(({ pinned }) => pinned), ...named(({ internalIPs }) => internalIPs)]);
  }
}

/** Of many a few at a time, each in its turn. */
class Turns {
  #first = 0;

  next<T>(all: readonly T[], most: number): readonly T[] {
    if (all.length <= most) return all;
    const first = this.#first % all.length;
    this.#first = first + most;
    return [...all.slice(first), ...all.slice(0, first)].slice(0, most);
  }
}
