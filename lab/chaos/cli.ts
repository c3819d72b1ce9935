/**
 * `npm run test:chaos -- --seed N --minutes M`: faults by chance in a light lab, and a checker that looks from outside whether what must
 * hold holds. The same seed gives the same faults in the same order.
 */
import { parseArgs } from 'node:util';
import type { Batch } from './faults.ts';
import { ChaosFailure, runChaos } from './run.ts';
import { summary } from './summary.ts';

const usage = `usage: npm run test:chaos [-- --seed <integer>] [--minutes <number> | --batches <number>]
  --seed <integer>      decides what happens (default: by the clock; it is printed)
  --minutes <number>    no batch of faults begins later (default 10)
  --batches <number>    ends after so many
`;

interface Options {
  readonly seed: number;
  readonly minutes: number;
  readonly batches: number;
}

/** @throws {Error} with a message for the user */
function optionsOf(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: { seed: { type: 'string' }, minutes: { type: 'string' }, batches: { type: 'string' } },
  });
  const seed = Number(values.seed ?? Date.now() % 1_000_000);
  const batches = Number(values.batches ?? Infinity);
  const minutes = Number(values.minutes ?? (values.batches === undefined ? 10 : Infinity));
  if (!Number.isSafeInteger(seed)) throw new Error(`--seed takes an integer, not ${values.seed}`);
  if (!(minutes > 0)) throw new Error(`--minutes takes a number above 0, not ${values.minutes}`);
  if (!(batches > 0)) throw new Error(`--batches takes a number above 0, not ${values.batches}`);
  return { seed, minutes, batches };
}

async function main(): Promise<number> {
  let options: Options;
  try {
    options = optionsOf(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`test:chaos: ${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return 2;
  }
  const interruption = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => interruption.abort(new Error(`interrupted by ${name}`)));
  }
  const { seed, minutes, batches } = options;
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  const end = performance.now() + minutes * 60_000;
  const goesOn = ({ number }: Batch): boolean => number <= batches && performance.now() < end;
  say(`seed ${seed}`);
  try {
    say(summary(await runChaos({ seed, goesOn, say, signal: interruption.signal })));
    return 0;
  } catch (error) {
    say(error instanceof ChaosFailure ? error.message : String(error));
    return interruption.signal.aborted ? 130 : 1;
  }
}

process.exit(await main());
