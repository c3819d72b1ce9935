import type { Knowledge } from '../announce/med.ts';
import { lose, type Tracked } from './tracked-replica.ts';

/** One that has lost a session and gets it back is back within less, where it isn't asked in between. */
const AWAY_MS = 250;
/**
 * So long we must have had all of ours: who is back first after a router was away does not win for that, and where a router ends all sessions
 * time and again, others hear nothing of it.
 */
const STEADY_MS = 5_000;

/** Since when we have all of our sessions, by the clock; undefined where one is missing: it may be the router that is away. */
export type OwnSessions = number | undefined;

/** What a replica says in an answer, as far as it matters here. */
type Says = Pick<Tracked, 'announcing' | 'leaving' | 'stale' | 'newcomer'>;

/** What is known here of ourselves and of the others. */
interface Own {
  readonly since: OwnSessions;
  readonly others: Iterable<Tracked>;
  readonly us: Knowledge;
}

/**
 * A replica that lives, and has said whether all of its sessions are up. One that had them, and has lost one while we have all of ours, is lost to the
 * ranks as one that fell silent: the router that lost it goes on with what it said then, and nobody but the next in rank can tell it otherwise.
 *
 * @returns whether it is lost from now on
 */
export function losesSessions(tracked: Tracked, says: Says, own: Own, now: number): boolean {
  noteAway(tracked, says, now);
  const { away, lost } = tracked;
  if (away === undefined || own.since === undefined) return false;
  if (lost !== undefined) {
    // Routers may retain what it said for so long after it was lost: here that is not over yet.
    if (lost.bySessions) tracked.lost = { ...lost, at: now };
    return false;
  }
  if (now < Math.max(away.since + AWAY_MS, own.since + STEADY_MS) || knowsMore(says, own.us)) return false;
  lose(tracked, away, own.others, { us: own.us, now, bySessions: true });
  return true;
}

function noteAway(tracked: Tracked, { announcing, leaving }: Says, now: number): void {
  if (announcing || leaving) tracked.away = undefined;
  // One that came back after it had left has nothing that was not handed over.
  else if (tracked.announcing && !tracked.leaving) {
    const { med, stale, newcomer } = tracked;
    tracked.away ??= { since: now, med, stale, newcomer };
  }
}

/** Routers that hear it still go by it rather than by us: we may take a dead node for a living one. */
function knowsMore(other: Knowledge, us: Knowledge): boolean {
  return (us.stale && !other.stale) || (us.newcomer && !other.newcomer);
}

/** We have lost a session ourselves: whoever is lost for that alone is so no more. Returns whether there was one. */
export function forgiveSessions(all: Iterable<Tracked>): boolean {
  const lost = [...all].filter((tracked) => tracked.lost?.bySessions);
  for (const tracked of lost) tracked.lost = undefined;
  return lost.length > 0;
}
