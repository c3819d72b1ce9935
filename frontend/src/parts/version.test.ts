import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOlder } from './version.ts';

test('a version is older if its minor release is', () => {
  for (const [version, than] of [
    ['0.1.9', '0.2.0'],
    ['v0.9.0', '0.10.0'],
    ['1.9.0', '2.0.0'],
  ] as const) {
    assert.ok(isOlder(version, than), version);
    assert.ok(!isOlder(than, version), version);
  }
  for (const version of ['0.2.0', '0.2.9-rc.1', 'dev', '', undefined]) assert.ok(!isOlder(version, '0.2.0'), version);
});
