import { MED_FIRST, MED_STALE, type ReplicaView } from './med.ts';

/** What the rank among peers with `nextHopSelf` depends on. */
export interface SelfView extends Pick<ReplicaView, 'self' | 'answering' | 'lost' | 'stale'> {
  /**
   * How many machines have died one after the other, with a replica whose routes routers may still retain: each later one may have outbid
   * those before it (`engine/dead-speakers`).
   */
  readonly deaths: number;
}

/**
 * What a replica adds to the MED of its routes for a router where each replica announces its own node alone: the same in all of them, so that
 * the router takes the paths of all as equal (RFC 4271, 9.1.2.2). When a machine dies with its replica, nobody can withdraw what that one has
 * said, which leads to the dead machine until BFD or the hold time ends the session, and with graceful restart (RFC 4724) until the
 * restart time is over: those who are left go below it together. What a replica has said that is merely away leads to a machine that
 * works, and stays as good as the others. A stale view counts as for all routers (`medOffset`): it loses against every living fresh one,
 * and must not lose against what a dead one has left. Nobody ranks lower for having begun just now, or for leaving: what it says of its
 * own node is right.
 */
export function selfMedOffset(view: SelfView): number {
  const penalty = view.stale && !isSuccessor(view) ? MED_STALE : 0;
  return penalty + Math.max(0, MED_FIRST - view.deaths);
}

/** Nobody fresh is living: none answers, and the machines of those that were lost are dead. */
function isSuccessor({ self, answering, lost, deaths }: SelfView): boolean {
  if (deaths === 0 || answering.some(({ name, stale }) => name !== self && !stale)) return false;
  return lost.every(({ stale, nodeIsDead }) => stale || nodeIsDead);
}
