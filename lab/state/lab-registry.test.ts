import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ownIdentity } from '../toolchain/process-identity.ts';
import { freeIndex, isAbandoned } from './lab-registry.ts';
import type { LabRecord } from './lab-registry.ts';

const living: LabRecord = {
  name: 'a',
  index: 0,
  keep: false,
  kind: 'cluster',
  owner: ownIdentity(),
  created: '2026-01-01T00:00:00Z',
};
// The pid is in use, by a process that started at another time.
const dead: LabRecord = { ...living, owner: { ...living.owner, started: 'another' } };

suite('registry of labs', () => {
  test('takes the first index that no lab and no interface has', () => {
    assert.equal(freeIndex(new Set(), new Set()), 0);
    assert.equal(freeIndex(new Set([0, 2]), new Set()), 1);
    assert.equal(freeIndex(new Set([0]), new Set(['plblab1', 'eth0'])), 2);
  });

  test('says so when there is none', () => {
    const all = new Set(Array.from({ length: 64 }, (_, i) => i));
    assert.throws(() => freeIndex(all, new Set()), /lab:down -- --all/);
  });

  test('a lab is abandoned when its owner is gone, unless it was to be kept', () => {
    assert.equal(isAbandoned(living), false);
    assert.equal(isAbandoned(dead), true);
    const shape = { nodes: 3, routers: 2, clients: 1 };
    assert.equal(isAbandoned({ ...dead, keep: true, shape }), false);
    // Interrupted before it was up: of no use to anybody.
    assert.equal(isAbandoned({ ...dead, keep: true }), true);
  });
});
