import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { LastGood } from './last-good.ts';

interface Value {
  readonly uid: string;
  readonly size: number;
}

const remarks = { ignoredFields: [], warnings: [] };
const good = (uid: string, size: number) => ({ ok: true, value: { uid, size }, ...remarks }) as const;
const bad = { ok: false, problems: [{ field: 'spec.size', message: 'is no number' }] } as const;

suite('configuration objects', () => {
  test('are in force as they were read', () => {
    const store = new LastGood<Value>();
    assert.equal(store.set('a', '1', good('1', 1))?.size, 1);
    assert.equal(store.set('a', '1', good('1', 2))?.size, 2);
    assert.deepEqual([...store.values()], [['a', { uid: '1', size: 2 }]]);
    assert.deepEqual(store.get('a')?.problems, []);
  });

  test('stay in force as they were when an edit cannot be read, and the problem is known', () => {
    const store = new LastGood<Value>();
    store.set('a', '1', {
      ...good('1', 1),
      ignoredFields: ['spec.x'],
      warnings: [{ field: 'spec.y', message: 'odd' }],
    });
    assert.equal(store.set('a', '1', bad)?.size, 1);
    assert.deepEqual(store.get('a'), {
      value: { uid: '1', size: 1 },
      problems: bad.problems,
      ignoredFields: [],
      warnings: [],
    });
    assert.equal(store.set('a', '1', good('1', 3))?.size, 3);
    assert.deepEqual(store.get('a')?.problems, []);
  });

  test('are refreshed in what an edit that can’t be read has no say in, unless they were made anew', () => {
    const store = new LastGood<Value>();
    store.set('a', '1', good('1', 1));
    const grow = (value: Value): Value => ({ ...value, size: value.size + 1 });
    assert.equal(store.set('a', '1', bad, { refresh: grow })?.size, 2);
    assert.equal(store.set('a', '1', bad, { refresh: grow })?.size, 3);
    assert.equal(store.set('a', '1', good('1', 7), { refresh: grow })?.size, 7);
    assert.equal(store.set('a', '2', bad, { refresh: grow }), undefined);
  });

  test('have nothing in force when they could never be read, or were made anew', () => {
    const store = new LastGood<Value>();
    assert.equal(store.set('a', '1', bad), undefined);
    store.set('b', '1', good('1', 1));
    assert.equal(store.set('b', '2', bad), undefined);
    assert.deepEqual([...store.values()], []);
    assert.deepEqual(
      [...store.entries()].map(([name]) => name),
      ['a', 'b'],
    );
  });

  test('have a stand-in in force where they can’t be read from the start, until they can', () => {
    const store = new LastGood<Value>();
    const grow = (value: Value): Value => ({ ...value, size: value.size + 1 });
    const standIn = (size: number) => (): Value => ({ uid: '1', size });
    assert.equal(store.set('a', '1', bad, { refresh: grow, standIn: standIn(10) })?.size, 10);
    assert.equal(store.get('a')?.standsIn, true);
    assert.equal(store.set('a', '1', bad, { refresh: grow, standIn: standIn(20) })?.size, 11);
    assert.equal(store.get('a')?.standsIn, true);
    assert.equal(store.set('a', '1', good('1', 7), { refresh: grow, standIn: standIn(20) })?.size, 7);
    assert.equal(store.get('a')?.standsIn, undefined);
    assert.equal(store.set('a', '1', bad, { refresh: grow, standIn: standIn(20) })?.size, 8);
    assert.equal(store.get('a')?.standsIn, undefined);
    assert.equal(store.set('a', '2', bad, { refresh: grow }), undefined);
    assert.equal(store.get('a')?.standsIn, undefined);
  });

  test('are in force as an earlier process had them where they can’t be read from the start, if they are the same objects', () => {
    const store = new LastGood<Value>();
    const unread = { refresh: (value: Value): Value => ({ ...value, size: value.size + 100 }) };
    store.set('listed before', '1', bad, unread);
    store.set('made anew', '2', bad, unread);
    store.set('good', '1', good('1', 5));
    const names = ['listed before', 'listed after', 'made anew', 'good', 'gone'];
    assert.deepEqual(store.remember(new Map(names.map((name) => [name, { uid: '1', size: 1 }]))), ['listed before']);
    store.set('listed after', '1', bad, unread);
    const sizes = (): object => Object.fromEntries([...store.values()].map(([name, { size }]) => [name, size]));
    assert.deepEqual(sizes(), { 'listed before': 101, 'listed after': 101, good: 5 });
    assert.deepEqual(store.get('listed before'), {
      ...remarks,
      value: { uid: '1', size: 101 },
      problems: bad.problems,
    });
    store.set('listed after', '1', good('1', 7));
    store.set('listed after', '1', bad);
    assert.deepEqual(sizes(), { 'listed before': 101, 'listed after': 7, good: 5 });
  });

  test('are gone when they are deleted', () => {
    const store = new LastGood<Value>();
    store.set('a', '1', good('1', 1));
    store.delete('a');
    assert.equal(store.get('a'), undefined);
    assert.equal(store.set('a', '1', bad), undefined);
  });
});
