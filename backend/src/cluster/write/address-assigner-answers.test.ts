import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pass } from '../fake/passage.ts';
import { aPoolObject, AssignerBench, aServiceObject } from './testing/assigner-bench.ts';

test('an address is known as soon as it is recorded, without waiting for the watch, and no sooner', async () => {
  const bench = await AssignerBench.started(aPoolObject('main', ['192.0.2.1-192.0.2.100'], true));
  const known = (): string[] => (bench.view.services.get('shop/web')?.recorded ?? []).map(({ ip }) => ip);
  bench.gate.shut('requests');
  bench.store(aServiceObject('web'));
  await pass(bench.clock, 100);
  assert.deepEqual(known(), []);
  bench.api.muteWatches('services');
  await bench.gate.open();
  assert.deepEqual(bench.addresses('web'), ['192.0.2.1']);
  assert.deepEqual(known(), ['192.0.2.1']);
  await pass(bench.clock, 1_000);
  assert.deepEqual(bench.patched(), ['web']);
});
