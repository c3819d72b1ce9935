import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { MAX_HELD_NAMESPACES, poolOf, type Pool } from '../domain/pool.ts';
import { aPool, range } from '../domain/testing/builders.ts';
import { isBelieved } from './believed.ts';

const PARK = aPool('p', ['192.0.2.0/24'], { namespaces: ['park'] });

/** Whether `shop/web` is believed to hold 192.0.2.7. */
function believed(record: string, ...pools: Pool[]): boolean {
  const byName = new Map(pools.map((pool) => [pool.name, pool]));
  return isBelieved('shop', poolOf({ pool: record, ip: '192.0.2.7' }, byName), { tier: 'gold' });
}

suite('an address in a status is believed', () => {
  test('where its pool lets the namespace in, by name or by labels', () => {
    assert.equal(believed('p', { ...PARK, namespaces: [] }), true);
    assert.equal(believed('p', { ...PARK, namespaces: ['shop'] }), true);
    assert.equal(believed('p', { ...PARK, namespaceSelector: { tier: 'gold' } }), true);
  });
  test('where the pool let it in, by the word of its status', () => {
    assert.equal(believed('p', { ...PARK, heldNamespaces: ['shop'] }), true);
  });
  test('not where the pool is for others', () => assert.equal(believed('p', PARK), false));
  test('of a pool that gives nothing new only by the word of its status, as far as that has room for all', () => {
    for (const closed of [{ disabled: true }, { deleting: true }]) {
      const pool = { ...PARK, namespaces: [], heldRanges: PARK.ranges, ...closed };
      const full = Array.from({ length: MAX_HELD_NAMESPACES }, (_, i) => `n${i}`);
      assert.equal(believed('p', pool), false);
      assert.equal(believed('p', { ...pool, heldNamespaces: ['park'] }), false);
      assert.equal(believed('p', { ...pool, heldNamespaces: ['park', 'shop'] }), true);
      assert.equal(believed('p', { ...pool, heldNamespaces: full }), true);
    }
  });
  test('of a disabled pool whose status says nothing yet: restored, or written by an earlier version', () => {
    assert.equal(believed('p', { ...PARK, namespaces: [], disabled: true }), true);
    assert.equal(believed('p', { ...PARK, disabled: true }), false);
  });
  test('not by a record that names a pool without the address', () => {
    const open = aPool('open', ['198.51.100.0/24']);
    assert.equal(believed('open', open, PARK), false);
    assert.equal(believed('', open, PARK), false);
    assert.equal(believed('gone', open, PARK), false);
  });
  test('of a pool that had it before an edit', () => {
    assert.equal(believed('open', aPool('open', [], { heldRanges: [range('192.0.2.7')] }), PARK), true);
  });
});
