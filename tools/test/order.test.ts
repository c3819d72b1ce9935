import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { longestFirst, longFiles } from './order.ts';

const root = join(import.meta.dirname, '../..');

test('the files that take long come first, the others as they were', () => {
  const [first = '', second = ''] = Object.entries(longFiles)
    .sort(([, a], [, b]) => b - a)
    .map(([path]) => path);
  assert.deepEqual(longestFirst(['b.test.ts', second, 'a.test.ts', first]), [first, second, 'b.test.ts', 'a.test.ts']);
});

test('every file that is said to take long is there', () => {
  const gone = Object.keys(longFiles).filter((path) => !existsSync(join(root, path)));
  assert.deepEqual(gone, []);
});
