// npm test and npm run test:unit: the checks and all tests, and one plain line at the end that says how it went.
import { availableParallelism } from 'node:os';
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { checkSteps, describeStep, runSteps } from './check/steps.ts';
import { filesIn, sourceFolders } from './check/source-files.ts';
import { allowedSkips } from './test/allowed-skips.ts';
import { parseArguments, usage, type Arguments } from './test/arguments.ts';
import { filesOfClass, lanesFor, minutesFor, needs, type TestClass } from './test/classes.ts';
import { listenForInterruption, type Interruption } from './test/interruption.ts';
import { forEachOf } from './test/pool.ts';
import { longestFirst } from './test/order.ts';
import { compileCache, runFile, type RunOptions } from './test/run-file.ts';
import { Tally } from './test/tally.ts';

const root = dirname(import.meta.dirname);
/** A lab test takes a network and a cluster down before it ends. */
const graceMs = 90_000;

const say = (text: string): void => void process.stdout.write(text);

function readArguments(): Arguments {
  try {
    return parseArguments(process.argv.slice(2));
  } catch (error) {
    console.error(`test: ${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return process.exit(2);
  }
}

async function runChecks(tally: Tally): Promise<void> {
  say('checks\n');
  await runSteps(checkSteps(root), (result) => {
    tally.addOne(result.ok);
    say(describeStep(result));
  });
}

async function prepare(testClass: TestClass, tally: Tally): Promise<boolean> {
  if (testClass === 'unit') return true;
  try {
    // Loaded when it is needed: the unit tests run where no lab ever will.
    const { prepareFor } = await import('./test/prepare.ts');
    await prepareFor(testClass);
    return true;
  } catch (error) {
    tally.addOne(false);
    say(`FAIL  the machine can't be prepared: ${error instanceof Error ? error.message : String(error)}\n`);
    return false;
  }
}

async function runClass(testClass: TestClass, files: readonly string[], options: RunOptions): Promise<void> {
  say(`\n${testClass} tests: ${files.length} files, need ${needs[testClass]}\n`);
  if (!(await prepare(testClass, tally))) return;
  const left = await forEachOf(
    longestFirst(files),
    lanesFor(testClass, availableParallelism()),
    options.stop,
    async (path, lane) => {
      const result = await runFile(path, options, (rests) => (rests ? lane.rest() : lane.work()));
      tally.addFile(result);
      say(tally.describe(result));
    },
  );
  if (left.length > 0) say(`interrupted before ${left.join(', ')}\n`);
}

async function runTests(args: Arguments, interruption: Interruption): Promise<void> {
  const files = filesIn(root, sourceFolders);
  const name = args.name === undefined ? {} : { namePattern: args.name };
  for (const testClass of args.classes) {
    if (interruption.stop.aborted) return;
    const found = filesOfClass(files, testClass, args.paths);
    const timeoutMs = args.timeoutMs ?? minutesFor[testClass] * 60_000;
    if (found.length > 0) await runClass(testClass, found, { root, timeoutMs, graceMs, ...name, ...interruption });
    // A suite that lost its files would pass for ever.
    if (found.length === 0 && args.paths.length === 0) {
      tally.addOne(false);
      say(`\nFAIL  there are no ${testClass} tests\n`);
    }
  }
}

const args = readArguments();
const tally = new Tally(allowedSkips);
const interruption = listenForInterruption((line) => say(`${line}\n`));
if (args.everything) {
  // It keeps what sources were once, and what tests wrote for a moment.
  rmSync(compileCache(root), { recursive: true, force: true });
  await runChecks(tally);
}
await runTests(args, interruption);
process.exitCode = tally.ok && !interruption.stop.aborted ? 0 : 1;
say(`\n${tally.line}\n`);
