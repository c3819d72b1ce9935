import assert from 'node:assert/strict';
import { test } from 'node:test';
import { betweenSessions } from './router-watch.ts';

test('how long a router was without a session is told by their order, and not where one came up beside another', () => {
  const before = ['10.50.0.11', '10.50.0.12'];
  const change = (at: number, peer: string, state: 'up' | 'down'): { at: number; peer: string; isUp: boolean } => ({
    ...{ at, peer: `10.50.0.${peer}` },
    isUp: state === 'up',
  });
  const gone = [change(100, '11', 'down'), change(400, '12', 'down')];
  const next = [change(1_400, '12', 'up'), change(1_500, '11', 'up')];
  assert.equal(betweenSessions({ tables: [], before, changes: [...gone, ...next] }), 1_000);
  assert.equal(betweenSessions({ tables: [], before, changes: gone }), undefined);
  const beside = [change(100, '11', 'down'), change(300, '11', 'up'), change(400, '12', 'down')];
  assert.equal(betweenSessions({ tables: [], before, changes: beside }), undefined);
});
