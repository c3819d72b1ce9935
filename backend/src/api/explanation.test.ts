import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import type { ReplicaReport } from './replicas/facts.ts';
import type { Explanation } from './schemas/service.ts';
import { ApiBench, bgpPeers, eips, factsOf, kinds, served } from './testing/api-bench.ts';
import { announced, aNode, aSession } from './testing/facts.ts';

const POOL = { metadata: { name: 'a' }, spec: { address: '192.0.2.0/30' } };
const PEER = { metadata: { name: 'r1' }, spec: { conf: { peerAs: 65000, neighborAddress: '203.0.113.1' } } };
const HOPS = ['203.0.113.11', '203.0.113.12'];

function otherPeer(name: string, neighborAddress: string, rest: object = {}): typeof PEER {
  return { metadata: { name }, spec: { conf: { ...PEER.spec.conf, neighborAddress }, ...rest } };
}

async function bench(context: TestContext): Promise<ApiBench> {
  const api = await new ApiBench().start();
  context.after(async () => await api.stop());
  await api.store(eips, POOL);
  await api.store(bgpPeers, PEER);
  await api.store(kinds.nodes, aNode('n1', '203.0.113.11'), aNode('n2', '203.0.113.12'));
  await api.store(kinds.services, served('shop/web', '192.0.2.1'));
  said(api, {});
  return api;
}

function said(api: ApiBench, facts: Partial<ReplicaReport>): void {
  const addresses = [announced('192.0.2.1', 'shop/web', HOPS)];
  api.replicas.set('porter-0', factsOf('porter-0', { addresses, sessions: [aSession('r1')], ...facts }));
}

async function explained(
  api: ApiBench,
  key = 'shop/web',
  headers: Record<string, string> = {},
  token = 'admin',
): Promise<Explanation> {
  const [namespace, name] = key.split('/');
  return await api.answer<Explanation>(`namespaces/${namespace}/services/${name}/explanation`, { headers, token });
}

function chain({ checks }: Explanation): string {
  return checks.map(({ check, result }) => (result === 'passed' ? check : `${check}:${result}`)).join(' ');
}

/** As the leader left it, with its last word. */
function leftBy(service: kinds.Service, reason: string, message: string): kinds.Service {
  const condition = { type: 'network.kubesphere.io/Allocated', status: 'False', reason, message };
  const conditions = [{ ...condition, lastTransitionTime: '2026-01-02T00:00:00Z' }];
  return { ...service, status: { ...service.status, conditions } };
}

function withoutAddress(key: string, annotations: Record<string, string>): kinds.Service {
  const service = served(key, '192.0.2.1');
  return { ...service, metadata: { ...service.metadata, annotations }, status: {} };
}

suite('a Service that can be reached', () => {
  test('is told so, with every link of the chain', async (context) => {
    const answer = await explained(await bench(context));
    assert.equal(chain(answer), 'served address pool endpoints nodes announced peers');
    assert.deepEqual([answer.result, answer.sentence], ['reachable', 'The Service can be reached at 192.0.2.1.']);
    assert.equal(answer.nextStep, 'Nothing needs to be done.');
    assert.match(answer.checks.at(-1)?.text ?? '', /r1 hears of 192\.0\.2\.1 with 2 next hops, from porter-0/);
  });

  test('by a router without ADD-PATH is told what it misses', async (context) => {
    const api = await bench(context);
    said(api, { sessions: [aSession('r1', 'Established', false)] });
    const answer = await explained(api);
    assert.equal(chain(answer), 'served address pool endpoints nodes announced peers:warning');
    assert.match(answer.sentence, /can be reached at 192\.0\.2\.1, but: .*ADD-PATH/);
    assert.match(answer.nextStep, /Switch on ADD-PATH receive/);
  });

  test('beside a replica that does not answer is told of that one', async (context) => {
    const api = await bench(context);
    api.replicas.set('porter-1', undefined);
    const answer = await explained(api);
    assert.equal(chain(answer), 'served address pool endpoints nodes announced peers replicas:warning');
    assert.match(answer.nextStep, /Look at the Pod porter-1/);
  });

  test('by one of two routers is told of the other one', async (context) => {
    const api = await bench(context);
    await api.store(bgpPeers, otherPeer('r2', '203.0.113.2'));
    const answer = await explained(api);
    assert.equal(chain(answer), 'served address pool endpoints nodes announced peers peers:warning');
    assert.match(answer.nextStep, /Look at the BgpPeer r2/);
  });
});

suite('a Service that can not be reached', () => {
  test('for want of the router says what the session says', async (context) => {
    const api = await bench(context);
    said(api, { sessions: [{ ...aSession('r1', 'Active'), lastError: 'connection refused' }] });
    const answer = await explained(api);
    assert.equal(chain(answer), 'served address pool endpoints nodes announced peers:failed');
    assert.match(answer.sentence, /can't be reached: .*r1 has no session with porter-0: Active\. connection refused/);
    assert.match(answer.nextStep, /Look at the BgpPeer r1 and at the router/);
  });

  test('for want of nodes says why each of them is left out', async (context) => {
    const api = await bench(context);
    const nobody = {
      ...announced('192.0.2.1', 'shop/web', []),
      ...{ nodes: [], routes: [], finding: { reason: 'NoLocalEndpoints', params: { ip: '192.0.2.1' } } as const },
      leftOut: [
        { reason: 'NoLocalEndpoint', params: { node: 'n1' } },
        { reason: 'NodeDead', params: { node: 'n2' } },
      ] as const,
    };
    said(api, { addresses: [nobody] });
    const answer = await explained(api);
    assert.equal(chain(answer), 'served address pool endpoints nodes:failed announced:skipped peers:skipped');
    const nodes = answer.checks.find(({ check }) => check === 'nodes');
    assert.deepEqual(nodes?.details, [
      'Left out: No Pod of the Service runs on the node n1.',
      'Left out: The node n2 does not answer.',
    ]);
    assert.match(answer.nextStep, /set externalTrafficPolicy to Cluster/);
  });

  test('for want of Pods says to look at them', async (context) => {
    const api = await bench(context);
    const finding = { reason: 'NoEndpoints', params: { ip: '192.0.2.1' } } as const;
    said(api, { addresses: [{ ...announced('192.0.2.1', 'shop/web', []), finding, nodes: [], routes: [] }] });
    const answer = await explained(api, 'shop/web', { 'accept-language': 'zh-CN' });
    assert.equal(chain(answer), 'served address pool endpoints:failed nodes:skipped announced:skipped peers:skipped');
    assert.equal(answer.sentence, '无法访问该 Service：该 Service 没有就绪的 Pod，因此 192.0.2.1 未被发布。');
    assert.equal(answer.nextStep, '请检查 Pod 和选择器。');
  });

  test('because nobody serves it says how it would be served', async (context) => {
    const api = await bench(context);
    const spec = { type: 'LoadBalancer', ports: [{ port: 80 }] };
    await api.store(kinds.services, { metadata: { name: 'plain', namespace: 'shop' }, spec });
    const answer = await explained(api, 'shop/plain');
    assert.equal(chain(answer), 'served:failed');
    assert.match(answer.nextStep, /lb\.kubesphere\.io\/v1alpha1: porter/);
  });

  test('for want of an address says what each pool says', async (context) => {
    const api = await bench(context);
    await api.store(eips, { metadata: { name: 'b' }, spec: { address: '198.51.100.0/30', disable: true } });
    await api.store(kinds.services, withoutAddress('shop/new', { 'eip.openelb.kubesphere.io/v1alpha2': 'b' }));
    const answer = await explained(api, 'shop/new');
    assert.equal(chain(answer), 'served address:failed');
    assert.equal(answer.checks[1]?.reason, 'PoolDisabled');
    assert.deepEqual(answer.checks[1]?.details, [
      'Eip b: The Eip b is disabled and gives no new addresses.',
      'Eip a: it has an address for the Service.',
    ]);
    assert.match(answer.nextStep, /Set its spec\.disable to false/);
  });

  test('for want of an address where there are many pools says what its own ones say, and how many are left out', async (context) => {
    const api = await bench(context);
    const others = Array.from({ length: 28 }, (_, i) => ({
      metadata: { name: `p${i + 10}` },
      spec: { address: `198.51.100.${i + 1}` },
    }));
    const mine = { name: 'y', annotations: { 'eip.porter.kubesphere.io/is-default-eip': 'true' } };
    await api.store(eips, ...others, { metadata: mine, spec: { address: '203.0.113.64', priority: 7 } });
    await api.store(eips, { metadata: { name: 'z' }, spec: { address: '203.0.113.65', disable: true, priority: 9 } });
    await api.store(kinds.services, withoutAddress('shop/new', { 'eip.openelb.kubesphere.io/v1alpha2': 'z' }));
    const details = (await explained(api, 'shop/new')).checks[1]?.details ?? [];
    assert.deepEqual(
      details.slice(0, 3).map((detail) => detail.slice(0, 7)),
      ['Eip z: ', 'Eip y: ', 'Eip a: '],
    );
    assert.deepEqual(details.slice(20), ['Further Eips, not listed: 11.']);
  });

  test('because nobody serves it is told otherwise at once when a pool becomes the default one', async (context) => {
    const api = await bench(context);
    const spec = { type: 'LoadBalancer', ports: [{ port: 80 }] };
    await api.store(kinds.services, { metadata: { name: 'plain', namespace: 'shop' }, spec });
    // Who looks at all of them has them looked at.
    await api.answer('services');
    const annotations = { 'eip.porter.kubesphere.io/is-default-eip': 'true' };
    await api.store(eips, { ...POOL, metadata: { name: 'a', annotations } } as typeof POOL);
    assert.equal(chain(await explained(api, 'shop/plain')), 'served address:failed');
    await api.store(eips, POOL);
    assert.equal(chain(await explained(api, 'shop/plain')), 'served:failed');
  });

  test('as another owner has the address that it wants does not tell a tenant whose', async (context) => {
    const api = await bench(context);
    await api.store(
      kinds.services,
      withoutAddress('bank/new', { 'lb.kubesphere.io/ips': '192.0.2.1', 'eip.openelb.kubesphere.io/v1alpha2': 'a' }),
    );
    api.users.set('tenant', { name: 'tenant', may: ['get services/explanation bank'] });
    const told = await explained(api, 'bank/new', {}, 'tenant');
    assert.match(told.sentence, /is held by another Service\./);
    assert.doesNotMatch(JSON.stringify(told), /shop/);
    const chinese = await explained(api, 'bank/new', { 'accept-language': 'zh' }, 'tenant');
    assert.match(chinese.sentence, /已被其他 Service 占用/);
    assert.match((await explained(api, 'bank/new')).sentence, /held by the Service shop\/web/);
  });

  test('knows of whom the leader would believe that it has the address: whom the pool’s status names, or all if it is restored', async (context) => {
    const api = await bench(context);
    const gold = { matchLabels: { tier: 'gold' } };
    const pool = { metadata: { name: 'g', generation: 1 }, spec: { address: '203.0.113.1', serviceSelector: gold } };
    const conditions = [{ type: 'Ready', status: 'True', reason: 'InUse', observedGeneration: 1 }];
    const wish = { 'lb.kubesphere.io/ips': '203.0.113.1', 'eip.openelb.kubesphere.io/v1alpha2': 'g' };
    const asking = withoutAddress('shop/gold', wish);
    await api.store(kinds.services, served('shop/old', '203.0.113.1', 'g'));
    await api.store(kinds.services, { ...asking, metadata: { ...asking.metadata, labels: { tier: 'gold' } } });
    for (const [status, reason] of [
      [{}, 'WantedAddressTaken'],
      [{ used: { '203.0.113.1': 'shop/old' }, conditions }, 'WantedAddressTaken'],
      [{ used: {}, conditions }, undefined],
    ] as const) {
      await api.store(eips, { ...pool, status } as typeof pool);
      const answer = await explained(api, 'shop/gold');
      assert.equal(answer.checks[1]?.reason ?? undefined, reason, JSON.stringify(status));
    }
  });
});

test('where no replica says anything of the address it is not known', async (context) => {
  const api = await bench(context);
  said(api, { addresses: [] });
  const answer = await explained(api);
  assert.equal(answer.result, 'unknown');
  assert.match(answer.nextStep, /Ask again/);
});

suite('a router that does not hear of a Service', () => {
  test('though a session stands, for want of the address family, makes it unreachable', async (context) => {
    const api = await bench(context);
    said(api, { sessions: [{ ...aSession('r1'), families: [{ family: 'ipv6-unicast', addPath: true }] }] });
    const answer = await explained(api);
    assert.equal(chain(answer), 'served address pool endpoints nodes announced peers:failed');
    assert.match(answer.sentence, /r1 has a session and has not agreed to exchange IPv4 routes/);
    assert.match(answer.nextStep, /Activate IPv4 unicast/);
  });

  test('though a session stands, for want of a next hop, makes it unreachable', async (context) => {
    const api = await bench(context);
    said(api, { addresses: [{ ...announced('192.0.2.1', 'shop/web', HOPS), routes: [] }] });
    const answer = await explained(api);
    assert.equal(answer.result, 'unreachable');
    assert.match(answer.sentence, /r1 has a session and is told nothing of 192\.0\.2\.1/);
  });

  test('as somebody has shut it down, makes it unreachable, and is no news beside one that hears', async (context) => {
    const api = await bench(context);
    const down = { ...PEER, spec: { conf: { ...PEER.spec.conf, adminDown: true } } };
    await api.store(bgpPeers, down);
    const alone = await explained(api);
    assert.deepEqual([alone.result, alone.checks.at(-1)?.reason], ['unreachable', 'NoPeer']);
    assert.match(alone.checks.at(-1)?.details.join() ?? '', /r1 is shut down/);
    assert.deepEqual((await api.answer<{ peers: string[] }>('pools/a')).peers, []);
    await api.store(bgpPeers, PEER, { ...down, metadata: { name: 'r2' } });
    const beside = await explained(api);
    assert.equal(beside.result, 'reachable');
    assert.match(beside.checks.at(-1)?.details.join() ?? '', /r2 is shut down/);
  });

  test('as an older BgpPeer is the same neighbour, is no news beside that one', async (context) => {
    const api = await bench(context);
    await api.store(bgpPeers, otherPeer('r2', '203.0.113.1'));
    const { result, checks } = await explained(api);
    assert.equal(result, 'reachable');
    assert.match(checks.at(-1)?.details.join() ?? '', /BgpPeer r2 names the same router as the older BgpPeer r1/);
    assert.deepEqual((await api.answer<{ peers: string[] }>('pools/a')).peers, ['r1']);
    const chinese = await explained(api, 'shop/web', { 'accept-language': 'zh' });
    assert.match(chinese.checks.at(-1)?.details.join() ?? '', /BgpPeer r2 .*r1/);
  });

  test('as no replica runs where it is for, makes it unreachable, with how to mend that', async (context) => {
    const api = await bench(context);
    const nodeSelector = { matchLabels: { rack: 'none' } };
    await api.store(bgpPeers, { ...PEER, spec: { ...PEER.spec, nodeSelector } } as typeof PEER);
    said(api, { sessions: [] });
    const { result, checks, nextStep } = await explained(api);
    assert.equal(result, 'unreachable');
    assert.match(
      checks.at(-1)?.details.join() ?? '',
      /No replica runs on a node that the nodeSelector of the BgpPeer r1/,
    );
    assert.match(nextStep, /Look at the status of the BgpPeers/);
    assert.deepEqual((await api.answer<{ peers: string[] }>('pools/a')).peers, []);
  });

  test('at another port is told which one must be open, and that nobody has a session where that is so', async (context) => {
    const api = await bench(context);
    const transport = { remotePort: 1790 };
    await api.store(bgpPeers, { ...PEER, spec: { ...PEER.spec, transport } } as typeof PEER);
    said(api, { sessions: [] });
    const { sentence, nextStep } = await explained(api);
    assert.match(sentence, /can't be reached: No replica has a session with the peer r1/);
    assert.match(nextStep, /TCP port 1790/);
  });

  test('as it exchanges another family only, is told so', async (context) => {
    const api = await bench(context);
    const afiSafis = [{ config: { family: { afi: 'AFI_IP6', safi: 'SAFI_UNICAST' }, enabled: true } }];
    await api.store(bgpPeers, { ...PEER, spec: { ...PEER.spec, afiSafis } } as typeof PEER);
    const answer = await explained(api);
    assert.deepEqual([answer.result, answer.checks.at(-1)?.reason], ['unreachable', 'NoPeer']);
    assert.match(answer.checks.at(-1)?.details.join() ?? '', /r1 exchanges no IPv4 routes/);
  });
});

suite('the last word of the leader', () => {
  test('is told where it would plan otherwise now', async (context) => {
    const api = await bench(context);
    const [what, advice] = ['The API server refused the address.', 'Look at the webhook.'];
    const waiting = withoutAddress('shop/new', { 'eip.porter.kubesphere.io/v1alpha2': 'a' });
    await api.store(kinds.services, leftBy(waiting, 'Refused', `${what} ${advice}`));
    const { sentence, nextStep, checks } = await explained(api, 'shop/new');
    assert.deepEqual([sentence, nextStep], [`The Service can't be reached: ${what}`, advice]);
    assert.equal(checks.at(-1)?.reason, 'Refused');
  });
});
