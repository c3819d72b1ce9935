import type { Node } from '../domain/node.ts';
import type { AnsweringReplica } from '../health/replicas.ts';
import type { Clock, LinkLayer, Logger, Timer } from '../platform/ports.ts';
import { macText } from '../speakers/layer2/wire/mac.ts';

export interface NodeMacsDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly links: Pick<LinkLayer, 'neighbours'>;
  readonly nodes: ReadonlyMap<string, Node>;
  readonly replicas: { answering(): readonly AnsweringReplica[] };
  /** What `nodeOf` or `macOf` return may be different now. */
  readonly onChange: () => void;
}

/** Nodes are probed every few seconds at least, so that the kernel's tables are as fresh. */
const REFRESH_MS = 5_000;

/**
 * The MAC addresses of the cluster's nodes: what replicas say of their own, and for all nodes what this host's kernel knows of those that
 * it talks to.
 */
export class NodeMacs {
  readonly #deps: NodeMacsDeps;
  #byMac: ReadonlyMap<string, string> = new Map();
  /** By `<link index> <node>`. */
  #byNode: ReadonlyMap<string, Uint8Array> = new Map();
  #timer: Timer | undefined;
  #stopped = false;

  constructor(deps: NodeMacsDeps) {
    this.#deps = deps;
  }

  /** Reads now, and from then on again and again. */
  start(): void {
    void this.#refreshAndRest();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  /** The node that has the MAC, `02:00:5e:10:00:0a`, on any link. */
  nodeOf(mac: string): string | undefined {
    const replica = this.#deps.replicas.answering().find(({ place }) => place.links.some((link) => link.mac === mac));
    return replica?.node ?? this.#byMac.get(mac);
  }

  /** The MAC of a node on a link of this host. */
  macOf(node: string, link: number): Uint8Array | undefined {
    return this.#byNode.get(`${link} ${node}`);
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
      this.#byMac = new Map(met.map(({ mac, node }) => [macText(mac), node]));
      this.#byNode = new Map(met.map(({ mac, node, link }) => [`${link} ${node}`, mac]));
    } catch (error) {
      this.#deps.logger.warn({ err: error }, 'the MAC addresses of the nodes could not be read');
    }
  }

  async #refreshAndRest(): Promise<void> {
    const before = fingerprint(this.#byNode);
    await this.refresh();
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
