import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { readOptions, UsageError } from './options.ts';

suite('how nodes are drained', () => {
  const drain = (argv: readonly string[], environment: Record<string, string> = {}): unknown => {
    const options = readOptions(argv, { POD_IP: '192.0.2.1', ...environment });
    return [options?.drainGraceMs, options?.drainOnCordon];
  };

  test('ten seconds, and not for a cordon, unless told otherwise', () => {
    assert.deepEqual(drain([]), [10_000, false]);
    assert.deepEqual(drain([], { DRAIN_GRACE_SECONDS: '0', DRAIN_ON_CORDON: 'true' }), [0, true]);
    assert.deepEqual(drain(['--drain-grace', '90', '--drain-on-cordon', 'true'], { DRAIN_GRACE_SECONDS: '5' }), [
      90_000,
      true,
    ]);
  });

  test('what is no time and no truth is refused', () => {
    for (const text of ['-1', '1.5', 'soon', '', '86401'])
      assert.throws(() => drain([`--drain-grace=${text}`]), UsageError);
    assert.throws(() => drain(['--drain-on-cordon', 'yes']), UsageError);
  });
});
