import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Clock } from '../../platform/ports.ts';
import * as kinds from '../../cluster/kinds.ts';
import { eips, type Eip } from '../../cluster/custom-kinds.ts';
import { settle } from '../../cluster/fake/passage.ts';
import { SERVICE_KEYS } from '../../resources/keys.ts';
import type { Allocation } from '../model/allocation.ts';
import { AllocationCache } from './allocation-cache.ts';
import { ClusterPicture } from '../model/picture.ts';
import { ApiBench, served } from '../testing/api-bench.ts';

const NEVER = '2020-01-01T00:00:00Z';
const SPEC = { address: '192.0.2.0/29', protocol: 'bgp' };
const POOL: Eip = { metadata: { name: 'a', uid: 'u', creationTimestamp: NEVER }, spec: SPEC };

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

  test('is made anew before it counts no more, while who asks has the one before: nobody waits', async (t) => {
    const bench = await new ApiBench().start();
    t.after(async () => await bench.stop());
    await bench.store(kinds.services, ...Array.from({ length: 300 }, (_, i) => served(`a/s${i}`, `10.0.0.${i & 255}`)));
    const { clock: standing, reservations, view } = bench;
    let looks = 0;
    // Work takes its time.
    const clock: Clock = {
      now: () => standing.now() + (looks += 1) / 10,
      wallTime: () => standing.wallTime(),
      sinceBoot: () => standing.sinceBoot(),
      setTimer: (delayMs, callback) => standing.setTimer(delayMs, callback),
    };
    const allocations = new AllocationCache({
      clock,
      picture: new ClusterPicture({ clock: standing, view, ...reservations }),
    });
    /** What is answered before anything else has a turn. */
    const atOnce = async (): Promise<Allocation> => {
      let answer: Allocation | undefined;
      void allocations.now().then((known) => (answer = known));
      await settle();
      return answer ?? assert.fail('somebody waits');
    };
    const answers = new Set([await allocations.now()]);
    for (let ms = 0; ms < 200_000; ms += 250) {
      answers.add(await atOnce());
      standing.advance(250);
      // In the time between, work goes on.
      for (let turns = 0; turns < 100; turns += 1) await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(answers.size === 4 || answers.size === 5, `${answers.size} in 200 s in which nothing changed`);
    for (let ms = 0; ms < 10_000; ms += 250) {
      bench.kube.store(kinds.services, served('a/new', '10.0.1.1', 'a', [{ type: `Seen${ms}` }]));
      await settle();
      answers.add(await atOnce());
      standing.advance(250);
      for (let turns = 0; turns < 100; turns += 1) await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(answers.size >= 9, `${answers.size - 4} in 10 s in which Services changed`);
  });

  test('is not older than two seconds, if Services have changed, when nobody has asked for long', async (t) => {
    const bench = await new ApiBench().start();
    t.after(async () => await bench.stop());
    const { clock, reservations, view } = bench;
    await bench.store(kinds.services, served('a/web', '10.0.0.1'));
    const allocations = new AllocationCache({ clock, picture: new ClusterPicture({ clock, view, ...reservations }) });
    const first = await allocations.now();
    clock.advance(2_500);
    assert.equal(await allocations.now(), first);
    bench.kube.store(kinds.services, served('a/new', '10.0.0.2'));
    await settle();
    clock.advance(2_500);
    assert.notEqual(await allocations.now(), first);
  });

  test('is of the moment when it is told, though nothing but time has passed: an address rests no more', async (t) => {
    const bench = await new ApiBench().start();
    t.after(async () => await bench.stop());
    const { clock, reservations, view } = bench;
    const released = [{ ip: '192.0.2.3', service: 'shop/old', time: clock.wallTime().toISOString() }];
    const pool = { ...POOL, spec: { ...SPEC, reuseAfterSeconds: 150 }, status: { released } };
    await bench.store(eips, pool);
    const waiting = served('shop/new', '192.0.2.3');
    const annotations = { [SERVICE_KEYS.wantedIPs]: '192.0.2.3' };
    await bench.store(kinds.services, { ...waiting, metadata: { ...waiting.metadata, annotations }, status: {} });
    const allocations = new AllocationCache({ clock, picture: new ClusterPicture({ clock, view, ...reservations }) });
    const reason = async (): Promise<string> => {
      const service = view.services.get('shop/new') ?? assert.fail('no Service');
      return (await allocations.now()).finding(service).reason;
    };
    const resting = await allocations.now();
    assert.equal(await reason(), 'WantedAddressResting');
    clock.advance(25_000);
    assert.equal(await reason(), 'WantedAddressResting');
    clock.advance(10_000);
    assert.equal(await reason(), 'Allocated');
    assert.equal(await allocations.now(), resting, 'the same one');
  });

  test('has of each pool what it says to a Service at the moment, or a second before', async (t) => {
    const bench = await new ApiBench().start();
    t.after(async () => await bench.stop());
    const { clock, reservations, view } = bench;
    const released = [{ ip: '192.0.2.3', service: 'shop/old', time: clock.wallTime().toISOString() }];
    const spec = { ...SPEC, address: '192.0.2.3', reuseAfterSeconds: 150 };
    await bench.store(eips, { ...POOL, spec, status: { released } });
    await bench.store(kinds.services, { ...served('shop/new', '192.0.2.3'), status: {} });
    const allocations = new AllocationCache({ clock, picture: new ClusterPicture({ clock, view, ...reservations }) });
    const service = view.services.get('shop/new') ?? assert.fail('no Service');
    const told = async (): Promise<(string | undefined)[]> => {
      const allocation = await allocations.now();
      return allocation.pools(service).asked.map(({ finding }) => finding?.reason);
    };
    const plans = async (): Promise<string> => (await allocations.now()).finding(service).reason;
    const [resting] = await told();
    assert.ok(resting !== undefined && (await plans()) !== 'Allocated');
    for (let ms = 0; (await plans()) !== 'Allocated'; ms += 500) {
      assert.deepEqual(await told(), [resting]);
      assert.ok(ms < 200_000);
      clock.advance(500);
    }
    clock.advance(1_000);
    assert.deepEqual(await told(), [undefined]);
  });

  test('is made of pools as they are, not as somebody has seen them a moment before', async (t) => {
    const bench = await new ApiBench().start();
    t.after(async () => await bench.stop());
    const { clock, reservations, view } = bench;
    await bench.store(eips, { ...POOL, spec: { ...SPEC, disable: true } });
    const annotations = { [SERVICE_KEYS.wantedIPs]: '192.0.2.3' };
    const waiting = served('shop/new', '192.0.2.3');
    await bench.store(kinds.services, { ...waiting, metadata: { ...waiting.metadata, annotations }, status: {} });
    const picture = new ClusterPicture({ clock, view, ...reservations });
    const allocations = new AllocationCache({ clock, picture });
    // As the page of a pool does, on which somebody enables it then.
    assert.equal(picture.poolSet.get('a')?.disabled, true);
    bench.kube.store(eips, POOL);
    await settle();
    await settle();
    const service = view.services.get('shop/new') ?? assert.fail('no Service');
    for (let seconds = 0; seconds < 30; seconds += 1) {
      assert.equal((await allocations.now()).finding(service).reason, 'Allocated', `${seconds} s later`);
      clock.advance(1_000);
    }
  });

  for (const [what, change] of Object.entries<(bench: ApiBench) => void>({
    'a namespace': ({ kube }) => kube.store(kinds.namespaces, { metadata: { name: 'shop', labels: { tier: 'gold' } } }),
    'a Service of another type, which may have an address of a pool for its own,': ({ kube }) =>
      kube.store(kinds.services, {
        metadata: { name: 'inside', namespace: 'shop' },
        spec: { type: 'ClusterIP', clusterIPs: ['192.0.2.3'] },
      }),
    'a node': ({ kube }) => kube.store(kinds.nodes, { metadata: { name: 'n1', labels: { rack: 'one' } } }),
    'what a pool says of its addresses': ({ kube }) =>
      kube.store(eips, { ...POOL, status: { released: [{ ip: '192.0.2.3', service: 'shop/old', time: NEVER }] } }),
  })) {
    test(`is made anew within two seconds when ${what} has changed`, async (t) => {
      const bench = await new ApiBench().start();
      t.after(async () => await bench.stop());
      const { clock, reservations, view } = bench;
      await bench.store(eips, POOL);
      const allocations = new AllocationCache({ clock, picture: new ClusterPicture({ clock, view, ...reservations }) });
      const first = await allocations.now();
      clock.advance(2_500);
      assert.equal(await allocations.now(), first);
      change(bench);
      await settle();
      clock.advance(2_500);
      assert.notEqual(await allocations.now(), first);
    });
  }
});
