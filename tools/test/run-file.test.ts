import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withTree } from '../lint/fixture-tree.ts';
import { runFile, type FileResult, type RunOptions } from './run-file.ts';

const never = new AbortController().signal;

/** Runs `text` as a test file and returns what came out. */
function resultOf(text: string, options: Partial<RunOptions> = {}): Promise<FileResult> {
  const defaults = { timeoutMs: 60_000, graceMs: 60_000, stop: never, kill: never };
  return withTree({ 'x.test.ts': text }, (root) => runFile('x.test.ts', { root, ...defaults, ...options }));
}

/** The same of one that says when it hangs, after which it is asked to end: its time may be over before where a process takes long to start. */
async function timedOut(
  text: string,
  options: Partial<RunOptions> = {},
): Promise<{ readonly result: FileResult; readonly timeoutMs: number }> {
  for (let timeoutMs = 1_500; ; timeoutMs *= 2) {
    const result = await resultOf(text, { ...options, timeoutMs });
    if (result.output.includes('hangs now') || timeoutMs > 30_000) return { result, timeoutMs };
  }
}

const imports = "import { after, before, describe, it, test } from 'node:test';\n";
const failedNames = ({ failures }: FileResult): string[] => failures.map(({ name }) => name);

describe('what a test file told', () => {
  it('counts tests, not suites, and names failures in full with their errors', async () => {
    const result = await resultOf(`${imports}
      describe('outer', () => {
        describe('inner', () => {
          it('works', () => {});
          it('breaks', () => { throw new Error('of cheese'); });
        });
      });
      test('alone', () => {});
      console.log('said aloud');`);
    assert.equal(result.passed, 2);
    assert.deepEqual(failedNames(result), ['outer > inner > breaks']);
    assert.match(result.failures[0]?.error ?? '', /of cheese/);
    assert.match(result.output, /said aloud/);
  });

  it('reports every way to skip a test, whole suites too', async () => {
    const result = await resultOf(`${imports}
      it.skip('a', () => {});
      it('b', { skip: 'no network' }, () => {});
      it.todo('c', () => { throw new Error('not yet'); });
      it('d', (t) => t.skip('at run time'));
      describe.skip('e', () => { it('inside', () => {}); });`);
    assert.deepEqual(
      result.skips.map(({ name, reason }) => [name, reason]),
      [
        ['a', ''],
        ['b', 'no network'],
        ['c', ''],
        ['d', 'at run time'],
        ['e', ''],
      ],
    );
    assert.equal(result.passed + result.failures.length, 0);
  });

  it('reports a hook that fails', async () => {
    const result = await resultOf(`${imports}
      describe('suite', () => { before(() => { throw new Error('no ground'); }); it('x', () => {}); });`);
    assert.match(result.failures.map(({ error }) => error).join(), /no ground/);
  });
});

describe('a file that fails as a whole', () => {
  const wholeFile = async (text: string, error: RegExp, options: Partial<RunOptions> = {}): Promise<void> => {
    const result = await resultOf(text, options);
    assert.ok(result.failures.length > 0);
    assert.match(result.failures.map((failure) => failure.error).join(), error);
  };

  it('has no tests', () => wholeFile('export {};', /has no tests/));

  it('cannot be loaded', () => wholeFile("import './nowhere.ts';", /ended before they did \(exit code 1\)/));

  it('exits in the middle, also with success', () =>
    wholeFile(`${imports}it('a', () => {}); it('b', () => process.exit(0));`, /ended before they did \(exit code 0\)/));

  it('throws after its tests', () =>
    wholeFile(`${imports}after(() => { throw new Error('late'); }); it('a', () => {});`, /late|no test failed/));

  it('takes too long, and may clean up before it ends', async () => {
    const { result, timeoutMs } = await timedOut(
      `${imports}
      process.on('SIGTERM', () => setTimeout(() => { console.log('cleaned up'); process.exit(1); }, 100));
      it('hangs', async () => {
        console.log('hangs now');
        await new Promise((done) => setTimeout(done, 600_000));
      });`,
    );
    assert.match(result.failures[0]?.error ?? '', new RegExp(`not done after ${timeoutMs / 1_000} s`));
    assert.match(result.output, /cleaned up/);
  });

  it('does not heed the request to end, and is killed with what it started', async () => {
    const { result } = await timedOut(
      `${imports}import { spawn } from 'node:child_process';
      process.on('SIGTERM', () => {});
      it('hangs', async () => {
        spawn(process.execPath, ['-e', 'setInterval(Object, 1000)'], { stdio: 'inherit' });
        console.log('hangs now');
        await new Promise((done) => setTimeout(done, 600_000));
      });`,
      { graceMs: 200 },
    );
    // There is a result at all only because the grandchild is gone too: it held the pipes.
    assert.match(result.failures[0]?.error ?? '', /signal SIGKILL/);
  });

  it('is interrupted', async () => {
    const stop = new AbortController();
    const running = resultOf(`${imports}it('hangs', () => new Promise((done) => setTimeout(done, 600_000)));`, {
      stop: stop.signal,
    });
    setTimeout(() => stop.abort(), 500);
    assert.deepEqual(failedNames(await running), ['the file itself']);
  });
});

it('tells at once when a file rests, and when it works again', async () => {
  const heard: string[] = [];
  const text = `${imports}import { resting } from '${new URL('../../lab/state/resting.ts', import.meta.url).pathname}';
    it('waits', async () => {
      await Promise.all([resting(async () => {}), resting(() => new Promise((done) => setTimeout(done, 20)))]);
    });`;
  const result = await withTree({ 'x.test.ts': text }, (root) =>
    runFile('x.test.ts', { root, timeoutMs: 60_000, graceMs: 60_000, stop: never, kill: never }, (rests) =>
      heard.push(rests ? 'rests' : 'works'),
    ),
  );
  assert.deepEqual(heard, ['rests', 'works']);
  assert.equal(result.passed, 1);
});

it('compiles what many files load only once', async () => {
  const result = await resultOf(`${imports}import assert from 'node:assert';
    it('has a cache', () => assert.match(process.env.NODE_COMPILE_CACHE ?? '', /build.compile-cache$/));`);
  assert.equal(result.passed, 1);
});

it('draws the same values with each run', async () => {
  const text = `${imports}import fc from '${import.meta.resolve('fast-check')}';
    it('draws', () => console.log('drew', JSON.stringify(fc.sample(fc.nat(), 5)), fc.readConfigureGlobal().seed));`;
  const [one, other] = await Promise.all([resultOf(text), resultOf(text)]);
  const drawn = /^drew \[.*\] 1$/m;
  assert.match(one.output, drawn);
  assert.equal(drawn.exec(one.output)?.[0], drawn.exec(other.output)?.[0]);
});

it('runs only the tests with a wanted name', async () => {
  const text = `${imports}it('red', () => {}); it('blue', () => { throw new Error('not asked for'); });`;
  const result = await resultOf(text, { namePattern: 'red' });
  assert.deepEqual([result.passed, result.failures, result.skips], [1, [], []]);
  assert.deepEqual((await resultOf(text, { namePattern: 'green' })).failures, []);
});
