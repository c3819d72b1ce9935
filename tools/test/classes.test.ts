import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseArguments } from './arguments.ts';
import { filesOfClass, testClasses } from './classes.ts';

const files = [
  'backend/src/cluster/watch/informer.api.test.ts',
  'backend/src/domain/address.test.ts',
  'backend/src/domain/address.ts',
  'lab/scenarios/ecmp.lab.test.ts',
  'lab/testing/latest.ts',
];

test('every test file is in exactly one class', () => {
  const found = testClasses.map((testClass) => filesOfClass(files, testClass, []));
  assert.deepEqual(found, [[files[1]], [files[0]], [files[3]]]);
});

test('parts of paths choose files', () => {
  assert.deepEqual(filesOfClass(files, 'unit', ['domain', 'nothing']), [files[1]]);
  assert.deepEqual(filesOfClass(files, 'lab', ['domain']), []);
});

test('no argument means everything; a class, a path or a name means less', () => {
  const everything = parseArguments([]);
  assert.deepEqual([everything.everything, everything.classes], [true, testClasses]);
  assert.deepEqual(parseArguments(['--unit', './lab/x']), {
    classes: ['unit'],
    paths: ['lab/x'],
    everything: false,
  });
  const named = parseArguments(['--name', 'ecmp', '--timeout', '1.5']);
  assert.deepEqual([named.everything, named.name, named.timeoutMs], [false, 'ecmp', 90_000]);
});

test('arguments that make no sense are refused', () => {
  assert.throws(() => parseArguments(['--quick']));
  assert.throws(() => parseArguments(['--timeout', 'soon']), /number of minutes, not soon/);
});
