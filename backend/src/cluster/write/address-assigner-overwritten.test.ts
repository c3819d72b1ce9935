import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { pass } from '../fake/passage.ts';
import * as kinds from '../kinds.ts';
import type { Service } from '../kinds.ts';
import { aPoolObject, AssignerBench, withAddress } from './testing/assigner-bench.ts';

const CLEANUP = 'service.kubernetes.io/load-balancer-cleanup';
const RANGES = ['192.0.2.1-192.0.2.9'];
const MAIN = aPoolObject('main', RANGES, true);
const OURS = '192.0.2.1';
const THEIRS = '203.0.113.9';

function aService(spec: Service['spec'] = {}): Service {
  return {
    metadata: { name: 'web', namespace: 'shop' },
    spec: { type: 'LoadBalancer', ipFamilies: ['IPv4'], ...spec },
  };
}

/** Another load balancer writes its address over ours; it uses the same finalizer. */
function overwritten(service: Service, ips = [THEIRS]): Service {
  return { ...service, status: { ...service.status, loadBalancer: { ingress: ips.map((ip) => ({ ip })) } } };
}

function optedOut(service: Service): Service {
  const annotations = { ...service.metadata?.annotations, 'lb.kubesphere.io/v1alpha1': 'metallb' };
  return { ...service, metadata: { ...service.metadata, annotations } };
}

async function served(): Promise<AssignerBench> {
  const bench = await AssignerBench.started(MAIN);
  bench.store(aService());
  await pass(bench.clock, 20_000, 1_000);
  assert.deepEqual(bench.addresses('web'), [OURS]);
  return bench;
}

function finalizers(bench: AssignerBench): readonly string[] {
  return bench.service('web')?.metadata?.finalizers ?? [];
}

/** Address and finalizer of the other load balancer are there, and we say nothing of the Service any more. */
function assertLeftAlone(bench: AssignerBench): void {
  assert.deepEqual([bench.addresses('web'), finalizers(bench)], [[THEIRS], [CLEANUP]]);
  assert.equal(bench.condition('web'), undefined);
  assert.equal(bench.service('web')?.metadata?.labels?.['eip.openelb.kubesphere.io/v1alpha2'], undefined);
}

suite('another load balancer has written its address over ours', () => {
  test('where no pool is the default one any more: it stays, with the finalizer', async () => {
    const bench = await served();
    bench.store(aPoolObject('main', RANGES));
    await pass(bench.clock, 2_000);
    assert.deepEqual(bench.addresses('web'), [OURS]);
    bench.change('web', (service) => overwritten(service));
    await pass(bench.clock, 2_000);
    assertLeftAlone(bench);
    assert.deepEqual(bench.assigner.ledger.holders(OURS), []);
  });

  test('and the Service named it at the same time: it stays, with the finalizer', async () => {
    const bench = await served();
    bench.change('web', (service) => overwritten(optedOut(service)));
    await pass(bench.clock, 2_000);
    assertLeftAlone(bench);
  });

  test('and the Service has its class by the time that a new leader begins: it stays, with the finalizer', async () => {
    const foreign = withAddress(aService({ loadBalancerClass: 'example.com/other' }), OURS);
    const bench = await AssignerBench.started(MAIN, overwritten(foreign));
    await pass(bench.clock, 2_000);
    assertLeftAlone(bench);
  });

  test('beside ours: ours goes alone', async () => {
    const bench = await served();
    bench.change('web', (service) => overwritten(optedOut(service), [OURS, THEIRS]));
    await pass(bench.clock, 2_000);
    assertLeftAlone(bench);
  });

  test('and has taken it back since: with the type, our finalizer goes as well', async () => {
    const bench = await served();
    bench.change('web', (service) => overwritten(optedOut(service)));
    await pass(bench.clock, 2_000);
    bench.change('web', (service) => ({ ...service, spec: { type: 'ClusterIP' }, status: {} }));
    await pass(bench.clock, 2_000);
    assert.deepEqual(finalizers(bench), []);
  });
});

suite('a Service that another load balancer has overwritten is deleted', () => {
  for (const [what, change] of [
    ['at the same time', (service: Service): Service => service],
    ['and has opted out', optedOut],
  ] as const) {
    test(`${what}: the finalizer is left to that one for ten minutes, then it goes`, async () => {
      const bench = await served();
      bench.change('web', (service) => change(overwritten(service)));
      await bench.api.delete(kinds.services, { namespace: 'shop', name: 'web' });
      await pass(bench.clock, 590_000, 5_000);
      assert.deepEqual([bench.addresses('web'), finalizers(bench)], [[THEIRS], [CLEANUP]]);
      await pass(bench.clock, 12_000, 1_000);
      assert.equal(bench.service('web'), undefined);
    });
  }

  test("of another one's class, with a record that was copied: the finalizer is none of ours, however long it takes", async () => {
    const copied = { 'lb.kubesphere.io/assigned': `main=${OURS}` };
    const theirs = aService({ loadBalancerClass: 'example.com/other' });
    const metadata = { ...theirs.metadata, annotations: copied, finalizers: [CLEANUP] };
    const bench = await AssignerBench.started(MAIN, overwritten({ ...theirs, metadata }));
    await bench.api.delete(kinds.services, { namespace: 'shop', name: 'web' });
    await pass(bench.clock, 1_200_000, 10_000);
    assert.deepEqual([bench.addresses('web'), finalizers(bench)], [[THEIRS], [CLEANUP]]);
  });

  test('long before a leader begins: it goes at once', async () => {
    const web = withAddress(aService(), OURS);
    const bench = new AssignerBench();
    bench.store(MAIN);
    bench.store(overwritten(web));
    await bench.api.delete(kinds.services, { namespace: 'shop', name: 'web' });
    bench.clock.advance(900_000);
    bench.view.start();
    await pass(bench.clock, 2_000);
    assert.equal(bench.service('web'), undefined);
  });
});

suite('our own address goes with the finalizer', () => {
  const FOREIGN = { loadBalancerClass: 'example.com/other' };
  for (const [what, pools] of [
    ['its pool', [MAIN]],
    ['its pool gone', []],
    ['its pool without the address', [aPoolObject('main', ['192.0.2.8/32'], true)]],
  ] as const) {
    test(`of a Service that is another's class, opted out or no load balancer when a leader begins, with ${what}`, async () => {
      for (const service of [
        withAddress(aService(FOREIGN), OURS),
        optedOut(withAddress(aService(), OURS)),
        withAddress(aService({ type: 'ClusterIP' }), OURS),
      ]) {
        const bench = await AssignerBench.started(...pools, service);
        await pass(bench.clock, 2_000);
        assert.deepEqual([bench.addresses('web'), finalizers(bench), bench.condition('web')], [[], [], undefined]);
      }
    });
  }

  for (const [when, leads] of [
    ['while we lead', true],
    ['while nobody leads', false],
  ] as const) {
    test(`of a Service that becomes a ClusterIP and at once another's class, ${when}: it can be deleted`, async () => {
      const bench = await served();
      bench.mayWrite = leads;
      // With the type the API server empties the addresses of a status, and leaves its conditions.
      bench.change('web', ({ status, ...rest }) => ({
        ...rest,
        spec: { type: 'ClusterIP' },
        status: { ...status, loadBalancer: {} },
      }));
      bench.change('web', (service) => ({ ...service, spec: { type: 'LoadBalancer', ...FOREIGN } }));
      await pass(bench.clock, 3_000, 500);
      bench.mayWrite = true;
      await pass(bench.clock, 3_000, 500);
      assert.deepEqual([finalizers(bench), bench.condition('web')], [[], undefined]);
      assert.equal(bench.service('web')?.metadata?.annotations?.['lb.kubesphere.io/assigned'], undefined);
      await bench.api.delete(kinds.services, { namespace: 'shop', name: 'web' });
      assert.equal(bench.service('web'), undefined);
    });
  }

  test('of a Service that opts out while we lead, though a PUT dropped the record', async () => {
    const bench = await served();
    bench.change('web', (service) => {
      const plain = optedOut(aService());
      return {
        ...plain,
        metadata: { ...plain.metadata, finalizers: [CLEANUP] },
        ...(service.status && { status: service.status }),
      };
    });
    await pass(bench.clock, 2_000);
    assert.deepEqual([bench.addresses('web'), finalizers(bench), bench.condition('web')], [[], [], undefined]);
  });

  test('of a younger Service that a new leader finds with an address of an older one: it waits', async () => {
    const one = aPoolObject('main', ['192.0.2.1/32'], true);
    const bench = new AssignerBench();
    bench.store(one);
    bench.store(withAddress({ ...aService(), metadata: { name: 'elder', namespace: 'shop' } }, OURS));
    bench.clock.advance(60_000);
    bench.store(withAddress(aService(), OURS));
    bench.view.start();
    await pass(bench.clock, 2_000);
    assert.deepEqual([bench.addresses('elder'), bench.addresses('web')], [[OURS], []]);
    assert.equal(bench.condition('web'), 'False PoolFull');
  });
});
