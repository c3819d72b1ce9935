import type { Hearing } from './hearing-routers.ts';

interface Replica {
  readonly name: string;
  readonly node: string | undefined;
}

/** Replicas by whether they answer. */
export interface Others<A extends Replica = Replica, L extends Replica = Replica> {
  readonly answering: readonly A[];
  readonly lost: readonly L[];
}

/**
 * Who hears the other replicas: of those that are lost, who did when they fell silent, whatever has become of their nodes or of BgpPeers
 * since. One that we have not met before it was lost may have been heard by any router.
 */
export class HeardBy {
  /** The routers that hear replicas on the node of this name, as far as is known now. */
  readonly #hearing: (node: string | undefined) => Hearing;
  readonly #replicas = new Map<string, ReadonlySet<string>>();
  readonly #nodes = new Map<string, ReadonlySet<string>>();

  constructor(hearing: (node: string | undefined) => Hearing) {
    this.#hearing = hearing;
  }

  /** @param gone names of nodes with a replica that is silent or has left */
  remember({ answering, lost }: Others, gone: ReadonlySet<string> = new Set()): void {
    const silent = new Set(lost.map(({ name }) => name));
    const present = answering.filter(({ name }) => !silent.has(name));
    forget(this.#replicas, new Set([...silent, ...present.map(({ name }) => name)]));
    forget(this.#nodes, new Set([...gone, ...present.map(({ node = '' }) => node)]));
    for (const { name, node } of present) {
      const routers = new Set(this.#hearing(node).values());
      this.#replicas.set(name, routers);
      if (node !== undefined) this.#nodes.set(node, routers);
    }
  }

  /** The routers that hear a replica; undefined where we have not met it. */
  routersOf(replica: string): ReadonlySet<string> | undefined {
    return this.#replicas.get(replica);
  }

  /** Those that this router hears, or has heard. */
  heard<A extends Replica, L extends Replica, V extends Others<A, L>>(router: string, view: V): V {
    const isHeard = ({ name }: Replica): boolean => this.#replicas.get(name)?.has(router) ?? true;
    return { ...view, answering: view.answering.filter(isHeard), lost: view.lost.filter(isHeard) };
  }

  /** Of the nodes, those whose replica this router has heard. */
  heardFrom(router: string, gone: ReadonlySet<string>): Set<string> {
    return new Set([...gone].filter((node) => this.#nodes.get(node)?.has(router) ?? true));
  }
}

function forget(memory: Map<string, unknown>, known: ReadonlySet<string>): void {
  for (const key of memory.keys()) if (!known.has(key)) memory.delete(key);
}
