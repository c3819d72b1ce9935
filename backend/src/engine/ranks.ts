import { isDeepStrictEqual } from 'node:util';
import { medOffset, retained, type Knowledge, type LostReplica, type ReplicaView } from '../announce/med.ts';
import type { ReplicaProber } from '../health/replicas.ts';
import type { RetainedRoutes } from '../health/tracked-replica.ts';
import type { Logger } from '../platform/ports.ts';
import type { BgpSpeaker } from '../speakers/bgp/speaker.ts';
import { HeardBy } from './heard-by.ts';
import type { Hearing } from './hearing-routers.ts';
import { ToldRank } from './told-rank.ts';

export interface RanksDeps {
  readonly logger: Logger;
  readonly replicas: Pick<ReplicaProber, 'answering' | 'lost' | 'told' | 'setRank'>;
  readonly speaker: Pick<BgpSpeaker, 'whenHeard'>;
  /** The routers that hear replicas on the node of this name of all nodes, as far as is known now. */
  readonly hearing: (node: string | undefined) => Hearing;
  /** Our own probes call the node dead, and it isn't us who are cut off. */
  readonly isDead: (node: string | undefined) => boolean;
}

/** What a replica's rank depends on besides the others. */
export interface Own extends Knowledge {
  readonly name: string;
  readonly leaving: boolean;
  /** The routers that hear us; not those with `nextHopSelf` (`engine/self-rank`). */
  readonly hearing: Hearing;
}

/**
 * What we add to the MEDs of our routes, router by router: we are ranked among the replicas that the router hears (`announce/med`). The other
 * replicas hear the best of our ranks, which is no worse than what any router retains of us: where they are first, they go below it.
 */
export class Ranks {
  readonly #deps: RanksDeps;
  readonly #toldRank: ToldRank;
  readonly #heardBy: HeardBy;
  #offsets: ReadonlyMap<string, number> = new Map();
  #best: number | undefined;

  constructor(deps: RanksDeps) {
    this.#deps = deps;
    this.#toldRank = new ToldRank(deps);
    this.#heardBy = new HeardBy(deps.hearing);
  }

  /** The least of the offsets; undefined before the first `update`. */
  get best(): number | undefined {
    return this.#best;
  }

  /** What we add to the MED of our routes to a peer. */
  offset(peer: string): number | undefined {
    return this.#offsets.get(peer);
  }

  /** Tells the others. Returns whether routes have to change: then `routed` is to be called when the speaker has them. */
  update(own: Own): boolean {
    const view = this.view(own);
    this.#heardBy.remember(view);
    const offsets = new Map(
      [...own.hearing].map(([peer, router]) => [peer, medOffset(this.#heardBy.heard(router, view))] as const),
    );
    // Where no router hears us, others may yet take our word: older versions rank all replicas together.
    const best = offsets.size === 0 ? medOffset(view) : Math.min(...offsets.values());
    this.#toldRank.set(best, this.#retained(view));
    const isSame = best === this.#best && isDeepStrictEqual(offsets, this.#offsets);
    logRanks(this.#deps.logger, this.#offsets, offsets, 'rank among the replicas changed');
    this.#offsets = offsets;
    this.#best = best;
    return !isSame;
  }

  /** The speaker has all routes with the offsets of the last update. */
  routed(): void {
    this.#toldRank.routed();
  }

  /** All replicas, whichever router hears them. */
  view({ name: self, stale, newcomer, leaving }: Own): View {
    const { replicas, isDead } = this.#deps;
    const lost = replicas.lost().map((other) => ({ ...other, nodeIsDead: isDead(other.node) }));
    return { self, answering: replicas.answering(), lost, told: replicas.told(), stale, newcomer, leaving };
  }

  #retained(view: View): ReadonlyMap<string, RetainedRoutes> {
    const entries = [...retained(view)].map(([name, med]): [string, RetainedRoutes] => {
      return [name, { med, elsewhere: this.#elsewhere(name, view) }];
    });
    return new Map(entries);
  }

  /** Those that no router hears that heard the lost one. */
  #elsewhere(lost: string, { answering }: View): string[] {
    const routers = this.#heardBy.routersOf(lost);
    if (routers === undefined) return [];
    const isElsewhere = (name: string): boolean =>
      ![...(this.#heardBy.routersOf(name) ?? routers)].some((router) => routers.has(router));
    return answering.map(({ name }) => name).filter(isElsewhere);
  }
}

/** Says which ranks are others than before, those that changed alike together. By peer. */
export function logRanks(
  logger: Logger,
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
  message: string,
): void {
  const changed = [...after].filter(([peer, to]) => (before.get(peer) ?? to) !== to);
  const alike = Map.groupBy(changed, ([peer, to]) => `${before.get(peer) ?? to} ${to}`);
  for (const group of alike.values()) {
    const [[peer, to] = ['', 0]] = group;
    logger.info({ peers: group.map(([name]) => name), from: before.get(peer), to }, message);
  }
}

/** All replicas, whichever router hears them. */
export interface View extends ReplicaView {
  readonly answering: ReturnType<ReplicaProber['answering']>;
  readonly lost: readonly (LostReplica & { readonly node: string | undefined })[];
}
