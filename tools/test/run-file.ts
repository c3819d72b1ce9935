import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestEvent } from './events.ts';

export interface Failure {
  readonly name: string;
  readonly error: string;
}

export interface Skip {
  readonly name: string;
  readonly reason: string;
}

export interface FileResult {
  /** Relative to the repository, with forward slashes. */
  readonly path: string;
  readonly passed: number;
  readonly failures: readonly Failure[];
  readonly skips: readonly Skip[];
  readonly seconds: number;
  /** What the tests wrote to stdout and stderr, the end of it where it is long. */
  readonly output: string;
}

export interface RunOptions {
  readonly root: string;
  /** Time until the file is asked to end, in milliseconds. */
  readonly timeoutMs: number;
  /** Time that it then has to clean up until it is killed with everything it started, in milliseconds. */
  readonly graceMs: number;
  /** A regular expression; only tests whose name matches run, and a file without any is no failure. */
  readonly namePattern?: string;
  /** Aborting asks the file to end. */
  readonly stop: AbortSignal;
  /** Aborting kills it. */
  readonly kill: AbortSignal;
}

/** Who hears that a file waits, and that it works again. */
export type Resting = (rests: boolean) => void;

const posix = process.platform !== 'win32';
const outputLimit = 64 * 1024;
const reporter = new URL('./reporter.ts', import.meta.url).href;
/** Lets Node.js read TSX, and gives tests of the console's pages a document. */
const componentHooks = new URL('../../frontend/src/testing/hooks.ts', import.meta.url).href;

/** Has tests that draw values draw the same with each run. */
const chance = new URL('./chance.ts', import.meta.url).href;

/** Where modules are kept as they were compiled, for all files of a run and those after it. */
export function compileCache(root: string): string {
  return join(root, 'build/compile-cache');
}

/**
 * Runs one test file in a process of its own under node's test runner. Not through `run()` of node:test: that one does
 * not wait, when it is interrupted or a file takes too long, until the file has cleaned up, and a lab test has a whole
 * network to take down. Never rejects: whatever goes wrong with the file is a failure in the result.
 */
export async function runFile(path: string, options: RunOptions, resting: Resting = () => {}): Promise<FileResult> {
  const start = performance.now();
  const told = new Told(resting);
  const child = startFile(path, options);
  child.on('message', (event) => told.take(event as TestEvent));
  child.stdout?.on('data', (chunk: Buffer) => told.write(chunk));
  child.stderr?.on('data', (chunk: Buffer) => told.write(chunk));
  const end = await supervise(child, options);
  const failures = [...told.failures, ...fileFailures(end, told, options)];
  const seconds = (performance.now() - start) / 1000;
  return { path, passed: told.passed, failures, skips: told.skips, seconds, output: told.output };
}

/** What a file's process told and wrote so far. */
class Told {
  passed = 0;
  ended = false;
  output = '';
  readonly failures: Failure[] = [];
  readonly skips: Skip[] = [];
  readonly #resting: Resting;

  constructor(resting: Resting) {
    this.#resting = resting;
  }

  take(event: TestEvent): void {
    switch (event.kind) {
      case 'passed':
        this.passed += 1;
        break;
      case 'failed':
        this.failures.push(event);
        break;
      case 'skipped':
        this.skips.push(event);
        break;
      case 'rests':
      case 'works':
        this.#resting(event.kind === 'rests');
        break;
      case 'end':
        this.ended = true;
    }
  }

  write(chunk: Buffer): void {
    this.output = (this.output + chunk.toString('utf8')).slice(-outputLimit);
  }

  get count(): number {
    return this.passed + this.failures.length + this.skips.length;
  }
}

function startFile(path: string, { root, namePattern }: RunOptions): ChildProcess {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const flags = ['--disable-warning=ExperimentalWarning', `--test-reporter=${reporter}`];
  if (path.endsWith('.tsx')) flags.push(`--import=${componentHooks}`);
  if (readFileSync(join(root, path), 'utf8').includes('fast-check')) flags.push(`--import=${chance}`);
  if (namePattern !== undefined) flags.push(`--test-name-pattern=${namePattern}`);
  return spawn(process.execPath, [...flags, join(root, path)], {
    cwd: root,
    // Hundreds of processes load the same modules: files with tests, and the managers of the labs. Compiled once, they start sooner.
    env: { NODE_COMPILE_CACHE: compileCache(root), ...env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // A process group of its own: a terminal's Ctrl-C reaches it once, through us, and it can be killed as a whole.
    detached: posix,
  });
}

interface End {
  readonly cause: 'exited' | 'timed out' | 'interrupted' | 'not started';
  /** How the process ended, in words. */
  readonly how: string;
  readonly clean: boolean;
}

function supervise(child: ChildProcess, { timeoutMs, graceMs, stop, kill }: RunOptions): Promise<End> {
  return new Promise((resolve) => {
    let cause: End['cause'] = 'exited';
    let grace: NodeJS.Timeout | undefined;
    const killNow = (): void => killGroup(child);
    const askToEnd = (why: End['cause']): void => {
      if (cause !== 'exited') return;
      cause = why;
      child.kill('SIGTERM');
      grace = setTimeout(killNow, graceMs);
    };
    const timeout = setTimeout(() => askToEnd('timed out'), timeoutMs);
    const interrupt = (): void => askToEnd('interrupted');
    const finish = (end: End): void => {
      clearTimeout(timeout);
      clearTimeout(grace);
      stop.removeEventListener('abort', interrupt);
      kill.removeEventListener('abort', killNow);
      resolve(end);
    };
    stop.addEventListener('abort', interrupt);
    kill.addEventListener('abort', killNow);
    child.on('error', (error) => finish({ cause: 'not started', how: error.message, clean: false }));
    child.on('exit', (code, signal) => {
      const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
      // What it left in its group would hold the pipes open for ever.
      killGroup(child);
      child.once('close', () => finish({ cause, how, clean: code === 0 }));
    });
    if (stop.aborted) interrupt();
  });
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    if (posix) process.kill(-child.pid, 'SIGKILL');
    else child.kill('SIGKILL');
  } catch {
    // Nobody is left in the group.
  }
}

/** Failures of the file itself, which no test of it could tell. */
function fileFailures(end: End, told: Told, { timeoutMs, namePattern }: RunOptions): Failure[] {
  const failure = (error: string): Failure[] => [{ name: 'the file itself', error }];
  if (end.cause === 'timed out') return failure(`not done after ${timeoutMs / 1000} s, ended (${end.how})`);
  if (end.cause === 'interrupted') return failure(`interrupted (${end.how})`);
  if (end.cause === 'not started') return failure(`could not be started: ${end.how}`);
  if (!told.ended) return failure(`has no tests, or ended before they did (${end.how})`);
  if (!end.clean && told.failures.length === 0) return failure(`ended with ${end.how} although no test failed`);
  if (told.count === 0 && namePattern === undefined) return failure('has no tests');
  return [];
}
