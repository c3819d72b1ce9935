export interface AnsweringReplica {
  readonly name: string;
  /** Its view of the Kubernetes API is stale, by its own account. */
  readonly stale: boolean;
  /** It has not met all nodes yet, by its own account: it may take a dead one for a living one. */
  readonly newcomer: boolean;
}

/** Replicas that this one knows of, and what it knows of itself: the input of its rank. */
export interface ReplicaView {
  readonly self: string;
  /** The replicas that answer their probe and don't leave, this one included or not. */
  readonly answering: readonly AnsweringReplica[];
  /**
   * Names of replicas that stopped answering and whose routes a router may still hold: for their hold time plus restart time after
   * the last answer, or until they have announced again (RFC 4724: retained paths would otherwise win, or share the ECMP width with dead
   * next hops).
   */
  readonly lost: readonly string[];
  /** The view of the Kubernetes API has been stale for 5 s. */
  readonly stale: boolean;
  /** Some node that Kubernetes calls Ready has never answered our probes. */
  readonly newcomer: boolean;
  /** Shutting down. */
  readonly leaving: boolean;
}

export const MED_FIRST = 100;
export const MED_OTHER = 200;
export const MED_TAKEOVER = 0;
export const MED_STALE = 300;
export const MED_LEAVING = 900;
// In between: paths through draining nodes (`drain.ts`).

/**
 * What a replica adds to the MED of its routes (RFC 4271, 5.1.4; all replicas share one AS, so routers compare it). Exactly one
 * replica is meant to win, so that equal next hops of several replicas don't fill a router's ECMP width; each computes its own
 * offset, with no leader. The first of the answering ones wins; it outbids a lost one of higher rank, whose retained paths would
 * otherwise win until its hold time and restart time are over. A stale view adds to the rank, so that a replica cut off from the API
 * loses against every fresh one, and an order remains when all are cut off. One that has not met all nodes goes by Kubernetes for those, which
 * notices a dead one after 40 s and more: so it ranks after those that have, and where nobody has, all rank as ever.
 */
export function medOffset(view: ReplicaView): number {
  if (view.leaving) return MED_LEAVING;
  return rankOffset(view) + (view.stale ? MED_STALE : 0);
}

/** Fresh replicas rank among the fresh ones, stale ones among the stale ones: else nobody would be first while the first is stale. */
function rankOffset({ self, answering, lost, stale, newcomer }: ReplicaView): number {
  // One that answers, but hasn't announced since it was lost, is known to routers by what they retained only.
  const present = answering.filter(({ name }) => name !== self && !lost.includes(name));
  const rivals = present.filter((replica) => replica.stale === stale);
  if (rivals.some((rival) => (rival.newcomer === newcomer ? rival.name < self : newcomer))) return MED_OTHER;
  // A newcomer has ranked after all that knew the nodes, whatever their names.
  return lost.some((name) => newcomer || name < self) ? MED_TAKEOVER : MED_FIRST;
}
