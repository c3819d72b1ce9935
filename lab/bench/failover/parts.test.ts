import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { conditionsOf, dueRow, joined, PartsFile, type Part, type RowRuns } from './parts.ts';
import type { Sample } from './sample.ts';

const sample = (lost: number): Sample => ({
  lossMs: 10 * lost,
  gapMs: 0,
  lost,
  lostByHash: false,
  sent: 100,
  errors: new Map(lost === 0 ? [] : [['ECONNRESET', lost]]),
});
const runs = (...lost: readonly number[]): RowRuns => ({
  samples: lost.map((each) => ({ local: sample(each), cluster: sample(0), layer2: sample(0) })),
  times: lost.map((each) => 100 + each),
});
const part = (load: string, rows: Readonly<Record<string, RowRuns>>, commit = '7ab1ed0'): Part => ({
  about: { commit, made: `2026-12-01, PorterLB 0.1.0 (${commit})`, machine: '2 processors', load },
  rows: new Map(Object.entries(rows)),
});
const [one, two] = [part('load 1.0', { node: runs(1), upgrade: runs(0) }), part('load 2.0', { node: runs(3, 2) })];

suite('a table that is measured in parts', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parts-'));
  });
  after(() => rm(folder, { recursive: true }));

  test('has all runs of each row, in order', () => {
    assert.deepEqual(joined([one, two]), new Map(Object.entries({ node: runs(1, 3, 2), upgrade: runs(0) })));
  });

  test('says how many runs of a row there are, in how many parts, and under which load each was made', () => {
    const { made } = one.about;
    assert.deepEqual(conditionsOf([one]), [`${made}, 1 run of each row`, '2 processors', 'load 1.0']);
    assert.deepEqual(conditionsOf([one, two]), [
      `${made}, 1 to 3 runs of a row, in 2 parts`,
      '2 processors',
      'load 1.0',
      'load 2.0',
    ]);
    const again = part('load 3.0', { upgrade: runs(0, 0) });
    assert.deepEqual(conditionsOf([one, two, again])[0], `${made}, 3 runs of each row, in 3 parts`);
  });

  test('goes on with the first of the rows that have the fewest runs, until all have enough', () => {
    const names = ['node', 'upgrade', 'router'];
    assert.equal(dueRow(names, [], 1), 'node');
    assert.equal(dueRow(names, [one, two], 1), 'router');
    assert.equal(dueRow(['node', 'upgrade'], [one, two], 1), undefined);
    assert.equal(dueRow(['node', 'upgrade'], [one, two], 3), 'upgrade');
    assert.equal(dueRow(['node'], [one, two], 3), undefined);
    assert.equal(dueRow(['node'], [one, two], 4), 'node');
  });

  test('is kept in a file, and goes on from what is there', async () => {
    const path = join(folder, 'new', 'parts.json');
    const file = await PartsFile.open(path, '7ab1ed0');
    assert.deepEqual(file.parts(), []);
    assert.deepEqual(file.parts(one), [one]);
    await file.write([one]);
    const next = await PartsFile.open(path, '7ab1ed0');
    assert.deepEqual(next.parts(), [one]);
    assert.deepEqual(next.parts(two), [one, two]);
    await next.write([one, two]);
    assert.deepEqual((await PartsFile.open(path, '7ab1ed0')).parts(one), [one, two, one]);
  });

  test('keeps a time without an end', async () => {
    const path = join(folder, 'never.json');
    const [first] = runs(0).samples;
    const gone = { ...sample(100), gapMs: Infinity };
    const lost = part('load 1.0', {
      node: { samples: first === undefined ? [] : [{ ...first, local: gone }], times: [] },
    });
    await (await PartsFile.open(path, '7ab1ed0')).write([lost]);
    assert.deepEqual((await PartsFile.open(path, '7ab1ed0')).parts(one), [lost, one]);
  });

  test('is what it was, where one was ended while it wrote the next', async () => {
    const path = join(folder, 'ended.json');
    await (await PartsFile.open(path, '7ab1ed0')).write([one]);
    await writeFile(`${path}.new`, '[{"about":');
    const next = await PartsFile.open(path, '7ab1ed0');
    await next.write(next.parts(two));
    assert.deepEqual((await PartsFile.open(path, '7ab1ed0')).parts(), [one, two]);
  });

  test('is not written by two at once', async () => {
    const path = join(folder, 'two.json');
    const [first, second] = [await PartsFile.open(path, '7ab1ed0'), await PartsFile.open(path, '7ab1ed0')];
    await first.write([one]);
    await assert.rejects(second.write([two]), { message: `${path} is written by somebody else as well` });
    await first.write([one, two]);
    assert.deepEqual((await PartsFile.open(path, '7ab1ed0')).parts(), [one, two]);
  });

  test('is of one commit', async () => {
    const path = join(folder, 'other.json');
    await (await PartsFile.open(path, '7ab1ed0')).write([one]);
    await assert.rejects(PartsFile.open(path, '6119cf0'), {
      message: `${path} has parts of 7ab1ed0, and this is 6119cf0: name another file, or remove it`,
    });
  });

  test('is not begun anew where the file is no such file', async () => {
    const path = join(folder, 'broken.json');
    await writeFile(path, '{');
    await assert.rejects(PartsFile.open(path, '7ab1ed0'), SyntaxError);
  });
});
