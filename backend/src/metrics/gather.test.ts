import assert from 'node:assert/strict';
import { test } from 'node:test';
import type * as kinds from '../cluster/kinds.ts';
import { finding } from '../domain/reason.ts';
import { aService } from '../domain/testing/builders.ts';
import type { ConflictReport } from '../engine/messages.ts';
import { FakeUsage } from '../platform/fake/usage.ts';
import { SERVICE_CONDITIONS } from '../resources/keys.ts';
import { gather, type Parts } from './gather.ts';

const leader: NonNullable<Parts['leader']> = {
  use: { pools: [], waiting: 3 },
  loads: [{ queue: 'services', ready: 1, keys: 4 }],
};

/** Services by key, with the reasons of their conditions. */
function viewOf(reasons: Readonly<Record<string, readonly [allocated: string, announced?: string]>>): Parts['view'] {
  const services = Object.keys(reasons).map((key) => [key, aService(key, { hasCondition: true })] as const);
  const serviceObject = (key: string): kinds.Service => {
    const types = [SERVICE_CONDITIONS.allocated, SERVICE_CONDITIONS.announced];
    const conditions = (reasons[key] ?? []).map((reason = '', i) => {
      return { type: types[i] ?? '', status: 'True', reason, message: '', lastTransitionTime: '' };
    });
    return {
      status: { conditions: [{ ...conditions[0], type: 'another.io/Condition' }, ...conditions] },
    } as kinds.Service;
  };
  return { sources: [], services: new Map(services), serviceObject };
}

function parts(changes: Partial<Parts> = {}): Parts {
  return {
    version: '1',
    nodeVersion: 'v24',
    now: 10_000,
    ready: true,
    leads: false,
    freshness: { stale: false, ageMs: 20 },
    view: viewOf({}),
    loads: [{ queue: 'sessions', ready: 0, keys: 0 }],
    apiCalls: [],
    leader: undefined,
    reports: new Map(),
    conflicts: [],
    usage: new FakeUsage(),
    ...changes,
  };
}

test('Services are counted by what their conditions say, by the leader alone', () => {
  const view = viewOf({
    'a/1': ['Allocated', 'Announced'],
    'a/2': ['Allocated', 'NoEndpoints'],
    'a/3': ['PoolFull', 'NoAddress'],
    'a/4': ['PoolFull'],
  });
  assert.equal(gather(parts({ view })).leader, undefined);
  const facts = gather(parts({ view, leader }));
  assert.deepEqual(
    facts.leader?.services.map(({ condition, reason, count }) => `${condition} ${reason} ${count}`),
    [
      'Allocated Allocated 2',
      'Allocated PoolFull 2',
      'Announced Announced 1',
      'Announced NoEndpoints 1',
      'Announced NoAddress 1',
    ],
  );
  assert.equal(facts.leader?.waiting, 3);
  assert.deepEqual(
    facts.queues.map(({ queue }) => queue),
    ['sessions', 'services'],
  );
});

test('reasons that are none of ours count as one', () => {
  const view = viewOf({ 'a/1': ['Made'], 'a/2': ['Up'], 'a/3': ['Allocated'] });
  const services = gather(parts({ view, leader })).leader?.services ?? [];
  assert.deepEqual(
    services.map(({ reason, count }) => [reason, count]),
    [
      ['Other', 2],
      ['Allocated', 1],
    ],
  );
});

test('an informer lags since its watch broke', () => {
  const sources = [
    { plural: 'nodes', size: 3, state: { name: 'synced' } },
    { plural: 'eips', size: 1, state: { name: 'stale', since: 4_000 } },
    { plural: 'bgppeers', size: 0, state: { name: 'absent', since: 9_000 } },
  ] as const;
  assert.deepEqual(gather(parts({ view: { ...viewOf({}), sources } })).informers, [
    { resource: 'nodes', objects: 3, synced: true, behindMs: 0 },
    { resource: 'eips', objects: 1, synced: false, behindMs: 6_000 },
    { resource: 'bgppeers', objects: 0, synced: false, behindMs: 1_000 },
  ]);
});

test('addresses are counted by what the engine says, conflicts by pool and by whose they are', () => {
  const reports = new Map(
    (['Announced', 'Announced', 'NoEndpoints'] as const).map((reason, i) => {
      const ip = `192.0.2.${i}`;
      return [ip, { ip, services: ['a/1'], younger: [], finding: finding(reason, { ip }), nodes: [] }] as const;
    }),
  );
  const conflict = (pool: string, node?: string): ConflictReport => {
    return { ip: '192.0.2.1', pool, link: 'eth0', mac: '02:00:00:00:00:01', node, announced: true, since: '' };
  };
  const conflicts = [conflict('a'), conflict('a'), conflict('a', 'n2'), conflict('b', 'n2')];
  const facts = gather(parts({ reports, conflicts }));
  assert.deepEqual(
    [...facts.addresses],
    [
      ['Announced', 2],
      ['NoEndpoints', 1],
    ],
  );
  assert.deepEqual(
    facts.conflicts.map(({ pool, heard, count }) => `${pool} ${heard} ${count}`),
    ['a stranger 2', 'a node 1', 'b node 1'],
  );
});
