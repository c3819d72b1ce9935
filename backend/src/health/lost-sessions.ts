import type { Knowledge } from '../announce/med.ts';
import { lose, type Tracked } from './tracked-replica.ts';

/** One that has lost a session and gets it back is back within less, where it isn't asked in between. */
const AWAY_MS = 250;
/** The same where we have all of ours only since then: who is back first after a router was away does not win for that. */
const LATE_MS = 5_000;

/** Since when we have all of our sessions, by the clock; undefined where one is missing: it may be the router that is away. */
export type OwnSessions = number | undefined;

/**
 * A replica that lives, and has said whether all of its sessions are up. One that had them, and has lost one while we have all of ours, is lost to the
 * ranks as one that fell silent, but that it goes on saying what it has outbid: the router that lost it goes by what it said then, and nobody but
 * the next in rank can tell it otherwise.
 *
 * @returns whether it is lost from now on, or with another offset
 */
export function losesSessions(
  tracked: Tracked,
  { announcing, leaving, med }: Pick<Tracked, 'announcing' | 'leaving' | 'med'>,
  own: { readonly since: OwnSessions; readonly us: Knowledge },
  now: number,
): boolean {
  noteAway(tracked, announcing || leaving, now);
  const { awaySince } = tracked;
  if (awaySince === undefined || own.since === undefined) return false;
  if (tracked.lost !== undefined) return goesOn(tracked, med, now);
  const patienceMs = own.since <= awaySince ? AWAY_MS : LATE_MS;
  if (now - Math.max(own.since, awaySince) < patienceMs) return false;
  lose(tracked, [], { us: own.us, now, bySessions: true });
  return true;
}

/** Routers may retain what it said for so long after it was lost: here that is not over yet, nor what it says to those that it has a session with. */
function goesOn(tracked: Tracked, med: number | undefined, now: number): boolean {
  const { lost } = tracked;
  if (lost?.bySessions !== true) return false;
  const best = lost.med === undefined ? undefined : Math.min(med ?? Infinity, lost.med);
  tracked.lost = { ...lost, at: now, med: best };
  return best !== lost.med;
}

function noteAway(tracked: Tracked, hasAll: boolean, now: number): void {
  if (hasAll) tracked.awaySince = undefined;
  // One that answers for the first time since it was silent has begun anew, and lost nothing.
  else if (tracked.answering && tracked.announcing) tracked.awaySince ??= now;
}

/** We have lost a session ourselves: whoever is lost for that alone is so no more. Returns whether there was one. */
export function forgiveSessions(all: Iterable<Tracked>): boolean {
  const lost = [...all].filter((tracked) => tracked.lost?.bySessions);
  for (const tracked of lost) tracked.lost = undefined;
  return lost.length > 0;
}
