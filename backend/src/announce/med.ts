/** What a replica says of what it knows. */
export interface Knowledge {
  /** Its view of the Kubernetes API is stale. */
  readonly stale: boolean;
  /** It has not met all nodes yet: it may take a dead one for a living one. */
  readonly newcomer: boolean;
}

export interface AnsweringReplica extends Knowledge {
  readonly name: string;
}

/** One that fell silent, with its last word before that. */
export interface LostReplica extends AnsweringReplica {
  /** What we said of ourselves at that moment: whoever ranked first then has the routes that routers retain. */
  readonly us: Knowledge;
  /** Our own probes call its node dead, while they find another node alive: so it isn't us who are cut off. */
  readonly nodeIsDead: boolean;
}

/** Replicas that this one knows of, and what it knows of itself: the input of its rank. */
export interface ReplicaView {
  readonly self: string;
  /** The replicas that answer their probe and don't leave, this one included or not. */
  readonly answering: readonly AnsweringReplica[];
  /**
   * The replicas that stopped answering and whose routes a router may still hold: for their hold time plus restart time after
   * the last answer, or until they have announced again (RFC 4724: retained paths would otherwise win, or share the ECMP width with dead
   * next hops).
   */
  readonly lost: readonly LostReplica[];
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
 * loses against every living fresh one, and an order remains when all are cut off; against the retained paths of dead fresh ones, whose
 * node may have been the API server's as well, it must not lose. One that has not met all nodes goes by Kubernetes for those, which
 * notices a dead one after 40 s and more: so it ranks after those that have, and where nobody has, all rank as ever.
 */
export function medOffset(view: ReplicaView): number {
  if (view.leaving) return MED_LEAVING;
  const rank = rankOffset(view);
  const isSuccessor = rank === MED_TAKEOVER && succeedsTheDead(view);
  return rank + (view.stale && !isSuccessor ? MED_STALE : 0);
}

/** Nobody fresh can be living: none answers, and of those that were lost we know it. */
function succeedsTheDead({ self, answering, lost }: ReplicaView): boolean {
  const fresh = lost.filter((other) => !other.stale);
  if (present(self, answering, lost).some((other) => !other.stale)) return false;
  return fresh.length > 0 && fresh.every(({ nodeIsDead }) => nodeIsDead);
}

/** One that answers, but hasn't announced since it was lost, is known to routers by what they retained only. */
function present(
  self: string,
  answering: readonly AnsweringReplica[],
  lost: readonly LostReplica[],
): readonly AnsweringReplica[] {
  const absent = new Set([self, ...lost.map(({ name }) => name)]);
  return answering.filter(({ name }) => !absent.has(name));
}

/** Fresh replicas rank among the fresh ones, stale ones among the stale ones: else nobody would be first while the first is stale. */
function rankOffset({ self, answering, lost, stale, newcomer }: ReplicaView): number {
  const rivals = present(self, answering, lost).filter((replica) => replica.stale === stale);
  if (rivals.some((rival) => precedes(rival, { name: self, newcomer }))) return MED_OTHER;
  return lost.some((other) => isToOutbid(other, self, stale)) ? MED_TAKEOVER : MED_FIRST;
}

/** Among equally fresh ones. */
function precedes(other: Ranked, than: Ranked): boolean {
  return other.newcomer === than.newcomer ? other.name < than.name : than.newcomer;
}

type Ranked = Pick<AnsweringReplica, 'name' | 'newcomer'>;

/**
 * It ranked before us when it was lost, whatever has become of us since: so of two that lose each other only one takes over, and goes on
 * outbidding as long as routers may retain what the other has said. Or it ranks before us since our view is stale, and is dead.
 */
function isToOutbid(
  { name, newcomer, stale: wasStale, us, nodeIsDead }: LostReplica,
  self: string,
  stale: boolean,
): boolean {
  if (us.stale && !wasStale) return true;
  if (stale && !us.stale && nodeIsDead) return true;
  return precedes({ name, newcomer }, { name: self, newcomer: us.newcomer });
}
