import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { pass, settle } from '../fake/passage.ts';
import { aPoolObject, AssignerBench, aServiceObject, withAddress } from './testing/assigner-bench.ts';

const MAIN = aPoolObject('main', ['192.0.2.1-192.0.2.9'], true);

/** The last leader's write shows up, and that the pool gives nothing new by now: a Service that loses its address gets none. */
async function showUp(bench: AssignerBench): Promise<void> {
  const status = { addresses: ['192.0.2.1-192.0.2.9'], namespaces: ['shop'], used: { '192.0.2.1': 'shop/web' } };
  bench.store({ ...MAIN, spec: { ...(MAIN.spec as object), disable: true }, status });
  bench.store(withAddress(aServiceObject('web'), '192.0.2.1'));
  await settle();
}

async function told(bench: AssignerBench): Promise<object> {
  await pass(bench.clock, 5_000, 1_000);
  return { addresses: bench.addresses('web'), condition: bench.condition('web') };
}

const KEPT = { addresses: ['192.0.2.1'], condition: 'True Allocated' };

suite('what the last leader gave shows up late', () => {
  for (const afterMs of [12_000, 16_000, 600_000]) {
    test(`${afterMs / 1_000} s after a new one took office with a stale view: the Service keeps it`, async () => {
      const bench = await AssignerBench.started(MAIN);
      bench.mayWrite = false;
      await pass(bench.clock, afterMs, 1_000);
      await showUp(bench);
      bench.mayWrite = true;
      assert.deepEqual(await told(bench), KEPT);
    });
  }

  test('the view was stale in between: that time does not count', async () => {
    const bench = await AssignerBench.started(MAIN);
    await pass(bench.clock, 10_000, 1_000);
    bench.mayWrite = false;
    await pass(bench.clock, 60_000, 1_000);
    bench.mayWrite = true;
    await pass(bench.clock, 2_000, 1_000);
    await showUp(bench);
    assert.deepEqual(await told(bench), KEPT);
  });

  for (const [what, staleMs] of [
    ['was current all the time', 0],
    ['is current again', 60_000],
  ] as const) {
    test(`with more than 15 s of a view that ${what}: nobody can have given it`, async () => {
      const bench = await AssignerBench.started(MAIN);
      bench.mayWrite = staleMs === 0;
      await pass(bench.clock, staleMs, 1_000);
      bench.mayWrite = true;
      await pass(bench.clock, 17_000, 1_000);
      await showUp(bench);
      assert.deepEqual(await told(bench), { addresses: [], condition: 'False PoolDisabled' });
    });
  }
});
