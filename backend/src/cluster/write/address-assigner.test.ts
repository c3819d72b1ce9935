import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ApiError, NetworkError } from '../errors.ts';
import { pass, settle } from '../fake/passage.ts';
import type { Service } from '../kinds.ts';
import { aPoolObject, AssignerBench, aServiceObject, withAddress } from './testing/assigner-bench.ts';

const CLEANUP = 'service.kubernetes.io/load-balancer-cleanup';
const RECORD = 'lb.kubesphere.io/assigned';

const MAIN = aPoolObject('main', ['192.0.2.1-192.0.2.100'], true);
/** One address only. */
const SMALL = aPoolObject('main', ['192.0.2.1/32'], true);

/** Creates Services one after the other, so that the first is the oldest. */
async function create(bench: AssignerBench, ...names: readonly string[]): Promise<void> {
  for (const name of names) {
    bench.store(aServiceObject(name));
    await pass(bench.clock, 1_000);
  }
}

suite('giving addresses', () => {
  test('one patch and one Event make a new Service a Service with an address', async () => {
    const bench = await AssignerBench.started(MAIN);
    bench.store(aServiceObject('web'));
    await pass(bench.clock, 1_000);
    assert.deepEqual(bench.addresses('web'), ['192.0.2.1']);
    assert.deepEqual(bench.service('web')?.metadata?.finalizers, [CLEANUP]);
    assert.equal(bench.service('web')?.metadata?.annotations?.[RECORD], 'main=192.0.2.1');
    assert.equal(bench.condition('web'), 'True Allocated');
    assert.deepEqual(bench.patched(), ['web']);
    assert.deepEqual(bench.events, ['web Normal EnsuredLoadBalancer Allocated']);
  });

  test('a burst of 50 Services gets 50 addresses by 50 patches', async () => {
    const bench = await AssignerBench.started(MAIN);
    const names = Array.from({ length: 50 }, (_, index) => `web-${index}`);
    for (const name of names) bench.store(aServiceObject(name));
    await pass(bench.clock, 5_000);
    const addresses = names.map((name) => bench.addresses(name).join());
    assert.equal(new Set(addresses).size, 50);
    assert.equal(addresses.includes(''), false);
    assert.deepEqual(bench.patched().sort(), [...names].sort());
    assert.equal(bench.events.length, 50);
  });

  test('a new leader takes over what stands in the Services, and writes nothing', async () => {
    const bench = await AssignerBench.started(MAIN);
    await create(bench, 'a', 'b');
    const next = await AssignerBench.started(MAIN, ...['a', 'b'].map((name) => bench.service(name) as Service));
    await create(next, 'c');
    assert.deepEqual(next.patched(), ['c']);
    assert.deepEqual(next.addresses('c'), ['192.0.2.3']);
  });

  test('a new leader gives no address that stands in a younger Service', async () => {
    const bench = new AssignerBench();
    bench.store(MAIN);
    bench.store(aServiceObject('elder'));
    bench.clock.advance(1_000);
    bench.store(withAddress(aServiceObject('younger'), '192.0.2.1'));
    bench.view.start();
    await pass(bench.clock, 1_000);
    assert.deepEqual([bench.addresses('elder'), bench.addresses('younger')], [['192.0.2.2'], ['192.0.2.1']]);
    assert.deepEqual(bench.patched(), ['elder']);
  });

  test('our own write is not written again, whether the watch or the answer comes first', async () => {
    for (const slow of ['watch', 'answer'] as const) {
      const bench = await AssignerBench.started(MAIN);
      if (slow === 'watch') bench.api.muteWatches('services');
      else bench.gate.shut('answers');
      bench.store(aServiceObject('web'));
      await pass(bench.clock, 1_000);
      bench.assigner.serviceChanged('shop/web');
      await pass(bench.clock, 1_000);
      await bench.gate.open();
      // A watch that is silent for too long is opened anew, and brings everything.
      await pass(bench.clock, 200_000, 1_000);
      assert.deepEqual(bench.addresses('web'), ['192.0.2.1'], slow);
      assert.deepEqual(bench.patched(), ['web'], slow);
      assert.deepEqual(bench.events, ['web Normal EnsuredLoadBalancer Allocated'], slow);
    }
  });

  test('news that comes between the answer and the watch finds our write, not the state before it', async () => {
    const bench = await AssignerBench.started(MAIN);
    bench.gate.shut('requests');
    bench.store(aServiceObject('web'));
    await settle();
    bench.api.muteWatches('services');
    await bench.gate.open();
    bench.assigner.poolsChanged();
    bench.assigner.serviceChanged('shop/web');
    await pass(bench.clock, 5_000);
    assert.deepEqual(bench.patched(), ['web']);
  });
});

suite('a watch that lags behind', () => {
  /** Its first write is through, the watch has not brought it. */
  async function lagging(): Promise<AssignerBench> {
    const bench = await AssignerBench.started();
    bench.gate.shut('requests');
    bench.store(aServiceObject('web'));
    await settle();
    bench.api.muteWatches('services');
    await bench.gate.open();
    assert.deepEqual(bench.patched(), ['web']);
    return bench;
  }

  test('a second write goes by what the first one left, and a third look finds nothing to write', async () => {
    const bench = await lagging();
    bench.store(MAIN);
    await pass(bench.clock, 1_000);
    assert.deepEqual(bench.addresses('web'), ['192.0.2.1']);
    bench.assigner.serviceChanged('shop/web');
    await pass(bench.clock, 10_000);
    assert.deepEqual(bench.patched(), ['web']);
    assert.deepEqual(bench.events, [
      'web Warning SyncLoadBalancerFailed NoPoolMatches',
      'web Normal EnsuredLoadBalancer Allocated',
    ]);
  });

  test('conflicts are tried again more and more seldom', async () => {
    const bench = await lagging();
    bench.change('web', (service) => ({ ...service, metadata: { ...service.metadata, labels: { app: 'web' } } }));
    bench.store(MAIN);
    await pass(bench.clock, 10_000);
    const tries = bench.patched().length;
    assert.ok(tries >= 2 && tries <= 10, `${tries} tries in 10 s`);
    await pass(bench.clock, 200_000, 1_000);
    assert.deepEqual(bench.addresses('web'), ['192.0.2.1']);
    assert.equal(bench.service('web')?.metadata?.labels?.['app'], 'web');
  });
});

suite('writes that fail', () => {
  test('after a conflict the Service is planned anew, and keeps the address that was reserved', async () => {
    const bench = await AssignerBench.started(MAIN);
    bench.gate.shut('requests');
    bench.store(aServiceObject('web'));
    await settle();
    bench.change('web', (service) => ({ ...service, metadata: { ...service.metadata, labels: { app: 'web' } } }));
    bench.store(aServiceObject('later'));
    await settle();
    await bench.gate.open();
    await pass(bench.clock, 1_000);
    assert.deepEqual(bench.addresses('web'), ['192.0.2.1']);
    assert.deepEqual(bench.addresses('later'), ['192.0.2.2']);
    assert.equal(bench.service('web')?.metadata?.labels?.['app'], 'web');
    assert.deepEqual(bench.patched(), ['web', 'later', 'web']);
    assert.deepEqual(bench.events.sort(), [
      'later Normal EnsuredLoadBalancer Allocated',
      'web Normal EnsuredLoadBalancer Allocated',
    ]);
  });

  const failures = {
    'HTTP 500': new ApiError({ status: 500, reason: 'InternalError', message: 'etcdserver: leader changed' }),
    'a broken connection': new NetworkError('connection', 'ECONNRESET'),
    'no answer': 'hang',
  } as const;
  for (const [what, error] of Object.entries(failures)) {
    for (const afterwards of [false, true]) {
      test(`${what}${afterwards ? ' to a write that was carried out' : ''}: tried again, same address`, async () => {
        const bench = await AssignerBench.started(MAIN);
        bench.api.faults.inject({ verb: 'patch', times: 1, error, afterwards });
        await create(bench, 'web', 'later');
        await pass(bench.clock, 20_000);
        assert.deepEqual(bench.addresses('web'), ['192.0.2.1']);
        assert.deepEqual(bench.addresses('later'), ['192.0.2.2']);
        assert.equal(bench.patched().filter((name) => name === 'web').length, afterwards ? 1 : 2);
        bench.view.stop();
        assert.equal(bench.clock.pendingTimers, 0);
      });
    }
  }

  test('a write without an answer is given up before another leader can begin', async () => {
    const bench = await AssignerBench.started(MAIN);
    bench.api.faults.inject({ verb: 'patch', times: 1, error: 'hang' });
    bench.store(aServiceObject('web'));
    await pass(bench.clock, 3_900);
    assert.equal(bench.patched().length, 1);
    await pass(bench.clock, 200);
    assert.deepEqual(bench.addresses('web'), ['192.0.2.1']);
  });

  test('the server names a time: nothing is tried before', async () => {
    const bench = await AssignerBench.started(MAIN);
    const error = new ApiError({ status: 429, reason: 'TooManyRequests', message: 'later', retryAfterMs: 7_000 });
    bench.api.faults.inject({ verb: 'patch', times: 1, error });
    bench.store(aServiceObject('web'));
    await pass(bench.clock, 6_900);
    assert.equal(bench.patched().length, 1);
    await pass(bench.clock, 200);
    assert.deepEqual(bench.addresses('web'), ['192.0.2.1']);
  });

  test('nothing is written until this replica may write', async () => {
    const bench = new AssignerBench();
    bench.mayWrite = false;
    bench.store(MAIN);
    bench.store(aServiceObject('web'));
    bench.view.start();
    await pass(bench.clock, 60_000, 500);
    assert.deepEqual(bench.patched(), []);
    bench.mayWrite = true;
    await pass(bench.clock, 1_500);
    assert.deepEqual(bench.addresses('web'), ['192.0.2.1']);
  });

  test('a leader that stepped down writes nothing more and leaves no timer', async () => {
    const bench = await AssignerBench.started(MAIN);
    bench.mayWrite = false;
    bench.store(aServiceObject('web'));
    await settle();
    await bench.assigner.stop();
    bench.mayWrite = true;
    await pass(bench.clock, 10_000);
    assert.deepEqual(bench.patched(), []);
    bench.view.stop();
    assert.equal(bench.clock.pendingTimers, 0);
  });

  test('a write that ends after its leader stepped down wakes nobody up when the freed address has rested', async () => {
    const spec = { addresses: ['192.0.2.1'], protocol: 'bgp', reuseAfterSeconds: 300 };
    const bench = await AssignerBench.started({ ...SMALL, spec });
    await create(bench, 'web', 'next');
    bench.gate.shut('requests');
    bench.remove('web');
    await settle();
    const stopped = bench.assigner.stop();
    await bench.gate.open();
    await stopped;
    bench.view.stop();
    assert.equal(bench.clock.pendingTimers, 0);
  });
});

function warnings({ logger }: AssignerBench): string[] {
  return logger.entries.filter(({ level }) => level === 'warn').map(({ message }) => message);
}

suite('deletion', () => {
  for (const answer of ['404', 'success'] as const) {
    test(`while the patch is under way, answered by ${answer} after the watch: nothing leaks`, async () => {
      const bench = await AssignerBench.started(SMALL);
      bench.gate.shut(answer === '404' ? 'requests' : 'answers');
      bench.store(aServiceObject('web'));
      await settle();
      if (answer === 'success') {
        bench.change('web', (service) => ({ ...service, metadata: { ...service.metadata, finalizers: [] } }));
      }
      bench.remove('web');
      await settle();
      assert.equal(bench.view.services.size, 0);
      await bench.gate.open();
      await pass(bench.clock, 1_000);
      assert.deepEqual(bench.assigner.ledger.assignments('shop/web'), []);
      assert.deepEqual([...bench.assigner.ledger.heldOf('main')], []);
      assert.deepEqual(warnings(bench), []);
      await create(bench, 'next');
      assert.deepEqual(bench.addresses('next'), ['192.0.2.1']);
    });
  }

  test('answered by 404 before the watch: the address is free when the watch says so', async () => {
    const bench = await AssignerBench.started(SMALL);
    const error = new ApiError({ status: 404, reason: 'NotFound', message: 'services "web" not found' });
    bench.api.faults.inject({ verb: 'patch', times: 1, error });
    bench.store(aServiceObject('web'));
    await settle();
    bench.remove('web');
    await create(bench, 'next');
    assert.deepEqual(bench.addresses('next'), ['192.0.2.1']);
  });

  test('a Service that is deleted is let go by one patch, and its address is given to the next', async () => {
    const bench = await AssignerBench.started(SMALL);
    await create(bench, 'web', 'next');
    assert.equal(bench.condition('next'), 'False PoolFull');
    bench.patched();
    bench.remove('web');
    await pass(bench.clock, 1_000);
    assert.equal(bench.service('web'), undefined);
    assert.deepEqual(bench.addresses('next'), ['192.0.2.1']);
    assert.deepEqual(bench.patched(), ['web', 'next']);
  });

  test("until the release is written the address is nobody else's", async () => {
    const bench = await AssignerBench.started(SMALL);
    await create(bench, 'web', 'next');
    bench.gate.shut('requests');
    bench.remove('web');
    await pass(bench.clock, 60_000, 1_000);
    bench.assigner.serviceChanged('shop/next');
    await settle();
    assert.deepEqual(bench.addresses('next'), []);
    await bench.gate.open();
    await pass(bench.clock, 1_000);
    assert.deepEqual(bench.addresses('next'), ['192.0.2.1']);
  });

  test('created anew under its name while the patch of the old one is under way', async () => {
    const bench = await AssignerBench.started(SMALL);
    bench.gate.shut('requests');
    bench.store(aServiceObject('web'));
    await settle();
    bench.remove('web');
    bench.store(aServiceObject('web'));
    await settle();
    await bench.gate.open();
    await pass(bench.clock, 1_000);
    assert.deepEqual(bench.addresses('web'), ['192.0.2.1']);
    assert.deepEqual(bench.assigner.ledger.holders('192.0.2.1'), ['shop/web']);
  });
});

suite('who waits', () => {
  test('gets freed addresses by age', async () => {
    const bench = await AssignerBench.started(SMALL);
    await create(bench, 'first');
    bench.store(aServiceObject('z-older', {}, { type: 'ClusterIP' }));
    await pass(bench.clock, 1_000);
    await create(bench, 'a-younger');
    // Older, but the last one to ask.
    bench.change('z-older', (service) => ({ ...service, spec: aServiceObject('z-older').spec ?? {} }));
    await pass(bench.clock, 1_000);
    bench.remove('first');
    await pass(bench.clock, 1_000);
    assert.deepEqual(bench.addresses('z-older'), ['192.0.2.1']);
    assert.deepEqual(bench.addresses('a-younger'), []);
    bench.remove('z-older');
    await pass(bench.clock, 1_000);
    assert.deepEqual(bench.addresses('a-younger'), ['192.0.2.1']);
  });

  test('gets an address when a pool appears', async () => {
    const bench = await AssignerBench.started();
    await create(bench, 'web');
    assert.equal(bench.condition('web'), 'False NoPoolMatches');
    bench.store(MAIN);
    await pass(bench.clock, 1_000);
    assert.deepEqual(bench.addresses('web'), ['192.0.2.1']);
    assert.deepEqual(bench.events, [
      'web Warning SyncLoadBalancerFailed NoPoolMatches',
      'web Normal EnsuredLoadBalancer Allocated',
    ]);
  });

  test('with an address and an unmet wish moves when the named pool appears', async () => {
    const wish = { annotations: { 'eip.openelb.kubesphere.io/v1alpha2': 'other' } };
    const bench = await AssignerBench.started(MAIN, withAddress(aServiceObject('web', wish), '192.0.2.1'));
    await pass(bench.clock, 1_000);
    assert.deepEqual(bench.addresses('web'), ['192.0.2.1']);
    assert.equal(bench.condition('web'), 'True PoolNotFound');
    // The address that was left is free when the move is written, not only when the watch has brought it.
    bench.api.muteWatches('services');
    bench.store(aPoolObject('other', ['198.51.100.0/24']));
    await pass(bench.clock, 1_000);
    assert.deepEqual(bench.addresses('web'), ['198.51.100.0']);
    assert.deepEqual([...bench.assigner.ledger.heldOf('main')], []);
  });

  test('with one of two families gets the other when a pool appears', async () => {
    const bench = await AssignerBench.started(MAIN);
    const dual = { ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'PreferDualStack' };
    bench.store(aServiceObject('web', {}, dual));
    await pass(bench.clock, 1_000);
    assert.deepEqual(bench.addresses('web'), ['192.0.2.1']);
    assert.equal(bench.condition('web'), 'True Allocated');
    bench.store(aPoolObject('six', ['2001:db8::1-2001:db8::9'], true));
    await pass(bench.clock, 1_000);
    assert.deepEqual(bench.addresses('web'), ['192.0.2.1', '2001:db8::1']);
    assert.equal(bench.service('web')?.metadata?.annotations?.[RECORD], 'main=192.0.2.1,six=2001:db8::1');
  });

  test('keeps its address while the API server does not take the move', async () => {
    const bench = await AssignerBench.started(MAIN, aPoolObject('other', ['198.51.100.0/24']));
    await create(bench, 'web');
    const error = new ApiError({ status: 500, reason: 'InternalError', message: 'no' });
    const mend = bench.api.faults.inject({ verb: 'patch', error });
    bench.change('web', (service) => {
      const annotations = { ...service.metadata?.annotations, 'eip.openelb.kubesphere.io/v1alpha2': 'other' };
      return { ...service, metadata: { ...service.metadata, annotations } };
    });
    await pass(bench.clock, 5_000);
    assert.deepEqual(bench.addresses('web'), ['192.0.2.1']);
    assert.deepEqual(bench.assigner.ledger.holders('192.0.2.1'), ['shop/web']);
    mend();
    await pass(bench.clock, 60_000, 1_000);
    assert.deepEqual(bench.addresses('web'), ['198.51.100.0']);
    assert.deepEqual(bench.assigner.ledger.holders('192.0.2.1'), []);
  });
});
