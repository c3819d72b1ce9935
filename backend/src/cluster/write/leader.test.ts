import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { range } from '../../domain/testing/builders.ts';
import { OPENELB_KEYS } from '../../resources/keys.ts';
import { bgpPeers, eips } from '../custom-kinds.ts';
import { ApiError } from '../errors.ts';
import * as kinds from '../kinds.ts';
import { LeaderBench, POOL, service } from './testing/leader-bench.ts';

suite('the leader', () => {
  test('gives addresses, says so in the status of the pool, and in an Event once', async () => {
    const bench = await new LeaderBench().start();
    await bench.router();
    bench.api.store(kinds.services, service('s'));
    await bench.pass();
    assert.equal(bench.ipOf('s'), '192.0.2.0');
    assert.deepEqual(bench.api.read(eips, { name: 'a' })?.status?.used, { '192.0.2.0': 'd/s' });
    await bench.pass();
    assert.deepEqual(bench.events, ['s: Normal EnsuredLoadBalancer Allocated']);
    await bench.leader.stop();
  });

  test('lets a pool go that was in use when its CRD was deleted, once its Services are gone', async () => {
    const bench = await new LeaderBench().start();
    bench.api.store(eips, { metadata: { name: '0' }, spec: { address: '192.0.2.128/32' } });
    bench.api.store(kinds.services, service('s'));
    await bench.pass();
    bench.api.removeKind(eips);
    await bench.pass();
    assert.equal(bench.ipOf('s'), '192.0.2.0');
    bench.api.remove(kinds.services, { namespace: 'd', name: 's' });
    await bench.pass(60_000);
    assert.deepEqual(bench.api.readAll(eips), []);
    await bench.leader.stop();
  });

  test('says in an Event once why a Service gets no address', async () => {
    const bench = await new LeaderBench().start();
    await bench.router();
    bench.api.store(kinds.services, service('s'));
    await bench.pass();
    bench.api.store(kinds.services, service('t'));
    await bench.pass();
    bench.api.store(kinds.namespaces, { metadata: { name: 'd', labels: { any: 'change' } } });
    await bench.pass();
    assert.equal(bench.ipOf('t'), undefined);
    assert.deepEqual(bench.conditionsOf('t'), ['Allocated PoolFull', 'Announced NoAddress']);
    assert.deepEqual(bench.events, [
      's: Normal EnsuredLoadBalancer Allocated',
      't: Warning SyncLoadBalancerFailed PoolFull',
    ]);
    await bench.leader.stop();
  });

  test('serves the waiting Services when a pool changes, and repairs its status when somebody else wrote that', async () => {
    const bench = await new LeaderBench().start();
    bench.api.store(kinds.services, service('s'));
    bench.api.store(kinds.services, service('t'));
    await bench.pass(15_000);
    bench.api.writes.length = 0;
    const pool = bench.api.read(eips, { name: 'a' });
    bench.api.store(eips, { ...pool, status: { ...pool?.status, usage: 7 } });
    await bench.pass();
    assert.equal(bench.api.read(eips, { name: 'a' })?.status?.usage, 1);
    assert.deepEqual([bench.writesOf('eips'), bench.writesOf('services')], [1, 0]);
    bench.api.store(eips, { ...pool, spec: { address: '192.0.2.0/31' } });
    await bench.pass();
    assert.deepEqual([bench.ipOf('s'), bench.ipOf('t')].sort(), ['192.0.2.0', '192.0.2.1']);
    await bench.leader.stop();
  });

  test('writes each Service twice, a pool seldom, and nothing once all is said', async () => {
    const bench = await new LeaderBench().start();
    await bench.router();
    bench.api.store(eips, { ...POOL, spec: { address: '10.0.0.0/16' } });
    await bench.pass();
    bench.api.writes.length = 0;
    for (let i = 0; i < 300; i += 1) bench.api.store(kinds.services, service(`s${i}`));
    await bench.pass();
    assert.deepEqual(bench.conditionsOf('s299'), ['Allocated Allocated', 'Announced Announced']);
    assert.equal(bench.writesOf('services'), 600);
    assert.ok(bench.writesOf('eips') <= 5, `${bench.writesOf('eips')}`);
    bench.api.writes.length = 0;
    await bench.pass(60_000);
    assert.deepEqual(bench.api.writes, []);
    await bench.leader.stop();
  });

  test('marks a pool before it gives its first address', async () => {
    const bench = await new LeaderBench().start();
    const order: string[] = [];
    const patch = bench.api.patch.bind(bench.api);
    bench.api.patch = async (kind, ref, change, options) => {
      order.push(`${kind.plural} ${bench.api.read(eips, { name: 'a' })?.metadata?.finalizers?.join() ?? '-'}`);
      return await patch(kind, ref, change, options);
    };
    bench.api.store(kinds.services, service('s'));
    await bench.pass();
    // First the finalizer, then the namespace in the status.
    const marked = 'lb.kubesphere.io/in-use';
    assert.deepEqual(order.slice(0, 3), ['eips -', `eips ${marked}`, `services ${marked}`]);
    await bench.leader.stop();
  });

  test('names the namespace in the pool before the address stands in the Service, and in every write of the pool after that', async () => {
    const bench = await new LeaderBench().start();
    for (const name of ['d', 'e']) bench.api.store(kinds.namespaces, { metadata: { name, labels: { team: 'web' } } });
    bench.api.store(eips, { ...POOL, spec: { address: '192.0.2.0/28', namespaceSelector: { team: 'web' } } });
    await bench.pass();
    const before: string[] = [];
    const patch = bench.api.patch.bind(bench.api);
    bench.api.patch = async (kind, ref, change, options) => {
      const named = bench.api.read(eips, { name: 'a' })?.status?.namespaces?.join() ?? '';
      if (kind.plural === 'services' && bench.ipOf(ref.name, ref.namespace) === undefined)
        before.push(`${ref.namespace}: ${named}`);
      return await patch(kind, ref, change, options);
    };
    bench.api.store(kinds.services, service('s'));
    await bench.pass(200);
    const there = service('t');
    bench.api.store(kinds.services, { ...there, metadata: { ...there.metadata, name: 't', namespace: 'e' } });
    await bench.pass();
    assert.deepEqual(before, ['d: d', 'e: d,e']);
    assert.deepEqual(bench.api.read(eips, { name: 'a' })?.status?.namespaces, ['d', 'e']);
    await bench.leader.stop();
  });

  test('lets a deleted pool go with its last Service, and every Service at once', async () => {
    const bench = await new LeaderBench().start();
    bench.api.store(kinds.services, service('s'));
    await bench.pass();
    bench.api.remove(eips, { name: 'a' });
    await bench.pass();
    const { conditions = [] } = bench.api.read(eips, { name: 'a' })?.status ?? {};
    assert.deepEqual(
      conditions.map(({ reason }) => reason),
      ['PoolDeleting'],
    );
    assert.equal(bench.ipOf('s'), '192.0.2.0');
    bench.api.remove(kinds.services, { namespace: 'd', name: 's' });
    await bench.pass();
    assert.equal(bench.api.read(kinds.services, { namespace: 'd', name: 's' }), undefined);
    assert.equal(bench.api.read(eips, { name: 'a' }), undefined);
    await bench.leader.stop();
  });

  test('counts the use of a small pool each second, that of a large one less often', async () => {
    const bench = await new LeaderBench().start();
    bench.api.store(eips, { metadata: { name: 'b' }, spec: { address: '198.18.0.0/16' } });
    const annotations = { [OPENELB_KEYS.servicePool]: 'b' };
    const add = (name: string): void => {
      const { metadata, spec = {} } = service(name);
      bench.api.store(kinds.services, { metadata: { ...metadata, name, annotations }, spec });
    };
    add('first');
    await bench.pass(2_000);
    assert.equal(bench.usageOf('b'), 1);
    for (let i = 0; i < 500; i++) add(`s${i}`);
    await bench.pass();
    assert.equal(bench.usageOf('b'), 501);
    add('last');
    await bench.pass(1_400);
    assert.equal(bench.usageOf('b'), 501);
    await bench.pass(400);
    assert.equal(bench.usageOf('b'), 502);
    await bench.leader.stop();
  });

  test('says on both pools that they overlap, and when that is over', async () => {
    const bench = await new LeaderBench().start();
    assert.equal(bench.overlapsOf('a'), undefined);
    bench.clock.advance(1_000);
    bench.api.store(eips, { metadata: { name: 'b' }, spec: { address: '192.0.2.0/28' } });
    await bench.pass();
    assert.deepEqual(
      ['a', 'b'].map((name) => bench.overlapsOf(name)),
      ['OverlapsEip', 'OverlapsEip'],
    );
    bench.api.remove(eips, { name: 'b' });
    await bench.pass();
    assert.equal(bench.overlapsOf('a'), 'NoOverlap');
    await bench.leader.stop();
  });

  for (const type of ['InternalIP', 'ExternalIP'])
    test(`says that a node or the cluster's Services have addresses of a pool, and gives none: ${type}`, async () => {
      const bench = await new LeaderBench().start();
      const addresses = [{ type, address: '192.0.2.0' }];
      bench.api.store(kinds.nodes, { metadata: { name: 'n1' }, status: { addresses } });
      bench.api.store(kinds.services, service('s'));
      await bench.pass();
      assert.deepEqual([bench.overlapsOf('a'), bench.ipOf('s')], ['OverlapsNode', undefined]);
      bench.serviceRanges = [range('192.0.0.0/16')];
      bench.leader.reservedChanged();
      await bench.pass();
      assert.equal(bench.overlapsOf('a'), 'OverlapsServiceRange');
      await bench.leader.stop();
    });

  test('writes nothing as long as it may not, and all of it as soon as it may', async () => {
    const bench = await new LeaderBench().start();
    bench.api.writes.length = 0;
    bench.mayWrite = false;
    bench.api.store(kinds.services, service('s'));
    await bench.router();
    await bench.pass(20_000);
    assert.deepEqual(bench.api.writes, []);
    bench.mayWrite = true;
    await bench.pass();
    assert.deepEqual([...new Set(bench.api.writes.map(({ plural }) => plural))].sort(), [
      'bgppeers',
      'eips',
      'services',
    ]);
    assert.equal(bench.ipOf('s'), '192.0.2.0');
    await bench.leader.stop();
    assert.deepEqual(bench.events, ['s: Normal EnsuredLoadBalancer Allocated']);
  });

  for (const { leaves, says } of [
    { leaves: 'of its own accord', says: true },
    { leaves: 'because it lost the office', says: false },
  ])
    test(`that leaves ${leaves} ${says ? 'says first' : 'does not say'} what was given and freed in the last second`, async () => {
      const bench = await new LeaderBench().start();
      bench.api.store(eips, { ...POOL, spec: { address: '192.0.2.0/31' } });
      bench.api.store(kinds.services, service('s'));
      await bench.pass();
      bench.api.remove(kinds.services, { namespace: 'd', name: 's' });
      bench.api.store(kinds.services, service('t'));
      await bench.pass(300);
      assert.equal(bench.ipOf('t'), '192.0.2.1');
      assert.deepEqual(bench.usedOf('a'), { '192.0.2.0': 'd/s' });
      bench.mayWrite = says;
      const stopped = bench.leader.stop();
      // Elected anew, which is for the next term's leader to use.
      bench.mayWrite = true;
      await stopped;
      assert.deepEqual(bench.usedOf('a'), says ? { '192.0.2.1': 'd/t' } : { '192.0.2.0': 'd/s' });
      const released = bench.api.read(eips, { name: 'a' })?.status?.released ?? [];
      assert.deepEqual(
        released.map(({ ip, service: holder }) => `${ip} ${holder}`),
        says ? ['192.0.2.0 d/s'] : [],
      );
    });

  test('that leaves waits for the watch where somebody else wrote the pool, and for no better times', async () => {
    for (const times of [1, 2, Infinity]) {
      const bench = await new LeaderBench().start();
      bench.api.store(kinds.services, service('s'));
      await bench.pass(300);
      const error = new ApiError({ status: 409, reason: 'Conflict', message: 'modified' });
      bench.api.faults.inject({ verb: 'patch', plural: 'eips', times, error });
      const stopped = bench.leader.stop();
      await bench.pass(2_000);
      await stopped;
      assert.deepEqual(bench.usedOf('a'), times === Infinity ? {} : { '192.0.2.0': 'd/s' });
      assert.equal(bench.lastWritesFailed(), times === Infinity ? 1 : 0);
    }
  });

  test('gives up its writes before another leader can begin', async () => {
    const bench = await new LeaderBench().start();
    await bench.router();
    const timeouts = new Set<unknown>();
    const patch = bench.api.patch.bind(bench.api);
    bench.api.patch = async (kind, ref, change, options) => {
      timeouts.add(options?.timeoutMs);
      return await patch(kind, ref, change, options);
    };
    bench.api.store(kinds.services, service('s'));
    bench.api.remove(eips, { name: 'a' });
    const conf = { peerAs: 65001, neighborAddress: '192.0.2.254', authPassword: 'x' };
    bench.api.store(bgpPeers, { metadata: { name: 'r1' }, spec: { conf } });
    bench.api.store(eips, { metadata: { name: 'b' }, spec: { address: '192.0.2.0/28' } });
    await bench.pass();
    assert.deepEqual([...timeouts], [4_000]);
    await bench.leader.stop();
  });
});
