import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { stateFileCompliance } from '../state-file-compliance.ts';
import { DiskStateFile } from './state-file.ts';

async function aFolder(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'porterlb-state-'));
  context.after(async () => rm(folder, { recursive: true, force: true }));
  return folder;
}

function on(folder: string, maxBytes = 100_000): DiskStateFile {
  return new DiskStateFile(folder, { maxBytes });
}

stateFileCompliance('disk', async (context) => {
  const folder = await aFolder(context);
  const breakIt = async (): Promise<void> => rm(folder, { recursive: true });
  return { file: on(folder), again: () => on(folder), breakIt };
});

test('disk: a write that fails half way leaves what was there', async (context) => {
  const folder = await aFolder(context);
  await on(folder).write(Uint8Array.of(1));
  // Where the draft should go.
  await mkdir(join(folder, 'inputs.new'));
  await assert.rejects(on(folder).write(Uint8Array.of(2)));
  assert.deepEqual([...(await readFile(join(folder, 'inputs')))], [1]);
});

test('disk: nothing but the file is left behind', async (context) => {
  const folder = await aFolder(context);
  await on(folder).write(Uint8Array.of(1));
  assert.deepEqual(await readdir(folder), ['inputs']);
});

test('disk: a volume in memory is told from a disk, and what is not there is none', async (context) => {
  const folder = await mkdtemp('/dev/shm/porterlb-state-');
  context.after(async () => rm(folder, { recursive: true, force: true }));
  assert.equal(on(folder).isInMemory(), true);
  assert.equal(on(import.meta.dirname).isInMemory(), false);
  assert.equal(on(join(folder, 'nowhere')).isInMemory(), false);
});

test('disk: a file that is larger than any state is not read', async (context) => {
  const folder = await aFolder(context);
  await writeFile(join(folder, 'inputs'), new Uint8Array(1_001));
  await assert.rejects(on(folder, 1_000).read(), /1001 bytes/);
});
