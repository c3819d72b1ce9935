import type { Outcome } from '../../network/client.ts';
import { isAnswered, longestGap } from '../../story/traffic.ts';
import { percentile } from '../figures.ts';

/** What one client saw of one fault. */
export interface Sample {
  /** From the fault to the sending of the last request that was not answered, in milliseconds; 0 if all were. */
  readonly lossMs: number;
  /** The longest time without any answer, in milliseconds; 0 if all were answered. */
  readonly gapMs: number;
  readonly lost: number;
  /** All that were lost were under way when the router's next hops changed, at which it spreads connections anew. True if none was lost. */
  readonly lostByHash: boolean;
  readonly sent: number;
  /** What the lost ones came to (`ECONNRESET`, `no answer within 300 ms`), and how many of them. */
  readonly errors: ReadonlyMap<string, number>;
}

/** What a kernel tells of its routes is read so much later at most, on a busy machine, in milliseconds. */
const heardLateMs = 100;

/**
 * @param faultAt milliseconds since the epoch
 * @param changes when the router's next hops became others, as that was heard, on the same clock
 */
export function sampleOf(outcomes: readonly Outcome[], faultAt: number, changes: readonly number[] = []): Sample {
  const lost = outcomes.filter((outcome) => !isAnswered(outcome));
  const last = Math.max(faultAt, ...lost.map(({ sentAt }) => sentAt));
  return {
    lossMs: last - faultAt,
    gapMs: longestGap(outcomes)?.ms ?? 0,
    lost: lost.length,
    lostByHash: lost.every(({ sentAt, endedAt }) => changes.some((at) => sentAt <= at && at <= endedAt + heardLateMs)),
    sent: outcomes.length,
    errors: count(lost.map(({ error, status }) => /\bE[A-Z]+\b/.exec(error ?? '')?.[0] ?? error ?? `status ${status}`)),
  };
}

function count(words: readonly string[]): Map<string, number> {
  return new Map([...Map.groupBy(words, (word) => word)].map(([word, all]) => [word, all.length]));
}

/** What became of all that was lost: `2 ECONNRESET, 1 no answer within 300 ms`. */
export function errorsText(samples: readonly Sample[]): string {
  const words = new Map<string, number>();
  for (const { errors } of samples) {
    for (const [word, times] of errors) words.set(word, (words.get(word) ?? 0) + times);
  }
  return [...words].map(([word, times]) => `${times} ${word}`).join(', ');
}

export interface Figure {
  readonly median: number;
  readonly worst: number;
}

/** Nearest-rank median, and the largest. @throws {RangeError} if there are no samples. */
export function figureOf(values: readonly number[]): Figure {
  return { median: percentile(values, 50), worst: percentile(values, 100) };
}
