import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Orphans } from './orphans.ts';

const minute = 60_000;
const first = { stands: true, uid: '1' };
const going = { stands: false, uid: '1' };
const second = { stands: true, uid: '2' };
/** As with roles that don't let us ask. */
const unasked = { stands: true, uid: undefined };

suite('objects that are missing from a list', () => {
  test('were deleted where the kind has stood all along, and where nobody may ask', () => {
    const orphans = new Orphans();
    orphans.deleted([], 2, first, 0);
    assert.deepEqual(orphans.deleted(['a'], 1, first, minute), ['a']);
    assert.deepEqual(orphans.deleted(['b'], 0, unasked, minute), ['b']);
    assert.equal(orphans.size, 0);
  });

  test('are orphans where the kind is going, or another one: for five minutes from then on, whenever that happens', () => {
    const orphans = new Orphans();
    orphans.deleted([], 2, first, 0);
    assert.deepEqual(orphans.deleted(['a'], 1, going, 10 * minute), []);
    assert.deepEqual(orphans.deleted(['a'], 1, second, 20 * minute), []);
    assert.deepEqual(orphans.deleted(['a'], 1, second, 25 * minute - 1), []);
    assert.deepEqual(orphans.deleted(['a', 'b'], 1, { stands: true, uid: '3' }, 25 * minute), []);
    assert.deepEqual(orphans.deleted(['a', 'b'], 1, { stands: true, uid: '3' }, 30 * minute), ['a', 'b']);
  });

  test('and went with a kind that was not found are orphans also where nobody may ask; one that was seen again is none', () => {
    const orphans = new Orphans();
    orphans.deleted([], 3, unasked, 0);
    orphans.add(['a', 'b']);
    orphans.forget('a');
    assert.deepEqual(orphans.deleted(['a', 'b'], 1, unasked, minute), ['a']);
    assert.deepEqual(orphans.deleted(['b'], 0, unasked, 4 * minute), []);
    assert.deepEqual(orphans.deleted(['b'], 1, unasked, 6 * minute), []);
    assert.deepEqual(orphans.deleted(['b'], 1, unasked, 11 * minute), ['b']);
  });
});
