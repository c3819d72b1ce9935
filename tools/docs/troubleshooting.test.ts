/** Whoever finds a reason in a condition finds on the page of troubleshooting what to look at. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { REASONS } from '../../backend/src/domain/reason.ts';

/** There is nothing to look for. */
const FINE = ['Allocated', 'Announced'];

test('every reason for which something is wrong is named, and no other', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/troubleshooting.md'), 'utf8');
  const words = [...page.matchAll(/`([A-Z]\w+)`/g)].map(([, word = '']) => word);
  const wrong: readonly string[] = REASONS.filter((reason) => !FINE.includes(reason));
  assert.deepEqual(
    wrong.filter((reason) => !words.includes(reason)),
    [],
  );
  const cells = [...page.matchAll(/^\| ((?:`[A-Z][a-z]+[A-Z]\w+`(?:, )?)+) \|/gm)].map(([, cell = '']) => cell);
  assert.ok(cells.length > 10);
  const named = cells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, word = '']) => word));
  assert.deepEqual(
    named.filter((word) => !wrong.includes(word)),
    [],
  );
});
