import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Turns } from './turns.ts';

test('each party has its turn, and what it put in comes in its order', () => {
  const turns = new Turns<string>();
  for (const item of ['a1', 'a2', 'a3', 'b1', 'b2', 'c1']) turns.push(item.slice(0, 1), item);
  const first = [turns.shift(), turns.shift()];
  turns.push('d', 'd1');
  const rest: (string | undefined)[] = [];
  while (!turns.isEmpty) rest.push(turns.shift());
  assert.deepEqual([...first, ...rest], ['a1', 'b1', 'c1', 'a2', 'b2', 'd1', 'a3']);
  assert.equal(turns.shift(), undefined);
});
