import type { LanRecord } from './records.ts';

/** Consecutive claims to an address by one MAC, with nobody else's between. Times in milliseconds since the epoch. */
export interface Reign {
  readonly mac: string;
  readonly first: number;
  readonly last: number;
  readonly claims: number;
}

/** A question for an address and who answered it. */
export interface Answered {
  readonly at: number;
  /** MAC of who asked. */
  readonly asker: string;
  readonly answers: readonly { readonly mac: string; readonly afterMs: number }[];
}

export interface OverlapOptions {
  /**
   * Whoever claims nothing for so long has given the address up, whether anybody asks for it or not. To be more than a living owner's pause:
   * 1.25 s between the announcements of a burst. Default: 1.5 s.
   */
  readonly silenceMs?: number;
  /**
   * So has he who has answered none of several who asked everybody, for so long: what others claim meanwhile, and he afterwards, is not claimed by both.
   * To be more than a busy machine keeps an owner from answering. Not he who comes back to announce and leaves all unanswered as
   * before: neighbours believe that as well. Default: 0.5 s.
   */
  readonly unansweredMs?: number;
}

const defaultPatience = { silenceMs: 1500, unansweredMs: 500 } as const;
/** So many questions in a row no owner leaves unanswered. */
const leftUnanswered = 3;

/** Time for an answer; a later one is none to that question. */
const answerMs = 1000;

/**
 * Whatever makes a neighbour believe that the address is at the record's MAC: answers, announcements, and questions that
 * are asked from the address.
 */
export function claimsOf(records: readonly LanRecord[], ip: string): LanRecord[] {
  return records.filter(({ from }) => from === ip).sort((a, b) => a.at - b.at);
}

/** Who claimed an address, in order of time: one entry where there was one owner, three where it went away and came back. */
export function reigns(records: readonly LanRecord[], ip: string): Reign[] {
  const found: Reign[] = [];
  for (const { mac, at } of claimsOf(records, ip)) {
    const current = found.at(-1);
    if (current?.mac === mac) found[found.length - 1] = { ...current, last: at, claims: current.claims + 1 };
    else found.push({ mac, first: at, last: at, claims: 1 });
  }
  return found;
}

/** The MACs of `reigns`. */
export function owners(records: readonly LanRecord[], ip: string): string[] {
  return reigns(records, ip).map(({ mac }) => mac);
}

/**
 * The same as text, for whoever looks into a failure: a line for each reign, in milliseconds since the first.
 * @param nameOf what to call a MAC
 */
export function reignsTold(
  records: readonly LanRecord[],
  ip: string,
  nameOf: (mac: string) => string = (mac) => mac,
): string {
  const all = claimsOf(records, ip);
  const start = all[0]?.at ?? 0;
  const since = (at: number): string => `+${(at - start).toFixed(1)}`;
  const told = reigns(all, ip).map(({ mac, first, last, claims }) => {
    const kinds = Map.groupBy(
      all.filter((claim) => claim.mac === mac && claim.at >= first && claim.at <= last),
      ({ kind }) => kind,
    );
    const how = [...kinds].map(([kind, { length }]) => `${length} ${kind}`).join(', ');
    return `${since(first)} to ${since(last)} ms: ${claims} by ${nameOf(mac)} (${how})`;
  });
  return [`claims to ${ip} since ${new Date(start).toISOString()}:`, ...told].join('\n  ');
}

/**
 * For how many milliseconds in all two MACs both claimed an address: each also after the other had begun, and none of them had given it up
 * meanwhile (`OverlapOptions`). 0 where one took over from another that said no more, be it for a moment.
 */
export function ownersOverlap(records: readonly LanRecord[], ip: string, options: OverlapOptions = {}): number {
  return ownersOverlaps(records, ip, options).reduce((total, ms) => total + ms, 0);
}

/** The same by occasion, in order of time: one where the address once went from one to another who both spoke for it for a while. */
export function ownersOverlaps(records: readonly LanRecord[], ip: string, options: OverlapOptions = {}): number[] {
  const presences = presencesOf(claimsOf(records, ip), gaveUp(records, ip, { ...defaultPatience, ...options }));
  const doubles: Span[] = [];
  for (const [i, one] of presences.entries()) {
    for (const other of presences.slice(i + 1)) {
      const common = { first: Math.max(one.first, other.first), last: Math.min(one.last, other.last) };
      if (one.mac !== other.mac && common.first < common.last) doubles.push(common);
    }
  }
  return merged(doubles).map(({ first, last }) => last - first);
}

/** Every question for an address, in order of time, with those who answered the asker within a second. */
export function answersFor(records: readonly LanRecord[], ip: string): Answered[] {
  const about = records.filter((record) => record.ip === ip).sort((a, b) => a.at - b.at);
  const questions = about.filter(({ kind }) => kind === 'arp-request' || kind === 'ns');
  return questions.map(({ at, source: asker }) => {
    const next = questions.find((other) => other.source === asker && other.at > at)?.at ?? Infinity;
    const due = Math.min(next, at + answerMs);
    const answers = about
      .filter(isAnswer)
      .filter((answer) => answer.destination === asker && answer.at >= at && answer.at < due);
    return { at, asker, answers: answers.map((answer) => ({ mac: answer.mac, afterMs: answer.at - at })) };
  });
}

interface Span {
  readonly first: number;
  readonly last: number;
}

/** Between two claims of a MAC, one after the other: whether it had given the address up. */
type GaveUp = (before: LanRecord, after: LanRecord) => boolean;

function gaveUp(records: readonly LanRecord[], ip: string, patience: Required<OverlapOptions>): GaveUp {
  const questions = records.filter((record) => record.ip === ip && isToAll(record)).sort((a, b) => a.at - b.at);
  const answers = claimsOf(records, ip).filter(isAnswer);
  const unanswered = (mac: string, from: number, to: number): readonly LanRecord[] =>
    questions.filter(({ at, source }) => at > from && at < to && source !== mac);
  const goesOnToAnswer = ({ mac, at }: LanRecord): boolean => {
    const next = answers.find((answer) => answer.mac === mac && answer.at >= at);
    return next !== undefined && unanswered(mac, at, next.at).length < leftUnanswered;
  };
  return (before, after) => {
    const pauseMs = after.at - before.at;
    if (pauseMs > patience.silenceMs) return true;
    if (pauseMs < patience.unansweredMs) return false;
    const inVain = unanswered(after.mac, before.at, after.at);
    const [first] = inVain;
    if (first === undefined || inVain.length < leftUnanswered) return false;
    return after.at - first.at >= patience.unansweredMs && goesOnToAnswer(after);
  };
}

function isAnswer({ kind }: LanRecord): boolean {
  return kind === 'arp-reply' || kind === 'na';
}

/** Whether everybody on the link is asked: what a neighbour asks one alone, to see whether it is there still, the others don't hear. */
function isToAll({ kind, destination }: LanRecord): boolean {
  const [octet = ''] = destination.split(':');
  return (kind === 'arp-request' || kind === 'ns') && (parseInt(octet, 16) & 1) === 1;
}

/** By MAC, from its first claim to its last before it gave the address up. */
function presencesOf(claims: readonly LanRecord[], hadGivenUp: GaveUp): (Span & { readonly mac: string })[] {
  const ended: (Span & { readonly mac: string })[] = [];
  const current = new Map<string, { readonly first: number; readonly latest: LanRecord }>();
  for (const claim of claims) {
    const { mac, at } = claim;
    const span = current.get(mac);
    const goesOn = span !== undefined && !hadGivenUp(span.latest, claim);
    if (span !== undefined && !goesOn) ended.push({ mac, first: span.first, last: span.latest.at });
    current.set(mac, { first: goesOn ? span.first : at, latest: claim });
  }
  return [...ended, ...[...current].map(([mac, { first, latest }]) => ({ mac, first, last: latest.at }))];
}

/** In order of time; those that have a moment in common are one. */
function merged(spans: readonly Span[]): Span[] {
  const found: Span[] = [];
  for (const span of [...spans].sort((a, b) => a.first - b.first)) {
    const before = found.at(-1);
    if (before === undefined || span.first > before.last) found.push(span);
    else found[found.length - 1] = { first: before.first, last: Math.max(before.last, span.last) };
  }
  return found;
}
