import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import { bgpPeers, eips, factsOf, kinds, served, type ApiBench } from './testing/api-bench.ts';
import { aNode, aSession } from './testing/facts.ts';
import { bench as busy, effects, LAN, local, PEER, pods, POOL, whatIf } from './testing/what-if.ts';

/** One Service, which the nodes of its Pods alone take traffic for, n2 and n3; its replica runs elsewhere. */
async function bench(context: TestContext, protocol: 'bgp' | 'layer2' = 'bgp'): Promise<ApiBench> {
  const api = await busy(context);
  await api.store(eips, { ...POOL, spec: { ...POOL.spec, protocol } });
  await api.store(kinds.nodes, aNode('n3', '203.0.113.13'));
  await api.store(kinds.endpointSlices, pods('shop/web', 'n2', 'n3'));
  await api.store(kinds.services, local(served('shop/web', '192.0.2.1')));
  api.kube.remove(kinds.services, { namespace: 'bank', name: 'vault' });
  api.replicas.set('porter-0', factsOf('porter-0', { node: 'n1', sessions: [aSession('r1')], links: LAN }));
  return api;
}

suite('what if a node goes with the replica there', () => {
  test('that alone has sessions: nobody hears of anything any more', async (context) => {
    const api = await bench(context);
    const without = { node: 'n2', sessions: [aSession('r1', 'Active')] };
    api.replicas.set('porter-1', factsOf('porter-1', without));
    const { loses, changes } = await whatIf(api, { drainNodes: ['n1'] });
    assert.deepEqual([loses, changes[0]?.after.reason], [1, 'NoPeerEstablished']);
    api.replicas.set('porter-1', factsOf('porter-1', { node: 'n2', sessions: [aSession('r1')] }));
    api.clock.advance(2_000);
    assert.equal((await whatIf(api, { drainNodes: ['n1'] })).keeps, 1);
  });

  test('that is the only one: all is lost, with BGP as on a link', async (context) => {
    const api = await bench(context);
    assert.equal((await whatIf(api, { drainNodes: ['n1'] })).loses, 1);
    const onLink = await bench(context, 'layer2');
    const { loses, changes } = await whatIf(onLink, { drainNodes: ['n1'] });
    assert.deepEqual([loses, changes[0]?.after.reason], [1, 'NoReplicaOnLink']);
  });
});

suite('what if, of an address on a link', () => {
  test('that a replica announces in the name of a node: it is announced, as long as one is there', async (context) => {
    const api = await bench(context, 'layer2');
    const [change] = (await whatIf(api, { drainNodes: ['n2'] })).changes;
    const nodes = change === undefined ? ['n3'] : change.after.nodes;
    assert.deepEqual(nodes, ['n3']);
    const { changes } = await whatIf(api, { drainNodes: ['n2', 'n3'] });
    assert.deepEqual([changes[0]?.before.reason, changes[0]?.after.reason], ['AnnouncedForNode', 'NoEndpoints']);
  });

  test('that a stranger has taken: it is not announced, so that nobody loses it', async (context) => {
    const api = await bench(context, 'layer2');
    const conflict = { replica: 'p', ip: '192.0.2.1', link: 'eth0', mac: '02:00:00:00:00:99', announced: false };
    const conflicts = [{ ...conflict, since: '2026-01-01T00:00:00Z' }];
    const pool = { ...POOL, spec: { ...POOL.spec, protocol: 'layer2' }, status: { conflicts } };
    await api.store(eips, pool);
    const { loses, keeps } = await whatIf(api, { drainNodes: ['n1'] });
    assert.deepEqual([loses, keeps], [0, 1]);
  });
});

suite('what if, of an address on a link that not all replicas have', () => {
  const OTHER = [{ name: 'eth1', mac: '02:00:00:00:00:02', prefixes: ['198.51.100.12/24'] }];

  /** With a replica on n2, whose links these are. */
  async function withLinks(context: TestContext, links: typeof LAN, spec: object = {}): Promise<ApiBench> {
    const api = await bench(context, 'layer2');
    await api.store(eips, { ...POOL, spec: { ...POOL.spec, protocol: 'layer2', ...spec } });
    api.replicas.set('porter-1', factsOf('porter-1', { node: 'n2', links }));
    return api;
  }

  test('its replica goes: nobody else has an interface for it', async (context) => {
    const api = await withLinks(context, OTHER);
    const { loses, changes } = await whatIf(api, { drainNodes: ['n1'] });
    assert.deepEqual([loses, changes[0]?.after.reason], [1, 'NoReplicaOnLink']);
    assert.equal((await whatIf(await withLinks(context, LAN), { drainNodes: ['n1'] })).loses, 0);
  });

  test('nobody has one as it is: it is not announced, and nothing is lost', async (context) => {
    const api = await withLinks(context, OTHER);
    api.replicas.set('porter-0', factsOf('porter-0', { node: 'n1', links: OTHER }));
    const { loses, keeps } = await whatIf(api, { drainNodes: ['n1'] });
    assert.deepEqual([loses, keeps], [0, 1]);
  });

  test('the pool names an interface, or is to: the replicas that have it take it', async (context) => {
    const api = await withLinks(context, OTHER, { interface: 'eth1' });
    const { loses, changes } = await whatIf(api, { drainNodes: ['n2'] });
    assert.deepEqual([loses, changes[0]?.before.nodes, changes[0]?.after.reason], [1, ['n2'], 'NoReplicaOnLink']);
    const spec = { ...POOL.spec, protocol: 'layer2', interface: 'eth7' };
    const renamed = await whatIf(api, { pools: [{ name: 'a', spec }] });
    assert.deepEqual([renamed.loses, renamed.changes[0]?.after.reason], [1, 'NoReplicaOnLink']);
  });

  test('an interface that is left alone is for pools that name it', async (context) => {
    const alone = LAN.map((link) => ({ ...link, isLeftAlone: true as const }));
    const api = await withLinks(context, alone);
    assert.equal((await whatIf(api, { drainNodes: ['n1'] })).loses, 1);
    const named = await withLinks(context, alone, { interface: 'eth0' });
    assert.equal((await whatIf(named, { drainNodes: ['n1'] })).loses, 0);
  });

  test('the pool says what it can reach: it may be any that speaks on a link', async (context) => {
    const api = await withLinks(context, OTHER, { interface: 'can_reach:192.0.2.254' });
    assert.equal((await whatIf(api, { drainNodes: ['n1'] })).loses, 0);
    api.replicas.set('porter-1', factsOf('porter-1', { node: 'n2', links: [] }));
    api.clock.advance(2_000);
    assert.equal((await whatIf(api, { drainNodes: ['n1'] })).loses, 1);
  });
});

suite('what if Services have one address', () => {
  function sharing(key: string, port: number): kinds.Service {
    const service = served(key, '192.0.2.1');
    const annotations = { ...service.metadata?.annotations, 'lb.kubesphere.io/allow-shared-ip': 'x' };
    const spec = { ...service.spec, ports: [{ port, protocol: 'TCP' }] };
    return { ...service, metadata: { ...service.metadata, annotations }, spec };
  }

  test('that they share, and the Pods of one go: that one loses, the others do not', async (context) => {
    const api = await bench(context);
    await api.store(kinds.services, sharing('shop/web', 80), sharing('shop/other', 81));
    await api.store(kinds.endpointSlices, pods('shop/other', 'n3'));
    const answer = await whatIf(api, { drainNodes: ['n3'] });
    const lost = answer.changes.filter(({ effect }) => effect === 'loses');
    assert.deepEqual(
      lost.map(({ services, after }) => [services.join(), after.reason]),
      [['shop/other', 'SharerWithoutEndpoints']],
    );
    assert.deepEqual([answer.loses, answer.moves, answer.keeps], [1, 1, 0]);
  });

  test('that only the older one may have: the younger has nothing to lose', async (context) => {
    const api = await bench(context);
    await api.store(kinds.services, local(served('shop/young', '192.0.2.1')));
    assert.deepEqual(effects(await whatIf(api, { drainNodes: ['n2', 'n3'] })), ['loses 192.0.2.1 shop/web n2+n3 -> ']);
  });
});

suite('what if, where a replica does not answer', () => {
  test('that may have the session: it is named, and nobody says what becomes of the addresses', async (context) => {
    const api = await bench(context);
    api.replicas.set('porter-0', factsOf('porter-0', { node: 'n1', sessions: [aSession('r1', 'Active')] }));
    api.replicas.set('porter-1', undefined);
    const { keeps, unknown, changes, replicas } = await whatIf(api, { peers: [{ name: 'r1', adminDown: true }] });
    assert.deepEqual([keeps, unknown], [0, 1]);
    assert.deepEqual(
      changes.map(({ effect, before, after }) => [effect, before.announced, after.announced, after.reason]),
      [['unknown', null, false, 'NoPeer']],
    );
    assert.deepEqual(
      replicas.map(({ name, answered }) => [name, answered]),
      [
        ['porter-0', true],
        ['porter-1', false],
      ],
    );
    assert.equal((await whatIf(api, {})).keeps, 1);
  });

  test('beside one that tells the router the same: nothing is lost without the one that answers, as far as is known', async (context) => {
    const api = await bench(context);
    api.replicas.set('porter-1', undefined);
    const { loses, unknown, keeps } = await whatIf(api, { drainNodes: ['n1'] });
    assert.deepEqual([loses, unknown, keeps], [0, 1, 0]);
    assert.equal((await whatIf(api, { peers: [{ name: 'r1', delete: true }] })).loses, 1);
  });

  test('and is for another node than the router: nothing is unknown', async (context) => {
    const api = await bench(context);
    await api.store(kinds.nodes, { ...aNode('n1', '203.0.113.11'), metadata: { name: 'n1', labels: { rack: 'a' } } });
    await api.store(bgpPeers, { ...PEER, spec: { ...PEER.spec, nodeSelector: { matchLabels: { rack: 'a' } } } });
    api.replicas.set('porter-1', undefined);
    assert.equal((await whatIf(api, { drainNodes: ['n1'] })).loses, 1);
  });

  test('of a link: it may be the one that answers for the address', async (context) => {
    const api = await bench(context, 'layer2');
    api.replicas.set('porter-1', undefined);
    await api.store(kinds.nodes, aNode('porter-1-node', '203.0.113.14'));
    const { loses, unknown, changes } = await whatIf(api, { drainNodes: ['n1'] });
    assert.deepEqual([loses, unknown, changes[0]?.after.announced], [0, 1, null]);
    assert.equal((await whatIf(api, { drainNodes: ['n1', 'porter-1-node'] })).loses, 1);
  });
});
