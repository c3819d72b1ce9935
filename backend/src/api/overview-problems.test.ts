import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Overview } from './schemas/overview.ts';
import { ApiBench, bgpConfs } from './testing/api-bench.ts';

test('settings of BGP that can not be used are a problem of the overview, whose health is not good', async (context) => {
  const api = await new ApiBench().start();
  context.after(async () => await api.stop());
  const condition = {
    type: 'Ready',
    status: 'False',
    reason: 'Invalid',
    message: 'spec.as: 0 is no AS number.',
  } as const;
  const conditions = [{ ...condition, lastTransitionTime: '2026-01-02T00:00:00Z' }];
  await api.store(bgpConfs, { metadata: { name: 'default' }, spec: { as: 0 }, status: { conditions } });
  const { problems, health } = await api.answer<Overview>('overview');
  const { reason, message } = condition;
  assert.deepEqual(
    problems.filter(({ kind }) => kind === 'BgpConf'),
    [{ kind: 'BgpConf', reason, count: 1, objects: ['default'], message, text: message }],
  );
  assert.equal(health, 'degraded');
});
