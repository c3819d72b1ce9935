import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { pass, settle } from '../fake/passage.ts';
import * as kinds from '../kinds.ts';
import { aPoolObject, aServiceObject, AssignerBench } from './testing/assigner-bench.ts';

const POOL = aPoolObject('main', ['192.0.2.1-192.0.2.2'], true);

suite('no Service gets', () => {
  test("the address that a node's annotation pins, by itself or by name", async () => {
    const bench = new AssignerBench();
    bench.api.store(kinds.nodes, {
      metadata: { name: 'n1', annotations: { 'layer2.openelb.kubesphere.io/v1alpha1': '192.0.2.1' } },
      status: { addresses: [{ type: 'InternalIP', address: '10.0.0.9' }] },
    });
    bench.store(POOL);
    bench.view.start();
    await settle();
    bench.store(aServiceObject('web'));
    bench.store(aServiceObject('wants', { annotations: { 'lb.kubesphere.io/ips': '192.0.2.1' } }));
    await pass(bench.clock, 2_000, 500);
    assert.deepEqual([bench.addresses('web'), bench.addresses('wants')], [['192.0.2.2'], []]);
    assert.equal(bench.condition('wants'), 'False WantedAddressOfNode');
  });

  test("a Service's cluster address, where the cluster does not tell its Service ranges; when that is gone, it does", async () => {
    const bench = await AssignerBench.started(POOL, {
      metadata: { name: 'kubernetes', namespace: 'shop' },
      spec: { type: 'ClusterIP', clusterIP: '192.0.2.1', clusterIPs: ['192.0.2.1'], ipFamilies: ['IPv4'] },
    });
    bench.store(aServiceObject('web'));
    bench.store(aServiceObject('wants', { annotations: { 'lb.kubesphere.io/ips': '192.0.2.1' } }));
    await pass(bench.clock, 2_000, 500);
    assert.deepEqual([bench.addresses('web'), bench.addresses('wants')], [['192.0.2.2'], []]);
    assert.equal(bench.condition('wants'), 'False WantedAddressInServiceRange');
    bench.remove('kubernetes');
    bench.remove('wants');
    await pass(bench.clock, 2_000, 500);
    bench.store(aServiceObject('other'));
    await pass(bench.clock, 2_000, 500);
    assert.deepEqual(bench.addresses('other'), ['192.0.2.1']);
  });

  test('by a cluster address that somebody chose, away from who holds it', async () => {
    const bench = await AssignerBench.started(POOL);
    bench.store(aServiceObject('web'));
    await pass(bench.clock, 20_000, 1_000);
    bench.store({
      metadata: { name: 'chosen', namespace: 'shop' },
      spec: { type: 'ClusterIP', clusterIPs: ['192.0.2.1'], ipFamilies: ['IPv4'] },
    });
    bench.change('web', (service) => ({ ...service, metadata: { ...service.metadata, labels: { app: 'other' } } }));
    await pass(bench.clock, 2_000, 500);
    assert.deepEqual(bench.addresses('web'), ['192.0.2.1']);
  });
});
