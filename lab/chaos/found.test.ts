/** CONTRIBUTING.md lists what chaos has found, each with the test that holds it since: those tests are there. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../..');

test('whatever chaos has found has a test by name', async () => {
  const guide = await readFile(join(root, 'CONTRIBUTING.md'), 'utf8');
  const [, section = ''] = /^## What chaos has found$(.*?)(?=^## |$(?![\s\S]))/ms.exec(guide) ?? [];
  const rows = [...section.matchAll(/^\| .+ \| \[.+\]\((?<file>.+)\) \| (?<name>.+) \|$/gm)];
  assert.ok(rows.length > 0);
  for (const { groups: { file = '', name = '' } = {} } of rows) {
    const tests = await readFile(join(root, file), 'utf8');
    assert.ok(tests.includes(`'${name}'`), `${file} has no test '${name}'`);
  }
});
