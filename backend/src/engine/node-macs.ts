import type { Node } from '../domain/node.ts';
import type { ReplicaProber } from '../health/replicas.ts';
import type { Clock, Datagrams, DatagramSocket, LinkLayer, Logger, Timer } from '../platform/ports.ts';
import { macText } from '../speakers/layer2/wire/mac.ts';

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
/** Time for an answer to the kernel's question. */
const MEET_MS = 300;
const MAX_SOLICITED = 64;

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
  #byMac: ReadonlyMap<string, string> = new Map();
  /** By `<link index> <node>`. */
  #byNode: ReadonlyMap<string, Uint8Array> = new Map();
  /** Those of them that the kernel knew when it was asked last. */
  #fresh: ReadonlySet<string> = new Set();
  #solicited = 0;
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
    return this.#deps.replicas.nodeOfMac(mac) ?? this.#byMac.get(mac);
  }

  /** The MAC of a node on a link of this host. */
  macOf(node: string, link: number): Uint8Array | undefined {
    return this.#byNode.get(`${link} ${node}`);
  }

  /** Sees to it that these nodes are met, if they are on a link of this host; `onChange` tells. */
  require(nodes: Iterable<string>): void {
    const before = this.#needed.size;
    for (const node of nodes) this.#needed.add(node);
    if (this.#needed.size > before) void this.#meetNeeded();
  }

  /** Has the kernel find every node that is not met yet, and reads its tables. Never rejects. */
  async meetAll(): Promise<void> {
    this.#meeting ??= this.#meet(this.#deps.nodes.keys()).finally(() => (this.#meeting = undefined));
    await this.#meeting;
  }

  async #meetNeeded(): Promise<void> {
    const before = fingerprint(this.#byNode);
    await this.#meet(this.#needed);
    if (!this.#stopped && fingerprint(this.#byNode) !== before) this.#deps.onChange();
  }

  async #meet(nodes: Iterable<string>): Promise<void> {
    const links = this.#deps.links.links().filter(({ up }) => up);
    const others = [...nodes].filter((node) => node !== this.#options.node);
    const isMet = (node: string, link: number): boolean => this.#fresh.has(`${link} ${node}`);
    for (const node of others) if (!links.some(({ index }) => isMet(node, index))) this.#sendTo(node);
    const unmet = others.flatMap((node) => links.flatMap(({ index }) => (isMet(node, index) ? [] : [{ node, index }])));
    const asked = unmet.length > 0;
    for (const { node, index } of this.#turn(unmet)) this.#solicit(index, node);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#deps.clock.setTimer(asked ? MEET_MS : 0, resolve);
    await promise;
    await this.refresh();
  }

  /** Of many each in its turn: the kernel has room for a thousand neighbours, and looks for each of these for three seconds. */
  #turn<T>(all: readonly T[]): readonly T[] {
    if (all.length <= MAX_SOLICITED) return all;
    const first = this.#solicited % all.length;
    this.#solicited = first + MAX_SOLICITED;
    return [...all.slice(first), ...all.slice(0, first)].slice(0, MAX_SOLICITED);
  }

  /** A node may have its InternalIP on another network, and answer for it on this link all the same, as Linux does. */
  #solicit(link: number, node: string): void {
    for (const { text } of this.#deps.nodes.get(node)?.internalIPs ?? []) this.#deps.links.solicit(link, text);
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
    try {
      const neighbours = await this.#deps.links.neighbours();
      const nodes = this.#nodesByAddress();
      const met = neighbours.flatMap(({ address, ...rest }) => {
        const node = nodes.get(address);
        return node === undefined ? [] : [{ node, ...rest }];
      });
      const now = new Map(met.map(({ mac, node, link }) => [`${link} ${node}`, mac]));
      this.#byMac = new Map(met.map(({ mac, node }) => [macText(mac), node]));
      // The kernel forgets neighbours that it has no route to within a minute; those that are needed are asked for again.
      const kept = [...this.#byNode].filter(([key]) => this.#needed.has(key.slice(key.indexOf(' ') + 1)));
      this.#byNode = new Map([...kept, ...now]);
      this.#fresh = new Set(now.keys());
    } catch (error) {
      this.#deps.logger.warn({ err: error }, 'the MAC addresses of the nodes could not be read');
    }
  }

  async #refreshAndRest(): Promise<void> {
    const before = fingerprint(this.#byNode);
    await this.#meet(this.#needed);
    if (this.#stopped) return;
    if (fingerprint(this.#byNode) !== before) this.#deps.onChange();
    this.#timer = this.#deps.clock.setTimer(REFRESH_MS, () => void this.#refreshAndRest());
  }

  #nodesByAddress(): Map<string, string> {
    const nodes = new Map<string, string>();
    for (const { name, internalIPs, pinned } of this.#deps.nodes.values()) {
      for (const { text } of [...internalIPs, ...pinned]) nodes.set(text, name);
    }
    return nodes;
  }
}

function fingerprint(macs: ReadonlyMap<string, Uint8Array>): string {
  return [...macs]
    .map(([key, mac]) => `${key} ${macText(mac)}`)
    .sort()
    .join();
}
