import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { promisify } from 'node:util';

const module = new URL('shifted-clock.ts', import.meta.url).href;
const dayMs = 86_400_000;
/** Tells what it takes for the time of day, in both threads, and what has nothing to do with that. */
const inThread = 'import { parentPort } from "node:worker_threads"; parentPort.postMessage(Date.now());';
const program = `
  const { Worker } = require('node:worker_threads');
  const own = [Date.now(), new Date().getTime(), new Date(7).getTime(), new Date() instanceof Date];
  new Worker(new URL('data:text/javascript,${encodeURIComponent(inThread)}'))
    .on('message', (other) => console.log(JSON.stringify([...own, other])));
`;

suite('a clock that is set', () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'clocks-'));
    await writeFile(join(folder, 'n1'), String(-dayMs));
  });
  after(() => rm(folder, { recursive: true }));

  async function times(node: string): Promise<unknown[]> {
    const env = { ...process.env, NODE_OPTIONS: `--import ${module}`, CHAOS_CLOCKS: folder, NODE_NAME: node };
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', program], { env });
    return JSON.parse(stdout) as unknown[];
  }

  /** In whole days from now, where it is a time of day. */
  const days = (ms: unknown): number => Math.round((Number(ms) - Date.now()) / dayMs) + 0;

  test('is off in all threads of that node, and nothing else is', async () => {
    const [now, made, given, isDate, inWorker] = await times('n1');
    assert.deepEqual([now, made, inWorker].map(days), [-1, -1, -1]);
    assert.deepEqual([given, isDate], [7, true]);
  });

  test('is right on other nodes', async () => {
    const [now, made, , , inWorker] = await times('n2');
    assert.deepEqual([now, made, inWorker].map(days), [0, 0, 0]);
  });
});
