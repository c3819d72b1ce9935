import { errorsText, figureOf, type Figure, type Sample } from './sample.ts';

/**
 * What a row promises: that no request is lost, none but those under way when the router's next hops change, none later than this after the fault, or that some
 * answer comes in every such time.
 */
export type Goal =
  { readonly lost: 0 } | { readonly lostByHash: true } | { readonly lossMs: number } | { readonly gapMs: number };

export interface TrafficRow {
  /** What happens. */
  readonly what: string;
  /** Whose requests these are. */
  readonly traffic: string;
  /** undefined: what is seen is the router's own doing. */
  readonly goal?: Goal;
  /** One per run, in order. */
  readonly samples: readonly Sample[];
}

/** A time that is no client's: from one event to another. */
export interface TimeRow {
  readonly what: string;
  readonly goalMs: number;
  /** Milliseconds, one per run. */
  readonly times: readonly number[];
}

/** Whether every run met the row's goal; undefined without one. */
export function isMet({ goal, samples }: TrafficRow): boolean | undefined {
  if (goal === undefined) return undefined;
  return samples.every((sample) => meets(sample, goal));
}

function meets({ lost, lostByHash, lossMs, gapMs }: Sample, goal: Goal): boolean {
  if ('lost' in goal) return lost === 0;
  if ('lostByHash' in goal) return lostByHash;
  return 'lossMs' in goal ? lossMs <= goal.lossMs : gapMs <= goal.gapMs;
}

/** The table of what clients saw, in Markdown. */
export function trafficTable(rows: readonly TrafficRow[]): string {
  return markdown([
    [
      'what happens',
      'requests',
      'goal',
      'last one lost, after the fault',
      'longest time without an answer',
      'lost',
      'runs',
      '',
    ],
    ...rows.map((row) => {
      const of = (value: (sample: Sample) => number): Figure => figureOf(row.samples.map(value));
      return [
        row.what,
        row.traffic,
        row.goal === undefined ? '' : goalText(row.goal),
        seconds(of(({ lossMs }) => lossMs)),
        seconds(of(({ gapMs }) => gapMs)),
        counts(of(({ lost }) => lost)),
        String(row.samples.length),
        verdict(isMet(row)),
      ];
    }),
  ]);
}

/** What was lost in the rows whose goal was missed, a line each. */
export function losses(rows: readonly TrafficRow[]): string[] {
  return rows
    .filter((row) => isMet(row) === false)
    .map(({ what, traffic, samples }) => {
      const runs = samples.filter(({ lost }) => lost > 0).length;
      return `${what}, ${traffic}: ${errorsText(samples)} in ${runs} of ${samples.length} runs`;
    });
}

export function timeTable(rows: readonly TimeRow[]): string {
  return markdown([
    ['what', 'goal', 'time', 'runs', ''],
    ...rows.map(({ what, goalMs, times }) => {
      const met = times.every((ms) => ms <= goalMs);
      return [what, `${goalMs / 1000} s`, seconds(figureOf(times)), String(times.length), verdict(met)];
    }),
  ]);
}

function goalText(goal: Goal): string {
  if ('lost' in goal) return 'none lost';
  if ('lostByHash' in goal) return 'none lost but under way when the route changes';
  return 'lossMs' in goal ? `${goal.lossMs / 1000} s` : `${goal.gapMs / 1000} s without an answer`;
}

/** `1.84 s (2.10)`: median and worst. */
function seconds({ median, worst }: Figure): string {
  if (worst === 0) return '–';
  const text = (ms: number): string => (Number.isFinite(ms) ? (ms / 1000).toFixed(2) : 'never');
  return `${text(median)} s (${text(worst)})`;
}

function counts({ median, worst }: Figure): string {
  return worst === 0 ? '0' : `${median} (${worst})`;
}

function verdict(met: boolean | undefined): string {
  if (met === undefined) return '';
  return met ? 'met' : '**missed**';
}

function markdown([head = [], ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
