import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { parseAddress } from './address.ts';
import { allowsNamespace, byAge, holds, poolOf, type Pool } from './pool.ts';
import { aPool, range } from './testing/builders.ts';

function pools(...all: Pool[]): ReadonlyMap<string, Pool> {
  return new Map(all.map((pool) => [pool.name, pool]));
}

suite('the pool of a held address', () => {
  const OLD = aPool('old', ['192.0.2.0/24'], { createdAt: 1_000 });
  const YOUNG = aPool('young', ['192.0.2.0/24'], { createdAt: 2_000 });
  const nameOf = (pool: string, ip: string, ...all: Pool[]): string | undefined =>
    poolOf({ pool, ip }, pools(...all))?.name;

  test('is that of the record', () => assert.equal(nameOf('young', '192.0.2.7', OLD, YOUNG), 'young'));
  test('is the oldest that has it, where the record is lost or names none', () => {
    assert.equal(nameOf('', '192.0.2.7', YOUNG, OLD), 'old');
    assert.equal(nameOf('gone', '192.0.2.7', YOUNG, OLD), 'old');
  });
  test('is not what a tenant wrote, where that pool has not got it', () => {
    assert.equal(nameOf('other', '192.0.2.7', OLD, aPool('other', ['198.51.100.0/24'])), 'old');
    assert.equal(nameOf('other', '203.0.113.7', OLD, aPool('other', ['198.51.100.0/24'])), undefined);
    assert.equal(nameOf('old', 'garbage', OLD), undefined);
  });
  test('stays the same after an edit of its ranges, by the word of its status', () => {
    const shrunk = aPool('young', ['198.51.100.0/24'], { heldRanges: [range('192.0.2.7')] });
    assert.equal(nameOf('young', '192.0.2.7', OLD, shrunk), 'young');
    assert.equal(nameOf('young', '192.0.2.8', OLD, shrunk), 'old');
    const seven = parseAddress('192.0.2.7');
    assert.ok(seven !== undefined && holds(shrunk, seven));
  });
});

test('the older pool comes first, of one age the first by name', () => {
  const [a, b, c] = [aPool('a', [], { createdAt: 2_000 }), aPool('b', []), aPool('c', [])];
  assert.deepEqual([a, c, b].sort(byAge), [b, c, a]);
});

suite('which namespaces a pool lets in', () => {
  const allowed = (pool: Partial<Pool>, labels?: Readonly<Record<string, string>>): boolean =>
    allowsNamespace(aPool('p', [], pool), 'shop', labels);
  test('all, if it says nothing of them', () => {
    assert.equal(allowed({}), true);
    assert.equal(allowed({ namespaceSelector: {} }), true);
  });
  test('those that it names', () => {
    assert.equal(allowed({ namespaces: ['shop'] }), true);
    assert.equal(allowed({ namespaces: ['park'] }), false);
    assert.equal(allowed({ namespaces: ['park'], namespaceSelector: {} }), false);
  });
  test('those with all of its labels', () => {
    const namespaceSelector = { tier: 'gold', zone: 'a' };
    assert.equal(allowed({ namespaceSelector }, { tier: 'gold', zone: 'a', more: 'x' }), true);
    assert.equal(allowed({ namespaceSelector }, { tier: 'gold' }), false);
    assert.equal(allowed({ namespaceSelector }), false);
  });
  test('names or labels, either will do', () => {
    assert.equal(allowed({ namespaces: ['park'], namespaceSelector: { tier: 'gold' } }, { tier: 'gold' }), true);
    assert.equal(allowed({ namespaces: ['shop'], namespaceSelector: { tier: 'gold' } }, {}), true);
  });
});
