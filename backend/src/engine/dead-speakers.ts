import { alive } from '../announce/eligible.ts';
import type { Snapshot } from '../announce/snapshot.ts';

type Nodes = Pick<Snapshot, 'nodes' | 'health'>;

/**
 * Machines that died with a replica whose routes routers may still retain (`announce/next-hop-self`). Of several each has the number of
 * those that it outlived, and one more: what its replica said last is no better than the others' answer to the death before it, whenever
 * that one is forgotten. Replicas that saw the same machines die agree on the highest number, whatever the order in which they noticed.
 */
export class DeadSpeakers {
  readonly #deaths = new Map<string, number>();

  /**
   * @param gone names of the nodes with a replica that is silent and whose routes may be retained
   * @returns the highest number; 0 where all of these machines work
   */
  deaths(gone: ReadonlySet<string>, nodes: Nodes): number {
    const dead = [...gone].filter((name) => isDead(name, nodes)).sort();
    for (const name of this.#deaths.keys()) if (!dead.includes(name)) this.#deaths.delete(name);
    for (const name of dead) if (!this.#deaths.has(name)) this.#deaths.set(name, this.#highest() + 1);
    return this.#highest();
  }

  #highest(): number {
    return Math.max(0, ...this.#deaths.values());
  }
}

/** One that never takes traffic has left nothing. */
function isDead(name: string, { nodes, health }: Nodes): boolean {
  const node = nodes.get(name);
  if (node === undefined) return true;
  return !node.excluded && alive({ node, health: health.get(name) ?? 'unknown' }) !== undefined;
}
