import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, suite, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { cached } from './cache.ts';
import { withLock } from './file-lock.ts';
import { ownIdentity } from './process-identity.ts';

let folder = '';
const cacheBefore = process.env['PORTERLB_CACHE'];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'porterlb-lock-'));
  process.env['PORTERLB_CACHE'] = folder;
});

afterEach(async () => {
  await rm(folder, { recursive: true });
  if (cacheBefore === undefined) delete process.env['PORTERLB_CACHE'];
  else process.env['PORTERLB_CACHE'] = cacheBefore;
});

suite('file lock', () => {
  test('one at a time, and nothing stays', async () => {
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      most = Math.max(most, ++inside);
      await nextTurn();
      inside--;
    };
    const path = join(folder, 'lock');
    await Promise.all([1, 2, 3].map(() => withLock(path, work)));
    assert.equal(most, 1);
    assert.deepEqual(await readdir(folder), []);
  });

  test('is released when the work fails', async () => {
    const path = join(folder, 'lock');
    await assert.rejects(
      withLock(path, () => Promise.reject(new Error('no'))),
      /no/,
    );
    assert.equal(await withLock(path, async () => 'again'), 'again');
  });

  test('one whose owner died is taken over, without waiting', async () => {
    const path = join(folder, 'lock');
    await writeFile(path, JSON.stringify({ ...ownIdentity(), started: 'at another time' }));
    let waited = false;
    const result = await withLock(
      path,
      async () => 'mine',
      () => (waited = true),
    );
    assert.deepEqual([result, waited], ['mine', false]);
  });

  test('many that find the same dead owner still take turns', async () => {
    const path = join(folder, 'lock');
    await writeFile(path, JSON.stringify({ ...ownIdentity(), started: 'at another time' }));
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      most = Math.max(most, ++inside);
      await nextTurn();
      inside--;
    };
    await Promise.all(Array.from({ length: 10 }, () => withLock(path, work)));
    assert.equal(most, 1);
    assert.deepEqual(await readdir(folder), []);
  });
});

suite('cache', () => {
  const entry = { name: 'thing', key: 'k', announcement: 'making a thing (a second)' };

  test('two that want the same thing make it once; it is announced, and later found in silence', async () => {
    const said: string[] = [];
    const progress = (line: string): number => said.push(line);
    let made = 0;
    const fill = async (output: string): Promise<void> => {
      made++;
      await writeFile(join(output, 'file'), 'x');
    };
    const [a, b] = await Promise.all([cached(entry, progress, fill), cached(entry, progress, fill)]);
    assert.deepEqual([made, a], [1, b]);
    assert.deepEqual(await readdir(a), ['file']);
    assert.ok(said.includes(entry.announcement));
    said.length = 0;
    await cached(entry, progress, fill);
    assert.deepEqual([made, said], [1, []]);
  });

  test('what could not be made leaves nothing behind', async () => {
    const fill = async (output: string): Promise<void> => {
      await writeFile(join(output, 'half'), 'x');
      throw new Error('disk full');
    };
    await assert.rejects(
      cached(entry, () => undefined, fill),
      /disk full/,
    );
    assert.deepEqual(await readdir(folder), []);
  });
});
