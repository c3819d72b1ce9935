/** `npm run package:lint` as CI sees it: by its exit code. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { CommandFailed, run } from '../../lab/toolchain/run.ts';

const root = join(import.meta.dirname, '../..');

suite('npm run package:lint', () => {
  const copy = mkdtempSync(join(tmpdir(), 'porterlb-package-lint-'));
  after(() => rmSync(copy, { recursive: true }));
  const lint = (...args: string[]): Promise<string> =>
    run(process.execPath, [join(root, 'tools/package-lint.ts'), ...args]);

  test('ends well, and says how much it looked for', async () => {
    assert.match(await lint(), /^package:lint: \d+ rules, 0 findings$/m);
  });

  test('ends with 1 on a single finding, which it names', async () => {
    for (const name of readdirSync(root))
      if (name !== 'extension.yaml') symlinkSync(join(root, name), join(copy, name));
    const manifest = readFileSync(join(root, 'extension.yaml'), 'utf8');
    writeFileSync(join(copy, 'extension.yaml'), manifest.replace('category: networking', 'category: other'));
    await assert.rejects(lint(copy), (error: unknown) => {
      assert.ok(error instanceof CommandFailed);
      assert.equal(error.exitCode, 1);
      assert.equal(error.stderr, 'package:lint: category: category: the marketplace has no "other"\n');
      return true;
    });
  });
});
