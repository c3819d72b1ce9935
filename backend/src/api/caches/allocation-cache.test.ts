import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Clock } from '../../platform/ports.ts';
import * as kinds from '../../cluster/kinds.ts';
import { AllocationCache } from './allocation-cache.ts';
import { ClusterPicture } from '../model/picture.ts';
import { ApiBench, served } from '../testing/api-bench.ts';

suite('what the leader would plan', () => {
  test('is made once for all who ask while it is in the making, however long that takes', async (t) => {
    const bench = await new ApiBench().start();
    t.after(async () => await bench.stop());
    const services = Array.from({ length: 300 }, (_, i) => served(`a/s${i}`, `10.0.${i >> 8}.${i & 255}`));
    await bench.store(kinds.services, ...services);
    const { clock: standing, reservations, view } = bench;
    // Each look at the clock is three seconds later than the one before, so that the work is older than what it makes is good for.
    const clock: Clock = {
      now: () => {
        standing.advance(3_000);
        return standing.now();
      },
      wallTime: () => standing.wallTime(),
      sinceBoot: () => standing.sinceBoot(),
      setTimer: (delayMs, callback) => standing.setTimer(delayMs, callback),
    };
    const picture = new ClusterPicture({ clock: standing, view, ...reservations });
    const allocations = new AllocationCache({ clock, picture });
    const first = allocations.now();
    await new Promise((resolve) => setImmediate(resolve));
    const second = allocations.now();
    assert.equal(await first, await second);
    assert.notEqual(await allocations.now(), await first);
  });
});
