import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SERVICE_CONDITIONS } from '../../resources/keys.ts';
import type * as kinds from '../kinds.ts';
import { ServiceReasons } from './service-reasons.ts';

function service(allocated?: string, announced?: string): kinds.Service {
  const reasons = { 'another.io/Allocated': 'X', [SERVICE_CONDITIONS.allocated]: allocated };
  const all = Object.entries({ ...reasons, [SERVICE_CONDITIONS.announced]: announced });
  const conditions = all.flatMap(([type, reason]) =>
    reason === undefined ? [] : [{ type, reason, status: 'True', message: '', lastTransitionTime: '' }],
  );
  return { status: { conditions } };
}

test('Services are counted by what their conditions say now', () => {
  const reasons = new ServiceReasons();
  const counts = (): unknown => [[...reasons.counts.Allocated], [...reasons.counts.Announced]];
  const [waiting, held] = [service('PoolFull', 'NoAddress'), service('Allocated', 'Announced')];
  reasons.note({ type: 'set', key: 'a/1', object: waiting });
  reasons.note({ type: 'set', key: 'a/2', object: held });
  reasons.note({ type: 'set', key: 'a/3', object: service() });
  assert.deepEqual(counts(), [
    [
      ['PoolFull', 1],
      ['Allocated', 1],
    ],
    [
      ['NoAddress', 1],
      ['Announced', 1],
    ],
  ]);
  reasons.note({ type: 'set', key: 'a/1', object: held, previous: waiting });
  reasons.note({ type: 'set', key: 'a/1', object: held, previous: held });
  assert.deepEqual(counts(), [[['Allocated', 2]], [['Announced', 2]]]);
  for (const key of ['a/1', 'a/2']) reasons.note({ type: 'delete', key, previous: held });
  assert.deepEqual(counts(), [[], []]);
});

test('reasons that are none of ours count as one', () => {
  const reasons = new ServiceReasons();
  for (const [i, made] of ['Up', 'Made', 'Allocated'].entries())
    reasons.note({ type: 'set', key: `a/${i}`, object: service(made) });
  assert.deepEqual(
    [...reasons.counts.Allocated],
    [
      ['Other', 2],
      ['Allocated', 1],
    ],
  );
});
