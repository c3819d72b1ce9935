import type { AnsweringReplica as RankedReplica, Knowledge, LostReplica as RankedLoss } from '../announce/med.ts';
import { NO_PLACE, type ReplicaPlace } from '../domain/replica.ts';
import type { Timer } from '../platform/ports.ts';
import { OpenQuestions } from './open-questions.ts';

export interface AnsweringReplica extends RankedReplica {
  /** Name of the node that it runs on. */
  readonly node: string | undefined;
  /** Its view has been stale for a while in which that of others was not, by its own account; undefined where it doesn't say. */
  readonly behind: boolean | undefined;
  /** All of its sessions are established. */
  readonly announcing: boolean;
  /** Where it can speak on links. */
  readonly place: ReplicaPlace;
  /** False: it does not say so, as one doesn't that has not heard of us, or not for long; if it speaks, it won't yield to us. */
  readonly isPlaceKnown: boolean;
  /** It takes this replica for one that speaks on links: what it would leave to us it does not speak for. */
  readonly countsUs: boolean;
}

export interface LostReplica extends Omit<RankedLoss, 'nodeIsDead'> {
  /** Name of the node that it ran on. */
  readonly node: string | undefined;
}

/** What metrics tell of another replica; all but `answering` by its own word. */
export interface ReplicaFacts extends Pick<Tracked, 'answering' | 'leaving' | 'stale' | 'announcing'> {
  readonly name: string;
}

/** A replica fell silent: what is known of that moment. */
interface Loss extends Knowledge {
  /** Clock time. */
  readonly since: number;
  /** The same; later where it lives and its routers may still retain as much. */
  readonly at: number;
  /** What we said of ourselves then. */
  readonly us: Knowledge;
  /** The MED offset that it said last. */
  readonly med: number | undefined;
  /** Those of others lost at about the same time. */
  readonly beside: readonly number[];
  /** It answers, and has but lost a session (`lost-sessions.ts`). */
  readonly bySessions: boolean;
}

/** What a replica says that its rank depends on, or shows. */
interface Word extends Knowledge {
  /** The least that it adds to the MED of its routes. */
  readonly med: number | undefined;
}

/** What a replica knows of another one. */
export interface Tracked {
  address: string;
  node: string | undefined;
  member: boolean;
  /** Another replica, or this one, has its address now and would answer for it. */
  replaced: boolean;
  questions: OpenQuestions;
  /** Rounds in a row in which a question was open that it had the time to answer. */
  missed: number;
  /** It answered at least once and has not been found silent since. */
  answering: boolean;
  leaving: boolean;
  stale: boolean;
  behind: boolean | undefined;
  newcomer: boolean;
  announcing: boolean;
  /** Of one that announced: since when its answers have said that it doesn't, by the clock, and what it had said before. */
  away: (Word & { readonly since: number }) | undefined;
  med: number | undefined;
  /** Of one that leaves: what it had said of `med` before it said so. */
  stayingMed: number | undefined;
  /** What it said last of routes that others than us have left with routers, and when. */
  retained: { readonly med: number; readonly at: number } | undefined;
  place: ReplicaPlace;
  /** It has said so, if only that it can't, and has not gone on without since. */
  isPlaceKnown: boolean;
  /** Clock time of the last answer that said so. */
  placeAt: number;
  /** That answer said that it takes this replica for one that speaks on links. */
  countsUs: boolean;
  /** Clock time of its first answer since it answers, or since it doesn't say so any more. */
  answeredAt: number;
  /** Clock time of the last question. */
  askedAt: number;
  /** How often it was told our place lately (`told-place.ts`). */
  toldUntil: number;
  /** The next one, where news came too soon after the last one. */
  soon: Timer | undefined;
  /** That questions to it can't even be sent was said, once until it answers again. */
  saidUnsendable: boolean;
  lost: Loss | undefined;
  /** Clock time of when it fell silent last, be it that it left: routers may retain what it said of its own node. */
  goneAt: number | undefined;
  /** Since when its answers have said, without a break, that it announces: of one that was lost. */
  backSince: number | undefined;
}

/** A member that nothing has been heard of yet. */
export function newlyTracked(address: string, node: string | undefined): Tracked {
  const word = {
    leaving: false,
    stale: false,
    behind: undefined,
    newcomer: false,
    announcing: false,
    away: undefined,
    med: undefined,
    stayingMed: undefined,
    retained: undefined,
    place: NO_PLACE,
    isPlaceKnown: false,
    placeAt: -Infinity,
    countsUs: false,
    answeredAt: -Infinity,
    askedAt: -Infinity,
    toldUntil: -Infinity,
    soon: undefined,
  };
  const found = {
    questions: new OpenQuestions(),
    missed: 0,
    answering: false,
    saidUnsendable: false,
    lost: undefined,
    goneAt: undefined,
    backSince: undefined,
  };
  return { address, node, member: true, replaced: false, ...found, ...word };
}

/**
 * How long a lost one must have announced again. So long it may not have noticed yet that its sessions are gone, or that nothing arrives over them, or
 * which nodes died while it was cut off; or routers take.
 */
export const BACK_MS = 3_000;

/** A replica answered: whether it, lost before, has replaced by now what routers retained of it, so that it is lost no longer. */
export function comesBack(tracked: Tracked, announcing: boolean, now: number): boolean {
  tracked.backSince = tracked.lost !== undefined && announcing ? (tracked.backSince ?? now) : undefined;
  if (tracked.backSince === undefined || now - tracked.backSince < BACK_MS) return false;
  tracked.lost = undefined;
  return true;
}

/** Nobody can tell which of two that fell silent within this time, in milliseconds, has outlived the other, and taken over from it. */
const BESIDE_MS = 5_000;

/** A replica fell silent, or another one has its address: it is lost, unless it has left. */
export function fallSilent(tracked: Tracked, others: Iterable<Tracked>, us: Knowledge, now: number): void {
  Object.assign(tracked, { answering: false, backSince: undefined, goneAt: now });
  if (!hasLeft(tracked)) lose(tracked, tracked, others, { us, now, bySessions: false });
}

/** It has said that it leaves, and since then, where it says what it adds at all, that routers have worse routes of it than before. */
function hasLeft({ leaving, med, stayingMed }: Tracked): boolean {
  return leaving && (med === undefined || stayingMed === undefined || med > stayingMed);
}

/** A replica answered: what it had said before it began to leave stays known. */
export function noteLeaving(tracked: Tracked, leaving: boolean): void {
  if (!leaving) tracked.stayingMed = undefined;
  else if (!tracked.leaving) tracked.stayingMed = tracked.med;
}

/**
 * A replica fell silent, or has lost a session. One that has not announced since it was lost before may rank as it did then: routers may retain
 * that.
 *
 * @param said its last word to routers
 */
export function lose(
  tracked: Tracked,
  said: Word,
  others: Iterable<Tracked>,
  { us, now, bySessions }: { readonly us: Knowledge; readonly now: number; readonly bySessions: boolean },
): void {
  const { med } = said;
  const losses = [...others].filter(
    (other) => other !== tracked && now - (other.lost?.since ?? -Infinity) <= BESIDE_MS,
  );
  const beside = losses.flatMap((other) => other.lost?.med ?? []);
  const loss = combined({ since: now, at: now, ...knowledgeOf(said), us, med, beside, bySessions }, tracked.lost);
  tracked.lost = loss;
  if (loss.med === undefined) return;
  for (const other of losses) {
    if (other.lost !== undefined) other.lost = { ...other.lost, beside: [...other.lost.beside, loss.med] };
  }
}

function knowledgeOf({ stale, newcomer }: Knowledge): Knowledge {
  return { stale, newcomer };
}

function combined(loss: Loss, before: Loss | undefined): Loss {
  if (before === undefined) return loss;
  const { since, at, us, bySessions } = loss;
  return {
    since,
    at,
    bySessions,
    stale: loss.stale && before.stale,
    newcomer: loss.newcomer && before.newcomer,
    us: { stale: us.stale || before.us.stale, newcomer: us.newcomer || before.us.newcomer },
    med: least(loss.med, before.med),
    beside: [...new Set([...loss.beside, ...before.beside])],
  };
}

/** Undefined where it doesn't answer, or leaves. */
export function asAnswering(name: string, tracked: Tracked): AnsweringReplica | undefined {
  if (!tracked.answering || tracked.leaving) return undefined;
  const { node, stale, behind, newcomer, announcing, place, isPlaceKnown, countsUs } = tracked;
  return { name, node, stale, behind, newcomer, announcing, place, isPlaceKnown, countsUs };
}

/** Its node, where it answers still, and leaves. */
export function leavingNode({ answering, leaving, node }: Tracked): string[] {
  return answering && leaving && node !== undefined ? [node] : [];
}

/** Undefined where it is no member any more. */
export function asMember(name: string, tracked: Tracked): ReplicaFacts | undefined {
  const { member, replaced, answering, leaving, stale, announcing } = tracked;
  return member && !replaced ? { name, answering, leaving, stale, announcing } : undefined;
}

/** Undefined where it isn't lost. */
export function asLost(name: string, { node, lost, med: now }: Tracked): LostReplica | undefined {
  if (lost === undefined) return undefined;
  const { stale, newcomer, us, beside, bySessions } = lost;
  // Routers that it still has sessions with hear what it says now, if it has said anything since it began.
  const med = bySessions ? least(lost.med, now ?? lost.med) : lost.med;
  return { name, node, stale, newcomer, us, med, beside };
}

/** Undefined where one is: it may be any. */
function least(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? undefined : Math.min(one, other);
}

/** Its node, where it fell silent and has not announced anew since. */
export function goneNode({ goneAt, answering, announcing, node }: Tracked): string[] {
  const isBack = answering && announcing;
  return goneAt === undefined || isBack || node === undefined ? [] : [node];
}

/** How long a replica that answers is given to say where it can speak: until the list of replicas has reached it. */
const PLACE_MS = 5_000;

/** Whether one that answers has said where it speaks, or that it leaves, or had the time to. */
export function hasSaid({ isPlaceKnown, leaving, answeredAt }: Tracked, now: number): boolean {
  return isPlaceKnown || leaving || now - answeredAt >= PLACE_MS;
}

/** For how long answers may go without the place before it is clear that the replica doesn't know us any more. */
const OMITTED_MS = 1_000;

/**
 * A replica answered, with or without its place: what follows from that for what we know of it.
 *
 * @returns `known` or `unknown`: that is so from now on; `missed`: left out, ask once more; `same`: nothing new
 */
export function notePlace(tracked: Tracked, omitted: boolean, now: number): 'known' | 'unknown' | 'missed' | 'same' {
  if (!omitted) {
    tracked.placeAt = now;
    if (tracked.isPlaceKnown) return 'same';
    tracked.isPlaceKnown = true;
    return 'known';
  }
  // One that has not told it yet may go on so for long.
  if (!tracked.isPlaceKnown) return 'same';
  if (now - tracked.placeAt <= OMITTED_MS) return 'missed';
  tracked.isPlaceKnown = false;
  tracked.answeredAt = now;
  return 'unknown';
}

/** A replica answered: what it says of the routes of others. Returns whether that is news. */
export function noteRetained(tracked: Tracked, med: number | undefined, now: number): boolean {
  const before = tracked.retained?.med;
  tracked.retained = med === undefined ? undefined : { med, at: now };
  return med !== before;
}

/** Drops what routers don't retain any more; returns whether that changed anything that ranks depend on. */
export function expire(tracked: Tracked, now: number, retentionMs: number): boolean {
  const { lost, retained, answering, goneAt = Infinity } = tracked;
  const isLossOver = lost !== undefined && now - lost.at >= retentionMs;
  const isGoneOver = now - goneAt >= retentionMs;
  // One that answers says itself when it is over.
  const isWordOver = retained !== undefined && !answering && now - retained.at >= retentionMs;
  if (isLossOver) tracked.lost = undefined;
  if (isWordOver) tracked.retained = undefined;
  if (isGoneOver) tracked.goneAt = undefined;
  return [isLossOver, isWordOver, isGoneOver].includes(true);
}

/** Routes of a lost replica that routers may retain. */
export interface RetainedRoutes {
  /** The best of their MED offsets. */
  readonly med: number;
  /** Names of the replicas that none of these routers hears. */
  readonly elsewhere: readonly string[];
}

/**
 * What one that asks is told of routes that have to be outbid: what we know ourselves of others than the asker, at routers that hear it,
 * and what was said by those that can't say it themselves any more. Of two that have lost a session neither is to outbid the other: we do.
 *
 * @param own by name of the lost replica
 */
export function retainedFor(
  asker: string | undefined,
  own: ReadonlyMap<string, RetainedRoutes>,
  tracked: ReadonlyMap<string, Tracked>,
): number | undefined {
  const hasLostSession = (name: string): boolean => tracked.get(name)?.lost?.bySessions === true;
  const isConcerned = (name: string, { elsewhere }: RetainedRoutes): boolean =>
    asker === undefined ||
    (name !== asker && !elsewhere.includes(asker) && !(hasLostSession(name) && hasLostSession(asker)));
  const known = [...own].flatMap(([name, routes]) => (isConcerned(name, routes) ? [routes.med] : []));
  const heard = [...tracked].flatMap(([name, { answering, retained }]) =>
    name === asker || answering || retained === undefined ? [] : [retained.med],
  );
  const all = [...known, ...heard];
  return all.length === 0 ? undefined : Math.min(...all);
}

/** Whether anything depends on it yet: on whether it answers, or on what it has said. */
export function isOfUse({ member, answering, lost, goneAt, retained }: Tracked): boolean {
  return member || answering || [lost, goneAt, retained].some((said) => said !== undefined);
}
