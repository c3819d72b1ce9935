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
   * Whoever claims nothing for so long has given the address up. To be more than a living owner's pause: 1.25 s between the
   * announcements of a burst where nobody asks, some times the interval of questions where somebody does. Default: 1.5 s.
   */
  readonly silenceMs?: number;
}

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
 * For how many milliseconds in all two MACs both claimed an address: each also after the other had begun, and none of them
 * silent for `silenceMs` meanwhile. 0 where one took over from another that said no more.
 */
export function ownersOverlap(records: readonly LanRecord[], ip: string, options: OverlapOptions = {}): number {
  return ownersOverlaps(records, ip, options).reduce((total, ms) => total + ms, 0);
}

/** The same by occasion, in order of time: one where the address once went from one to another who both spoke for it for a while. */
export function ownersOverlaps(records: readonly LanRecord[], ip: string, options: OverlapOptions = {}): number[] {
  const presences = presencesOf(claimsOf(records, ip), options.silenceMs ?? 1500);
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
      .filter(({ kind }) => kind === 'arp-reply' || kind === 'na')
      .filter((answer) => answer.destination === asker && answer.at >= at && answer.at < due);
    return { at, asker, answers: answers.map((answer) => ({ mac: answer.mac, afterMs: answer.at - at })) };
  });
}

interface Span {
  readonly first: number;
  readonly last: number;
}

/** By MAC, from its first claim to its last without a silence between. */
function presencesOf(claims: readonly LanRecord[], silenceMs: number): (Span & { readonly mac: string })[] {
  const ended: (Span & { readonly mac: string })[] = [];
  const current = new Map<string, Span>();
  for (const { mac, at } of claims) {
    const span = current.get(mac);
    if (span !== undefined && at - span.last > silenceMs) ended.push({ mac, ...span });
    const goesOn = span !== undefined && at - span.last <= silenceMs;
    current.set(mac, { first: goesOn ? span.first : at, last: at });
  }
  return [...ended, ...[...current].map(([mac, span]) => ({ mac, ...span }))];
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
