import type { ReplicaProber } from '../health/replicas.ts';
import type { RetainedRoutes } from '../health/tracked-replica.ts';
import type { BgpSpeaker } from '../speakers/bgp/speaker.ts';

/**
 * What other replicas hear of our rank: of a better one before routers do, of a worse one once it is written to them, and those that have
 * lost their session can't retain the better one any more. Whoever outlives us goes below the offset that it has heard last, and what
 * routers retain of us must never be better than that.
 */
export class ToldRank {
  readonly #replicas: Pick<ReplicaProber, 'setRank'>;
  readonly #speaker: Pick<BgpSpeaker, 'whenHeard'>;
  #offset = Infinity;
  #told = Infinity;
  #retained: ReadonlyMap<string, RetainedRoutes> = new Map();
  #changes = 0;

  constructor(deps: { replicas: Pick<ReplicaProber, 'setRank'>; speaker: Pick<BgpSpeaker, 'whenHeard'> }) {
    this.#replicas = deps.replicas;
    this.#speaker = deps.speaker;
  }

  /** Before the routes are the speaker's whose least offset this is. */
  set(offset: number, retained: ReadonlyMap<string, RetainedRoutes>): void {
    if (offset !== this.#offset) this.#changes += 1;
    this.#offset = offset;
    this.#retained = retained;
    this.#tell(Math.min(offset, this.#told));
  }

  /** The speaker has all routes with the offsets of which the least was set last. */
  routed(): void {
    const change = this.#changes;
    this.#speaker.whenHeard(() => {
      if (change === this.#changes) this.#tell(this.#offset);
    });
  }

  #tell(offset: number): void {
    this.#told = offset;
    this.#replicas.setRank(offset, this.#retained);
  }
}
