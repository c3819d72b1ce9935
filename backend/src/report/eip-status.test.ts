import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { aPool } from '../domain/testing/builders.ts';
import type { Configuration } from './configuration.ts';
import { eipReady, eipUsage, MAX_USED } from './eip-status.ts';

const READ: Configuration = {
  problems: [],
  ignoredFields: [],
  warnings: [],
  earlierInForce: false,
  generation: 3,
};
const POOL = aPool('a', ['192.0.2.0-192.0.2.3']);
const NOBODY = new Map<string, ReadonlySet<string>>();

suite('Ready of an Eip', () => {
  test('is True for one that gives addresses', () => {
    assert.deepEqual(eipReady(READ, POOL), {
      type: 'Ready',
      status: 'True',
      reason: 'InUse',
      message: 'In use.',
      observedGeneration: 3,
    });
  });

  test('is False for one that is disabled or deleted, and does not say that it is in use', () => {
    const disabled = eipReady(READ, { ...POOL, disabled: true });
    assert.deepEqual([disabled.status, disabled.reason], ['False', 'PoolDisabled']);
    assert.match(disabled.message, /no new addresses/);
    for (const pool of [
      { ...POOL, deleting: true },
      { ...POOL, deleting: true, disabled: true },
    ]) {
      const deleting = eipReady(READ, pool);
      assert.deepEqual([deleting.status, deleting.reason], ['False', 'PoolDeleting']);
      assert.match(deleting.message, /being deleted/);
    }
  });

  test('says first what is wrong with one that cannot be read', () => {
    const problems = [{ field: 'spec.address', message: 'is no range' }];
    const condition = eipReady({ ...READ, problems, earlierInForce: true }, { ...POOL, deleting: true });
    assert.deepEqual([condition.status, condition.reason], ['False', 'Invalid']);
    assert.match(condition.message, /^spec\.address: is no range\. The last good version stays in force/);
  });

  test('names the fields without effect also where the pool is closed', () => {
    const condition = eipReady({ ...READ, ignoredFields: ['spec.vlan'] }, { ...POOL, disabled: true });
    assert.match(condition.message, /disabled.* Without effect here: spec\.vlan\.$/);
  });
});

suite('the usage of an Eip', () => {
  const held = new Map([
    ['192.0.2.1', new Set(['d/b', 'd/a'])],
    ['192.0.2.0', new Set(['d/c'])],
  ]);

  test('counts addresses, and names the Services of each', () => {
    assert.deepEqual(eipUsage(POOL, held, []), {
      poolSize: 4,
      usage: 2,
      occupied: false,
      firstIP: '192.0.2.0',
      lastIP: '192.0.2.3',
      v4: true,
      ready: true,
      used: { '192.0.2.0': 'd/c', '192.0.2.1': 'd/a;d/b' },
    });
    assert.equal(eipUsage(aPool('b', ['192.0.2.0/31']), held, []).occupied, true);
  });

  test('is not ready for new addresses when it is closed or cannot be read', () => {
    const problem = [{ field: 'spec', message: 'x' }];
    const ready = [
      eipUsage({ ...POOL, deleting: true }, NOBODY, []),
      eipUsage({ ...POOL, disabled: true }, NOBODY, []),
      eipUsage(POOL, NOBODY, problem),
    ].map((usage) => usage.ready);
    assert.deepEqual(ready, [false, false, false]);
  });

  test('stays a small object for a large pool', () => {
    const many = new Map(Array.from({ length: 1_000 }, (_, i) => [`2001:db8::${i.toString(16)}`, new Set(['d/s'])]));
    const usage = eipUsage(aPool('six', ['2001:db8::/64']), many, []);
    assert.equal(Object.keys(usage.used).length, MAX_USED);
    assert.deepEqual([usage.usage, usage.poolSize, usage.v4], [1_000, Number.MAX_SAFE_INTEGER, false]);
  });
});
