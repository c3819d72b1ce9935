import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { ReplicaReport } from './replicas/facts.ts';
import type { NodeAnswer } from './schemas/node.ts';
import type { Overview } from './schemas/overview.ts';
import type { PeerAnswer, PeerSummary } from './schemas/peer.ts';
import type { PoolAddress, PoolAnswer, PoolSummary } from './schemas/pool.ts';
import type { ServiceAnswer, ServiceSummary } from './schemas/service.ts';
import type { Version } from './schemas/replica.ts';
import { announced, aSession } from './testing/facts.ts';
import { bgpPeers, eips, factsOf, kinds, served } from './testing/api-bench.ts';
import { bench, PEER, POOL } from './testing/two-services.ts';

interface Page<T> {
  readonly items: readonly T[];
  readonly totalItems: number;
}

suite('pools', () => {
  test('say how much of them is used', async (context) => {
    const api = await bench(context);
    const { items, totalItems } = await api.answer<Page<PoolSummary>>('pools');
    const [pool] = items;
    assert.deepEqual([totalItems, pool?.name, pool?.protocol, pool?.ranges], [1, 'a', 'bgp', ['192.0.2.0-192.0.2.7']]);
    assert.deepEqual(pool?.use, { size: '8', used: 2, released: 0, conflicts: 0 });
  });

  test('name the peers that hear of them and what they overlap', async (context) => {
    const api = await bench(context);
    await api.store(eips, { metadata: { name: 'b' }, spec: { address: '192.0.2.6-192.0.2.20' } });
    const { peers, overlaps } = await api.answer<PoolAnswer>('pools/a');
    assert.deepEqual(peers, ['r1']);
    assert.deepEqual(overlaps, [{ kind: 'pool', other: 'b', first: '192.0.2.6', last: '192.0.2.7' }]);
  });

  test('are searched, sorted and cut into pages', async (context) => {
    const api = await bench(context);
    for (const [name, priority, zone] of [
      ['b', 2, 'x'],
      ['c', 1, 'x'],
      ['d', 3, 'y'],
    ] as const) {
      const object = { metadata: { name, labels: { zone } }, spec: { address: `198.51.100.${priority}`, priority } };
      await api.store(eips, object);
    }
    const names = async (query: string): Promise<string> => {
      const { items, totalItems } = await api.answer<Page<PoolSummary>>(`pools?${query}`);
      return `${items.map(({ name }) => name).join('')} of ${totalItems}`;
    };
    assert.equal(await names(''), 'abcd of 4');
    assert.equal(await names('limit=2&page=2'), 'cd of 4');
    assert.equal(await names('limit=2&page=9'), ' of 4');
    assert.equal(await names('ascending=false'), 'dcba of 4');
    assert.equal(await names('sortBy=priority&ascending=true'), 'acbd of 4');
    assert.equal(await names('sortBy=priority'), 'dbca of 4');
    assert.equal(await names('labelSelector=zone%3Dx'), 'bc of 2');
    assert.equal(await names('labelSelector=zone+in+(x,y),zone!%3Dx'), 'd of 1');
    assert.equal(await names('name=b'), 'b of 1');
    assert.equal(await names('limit=-1'), 'abcd of 4');
  });
});

suite('the addresses of a pool', () => {
  test('are all there, each with its state', async (context) => {
    const api = await bench(context);
    const status = {
      released: [
        { ip: '192.0.2.3', service: 'shop/old', time: api.clock.wallTime().toISOString() },
        { ip: '192.0.2.2', service: 'shop/older', time: '2020-01-01T00:00:00Z' },
      ],
      conflicts: [
        {
          replica: 'p',
          ip: '192.0.2.4',
          link: 'eth0',
          mac: '02:00:00:00:00:01',
          announced: false,
          since: '2026-01-01T00:00:00Z',
        },
      ],
    };
    await api.store(eips, { ...POOL, spec: { ...POOL.spec, reuseAfterSeconds: 86_400 }, status });
    const { items, totalItems } = await api.answer<Page<PoolAddress>>('pools/a/addresses?limit=20');
    assert.equal(totalItems, 8);
    assert.deepEqual(
      items.map(({ ip, state, services }) => `${ip} ${state} ${services.join()}`.trim()),
      [
        '192.0.2.0 free',
        '192.0.2.1 used shop/web',
        '192.0.2.2 used bank/vault',
        '192.0.2.3 resting shop/old',
        '192.0.2.4 conflict',
        '192.0.2.5 free',
        '192.0.2.6 free',
        '192.0.2.7 free',
      ],
    );
    assert.equal(items[1]?.since, '2026-01-02T00:00:00Z');
    assert.match(items[3]?.restsUntil ?? '', /^20\d\d-/);
    assert.equal(items[4]?.heldBy, '02:00:00:00:00:01');
    const free = await api.answer<Page<PoolAddress>>('pools/a/addresses?state=free&limit=1');
    assert.deepEqual([free.totalItems, free.items.map(({ ip }) => ip)], [4, ['192.0.2.0']]);
  });

  test('of a huge pool are those that are used', async (context) => {
    const api = await bench(context);
    await api.store(eips, { metadata: { name: 'v6' }, spec: { address: '2001:db8::/64' } });
    await api.store(kinds.services, served('shop/six', '2001:db8::5', 'v6'));
    const answer = await api.answer<Page<PoolAddress> & { complete: boolean }>('pools/v6/addresses');
    assert.deepEqual([answer.complete, answer.items.map(({ ip }) => ip)], [false, ['2001:db8::5']]);
    const { use } = await api.answer<PoolAnswer>('pools/v6');
    assert.deepEqual([use.size, use.used], ['18446744073709551616', 1]);
  });

  test('name only the Services that the reader may list', async (context) => {
    const api = await bench(context);
    api.users.set('tenant', { name: 'tenant', may: ['get pools/addresses', 'list services shop'] });
    const { items } = await api.answer<Page<PoolAddress>>('pools/a/addresses?state=used', { token: 'tenant' });
    assert.deepEqual(
      items.map(({ services }) => services),
      [['shop/web'], [null]],
    );
    assert.equal((await api.get('services', { token: 'tenant' })).status, 403);
  });
});

test('peers have the state of each session as replicas say it now, whatever was written of it, and name who is silent', async (context) => {
  const api = await bench(context);
  const replicas = ['porter-0', 'porter-1', 'porter-2', 'gone'].map((replica) => {
    return { replica, node: `${replica}-node`, sessionState: 'Established' as const };
  });
  await api.store(bgpPeers, { ...PEER, status: { replicas } });
  api.replicas.set('porter-0', factsOf('porter-0', { sessions: [aSession('r1', 'Active')] }));
  // A word of a later version.
  api.replicas.set('porter-1', factsOf('porter-1', { sessions: [aSession('r1', 'Dreaming')] }));
  api.replicas.set('porter-2', undefined);
  api.replicas.set('porter-3', factsOf('porter-3'));
  const states = [
    { replica: 'porter-0', node: 'porter-0-node', state: 'Active' },
    { replica: 'porter-1', node: 'porter-1-node', state: 'Idle' },
    { replica: 'porter-2', node: 'porter-2-node', state: 'Unknown' },
  ];
  const page = await api.answer<Page<PeerSummary> & Pick<PeerAnswer, 'replicas'>>('peers');
  const one = await api.answer<PeerAnswer>('peers/r1');
  for (const { established, sessions, states: said } of [...page.items, one]) {
    assert.deepEqual([established, sessions, said], [0, 3, states]);
  }
  const silent = page.replicas.filter(({ answered }) => !answered);
  assert.deepEqual(
    silent.map(({ name, problem }) => [name, problem]),
    [['porter-2', 'connect ECONNREFUSED']],
  );
  assert.equal((await api.answer<Overview>('overview')).counts.peers.established, 0);
});

test('a peer says whether it is being shut down gracefully', async (context) => {
  const api = await bench(context);
  const said = async (): Promise<boolean[]> => {
    const { items } = await api.answer<Page<PeerSummary>>('peers');
    return [...items, await api.answer<PeerAnswer>('peers/r1')].map((peer) => peer.gracefulShutdown);
  };
  assert.deepEqual(await said(), [false, false]);
  await api.store(bgpPeers, { ...PEER, spec: { ...PEER.spec, gracefulShutdown: true } });
  assert.deepEqual(await said(), [true, true]);
});

test('a peer shows the session of each replica, and names the one that does not answer', async (context) => {
  const api = await bench(context);
  const failed = { ...aSession('r1', 'Active'), lastError: 'the router said: Cease, administrative shutdown' };
  const bfd = {
    ...{ state: 'Up', since: '2026-01-01T00:00:00Z', transmitIntervalMs: 300, detectionTimeMs: 900 },
    ...{ diagnostic: undefined, remoteDiagnostic: undefined, problem: undefined },
  };
  api.replicas.set('porter-0', factsOf('porter-0', { sessions: [{ ...aSession('r1'), bfd }] }));
  api.replicas.set('porter-1', factsOf('porter-1', { sessions: [failed] }));
  api.replicas.set('porter-2', undefined);
  const { live, replicas } = await api.answer<PeerAnswer>('peers/r1');
  assert.deepEqual(
    live.map(({ replica, state, lastError }) => [replica, state, lastError]),
    [
      ['porter-0', 'Established', null],
      ['porter-1', 'Active', 'the router said: Cease, administrative shutdown'],
    ],
  );
  assert.deepEqual([live[0]?.negotiated?.families[0]?.addPath, live[1]?.negotiated], [true, null]);
  assert.deepEqual(live[0]?.negotiated?.restart, {
    ...{ restartTimeSeconds: 120, routerRestartTimeSeconds: 60, notification: true },
  });
  assert.deepEqual(live[0].negotiated.capabilities, ['add-path ipv4-unicast receive']);
  assert.deepEqual(live[0]?.counters.updatesSent, 4);
  assert.deepEqual(
    live.map(({ bfd: found }) => [found?.state, found?.detectionTimeMs]),
    [
      ['Up', 900],
      [undefined, undefined],
    ],
  );
  assert.deepEqual(
    replicas.map(({ name, answered, problem }) => [name, answered, problem]),
    [
      ['porter-0', true, undefined],
      ['porter-1', true, undefined],
      ['porter-2', false, 'connect ECONNREFUSED'],
    ],
  );
});

test('nodes have the verdict of the replicas with its evidence', async (context) => {
  const api = await bench(context);
  const verdict = (node: string, health: 'alive' | 'dead'): ReplicaReport['nodes'][number] => ({
    ...{ node, address: '203.0.113.11', health, since: '2026-01-01T00:00:00Z', found: 'no answer within 500 ms' },
    ...{
      answered: undefined,
      status: undefined,
      misses: 3,
      ailingMs: 0,
      witness: 'nothing',
      witnessSaid: 'TCP port 10250: no answer',
      flaps: 0,
    },
  });
  api.replicas.set('porter-0', factsOf('porter-0', { nodes: [verdict('n1', 'dead'), verdict('n2', 'alive')] }));
  api.replicas.set('porter-1', factsOf('porter-1', { nodes: [verdict('n1', 'dead'), verdict('n2', 'dead')] }));
  const { items } = await api.answer<Page<NodeAnswer>>('nodes', { headers: { 'accept-language': 'zh' } });
  assert.deepEqual(
    items.map(({ name, verdict: word, takesTraffic }) => [name, word, takesTraffic]),
    [
      ['n1', 'dead', false],
      ['n2', 'divided', true],
    ],
  );
  assert.deepEqual(items[0]?.because, { reason: 'NodeDead', text: '节点 n1 没有应答。' });
  assert.deepEqual(
    items[1]?.evidence.map(({ replica, health }) => [replica, health]),
    [
      ['porter-0', 'alive'],
      ['porter-1', 'dead'],
    ],
  );
});

suite('Services', () => {
  test('are those of type LoadBalancer, ours and others', async (context) => {
    const api = await bench(context);
    const spec = { type: 'LoadBalancer', loadBalancerClass: 'example.com/other', ports: [{ port: 80 }] };
    await api.store(kinds.services, { metadata: { name: 'theirs', namespace: 'shop' }, spec });
    await api.store(kinds.services, {
      metadata: { name: 'inner', namespace: 'shop' },
      spec: { ports: [{ port: 80 }] },
    });
    const { items, totalItems } = await api.answer<Page<ServiceSummary>>('namespaces/shop/services');
    assert.equal(totalItems, 2);
    assert.deepEqual(
      items.map(({ name, served: ours, ips, pools }) => [name, ours, ips, pools]),
      [
        ['theirs', false, [], []],
        ['web', true, ['192.0.2.1'], ['a']],
      ],
    );
    assert.equal(items[0]?.notServedBecause?.reason, 'ForeignClass');
    assert.deepEqual(items[1]?.announced?.reason, 'Announced');
    const all = await api.answer<Page<ServiceSummary>>('services?sortBy=namespace&ascending=true');
    assert.deepEqual(
      all.items.map(({ namespace, name }) => `${namespace}/${name}`),
      ['bank/vault', 'shop/theirs', 'shop/web'],
    );
  });

  test('show the way of an address, what is meant apart from what stands', async (context) => {
    const api = await bench(context);
    const addresses = [announced('192.0.2.1', 'shop/web', ['203.0.113.11', '203.0.113.12'])];
    api.replicas.set('porter-0', factsOf('porter-0', { addresses, sessions: [aSession('r1')] }));
    api.replicas.set(
      'porter-1',
      factsOf('porter-1', { addresses, medOffset: 200, sessions: [aSession('r1', 'Connect')] }),
    );
    const { paths } = await api.answer<ServiceAnswer>('namespaces/shop/services/web');
    const [path] = paths;
    assert.ok(path !== undefined);
    assert.deepEqual([path.ip, path.pool, path.protocol, path.verdict?.reason], ['192.0.2.1', 'a', 'bgp', 'Announced']);
    assert.deepEqual(
      path.nodes.map(({ node, addresses: at }) => [node, ...at]),
      [
        ['n1', '203.0.113.11'],
        ['n2', '203.0.113.12'],
      ],
    );
    const [peer] = path.peers;
    assert.deepEqual(peer?.intended[0], { replica: 'porter-0', med: 100, nextHops: ['203.0.113.11', '203.0.113.12'] });
    assert.deepEqual(
      peer?.confirmed.map(({ replica, state }) => [replica, state]),
      [
        ['porter-0', 'Established'],
        ['porter-1', 'Connect'],
      ],
    );
  });
});

test('on a link, the way of an address ends at the MAC that neighbours learn', async (context) => {
  const api = await bench(context);
  await api.store(eips, { ...POOL, spec: { ...POOL.spec, protocol: 'layer2' } });
  const owned = { ...announced('192.0.2.1', 'shop/web', []), nodes: ['n2'], routes: [] };
  const links = [
    { name: 'eth0', mac: '02:00:00:00:00:01', prefixes: ['203.0.113.12/24'] },
    { name: 'eth1', mac: '02:00:00:00:00:02', prefixes: ['fd00::1/64', '192.0.2.250/24'] },
  ];
  api.replicas.set('porter-0', { ...factsOf('porter-0', { addresses: [owned] }), node: 'n1' });
  api.replicas.set('porter-1', { ...factsOf('porter-1', { links }), node: 'n2' });
  const { paths } = await api.answer<ServiceAnswer>('namespaces/shop/services/web');
  assert.deepEqual(
    paths.map(({ owner, mac }) => [owner, mac]),
    [['n2', '02:00:00:00:00:02']],
  );
});

test('what runs is told of every replica', async (context) => {
  const api = await bench(context);
  api.replicas.set('porter-1', factsOf('porter-1', { version: '0.0.9', stale: true }));
  const { version, replicas } = await api.answer<Version>('version');
  assert.deepEqual([version, replicas.map(({ leads }) => leads)], ['0.0.9', [true, false]]);
  assert.equal(replicas[1]?.viewIsStale, true);
});
