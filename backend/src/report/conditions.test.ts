import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { isCurrent, withTransition, type NewCondition } from './conditions.ts';

const NOW = new Date('2026-01-02T03:04:05.678Z');
const READY: NewCondition = {
  type: 'Ready',
  status: 'True',
  reason: 'InUse',
  message: 'In use.',
  observedGeneration: 2,
};
const EARLIER = { ...READY, lastTransitionTime: '2025-01-01T00:00:00Z' };

suite('a condition', () => {
  test('gets the time of now, in seconds, when it is new or its status changes', () => {
    for (const existing of [undefined, [], [{ ...EARLIER, status: 'False' }], [{ ...EARLIER, type: 'Other' }]])
      assert.equal(withTransition(READY, existing, NOW).lastTransitionTime, '2026-01-02T03:04:05Z');
  });

  test('keeps its time while the status stays, whatever else changes', () => {
    const wanted = { ...READY, reason: 'Other', message: 'Other.', observedGeneration: 3 };
    assert.deepEqual(withTransition(wanted, [EARLIER], NOW), { ...wanted, lastTransitionTime: '2025-01-01T00:00:00Z' });
  });

  test('is current only if a reader sees no difference', () => {
    assert.equal(isCurrent(READY, [EARLIER]), true);
    assert.equal(isCurrent(READY, undefined), false);
    for (const other of [{ status: 'False' }, { reason: 'X' }, { message: 'X' }, { observedGeneration: 1 }])
      assert.equal(isCurrent(READY, [{ ...EARLIER, ...other }]), false);
  });
});
