/**
 * `npm run bench:failover [-- --runs N] [--only ROW]`: what a client sees when something fails, per promise, as a table in
 * docs/reference/failover.md. A goal that is missed is shown as such; the exit status tells only whether everything could be measured.
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { LightLab } from '../light-lab.ts';
import { conditions } from './failover/conditions.ts';
import { faultRows, type FaultRow } from './failover/faults.ts';
import { page } from './failover/page.ts';
import type { Sample } from './failover/sample.ts';
import { FailoverSite, type TrafficKind } from './failover/site.ts';
import { losses, timeTable, trafficTable, type TimeRow, type TrafficRow } from './failover/table.ts';
import { ForeignLoad } from './foreign-load.ts';
import { aborted, inLab } from './in-lab.ts';
import { print } from './report.ts';

const file = new URL('../../docs/reference/failover.md', import.meta.url).pathname;
const usage = `usage: npm run bench:failover [-- --runs <number>] [--only <row>]
  --runs <number>   of each row (default 20, some 10 to 25 s each)
  --only <row>      prints that row and leaves the page alone: ${faultRows.map(({ name }) => name).join(', ')}
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
  readonly whole: boolean;
}

function optionsOf(args: readonly string[]): Options | undefined {
  try {
    const options = { runs: { type: 'string', default: '20' }, only: { type: 'string' } } as const;
    const { values } = parseArgs({ args: [...args], options });
    const runs = Number(values.runs);
    const rows = faultRows.filter(({ name }) => values.only === undefined || name === values.only);
    if (!Number.isInteger(runs) || runs < 1 || rows.length === 0) return undefined;
    return { runs, rows, whole: values.only === undefined };
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

function measured({ row, samples, times }: Seen): Measured {
  const traffic = (['local', 'cluster', 'layer2'] as const).map((kind): TrafficRow => {
    const goal = row.goals[kind];
    const own = samples.map((sample) => sample[kind]);
    return { what: row.what, traffic: names[kind], samples: own, ...(goal === undefined ? {} : { goal }) };
  });
  const what = `${row.what}: from its first session to its routes`;
  return { traffic, times: times.length === 0 ? [] : [{ what, goalMs: routesGoalMs, times }] };
}

/** Row after row, so often: whatever comes over the machine for a while is not one row's alone, and a run that is ended early has all rows. */
async function bench(lab: LightLab, signal: AbortSignal, { runs, rows, whole }: Options): Promise<void> {
  const site = await FailoverSite.in(lab);
  const load = await ForeignLoad.start(lab.name);
  const seen = rows.map((row): Seen => ({ row, samples: [], times: [] }));
  for (let run = 1; run <= runs; run++) {
    for (const { row, samples, times } of seen) {
      signal.throwIfAborted();
      samples.push(await measureOnce(site, row, times));
    }
    print(`run ${run} of ${runs}: ${await load.describe()}`);
    const traffic = seen.flatMap((each) => measured(each).traffic);
    const times = seen.flatMap((each) => measured(each).times);
    if (whole)
      await writeFile(file, page({ conditions: await conditions(run, await load.describe()), traffic, times }));
    if (run < runs) continue;
    print(`${trafficTable(traffic)}\n${times.length === 0 ? '' : `${timeTable(times)}\n`}`);
    for (const lost of losses(traffic)) print(lost);
  }
  if (whole) print(`written to ${file}`);
}

async function main(): Promise<number> {
  const options = optionsOf(process.argv.slice(2));
  if (options === undefined) {
    process.stderr.write(usage);
    return 2;
  }
  const work = (lab: LightLab, signal: AbortSignal): Promise<void> =>
    Promise.race([bench(lab, signal, options), aborted(signal)]);
  return inLab(work, { nodes: 3, routers: 1, clients: 1, hosts: 2 });
}

process.exit(await main());
