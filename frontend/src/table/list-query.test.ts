import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { afterListEvent, listQueryOf, pageCount, searchOf, type ListQuery } from './list-query.ts';

const first: ListQuery = { page: 1, limit: 10, sortBy: 'name', ascending: true, name: '' };
const of = (search: string): ListQuery => listQueryOf(new URLSearchParams(search), 'name');

suite('the part of a list that is shown', () => {
  test('is the first page where the address says nothing, or nonsense', () => {
    assert.deepEqual(of(''), first);
    assert.deepEqual(of('page=-3&limit=7&ascending=yes'), first);
    assert.deepEqual(of('page=x&limit='), first);
  });

  test('is the same after its address was shared', () => {
    for (const query of [first, { page: 3, limit: 50, sortBy: 'used', ascending: false, name: 'shop a&b' }])
      assert.deepEqual(of(new URLSearchParams(searchOf(query, 'name')).toString()), query);
    assert.deepEqual(searchOf(first, 'name'), {});
  });

  test('begins at its first page when something else is asked for', () => {
    const third = { ...first, page: 3 };
    assert.deepEqual(afterListEvent(third, { kind: 'searched', name: 'web' }), { ...first, name: 'web' });
    assert.deepEqual(afterListEvent(third, { kind: 'sized', limit: 50 }), { ...first, limit: 50 });
    assert.deepEqual(afterListEvent(third, { kind: 'sorted', by: 'used' }), { ...first, sortBy: 'used' });
    assert.deepEqual(afterListEvent(third, { kind: 'turned', to: 4 }), { ...first, page: 4 });
    assert.deepEqual(afterListEvent(third, { kind: 'ended', pages: 2 }), { ...first, page: 2 });
    assert.deepEqual(afterListEvent(third, { kind: 'ended', pages: 9 }), third);
  });

  test('is turned around by ordering it by the same once more', () => {
    const down = afterListEvent(first, { kind: 'sorted', by: 'name' });
    assert.deepEqual(down, { ...first, ascending: false });
    assert.deepEqual(afterListEvent(down, { kind: 'sorted', by: 'name' }), first);
  });

  test('has one page at least', () => {
    assert.deepEqual(
      [0, 1, 10, 11, 5_000].map((items) => pageCount(first, items)),
      [1, 1, 1, 2, 500],
    );
  });
});
