import assert from 'node:assert/strict';
import { test } from 'node:test';
import { layoutFindings } from './layout.ts';

const pathsFound = (paths: readonly string[]): string[] =>
  layoutFindings(paths.map((path) => ({ path, text: '' }))).map((finding) => finding.split(':')[0] ?? '');

test('a vague name is found in any segment of a path, whatever its ending', () => {
  const vague = ['lab/utils.ts', 'backend/src/helpers/x.ts', 'tools/misc.test.ts', 'cli/Common.ts'];
  assert.deepEqual(pathsFound([...vague, 'lab/utilisation.ts', 'backend/src/domain/pool.ts']), vague);
});

test('a module of 400 lines is fine, one of 401 is not, a generated one may be longer', () => {
  const lines = (count: number): string => 'x\n'.repeat(count);
  assert.deepEqual(
    layoutFindings([
      { path: 'lab/a.ts', text: lines(400) },
      { path: 'lab/b.ts', text: `${lines(400)}x` },
      { path: 'cli/src/generated/c.ts', text: lines(4000) },
    ]),
    ['lab/b.ts: 401 lines; split it, 400 is the budget'],
  );
});
