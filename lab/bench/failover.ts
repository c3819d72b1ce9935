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
import { conditionsOf, dueRow, joined, PartsFile, type Part, type RowRuns } from './failover/parts.ts';
import type { Sample } from './failover/sample.ts';
import { FailoverSite, type TrafficKind } from './failover/site.ts';
import { losses, timeTable, trafficTable, type TimeRow, type TrafficRow } from './failover/table.ts';
import { ForeignLoad } from './foreign-load.ts';
import { aborted, inLab } from './in-lab.ts';
import { print } from './report.ts';

const pageFile = new URL('../../docs/reference/failover.md', import.meta.url).pathname;
const usage = `usage: npm run bench:failover [-- --runs <number>] [--only <row>] [--parts <file>]
  --runs <number>   of each row (default 20, some 10 to 25 s each)
  --only <row>      prints that row, and leaves the page alone: ${faultRows.map(({ name }) => name).join(', ')}
  --parts <file>    keeps each run there, and goes on from those that it has of this commit until each row has so many: for a machine that is
                    never quiet for long. End it whenever you want, and begin again with the same; the last one writes the page
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

/** What was seen of one row in this sitting, one of each per run. */
interface Seen {
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
function measuredIn(parts: readonly Part[]): Measured {
  const rows = joined(parts);
  const all = faultRows.flatMap((row) => {
    const runs = rows.get(row.name);
    return runs === undefined ? [] : [measured(row, runs)];
  });
  return { traffic: all.flatMap(({ traffic }) => traffic), times: all.flatMap(({ times }) => times) };
}

/** Writes the page if each promise has so many runs. */
async function publish(parts: readonly Part[], runs: number): Promise<boolean> {
  if (dueRow(namesOf(faultRows), parts, runs) !== undefined) return false;
  await writeFile(pageFile, page({ conditions: conditionsOf(parts), ...measuredIn(parts) }));
  return true;
}

async function tell(parts: readonly Part[], runs: number): Promise<void> {
  const { traffic, times } = measuredIn(parts);
  print(`${trafficTable(traffic)}\n${times.length === 0 ? '' : `${timeTable(times)}\n`}`);
  for (const lost of losses(traffic)) print(lost);
  const written = await publish(parts, runs);
  print(written ? `written to ${pageFile}` : `${pageFile} is left alone until each row has ${runs}`);
}

/** Of this commit, and kept in a file or not. */
interface Sitting {
  readonly commit: string;
  readonly file: PartsFile | undefined;
}

/** Row after row, so often: whatever comes over the machine for a while is not one row's alone, and a run that is ended early has all rows. */
async function bench(lab: LightLab, signal: AbortSignal, options: Options, { commit, file }: Sitting): Promise<void> {
  const { runs, rows } = options;
  const site = await FailoverSite.in(lab);
  const load = await ForeignLoad.start(lab.name);
  const seen = new Map(rows.map(({ name }): [string, Seen] => [name, { samples: [], times: [] }]));
  let parts = file?.parts() ?? [];
  for (let row = due(options, parts); row !== undefined; row = due(options, parts)) {
    signal.throwIfAborted();
    const own = seen.get(row.name);
    own?.samples.push(await measureOnce(site, row, own.times));
    const part = await partOf(seen, commit, load);
    parts = file?.parts(part) ?? [part];
    await file?.write(parts);
    const run = runsOf(row, parts);
    print(`${row.name}, run ${run} of ${runs}: ${part.about.load}`);
    if (file === undefined) await publish(parts, run);
  }
  await tell(parts, runs);
}

async function partOf(seen: ReadonlyMap<string, Seen>, commit: string, load: ForeignLoad): Promise<Part> {
  // Replicas that were started again since are of what is there now.
  if ((await commitOf()) !== commit) throw new Error(`what is checked out is not ${commit} any more`);
  const about = await conditions(commit, await load.describe());
  return { about, rows: new Map([...seen].filter(([, { samples }]) => samples.length > 0)) };
}

function runsOf({ name }: FaultRow, parts: readonly Part[]): number {
  return joined(parts).get(name)?.samples.length ?? 0;
}

function namesOf(rows: readonly FaultRow[]): string[] {
  return rows.map(({ name }) => name);
}

function due({ rows, runs }: Options, parts: readonly Part[]): FaultRow | undefined {
  const name = dueRow(namesOf(rows), parts, runs);
  return rows.find((row) => row.name === name);
}

async function sit(options: Options): Promise<number> {
  // Before anything is measured that could not be kept.
  const commit = await commitOf();
  const file = options.parts === undefined ? undefined : await PartsFile.open(options.parts, commit);
  const kept = file?.parts() ?? [];
  if (due(options, kept) === undefined) {
    await tell(kept, options.runs);
    return 0;
  }
  const work = (lab: LightLab, signal: AbortSignal): Promise<void> =>
    Promise.race([bench(lab, signal, options, { commit, file }), aborted(signal)]);
  return inLab(work, { nodes: 3, routers: 1, clients: 1, hosts: 2 });
}

async function main(): Promise<number> {
  const options = optionsOf(process.argv.slice(2));
  if (options === undefined) {
    process.stderr.write(usage);
    return 2;
  }
  return sit(options).catch((error: unknown) => {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  });
}

process.exit(await main());
