import type { NodeHealth } from '../announce/snapshot.ts';
import type { Node } from '../domain/node.ts';

type Nodes = ReadonlyMap<string, Pick<Node, 'ready'>>;

/**
 * The nodes that were there when this replica began, as far as it has not met them: Kubernetes calls them Ready, and they have not
 * answered a probe, so that they may be dead. Those that come later are as new to the other replicas.
 */
export class Strangers {
  readonly #names: Set<string>;

  constructor(nodes: Nodes) {
    this.#names = new Set(nodes.keys());
  }

  /** Whether any is left. */
  remain(nodes: Nodes, health: ReadonlyMap<string, NodeHealth>): boolean {
    for (const name of this.#names) {
      const met = (health.get(name) ?? 'unknown') !== 'unknown';
      if (met || nodes.get(name)?.ready !== true) this.#names.delete(name);
    }
    return this.#names.size > 0;
  }
}
