import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FileResult } from './run-file.ts';
import { Tally } from './tally.ts';

const file = (result: Partial<FileResult>): FileResult => ({
  path: 'lab/x.test.ts',
  passed: 0,
  failures: [],
  skips: [],
  seconds: 1.25,
  output: '',
  ...result,
});

test('checks, tests and failures add up to one plain line', () => {
  const tally = new Tally([]);
  tally.addOne(true);
  tally.addFile(file({ passed: 3 }));
  assert.deepEqual([tally.line, tally.ok], ['4 passed, 0 failed', true]);
  tally.addFile(file({ passed: 1, failures: [{ name: 'a > b', error: 'Error: broken' }] }));
  tally.addOne(false);
  assert.deepEqual([tally.line, tally.ok], ['5 passed, 2 failed', false]);
});

test('a run that ran nothing is not a success', () => {
  assert.equal(new Tally([]).ok, false);
});

test('a skipped test fails the run unless it is in the written list', () => {
  const skips = [
    { name: 'listed', reason: 'no IPv6 here' },
    { name: 'not listed', reason: '' },
  ];
  const allowed = [
    { path: 'lab/x.test.ts', name: 'listed', reason: 'the machine has no IPv6' },
    { path: 'lab/other.test.ts', name: 'not listed', reason: 'in another file' },
  ];
  const tally = new Tally(allowed);
  tally.addFile(file({ passed: 1, skips }));
  assert.equal(tally.line, '1 passed, 1 failed');
  const text = tally.describe(file({ passed: 1, skips }));
  assert.match(text, /^FAIL +1\.\d s {2}lab\/x\.test\.ts {2}1 passed, 1 failed, 1 skipped as listed\n/);
  assert.match(text, /x not listed: skipped or todo/);
});

test('a failure is shown in full, with what the file wrote', () => {
  const failures = [{ name: 'suite > case', error: 'Error: first line\n    at second line' }];
  const text = new Tally([]).describe(file({ failures, output: 'a log line\n' }));
  for (const part of ['x suite > case', 'Error: first line', 'at second line', 'a log line']) {
    assert.ok(text.includes(part), part);
  }
});
