import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { run } from '../../lab/toolchain/run.ts';
import { fencesOf, wordOf } from './fences.ts';

const root = join(import.meta.dirname, '../..');
const page = 'CONTRIBUTING.md';
const self = 'tools/docs/newcomer.lab.test.ts';
const REASONS = 'locales/en/reasons.json';

suite("a newcomer's first change, as CONTRIBUTING.md has it", () => {
  const all = fencesOf(page, readFileSync(join(root, page), 'utf8'));
  const blocks = all.filter((fence) => wordOf(fence, 'run-by') === self).map(({ text }) => text);
  let clone: string;

  const type = (text: string): Promise<string> => run('bash', ['-euo', 'pipefail', '-c', text], { cwd: clone });

  before(async () => {
    mkdirSync(join(root, 'build'), { recursive: true });
    clone = mkdtempSync(join(root, 'build/newcomer-'));
    const files = await run('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root });
    for (const file of files.trim().split('\n')) cpSync(join(root, file), join(clone, file), { recursive: true });
    // What the first command installs otherwise.
    await run('cp', ['-al', join(dirname(clone), '../node_modules'), join(clone, 'node_modules')]);
    const who = ['-c', 'user.name=newcomer', '-c', 'user.email=newcomer@example.org'];
    await type(`git init -q && git add -A && git ${who.join(' ')} commit -q -m clone`);
  });
  after(() => rmSync(clone, { recursive: true, force: true }));

  test('the tests of a part run as they are', async () => {
    assert.equal(blocks.length, 2);
    assert.match(await type(blocks[0] ?? ''), /^\d+ passed, 0 failed$/m);
  });

  test('a better text of a reason is on the page of reasons, and all tests of it pass', async () => {
    const path = join(clone, REASONS);
    const before = readFileSync(path, 'utf8');
    writeFileSync(path, before.replace('"NoEndpoints": "', '"NoEndpoints": "Nobody is at home. '));
    const printed = await type(blocks[1] ?? '');
    assert.match(printed, /^\+.*`NoEndpoints`.*Nobody is at home\./m);
    assert.match(printed, /^\d+ passed, 0 failed$/m);
    assert.equal(await type('git status --porcelain'), ` M docs/reference/reasons.md\n M ${REASONS}\n`);
  });

  test('a value that is made up is found', async () => {
    const path = join(clone, REASONS);
    writeFileSync(path, readFileSync(path, 'utf8').replace('Nobody is at home.', '{nobody} is at home.'));
    await assert.rejects(type(blocks[1] ?? ''), /nobody/);
  });
});
