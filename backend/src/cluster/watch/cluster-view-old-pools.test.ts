import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { eips } from '../custom-kinds.ts';
import { pass } from '../fake/passage.ts';
import { bench } from './testing/cluster-view-bench.ts';

suite('the view, of pools of the old products', () => {
  test('knows that there are none only once Eips are listed and none has their finalizer', async () => {
    const { clock, api, view } = bench();
    view.start();
    assert.equal(view.mayHaveOldPools(), true);
    await pass(clock, 5_000);
    assert.equal(view.mayHaveOldPools(), false);
    const metadata = { name: 'old', finalizers: ['finalizer.ipam.kubesphere.io/v1alpha1'] };
    api.store(eips, { metadata, spec: { address: '198.51.100.0/24' } });
    await pass(clock, 1_000);
    assert.equal(view.mayHaveOldPools(), true);
    view.stop();
  });
});
