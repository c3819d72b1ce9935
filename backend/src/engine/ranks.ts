import { isDeepStrictEqual } from 'node:util';
import { medOffset, retained, successors } from '../announce/med.ts';
import type { Knowledge, LostReplica, ReplicaView } from '../announce/med.ts';
import type { ReplicaProber } from '../health/replicas.ts';
import type { RetainedRoutes } from '../health/tracked-replica.ts';
import type { Clock, Logger } from '../platform/ports.ts';
import type { SessionStatus } from '../speakers/bgp/model.ts';
import type { BgpSpeaker } from '../speakers/bgp/speaker.ts';
import { HeardBy } from './heard-by.ts';
import type { Hearing } from './hearing-routers.ts';
import { ToldRank } from './told-rank.ts';
import { WorseRanks, type Succession, type WantedRank } from './worse-ranks.ts';

export interface RanksDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly replicas: Pick<ReplicaProber, 'answering' | 'lost' | 'told' | 'setRank'>;
  readonly speaker: Pick<BgpSpeaker, 'whenHeard'>;
  /** The routers that hear replicas on the node of this name of all nodes, as far as is known now. */
  readonly hearing: (node: string | undefined) => Hearing;
  /** Our own probes call the node dead, and it isn't us who are cut off. */
  readonly isDead: (node: string | undefined) => boolean;
  /** A worse rank has waited for its time, or for its successor: `update` is to be called. */
  readonly onDue: () => void;
}

/** What has to be known of a session here. */
export type SessionSight = Pick<SessionStatus, 'key' | 'state' | 'endOfRibSent' | 'isUnheard'>;

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
  readonly #worse: WorseRanks;
  /** The peers that have all of our routes. */
  #served: ReadonlySet<string> = new Set();
  #offsets: ReadonlyMap<string, number> = new Map();
  #best: number | undefined;

  constructor(deps: RanksDeps) {
    this.#deps = deps;
    this.#toldRank = new ToldRank(deps);
    this.#heardBy = new HeardBy(deps.hearing);
    this.#worse = new WorseRanks(deps.clock, deps.onDue);
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
    const wanted = new Map([...own.hearing].map(([peer, router]) => [peer, this.#wanted(router, view)] as const));
    const told = new Map([...this.#offsets].filter(([peer]) => this.#served.has(peer)));
    const offsets = this.#worse.settle(wanted, told, own.stale || own.leaving);
    // Where no router hears us, others may yet take our word: older versions rank all replicas together.
    const best = offsets.size === 0 ? medOffset(view) : Math.min(...offsets.values());
    this.#toldRank.set(best, this.#retained(view));
    const isSame = best === this.#best && isDeepStrictEqual(offsets, this.#offsets);
    logRanks(this.#deps.logger, this.#offsets, offsets, 'rank among the replicas changed');
    this.#offsets = offsets;
    this.#best = best;
    return !isSame;
  }

  /** Where a peer has not all of our routes, or doesn't hear of us, no rank has to wait. Returns whether all have. */
  sessionsChanged(sessions: readonly SessionSight[]): boolean {
    const served = sessions.filter(isServed);
    this.#served = new Set(served.map(({ key }) => key));
    return sessions.length > 0 && served.length === sessions.length;
  }

  /** Calls back once the ranks of the last update are in force, at once if they are. */
  whenSettled(then: () => void): void {
    this.#worse.whenSettled(then);
  }

  stop(): void {
    this.#worse.stop();
  }

  #wanted(router: string, view: View): WantedRank {
    const heard = this.#heardBy.heard(router, view);
    return { offset: medOffset(heard), succession: successionOf(heard) };
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

function isServed({ state, endOfRibSent, isUnheard }: SessionSight): boolean {
  return state === 'Established' && endOfRibSent && isUnheard !== true;
}

function successionOf(view: View): Succession {
  const names = new Set(successors(view));
  if (names.size === 0) return 'nobody';
  return view.answering.some(({ name, announcing }) => announcing && names.has(name)) ? 'announces' : 'coming';
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
