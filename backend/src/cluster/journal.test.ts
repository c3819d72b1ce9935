import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Journal } from './journal.ts';

suite('the journal of changes', () => {
  test('tells each reader what has changed since it looked', () => {
    const journal = new Journal();
    journal.note('a');
    const first = journal.revision;
    assert.deepEqual([...(journal.since(first) ?? ['too many'])], []);
    journal.note('b');
    const second = journal.revision;
    journal.note('c');
    journal.note('b');
    assert.deepEqual([...(journal.since(first) ?? [])], ['b', 'c']);
    assert.deepEqual([...(journal.since(second) ?? [])], ['c', 'b']);
    assert.deepEqual([...(journal.since(0) ?? [])], ['a', 'b', 'c']);
  });

  test('keeps so many changes and no more; who is further behind has to look at everything', () => {
    const journal = new Journal({ max: 2 });
    const seen: number[] = [journal.revision];
    for (const key of 'abcdefg') {
      journal.note(key);
      seen.push(journal.revision);
    }
    assert.deepEqual(
      seen.map((revision) => {
        const keys = journal.since(revision);
        return keys && [...keys].join('');
      }),
      [undefined, undefined, undefined, undefined, 'efg', 'fg', 'g', ''],
    );
  });

  test('of a revision that it never had it says nothing', () => {
    assert.equal(new Journal().since(1), undefined);
    assert.equal(new Journal().since(-1), undefined);
  });
});
