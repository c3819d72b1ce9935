/**
 * `npm run bench:failover [-- --runs N] [--only ROW] [--parts FILE]`: what a client sees when something fails, per promise, as a table in
 * docs/reference/failover.md. A goal that is missed is shown as such; the exit status tells only whether everything could be measured.
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { LightLab } from '../light-lab.ts';
import { commitOf, conditions } from './failover/conditions.ts';
import { faultRows, type FaultRow } from './failover/faults.ts';
import { page } from './failover/page.ts';
import { conditionsOf, joined, PartsFile, type Part, type RowRuns } from './failover/parts.ts';
import type { Sample } from './failover/sample.ts';
import { FailoverSite, type TrafficKind } from './failover/site.ts';
import { losses, timeTable, trafficTable, type TimeRow, type TrafficRow } from './failover/table.ts';
import { ForeignLoad } from './foreign-load.ts';
import { aborted, inLab } from './in-lab.ts';
import { print } from './report.ts';

const pageFile = new URL('../../docs/reference/failover.md', import.meta.url).pathname;
const usage = `usage: npm run bench:failover [-- --runs <number>] [--only <row>]
  --runs <number>   of each row (default 20, some 10 to 25 s each)
  --parts <file>    goes on from the parts that this file has of this commit, and keeps this one there too: for a machine that is never quiet for long
  --only <row>      prints that row, and leaves the page alone unless the parts have all others: ${faultRows.map(({ name }) => name).join(', ')}
`;
const names: Readonly<Record<TrafficKind, string>> = {
  local: 'BGP, Local',
  cluster: 'BGP, Cluster',
  layer2: 'Layer 2',
};
const routesGoalMs = 1_000;

interface Options {
  readonly runs: number;
  readonly rows: readonly FaultRow[];
  readonly parts: string | undefined;
}

function optionsOf(args: readonly string[]): Options | undefined {
  try {
    const options = {
      runs: { type: 'string', default: '20' },
      only: { type: 'string' },
      parts: { type: 'string' },
    } as const;
    const { values } = parseArgs({ args: [...args], options });
    const runs = Number(values.runs);
    const rows = faultRows.filter(({ name }) => values.only === undefined || name === values.only);
    if (!Number.isInteger(runs) || runs < 1 || rows.length === 0) return undefined;
    return { runs, rows, parts: values.parts };
  } catch {
    return undefined;
  }
}

interface Measured {
  readonly traffic: TrafficRow[];
  readonly times: TimeRow[];
}

async function measureOnce(site: FailoverSite, row: FaultRow, times: number[]): Promise<Record<TrafficKind, Sample>> {
  await row.before?.(site);
  const time = (ms: number): void => void times.push(ms);
  const samples = await site.during(row.victim, (mark) => row.act(site, { mark, time }));
  await row.after?.(site);
  await site.atRest();
  return samples;
}

/** What was seen of one row so far, one of each per run. */
interface Seen {
  readonly row: FaultRow;
  readonly samples: Record<TrafficKind, Sample>[];
  readonly times: number[];
}

function measured(row: FaultRow, { samples, times }: RowRuns): Measured {
  const traffic = (['local', 'cluster', 'layer2'] as const).map((kind): TrafficRow => {
    const goal = row.goals[kind];
    const own = samples.map((sample) => sample[kind]);
    return { what: row.what, traffic: names[kind], samples: own, ...(goal === undefined ? {} : { goal }) };
  });
  const what = `${row.what}: from its first session to its routes`;
  return { traffic, times: times.length === 0 ? [] : [{ what, goalMs: routesGoalMs, times: [...times] }] };
}

/** The rows of all parts, in the order of the promises. */
function measuredIn(parts: readonly Part[]): Measured & { readonly isWhole: boolean } {
  const rows = joined(parts);
  const all = faultRows.flatMap((row) => {
    const runs = rows.get(row.name);
    return runs === undefined ? [] : [measured(row, runs)];
  });
  const isWhole = all.length === faultRows.length;
  return { traffic: all.flatMap(({ traffic }) => traffic), times: all.flatMap(({ times }) => times), isWhole };
}

/** Row after row, so often: whatever comes over the machine for a while is not one row's alone, and a run that is ended early has all rows. */
async function bench(lab: LightLab, signal: AbortSignal, { runs, rows }: Options, file?: PartsFile): Promise<void> {
  const site = await FailoverSite.in(lab);
  const load = await ForeignLoad.start(lab.name);
  const seen = rows.map((row): Seen => ({ row, samples: [], times: [] }));
  for (let run = 1; run <= runs; run++) {
    for (const { row, samples, times } of seen) {
      signal.throwIfAborted();
      samples.push(await measureOnce(site, row, times));
    }
    print(`run ${run} of ${runs}: ${await load.describe()}`);
    const about = await conditions(await load.describe());
    const part: Part = { about, rows: new Map(seen.map(({ row, ...own }) => [row.name, own])) };
    const parts = file?.with(part) ?? [part];
    await file?.write(parts);
    await tell(parts, run === runs);
  }
}

/** Writes the page, once there is something about each promise. */
async function tell(parts: readonly Part[], isLast: boolean): Promise<void> {
  const { traffic, times, isWhole } = measuredIn(parts);
  if (isWhole) await writeFile(pageFile, page({ conditions: conditionsOf(parts), traffic, times }));
  if (!isLast) return;
  print(`${trafficTable(traffic)}\n${times.length === 0 ? '' : `${timeTable(times)}\n`}`);
  for (const lost of losses(traffic)) print(lost);
  if (isWhole) print(`written to ${pageFile}`);
}

async function main(): Promise<number> {
  const options = optionsOf(process.argv.slice(2));
  if (options === undefined) {
    process.stderr.write(usage);
    return 2;
  }
  // Before anything is measured that could not be kept.
  const file = options.parts === undefined ? undefined : await PartsFile.open(options.parts, await commitOf());
  const work = (lab: LightLab, signal: AbortSignal): Promise<void> =>
    Promise.race([bench(lab, signal, options, file), aborted(signal)]);
  return inLab(work, { nodes: 3, routers: 1, clients: 1, hosts: 2 });
}

process.exit(await main());
