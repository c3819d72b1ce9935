import { isDeepStrictEqual } from 'node:util';
import type { ReplicaView } from '../announce/med.ts';
import { selfMedOffset } from '../announce/next-hop-self.ts';
import type { PeerTarget, Snapshot } from '../announce/snapshot.ts';
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
  /** For those that retain what a dead machine has left, and for those that drop it. */
  #offsets: readonly [retains: number, drops: number] | undefined;

  constructor(deps: SelfRankDeps) {
    this.#deps = deps;
  }

  /** @returns whether any is another one, after the first time */
  update(view: ReplicaView, nodes: Pick<Snapshot, 'nodes' | 'health'>): boolean {
    const deaths = this.#dead.deaths(this.#deps.replicas.goneNodes(), nodes);
    const from = this.#offsets;
    const to = [selfMedOffset({ ...view, deaths }), selfMedOffset({ ...view, deaths: 0 })] as const;
    this.#offsets = to;
    if (from === undefined || isDeepStrictEqual(from, to)) return false;
    this.#deps.logger.info({ from: from[0], to: to[0] }, 'rank towards peers with nextHopSelf changed');
    return true;
  }

  /** 0 before the first update: nothing is announced by then. */
  offset({ dropsDead = false }: Pick<PeerTarget, 'dropsDead'>): number {
    return this.#offsets?.[dropsDead ? 1 : 0] ?? 0;
  }
}
