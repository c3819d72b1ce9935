import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Condition, PoolSummary } from '../../generated/api.ts';
import { addressStateKey, fullness, poolState, shortAddress, sizeText } from './pool-model.ts';

const ready: Condition = { status: 'True', reason: 'Ready', message: '', text: 'fine', since: null };
const pool: PoolSummary = {
  ...{ name: 'a', createdAt: '', protocol: 'bgp', ranges: [], isDefault: false, disabled: false, deleting: false },
  ...{ priority: 0, ready, use: { size: '32', used: 8, released: 0, conflicts: 0 } },
};

suite('a pool', () => {
  test('is told by what matters most', () => {
    const wrong: Condition = { ...ready, status: 'False', reason: 'InvalidRange', text: 'reversed' };
    const off: Condition = { ...ready, status: 'False', reason: 'PoolDisabled' };
    const cases: [Partial<PoolSummary>, string, string, string?][] = [
      [{}, 'good', 'POOL_READY'],
      [{ ready: null }, 'unknown', 'STATE_UNKNOWN'],
      [{ ready: wrong }, 'bad', 'POOL_NOT_READY', 'reversed'],
      [{ disabled: true, ready: off }, 'off', 'POOL_DISABLED'],
      [{ disabled: true, ready: wrong }, 'bad', 'POOL_NOT_READY', 'reversed'],
      [{ deleting: true, ready: wrong }, 'off', 'POOL_DELETING'],
    ];
    for (const [change, level, title, detail] of cases)
      assert.deepEqual(poolState({ ...pool, ...change }), { level, title, detail }, JSON.stringify(change));
  });

  test('is full to a part that can be drawn, unless it is too big for that', () => {
    const use = (size: string, used: number): PoolSummary['use'] => ({ ...pool.use, size, used });
    assert.deepEqual([use('32', 8), use('4', 5), use('0', 0)].map(fullness), [0.25, 1, undefined]);
    assert.equal(fullness(use('18446744073709551616', 5)), undefined);
  });

  test('has a size that people can read', () => {
    assert.deepEqual(['32', '4294967296', '18446744073709551616', '18446744073709551617'].map(sizeText), [
      ...['32', '2^32', '2^64', '≈ 1.8·10^19'],
    ]);
  });
});

suite('an address of a pool', () => {
  test('of a state that these pages do not know has no word of theirs', () => {
    assert.equal(addressStateKey('used'), 'ADDRESS_USED');
    assert.equal(addressStateKey('toString'), undefined);
  });

  test('is told apart from its neighbours by its end', () => {
    assert.deepEqual(['192.0.2.7', '2001:db8::1f', '2001:db8::'].map(shortAddress), ['.7', ':1f', ':']);
  });
});
