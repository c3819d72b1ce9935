import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeUsage } from '../platform/fake/usage.ts';
import { BFD_DROP_REASONS, type BfdDropReason } from '../speakers/bgp/bfd/speaker.ts';
import type { AddressState } from '../speakers/layer2/speaker.ts';
import { engineMeasures, type MeasuresDeps } from './measures.ts';

const noDrops = Object.fromEntries(BFD_DROP_REASONS.map((reason) => [reason, 0])) as Record<BfdDropReason, number>;

function deps(changes: Partial<MeasuresDeps> = {}): MeasuresDeps {
  return {
    engine: { medOffset: 200 },
    speaker: { sessions: () => [] },
    bfd: { dropped: () => noDrops },
    nodes: { facts: () => [], probes: () => ({ well: 1, ailing: 0, silent: 0, void: 0 }), heldVerdicts: 2 },
    replicas: { members: () => [] },
    layer2: undefined,
    usage: new FakeUsage(),
    ...changes,
  };
}

test('addresses on links are counted by state, of which each is there', () => {
  const states = (['announcing', 'announcing', 'probing'] as const).map((state: AddressState, i) => {
    return { ip: `192.0.2.${i}`, state };
  });
  const { layer2 } = engineMeasures(deps({ layer2: { states: () => states, counters: () => new Map() } }));
  assert.deepEqual(layer2?.addresses, { 'no-link': 0, probing: 1, announcing: 2, conflict: 0 });
});

test('what is told survives the way to another thread, and has nothing of Layer 2 where that is off', () => {
  const facts = engineMeasures(deps());
  assert.deepEqual(structuredClone(facts), facts);
  assert.deepEqual([facts.layer2, facts.medOffset, facts.heldVerdicts, facts.probes.well], [undefined, 200, 2, 1]);
});
