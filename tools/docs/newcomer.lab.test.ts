import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { cloneOfRepository, typed } from './clone.ts';
import { fencesOf, wordOf } from './fences.ts';

const root = join(import.meta.dirname, '../..');
const page = 'CONTRIBUTING.md';
const self = 'tools/docs/newcomer.lab.test.ts';
const REASONS = 'locales/en/reasons.json';

suite("a newcomer's first change, as CONTRIBUTING.md has it", () => {
  const all = fencesOf(page, readFileSync(join(root, page), 'utf8'));
  const blocks = all.filter((fence) => wordOf(fence, 'run-by') === self).map(({ text }) => text);
  let clone: string;

  const type = (text: string): Promise<string> => typed(clone, text);

  before(async () => {
    clone = await cloneOfRepository('newcomer');
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

  test('what goes wrong is found: a value that is made up, or what to do in the place of what is wrong', async () => {
    const path = join(clone, REASONS);
    const good = readFileSync(path, 'utf8');
    writeFileSync(path, good.replace('Nobody is at home.', '{nobody} is at home.'));
    await assert.rejects(type(blocks[1] ?? ''), /nobody/);
    writeFileSync(path, good.replace('Nobody is at home.', 'Look at home.'));
    await assert.rejects(type(blocks[1] ?? ''), /NoEndpoints: says what is wrong, then what to do/);
  });
});
