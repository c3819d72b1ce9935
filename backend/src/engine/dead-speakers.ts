import { alive } from '../announce/eligible.ts';
import type { Snapshot } from '../announce/snapshot.ts';

/** What is to be known of nodes here. */
export type Nodes = Pick<Snapshot, 'nodes' | 'health' | 'drains'>;

const nobody: ReadonlySet<string> = new Set();

/**
 * Machines that died with a replica whose routes routers may still retain (`announce/next-hop-self`). Of several each has the number of
 * those that it outlived, and one more: what its replica said last is no better than the others' answer to the death before it, whenever
 * that one is forgotten. Replicas that saw the same machines die agree on the highest number, whatever the order in which they noticed.
 * One whose node was excluded, or had been drained, has left nothing.
 */
export class DeadSpeakers {
  readonly #deaths = new Map<string, number>();
  /** Whether a node's replica had withdrawn its routes when it was heard last: whatever becomes of the node later, nobody withdraws them then. */
  readonly #withdrawn = new Map<string, boolean>();

  /**
   * @param gone names of the nodes with a replica that is silent and whose routes may be retained
   * @param present names of the nodes with a replica that answers
   * @returns the highest number; 0 where all of these machines work
   */
  deaths(gone: ReadonlySet<string>, nodes: Nodes, present = nobody): number {
    this.#remember(gone, nodes, present);
    const dead = [...gone].filter((name) => this.#withdrawn.get(name) !== true && isDead(name, nodes)).sort();
    for (const name of this.#deaths.keys()) if (!dead.includes(name)) this.#deaths.delete(name);
    for (const name of dead) if (!this.#deaths.has(name)) this.#deaths.set(name, this.#highest() + 1);
    return this.#highest();
  }

  #remember(gone: ReadonlySet<string>, nodes: Nodes, present: ReadonlySet<string>): void {
    for (const name of this.#withdrawn.keys()) if (!gone.has(name) && !present.has(name)) this.#withdrawn.delete(name);
    for (const name of [...present, ...gone]) {
      const node = nodes.nodes.get(name);
      if (node === undefined || (gone.has(name) && this.#withdrawn.has(name))) continue;
      this.#withdrawn.set(name, node.excluded || nodes.drains.get(name) === 'drained');
    }
  }

  #highest(): number {
    return Math.max(0, ...this.#deaths.values());
  }
}

function isDead(name: string, { nodes, health }: Nodes): boolean {
  const node = nodes.get(name);
  return node === undefined || alive({ node, health: health.get(name) ?? 'unknown' }) !== undefined;
}
