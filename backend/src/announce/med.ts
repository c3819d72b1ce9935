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
  /** The best of its offsets at its last word, whichever router hears that; undefined where it never said, as in older versions. */
  readonly med: number | undefined;
  /** Those of others that fell silent at about the same time: it may have outbid them with its last breath. */
  readonly beside: readonly number[];
  /** What we said of ourselves at that moment: whoever ranked first then has the routes that routers retain. */
  readonly us: Knowledge;
  /** Our own probes call its node dead, while they find another node alive: so it isn't us who are cut off. */
  readonly nodeIsDead: boolean;
}

/** Replicas that a router hears, as far as this one knows of them, and what it knows of itself: the input of its rank there. */
export interface ReplicaView {
  readonly self: string;
  /** Those that answer their probe and don't leave, this one included or not. */
  readonly answering: readonly AnsweringReplica[];
  /**
   * Those that stopped answering and whose routes the router may still hold: for their hold time plus restart time after
   * the last answer, or until they have announced again (RFC 4724: retained paths would otherwise win, or share the ECMP width with dead
   * next hops).
   */
  readonly lost: readonly LostReplica[];
  /** What other replicas say of routes that routers may still retain of whomever they have lost (`retained`). */
  readonly told: readonly number[];
  /** The view of the Kubernetes API has been stale for 5 s. */
  readonly stale: boolean;
  /** Some node that Kubernetes calls Ready has never answered our probes. */
  readonly newcomer: boolean;
  /** Shutting down. */
  readonly leaving: boolean;
}

export const MED_FIRST = 100;
export const MED_OTHER = 200;
/** Whoever is first outbids retained routes with an offset below this one, one lower for each takeover in turn, down to `MED_TAKEOVER`. */
export const MED_OUTBIDDING = 50;
export const MED_TAKEOVER = 0;
export const MED_STALE = 300;
export const MED_LEAVING = 900;
// In between: paths through draining nodes (`drain.ts`).

/**
 * What a replica adds to the MED of its routes to a router (RFC 4271, 5.1.4), which compares it among those of one AS. Exactly one
 * of the replicas that it hears is meant to win, so that equal next hops of several don't fill its ECMP width; each computes its own
 * offset, with no leader. The first of the answering ones wins. While routers may retain routes of lost ones (until their hold time and
 * restart time are over) it goes below the offset that these had, so that however many die one after the other, what one of them has
 * said never wins or shares the ECMP width; below one that never said its offset it can but go to the bottom. A stale view adds to the
 * rank, so that a replica cut off from the API loses against every living fresh one, and an order remains when all are cut off; against
 * the retained paths of dead fresh ones, whose node may have been the API server's as well, it must not lose. One that has not met all
 * nodes goes by Kubernetes for those, which notices a dead one after 40 s and more: so it ranks after those that have, and where nobody
 * has, all rank as ever.
 */
export function medOffset(view: ReplicaView): number {
  if (view.leaving) return MED_LEAVING;
  if (isPreceded(view)) return MED_OTHER + (view.stale ? MED_STALE : 0);
  return firstOffset(view, view.stale && !succeedsTheDead(view) ? MED_STALE : 0);
}

/** @param penalty what all offsets of replicas like this one begin at; those below it can't be outbid */
function firstOffset({ self, lost, told, stale }: ReplicaView, penalty: number): number {
  const first = MED_FIRST + penalty;
  const offsets = [...lost.map((other) => toOutbid(other, self, stale, penalty)), ...told];
  const rivals = offsets.filter((offset = Infinity): offset is number => offset >= penalty && offset <= first);
  return rivals.length === 0 ? first : Math.max(penalty, below(rivals, penalty));
}

function below(offsets: readonly number[], bottom = MED_TAKEOVER): number {
  return Math.min(bottom + MED_OUTBIDDING, ...offsets) - 1;
}

/** Undefined: it never said, and isn't expected to win. It may have become the first since its last word, if it would be before us. */
function toOutbid(other: LostReplica, self: string, stale: boolean, bottom: number): number | undefined {
  const isBefore = isToOutbid(other, self, stale);
  const last = lastOffset(other);
  if (last === undefined) return isBefore ? bottom : undefined;
  const best = isBefore ? Math.min(last, MED_FIRST + (other.stale ? MED_STALE : 0)) : last;
  // It said the best of its offsets at all routers: at this one it may be any that a stale one has.
  return other.stale ? Math.max(bottom, best) : best;
}

/** The best that routers may retain of it. */
function lastOffset({ med, beside }: LostReplica): number | undefined {
  if (med === undefined || !beside.some((offset) => offset <= MED_FIRST)) return med;
  return Math.min(med, Math.max(MED_TAKEOVER, below(beside) + 1 - beside.length));
}

/**
 * What others have to outbid where they become the first, by the name of the lost replica: for those that never met it, as one doesn't
 * that replaces it. At most `MED_OUTBIDDING`, below which they go in any case.
 */
export function retained({ self, lost, stale }: ReplicaView): ReadonlyMap<string, number> {
  const entries = lost.map((other): [string, number | undefined] => {
    const known = lastOffset(other) ?? toOutbid(other, self, stale, MED_TAKEOVER);
    return [other.name, known];
  });
  return new Map(
    entries.flatMap(([name, offset = Infinity]): [string, number][] =>
      offset <= MED_FIRST ? [[name, Math.min(MED_OUTBIDDING, offset)]] : [],
    ),
  );
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
function isPreceded({ self, answering, lost, stale, newcomer }: ReplicaView): boolean {
  const rivals = present(self, answering, lost).filter((replica) => replica.stale === stale);
  return rivals.some((rival) => precedes(rival, { name: self, newcomer }));
}

/**
 * Those that are to win in our place where we don't: whoever has a fresher view, or ranks before us among equals; where we leave, anybody.
 * A router shall have what they tell it before it hears that ours is worse.
 */
export function successors({ self, answering, lost, stale, newcomer, leaving }: ReplicaView): readonly string[] {
  const others = present(self, answering, lost);
  const isSuccessor = (other: AnsweringReplica): boolean =>
    leaving || (other.stale === stale ? precedes(other, { name: self, newcomer }) : stale);
  return others.filter(isSuccessor).map(({ name }) => name);
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
