import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { cloneOfRepository, typed } from '../docs/clone.ts';
import { fencesOf, wordOf } from '../docs/fences.ts';

const root = join(import.meta.dirname, '../..');
const page = 'docs/releasing.md';
const self = 'tools/release/releasing.lab.test.ts';
/** Of which no page says anything. */
const VERSION = '9.8.7';

suite('a release, as docs/releasing.md has it, up to what is published', () => {
  const all = fencesOf(page, readFileSync(join(root, page), 'utf8'));
  const blocks = all.filter((fence) => wordOf(fence, 'run-by') === self);
  const [stamp, look, build, ...others] = blocks.map(({ text }) => text.replaceAll('VERSION', VERSION));
  assert.ok(stamp !== undefined && look !== undefined && build !== undefined);
  assert.deepEqual(others, [], 'all blocks of the page have their turn');
  let clone: string;

  before(async () => {
    clone = await cloneOfRepository('release');
  });
  after(() => rmSync(clone, { recursive: true, force: true }));

  function announce(changelog: string): void {
    const path = join(clone, 'extension', changelog);
    const text = readFileSync(path, 'utf8');
    assert.match(text, /^## /m);
    writeFileSync(path, text.replace(/^## /m, `## ${VERSION}\n\n### Fixes\n\n- One.\n\n## `));
  }

  test('its version is stamped, and may not go out before the changelogs speak of it', async () => {
    await typed(clone, stamp);
    announce('CHANGELOG.md');
    const found = await typed(clone, `! (${look.trim()})`);
    assert.match(found, /CHANGELOG_zh\.md begins with "/);
    assert.match(found, /findings in changelog, package$/m);
  });

  test('then nothing is found', async () => {
    announce('CHANGELOG_zh.md');
    assert.match(await typed(clone, look), /^release:check: nothing found$/m);
  });

  test('what is to be published is where the page says, the same each time that it is made', async () => {
    const rows = readFileSync(join(root, page), 'utf8').matchAll(/^\|[^|\n]*`build\/[^|\n]*/gm);
    const files = [...rows].flatMap(([row]) => [...row.matchAll(/`(build\/[^`]+)`/g)].map(([, path = '']) => path));
    assert.ok(files.length >= 5, files.join());
    const made = async (): Promise<string> => {
      await typed(clone, build);
      const paths = files.map((file) => file.replace('VERSION', VERSION)).join(' ');
      return await typed(clone, `find ${paths} -type f | sort | xargs sha256sum`);
    };
    const first = await made();
    for (const file of files) assert.ok(first.includes(file.replace('VERSION', VERSION)), `${file} in\n${first}`);
    assert.equal(await made(), first);
  });
});
