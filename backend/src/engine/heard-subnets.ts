import { isDeepStrictEqual } from 'node:util';
import { subnetTexts } from '../domain/subnet.ts';
import type { ReplicaProber } from '../health/replicas.ts';
import type { Clock, Timer } from '../platform/ports.ts';
import type { EngineOptions, FromEngine } from './messages.ts';

export interface HeardSubnetsDeps {
  readonly clock: Clock;
  readonly replicas: Pick<ReplicaProber, 'answering' | 'isSettled'>;
  readonly post: (message: FromEngine) => void;
}

/** How long one that answers, and speaks on no link, may take to do so before nobody waits for it, in milliseconds. */
const START_MS = 1_000;

/**
 * The subnets that other replicas are on, by their nodes, as these say: whoever leads has to know those of all, as their network and
 * broadcast addresses are nobody's. Said for the first time when everybody who is there has had the time to tell, then on each change.
 */
export class HeardSubnets {
  readonly #deps: HeardSubnetsDeps;
  /** Runs while somebody who answers is waited for. */
  #patience: Timer | undefined;
  #isPatient: boolean;
  #said: ReadonlyMap<string, readonly string[]> | undefined;

  constructor(deps: HeardSubnetsDeps, { layer2 }: Pick<EngineOptions, 'layer2'>) {
    this.#deps = deps;
    this.#isPatient = layer2;
  }

  /** What other replicas say may be different now. */
  update(): void {
    const { replicas, post } = this.#deps;
    if (this.#said === undefined && (!replicas.isSettled || this.#waits())) return;
    const byNode = this.#byNode();
    if (isDeepStrictEqual(byNode, this.#said)) return;
    this.#said = byNode;
    post({ type: 'subnets', byNode });
  }

  /** All that start together speak only when they have heard each other: so long each says that it is on no link. */
  #waits(): boolean {
    const { replicas, clock } = this.#deps;
    if (!this.#isPatient || replicas.answering().every(({ place }) => place.links.length > 0)) return false;
    this.#patience ??= clock.setTimer(START_MS, () => {
      this.#isPatient = false;
      this.update();
    });
    return true;
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
