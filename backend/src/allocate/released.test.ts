import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_RELEASED } from '../domain/pool.ts';
import { Released } from './released.ts';

function some(count: number): Released {
  const released = new Released();
  for (let i = 0; i < count; i++) released.add({ ip: `ip${i}`, service: `s${i % 2}`, at: i });
  return released;
}

test('the youngest come first in the status, at most as many as are remembered', () => {
  assert.deepEqual(
    some(3)
      .youngestFirst()
      .map(({ ip }) => ip),
    ['ip2', 'ip1', 'ip0'],
  );
  assert.equal(some(MAX_RELEASED + 9).youngestFirst().length, MAX_RELEASED);
  assert.equal(some(MAX_RELEASED + 9).youngestFirst()[0]?.ip, `ip${MAX_RELEASED + 8}`);
});

test('a Service finds its own, the last one first', () => {
  const released = some(4);
  assert.deepEqual(released.ownOf('s0'), ['ip2', 'ip0']);
  released.take('ip2');
  assert.deepEqual(released.ownOf('s0'), ['ip0']);
  assert.deepEqual(released.ownOf('nobody'), []);
});

test('an address that is given back again is the youngest, and its last holder’s', () => {
  const released = some(3);
  released.add({ ip: 'ip0', service: 's9', at: 9 });
  assert.deepEqual(
    [...released.oldestFirst()].map(({ ip }) => ip),
    ['ip1', 'ip2', 'ip0'],
  );
  assert.deepEqual([released.ownOf('s0'), released.ownOf('s9'), released.size], [['ip2'], ['ip0'], 3]);
});

test('what exceeds the bound is forgotten, oldest first, once it has rested', () => {
  const released = some(MAX_RELEASED + 3);
  assert.deepEqual(released.trim(-1), []);
  assert.deepEqual(released.trim(1), ['ip0', 'ip1']);
  assert.deepEqual(released.trim(Infinity), ['ip2']);
  assert.equal(released.size, MAX_RELEASED);
});
