import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConflictReport } from '../engine/messages.ts';
import { FakeUsage } from '../platform/fake/usage.ts';
import { gather, type Parts } from './gather.ts';

const leader: NonNullable<Parts['leader']> = {
  use: { pools: [], waiting: 3 },
  loads: [{ queue: 'services', ready: 1, keys: 4 }],
};

const nothing = { counts: { Allocated: new Map<string, number>(), Announced: new Map<string, number>() } };

function parts(changes: Partial<Parts> = {}): Parts {
  return {
    version: '1',
    nodeVersion: 'v24',
    now: 10_000,
    ready: true,
    leads: false,
    freshness: { stale: false, ageMs: 20 },
    view: { sources: [], serviceReasons: nothing },
    loads: [{ queue: 'sessions', ready: 0, keys: 0 }],
    apiCalls: [],
    leader: undefined,
    addressReasons: new Map(),
    conflicts: [],
    usage: new FakeUsage(),
    ...changes,
  };
}

test('Services by what their conditions say, and the queues of the leader, are told by the leader alone', () => {
  const counts = { Allocated: new Map([['PoolFull', 2]]), Announced: new Map([['NoAddress', 1]]) };
  const view = { sources: [], serviceReasons: { counts } };
  assert.equal(gather(parts({ view })).leader, undefined);
  const facts = gather(parts({ view, leader }));
  assert.deepEqual(facts.leader?.services, [
    { condition: 'Allocated', reason: 'PoolFull', count: 2 },
    { condition: 'Announced', reason: 'NoAddress', count: 1 },
  ]);
  assert.equal(facts.leader.waiting, 3);
  assert.deepEqual(
    facts.queues.map(({ queue }) => queue),
    ['sessions', 'services'],
  );
});

test('an informer lags since its watch broke', () => {
  const sources = [
    { plural: 'nodes', size: 3, state: { name: 'synced' } },
    { plural: 'eips', size: 1, state: { name: 'stale', since: 4_000 } },
    { plural: 'bgppeers', size: 0, state: { name: 'absent', since: 9_000 } },
  ] as const;
  assert.deepEqual(gather(parts({ view: { ...parts().view, sources } })).informers, [
    { resource: 'nodes', objects: 3, synced: true, behindMs: 0 },
    { resource: 'eips', objects: 1, synced: false, behindMs: 6_000 },
    { resource: 'bgppeers', objects: 0, synced: false, behindMs: 1_000 },
  ]);
});

test('conflicts are counted by pool and by whose they are', () => {
  const conflict = (pool: string, node?: string): ConflictReport => {
    return { ip: '192.0.2.1', pool, link: 'eth0', mac: '02:00:00:00:00:01', node, announced: true, since: '' };
  };
  const conflicts = [conflict('a'), conflict('a'), conflict('a', 'n2'), conflict('b', 'n2')];
  const facts = gather(parts({ conflicts }));
  assert.deepEqual(
    facts.conflicts.map(({ pool, heard, count }) => `${pool} ${heard} ${count}`),
    ['a stranger 2', 'a node 1', 'b node 1'],
  );
});
