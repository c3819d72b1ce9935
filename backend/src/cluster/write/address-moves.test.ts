import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Eip } from '../custom-kinds.ts';
import { pass } from '../fake/passage.ts';
import { aPoolObject, AssignerBench, aServiceObject, withAddress } from './testing/assigner-bench.ts';

const USED = [1, 2, 3, 4, 5, 6].map((last) => `192.0.2.${last}`);
const TIME = '2025-12-31T23:59:00Z';

/** Strangers use the first six addresses; `web` has left these to them, as the last leader has written. */
function poolAfter(...left: readonly string[]): Eip {
  const pool = aPoolObject('main', ['192.0.2.1-192.0.2.9'], true);
  const heard = { replica: 'porter-1', mac: '02:00:5e:10:00:0a', link: 'eth0', announced: false, since: TIME };
  return {
    ...pool,
    status: {
      conflicts: USED.map((ip) => ({ ...heard, ip })),
      released: left.map((ip) => ({ ip, service: 'shop/web', time: TIME })),
    },
  };
}

/** A new leader finds `web` at the sixth address. */
async function led(...left: readonly string[]): Promise<AssignerBench> {
  const web = withAddress(aServiceObject('web'), '192.0.2.6');
  const bench = await AssignerBench.started(poolAfter(...left), web);
  await pass(bench.clock, 1_000);
  return bench;
}

suite('a new leader', () => {
  test('lets a Service stay that the last one has moved five times, and moves it when the pause is over', async () => {
    const bench = await led(...USED.slice(0, 5));
    assert.deepEqual(bench.addresses('web'), ['192.0.2.6']);
    await pass(bench.clock, 500_000, 1_000);
    assert.deepEqual([bench.addresses('web'), bench.events], [['192.0.2.6'], []]);
    await pass(bench.clock, 100_000, 1_000);
    assert.deepEqual(bench.addresses('web'), ['192.0.2.7']);
    await bench.assigner.stop();
  });

  test('goes on where the last one has moved it less often', async () => {
    const bench = await led(...USED.slice(0, 4));
    assert.deepEqual(bench.addresses('web'), ['192.0.2.7']);
    await bench.assigner.stop();
  });

  test('counts none that were freed for other reasons', async () => {
    const bench = await led('192.0.2.8', ...USED.slice(0, 4));
    assert.deepEqual(bench.addresses('web'), ['192.0.2.8'], 'its own one that nobody uses');
    await bench.assigner.stop();
  });
});
