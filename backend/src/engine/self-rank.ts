import type { ReplicaView } from '../announce/med.ts';
import { selfMedOffset } from '../announce/next-hop-self.ts';
import type { Snapshot } from '../announce/snapshot.ts';
import type { ReplicaProber } from '../health/replicas.ts';
import type { Logger } from '../platform/ports.ts';
import { DeadSpeakers } from './dead-speakers.ts';

export interface SelfRankDeps {
  readonly replicas: Pick<ReplicaProber, 'goneNodes'>;
  readonly logger: Logger;
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
  update(view: ReplicaView, nodes: Pick<Snapshot, 'nodes' | 'health'>): boolean {
    const deaths = this.#dead.deaths(this.#deps.replicas.goneNodes(), nodes);
    const [from, to] = [this.#offset, selfMedOffset({ ...view, deaths })];
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
