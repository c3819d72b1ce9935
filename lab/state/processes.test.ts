import assert from 'node:assert/strict';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, suite, test } from 'node:test';
import { isRunning } from '../toolchain/process-identity.ts';
import { Processes } from './processes.ts';
import { until } from './until.ts';

const sleeper = [process.execPath, '-e', 'console.log("ready"); setInterval(() => {}, 1000)'];
const stubborn = [
  process.execPath,
  '-e',
  'process.on("SIGTERM", () => console.log("no")); setInterval(() => {}, 1000)',
];

suite('processes of a lab', () => {
  let folder = '';
  let processes = new Processes('');

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'porterlb-processes-'));
    processes = new Processes(folder);
  });

  afterEach(async () => {
    await processes.stopAll();
    await rm(folder, { recursive: true });
  });

  test('a process runs once, is found by another handle, and its output is in its log', async () => {
    const first = await processes.start({ name: 'a', command: sleeper });
    const second = await processes.start({ name: 'a', command: sleeper });
    assert.deepEqual(second, first);
    assert.deepEqual(await new Processes(folder).find('a'), first);
    await until(async () => (await processes.lastWords('a')) === 'ready', { what: 'the log' });
  });

  test('two who start the same at once start one', async () => {
    const twice = [1, 2].map(async () => processes.start({ name: 'a', command: sleeper }));
    const [first, second] = await Promise.all(twice);
    assert.deepEqual(second, first);
    assert.deepEqual(await processes.find('a'), first);
  });

  test('stop returns when the process is gone', async () => {
    const identity = await processes.start({ name: 'a', command: sleeper });
    await processes.stop('a');
    assert.equal(isRunning(identity), false);
    assert.equal(await processes.find('a'), undefined);
    await processes.stop('a');
  });

  test('who takes some seconds to leave in order is not cut short', async () => {
    const leaves = 'process.on("SIGTERM", () => setTimeout(() => process.exit(console.log("left in order")), 6_000));';
    const command = [process.execPath, '-e', `${leaves} console.log('ready'); setInterval(() => {}, 1000)`];
    await processes.start({ name: 'a', command });
    await until(async () => (await processes.lastWords('a')) === 'ready', { what: 'it to run' });
    await processes.stop('a');
    assert.equal(await processes.lastWords('a'), 'ready\nleft in order');
  });

  test('another handle ends everything, also what ignores SIGTERM', async () => {
    const identities = [
      await processes.start({ name: 'a', command: sleeper }),
      await processes.start({ name: 'b', command: stubborn }),
    ];
    await new Processes(folder).stopAll();
    assert.deepEqual(identities.map(isRunning), [false, false]);
  });

  test('a record whose pid now belongs to another process ends nobody', async () => {
    await processes.start({ name: 'a', command: sleeper });
    const [record = ''] = await readdir(join(folder, 'processes'));
    const path = join(folder, 'processes', record);
    const identity = JSON.parse(await readFile(path, 'utf8')) as { pid: number; started: string };
    // This very process under the start time of another: were it taken for ours, the test would end here.
    await writeFile(path, JSON.stringify({ pid: process.pid, started: identity.started }));
    assert.equal(await processes.find('a'), undefined);
    await processes.stop('a', 'SIGKILL');
    process.kill(identity.pid, 'SIGKILL');
  });

  test('nothing starts after the lab ended', async () => {
    processes.seal(new Error('over'));
    await assert.rejects(processes.start({ name: 'a', command: sleeper }), /over/);
    assert.equal(await processes.find('a'), undefined);
  });

  test('a program that is not there is an error', async () => {
    await assert.rejects(processes.start({ name: 'a', command: ['/no/such/program'] }), /ENOENT/);
  });
});
