import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { pass, settle } from '../fake/passage.ts';
import { range } from '../../domain/testing/builders.ts';
import type { Eip } from '../custom-kinds.ts';
import * as kinds from '../kinds.ts';
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

suite('two Services with one address', () => {
  /** Both are there before, without an address, or the younger one with it. */
  async function twins(youngerHasIt = false): Promise<AssignerBench> {
    const bench = new AssignerBench();
    bench.store(MAIN);
    bench.store(aServiceObject('elder', {}, { type: 'ClusterIP' }));
    bench.clock.advance(60_000);
    const younger = withAddress(aServiceObject('younger'), '192.0.2.1');
    bench.store(youngerHasIt ? younger : aServiceObject('younger', {}, { type: 'ClusterIP' }));
    bench.view.start();
    await settle();
    return bench;
  }

  function give(bench: AssignerBench, name: string): void {
    bench.change(name, ({ metadata }) => ({
      ...withAddress({ ...aServiceObject(name), metadata: metadata ?? {} }, '192.0.2.1'),
    }));
  }

  for (const order of [
    ['elder', 'younger'],
    ['younger', 'elder'],
  ]) {
    test(`the younger one moves at once when ${order.join(' comes before ')}`, async () => {
      const bench = await twins();
      for (const name of order) {
        give(bench, name);
        await pass(bench.clock, 1_000);
      }
      assert.deepEqual(bench.addresses('elder'), ['192.0.2.1']);
      assert.deepEqual(bench.addresses('younger'), ['192.0.2.2']);
      assert.equal(bench.service('younger')?.metadata?.annotations?.[RECORD], 'main=192.0.2.2');
      assert.deepEqual(bench.assigner.ledger.holders('192.0.2.1'), ['shop/elder']);
      assert.deepEqual(
        bench.events.filter((event) => event.includes('Warning')),
        ['younger Warning SyncLoadBalancerFailed HeldByOlderService'],
      );
    });
  }

  test('the younger one loses the address where there is no other, and gets it when the elder goes', async () => {
    const bench = await twins();
    bench.store(SMALL);
    give(bench, 'younger');
    await pass(bench.clock, 1_000);
    give(bench, 'elder');
    await pass(bench.clock, 1_000);
    assert.deepEqual(bench.addresses('elder'), ['192.0.2.1']);
    assert.deepEqual(bench.addresses('younger'), []);
    assert.equal(bench.condition('younger'), 'False PoolFull');
    bench.remove('elder');
    await pass(bench.clock, 1_000);
    assert.deepEqual(bench.addresses('younger'), ['192.0.2.1']);
  });

  test('the elder takes nothing from one that had it when the term began: the leader before knew of that one', async () => {
    const bench = await twins(true);
    give(bench, 'elder');
    await pass(bench.clock, 1_000);
    assert.deepEqual([bench.addresses('elder'), bench.addresses('younger')], [['192.0.2.2'], ['192.0.2.1']]);
    assert.deepEqual(bench.patched(), ['elder']);
  });

  test('the elder takes nothing from one that the pool’s status names', async () => {
    const bench = await twins();
    give(bench, 'younger');
    await pass(bench.clock, 1_000);
    bench.store({ ...MAIN, status: { used: { '192.0.2.1': 'shop/younger' } } });
    give(bench, 'elder');
    await pass(bench.clock, 1_000);
    assert.deepEqual([bench.addresses('elder'), bench.addresses('younger')], [['192.0.2.2'], ['192.0.2.1']]);
  });

  test('are none where the leader before moved the elder and gave on what that one had', async () => {
    const next = await AssignerBench.started(MAIN, withAddress(aServiceObject('elder'), '192.0.2.1'));
    next.clock.advance(2_000);
    next.store(aServiceObject('younger', {}, { type: 'ClusterIP' }));
    await settle();
    // What its last writes did comes to us only now.
    next.change('elder', (service) => withAddress(service, '192.0.2.7'));
    next.change('younger', ({ metadata }) =>
      withAddress({ ...aServiceObject('younger'), metadata: metadata ?? {} }, '192.0.2.1'),
    );
    await pass(next.clock, 1_000);
    assert.deepEqual([next.addresses('elder'), next.addresses('younger')], [['192.0.2.7'], ['192.0.2.1']]);
    assert.deepEqual(next.assigner.ledger.holders('192.0.2.1'), ['shop/younger']);
  });

  test('an address that goes to the elder while the pool is made ready is not written to the younger', async () => {
    const bench = await twins();
    bench.gate.shut('guard');
    bench.change('younger', (service) => ({ ...service, spec: aServiceObject('younger').spec ?? {} }));
    await settle();
    assert.deepEqual(bench.assigner.ledger.holders('192.0.2.1'), ['shop/younger']);
    give(bench, 'elder');
    await settle();
    assert.deepEqual(bench.assigner.ledger.holders('192.0.2.1'), ['shop/elder']);
    await bench.gate.open();
    await pass(bench.clock, 1_000);
    assert.deepEqual([bench.addresses('elder'), bench.addresses('younger')], [['192.0.2.1'], ['192.0.2.2']]);
    assert.deepEqual(
      bench.patched().filter((name) => name === 'younger'),
      ['younger'],
    );
  });

  test('a new leader that finds them sorts them out', async () => {
    const bench = await twins();
    for (const name of ['elder', 'younger']) give(bench, name);
    const next = new AssignerBench();
    next.store(MAIN);
    next.store(bench.service('elder') as Service);
    next.clock.advance(60_000);
    next.store(bench.service('younger') as Service);
    next.view.start();
    await pass(next.clock, 1_000);
    assert.deepEqual([next.addresses('elder'), next.addresses('younger')], [['192.0.2.1'], ['192.0.2.2']]);
    assert.deepEqual(next.patched(), ['younger']);
  });
});

suite('an address that its pool would not give now stays with a new leader', () => {
  async function led(pool: Eip, subnets: AssignerBench['subnets'] = []): Promise<AssignerBench> {
    const bench = new AssignerBench();
    bench.subnets = subnets;
    const status = { addresses: [{ type: 'InternalIP', address: '192.0.2.1' }] };
    bench.api.store(kinds.nodes, { metadata: { name: 'n1' }, status });
    bench.store(pool);
    for (const ip of ['192.0.2.1', '192.0.2.8']) bench.store(withAddress(aServiceObject(`s${ip.slice(8)}`), ip));
    bench.view.start();
    await pass(bench.clock, 1_000);
    return bench;
  }
  const READY = { type: 'Ready', status: 'True', reason: 'InUse', message: '', lastTransitionTime: '' };

  test('where the pool has no status, as it was restored', async () => {
    const bench = await led(MAIN);
    assert.deepEqual([bench.addresses('s1'), bench.addresses('s8')], [['192.0.2.1'], ['192.0.2.8']]);
    assert.deepEqual(bench.patched(), []);
  });

  test('where only a link of its own host tells so, which the leader before it may not have', async () => {
    const pool = { ...MAIN, spec: { addresses: ['192.0.2.1-192.0.2.100'], protocol: 'layer2' } } as const;
    const status = { used: {}, conditions: [{ ...READY, observedGeneration: 1 }] };
    const bench = await led({ ...pool, metadata: { ...pool.metadata, generation: 1 }, status } as Eip, [
      range('192.0.2.8/29'),
    ]);
    assert.deepEqual(bench.addresses('s8'), ['192.0.2.8']);
    assert.notDeepEqual(bench.addresses('s1'), ['192.0.2.1'], 'what all know counts');
  });
});

suite('what users do to a Service that has an address', () => {
  async function held(spec: Service['spec'] = {}): Promise<AssignerBench> {
    const bench = await AssignerBench.started(MAIN, aPoolObject('spare', ['198.51.100.0/24']));
    bench.store(aServiceObject('other'));
    bench.store(aServiceObject('web', { labels: { app: 'web' } }, spec));
    await pass(bench.clock, 1_000);
    bench.patched();
    bench.events.splice(0);
    return bench;
  }

  for (const spec of [{}, { type: 'LoadBalancer' }]) {
    const ours = !('type' in spec);
    test(`kubectl replace ${ours ? 'with' : 'without'} our class: same address, marks repaired by one patch`, async () => {
      const bench = await held();
      bench.change('web', ({ spec: before, status }) => {
        const { loadBalancerClass: _class, ...classless } = before ?? {};
        const metadata = { name: 'web', namespace: 'shop', labels: { app: 'web' } };
        return { metadata, spec: ours ? (before ?? {}) : classless, ...(status === undefined ? {} : { status }) };
      });
      assert.deepEqual(bench.service('web')?.metadata?.finalizers, undefined);
      await pass(bench.clock, 1_000);
      assert.deepEqual(bench.addresses('web'), ['192.0.2.2']);
      const { finalizers, annotations, labels } = bench.service('web')?.metadata ?? {};
      assert.deepEqual(finalizers, [CLEANUP]);
      assert.deepEqual(annotations, { [RECORD]: 'main=192.0.2.2' });
      assert.deepEqual(labels, { app: 'web', 'eip.openelb.kubesphere.io/v1alpha2': 'main' });
      assert.equal(bench.sent.length, 1);
      assert.equal(JSON.stringify(bench.sent).includes('$deleteFromPrimitiveList'), false);
      assert.deepEqual(bench.assigner.ledger.holders('192.0.2.2'), ['shop/web']);
      assert.deepEqual(bench.events, [], 'nothing that users could see has changed');
    });
  }

  for (const forged of ['zz=192.0.2.2', 'spare=192.0.2.2', 'main=192.0.2.1', 'nonsense', '']) {
    test(`a record that was edited to "${forged}" is repaired, and moves nothing`, async () => {
      const bench = await held();
      bench.change('web', (service) => ({
        ...service,
        metadata: { ...service.metadata, annotations: { [RECORD]: forged } },
      }));
      await pass(bench.clock, 1_000);
      assert.equal(bench.service('web')?.metadata?.annotations?.[RECORD], 'main=192.0.2.2');
      assert.deepEqual(bench.addresses('web'), ['192.0.2.2']);
      assert.deepEqual(bench.addresses('other'), ['192.0.2.1']);
      assert.deepEqual(bench.patched(), ['web']);
    });
  }

  test('the type ClusterIP gives the address back', async () => {
    const bench = await held();
    bench.change('web', (service) => ({ ...service, spec: { type: 'ClusterIP' } }));
    await pass(bench.clock, 1_000);
    const { finalizers = [], annotations = {}, labels } = bench.service('web')?.metadata ?? {};
    assert.deepEqual({ finalizers, annotations, labels }, { finalizers: [], annotations: {}, labels: { app: 'web' } });
    assert.deepEqual([bench.addresses('web'), bench.condition('web')], [[], undefined]);
    assert.deepEqual(bench.assigner.ledger.holders('192.0.2.2'), []);
    assert.deepEqual(bench.patched(), ['web']);
    assert.deepEqual(bench.events, ['web Normal DeletedLoadBalancer NotLoadBalancer']);
  });

  test('the end is told of once where the API server empties the status with the type', async () => {
    const bench = await held();
    bench.change('web', ({ metadata, status }) => {
      const { conditions = [] } = status ?? {};
      return { ...(metadata && { metadata }), spec: { type: 'ClusterIP' }, status: { loadBalancer: {}, conditions } };
    });
    await pass(bench.clock, 1_000);
    assert.deepEqual(bench.service('web')?.metadata?.finalizers ?? [], []);
    assert.deepEqual(bench.events, ['web Normal DeletedLoadBalancer NotLoadBalancer']);
  });

  test('the type ClusterIP takes our condition off a Service that waited', async () => {
    const bench = await AssignerBench.started(SMALL);
    await create(bench, 'first', 'web');
    assert.equal(bench.condition('web'), 'False PoolFull');
    bench.change('web', (service) => ({ ...service, spec: { type: 'ClusterIP' } }));
    await pass(bench.clock, 1_000);
    assert.equal(bench.condition('web'), undefined);
    bench.patched();
    bench.remove('first');
    await pass(bench.clock, 1_000);
    assert.deepEqual(bench.patched(), ['first']);
  });

  test('a Service that a cloud serves stays untouched', async () => {
    const bench = await AssignerBench.started(MAIN);
    const cloud: Service = {
      metadata: { name: 'cloud', namespace: 'shop', finalizers: [CLEANUP] },
      spec: { type: 'LoadBalancer', ipFamilies: ['IPv4'] },
      status: { loadBalancer: { ingress: [{ hostname: 'elb.example.com' }] } },
    };
    bench.store(cloud);
    await pass(bench.clock, 10_000);
    bench.assigner.poolsChanged();
    await pass(bench.clock, 1_000);
    assert.deepEqual(bench.patched(), []);
  });

  test('every change has one Event, and a write that changes nothing has none', async () => {
    const bench = await AssignerBench.started(SMALL);
    await create(bench, 'first', 'web');
    for (let time = 0; time < 5; time += 1) {
      bench.assigner.poolsChanged();
      await pass(bench.clock, 1_000);
    }
    bench.remove('first');
    await pass(bench.clock, 1_000);
    assert.deepEqual(bench.events, [
      'first Normal EnsuredLoadBalancer Allocated',
      'web Warning SyncLoadBalancerFailed PoolFull',
      'first Normal DeletedLoadBalancer Deleting',
      'web Normal EnsuredLoadBalancer Allocated',
    ]);
  });
});

test('a Service that changes so that its pool would not give it its address any more keeps it, and the pool is to name it', async () => {
  const selector = { matchLabels: { tier: 'gold' } };
  const gold = aPoolObject('gold', ['192.0.2.1-192.0.2.9'], true);
  const pool = { ...gold, spec: { ...(gold.spec as object), serviceSelector: selector } } as typeof gold;
  const bench = await AssignerBench.started(pool);
  bench.store(aServiceObject('web', { labels: { tier: 'gold' } }));
  await pass(bench.clock, 1_000);
  assert.deepEqual(bench.addresses('web'), ['192.0.2.1']);
  const before = bench.used.length;
  bench.change('web', (service) => ({ ...service, metadata: { ...service.metadata, labels: { tier: 'tin' } } }));
  await pass(bench.clock, 1_000);
  assert.deepEqual(bench.addresses('web'), ['192.0.2.1']);
  assert.ok(bench.used.slice(before).includes('gold'));
});
