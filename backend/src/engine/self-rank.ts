import { isDeepStrictEqual } from 'node:util';
import { selfMedOffset } from '../announce/next-hop-self.ts';
import type { PeerTarget } from '../announce/snapshot.ts';
import type { ReplicaProber } from '../health/replicas.ts';
import type { Logger } from '../platform/ports.ts';
import { DeadSpeakers, type Nodes } from './dead-speakers.ts';
import { HeardBy } from './heard-by.ts';
import type { Hearing } from './hearing-routers.ts';
import { logRanks, type Ranks, type View } from './ranks.ts';

export interface SelfRankDeps {
  readonly replicas: Pick<ReplicaProber, 'goneNodes'>;
  readonly logger: Logger;
  /** The routers that hear of the node of this name from its own replica alone, as far as is known now. */
  readonly hearing: (node: string | undefined) => Hearing;
}

/** For a router that retains what a dead machine has left, and for one that drops it. */
interface Offsets {
  readonly retains: number;
  readonly drops: number;
}

/**
 * What is added to the MED of routes for routers where each replica announces its own node alone, router by router: what another router hears
 * of a replica that died, or of a fresh one, changes nothing at this one.
 */
export class SelfRank {
  readonly #deps: SelfRankDeps;
  readonly #heardBy: HeardBy;
  readonly #dead = new Map<string, DeadSpeakers>();
  /** By peer. */
  #offsets: ReadonlyMap<string, Offsets> = new Map();

  constructor(deps: SelfRankDeps) {
    this.#deps = deps;
    this.#heardBy = new HeardBy(deps.hearing);
  }

  /**
   * @param own the node of this replica
   * @returns whether any is another one
   */
  update(own: string, view: View, nodes: Nodes): boolean {
    const gone = this.#deps.replicas.goneNodes();
    this.#heardBy.remember(view, gone);
    const hearing = this.#deps.hearing(own);
    const routers = new Set(hearing.values());
    for (const router of this.#dead.keys()) if (!routers.has(router)) this.#dead.delete(router);
    const byRouter = new Map([...routers].map((router) => [router, this.#towards(router, view, gone, nodes)] as const));
    const before = this.#offsets;
    const offsets = [...hearing].flatMap(([peer, router]): [string, Offsets][] => {
      const found = byRouter.get(router);
      return found === undefined ? [] : [[peer, found]];
    });
    this.#offsets = new Map(offsets);
    if (isDeepStrictEqual(before, this.#offsets)) return false;
    logRanks(
      this.#deps.logger,
      retaining(before),
      retaining(this.#offsets),
      'rank towards peers with nextHopSelf changed',
    );
    return true;
  }

  /** Undefined before the first update, and for any other peer. */
  offset({ name, dropsDead = false }: Pick<PeerTarget, 'name' | 'dropsDead'>): number | undefined {
    return this.#offsets.get(name)?.[dropsDead ? 'drops' : 'retains'];
  }

  #towards(router: string, view: View, gone: ReadonlySet<string>, nodes: Nodes): Offsets {
    const dead = this.#dead.get(router) ?? new DeadSpeakers();
    this.#dead.set(router, dead);
    const heard = this.#heardBy.heard(router, view);
    const present = new Set(heard.answering.map(({ node = '' }) => node));
    const deaths = dead.deaths(this.#heardBy.heardFrom(router, gone), nodes, present);
    return { retains: selfMedOffset({ ...heard, deaths }), drops: selfMedOffset({ ...heard, deaths: 0 }) };
  }
}

function retaining(offsets: ReadonlyMap<string, Offsets>): Map<string, number> {
  return new Map([...offsets].map(([peer, { retains }]) => [peer, retains]));
}

/** What is added to the MED of routes for a peer; undefined: not known yet. */
export function offsetTo(target: PeerTarget, ranks: Pick<Ranks, 'offset'>, self: SelfRank): number | undefined {
  return target.onlyNode === undefined ? ranks.offset(target.name) : self.offset(target);
}

/** The least of what is added for any peer; where there is none, what a router would hear of us that hears all replicas. */
export function leastOffset(
  targets: readonly PeerTarget[],
  ranks: Pick<Ranks, 'offset' | 'best'>,
  self: SelfRank,
): number | undefined {
  const offsets = targets.flatMap((target) => offsetTo(target, ranks, self) ?? []);
  return offsets.length === 0 ? ranks.best : Math.min(...offsets);
}
