import { isDeepStrictEqual } from 'node:util';
import { subnetTexts } from '../domain/subnet.ts';
import type { ReplicaProber } from '../health/replicas.ts';
import type { FromEngine } from './messages.ts';

export interface HeardSubnetsDeps {
  readonly replicas: Pick<ReplicaProber, 'answering' | 'isSettled'>;
  readonly post: (message: FromEngine) => void;
}

/**
 * The subnets that other replicas are on, by their nodes, as these say: whoever leads has to know those of all, as their network and
 * broadcast addresses are nobody's. Said for the first time when everybody who is there has had the time to tell, then on each change.
 */
export class HeardSubnets {
  readonly #deps: HeardSubnetsDeps;
  #said: ReadonlyMap<string, readonly string[]> | undefined;

  constructor(deps: HeardSubnetsDeps) {
    this.#deps = deps;
  }

  /** What other replicas say may be different now. */
  update(): void {
    const { replicas, post } = this.#deps;
    if (this.#said === undefined && !replicas.isSettled) return;
    const byNode = this.#byNode();
    if (isDeepStrictEqual(byNode, this.#said)) return;
    this.#said = byNode;
    post({ type: 'subnets', byNode });
  }

  #byNode(): ReadonlyMap<string, readonly string[]> {
    const prefixes = new Map<string, string[]>();
    for (const { node, place } of this.#deps.replicas.answering()) {
      const own = place.links.flatMap((link) => link.prefixes);
      // While one starts or leaves it speaks on no link, which says nothing of its node.
      if (node !== undefined && own.length > 0) prefixes.set(node, [...(prefixes.get(node) ?? []), ...own]);
    }
    const byName = [...prefixes].sort(([a], [b]) => (a < b ? -1 : 1));
    return new Map(byName.map(([node, own]) => [node, subnetTexts(own)]));
  }
}
