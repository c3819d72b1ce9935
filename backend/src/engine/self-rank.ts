import { selfMedOffset } from '../announce/next-hop-self.ts';
import type { Snapshot } from '../announce/snapshot.ts';
import type { ReplicaProber } from '../health/replicas.ts';
import type { Logger } from '../platform/ports.ts';
import { DeadSpeakers } from './dead-speakers.ts';
import type { Own } from './ranks.ts';

export interface SelfRankDeps {
  readonly replicas: Pick<ReplicaProber, 'goneNodes' | 'answering' | 'lost'>;
  readonly logger: Logger;
  /** Our own probes call the node dead, and it isn't us who are cut off. */
  readonly isDead: (node: string | undefined) => boolean;
}

/** What is added to the MED of routes for routers where each replica announces its own node alone. */
export class SelfRank {
  readonly #deps: SelfRankDeps;
  readonly #dead = new DeadSpeakers();
  #offset: number | undefined;

  constructor(deps: SelfRankDeps) {
    this.#deps = deps;
  }

  /** @returns whether it is another one, after the first time */
  update({ name: self, stale }: Pick<Own, 'name' | 'stale'>, nodes: Pick<Snapshot, 'nodes' | 'health'>): boolean {
    const { replicas, isDead } = this.#deps;
    const deaths = this.#dead.deaths(replicas.goneNodes(), nodes);
    const lost = replicas.lost().map((other) => ({ ...other, nodeIsDead: isDead(other.node) }));
    const [from, to] = [this.#offset, selfMedOffset({ self, stale, deaths, lost, answering: replicas.answering() })];
    this.#offset = to;
    if (from === undefined || from === to) return false;
    this.#deps.logger.info({ from, to }, 'rank towards peers with nextHopSelf changed');
    return true;
  }

  /** 0 before the first update: nothing is announced by then. */
  get offset(): number {
    return this.#offset ?? 0;
  }
}
