/** A router that hears from each replica of that one's own node alone: what users are told of it. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { PeerAnswer } from './schemas/peer.ts';
import type { Explanation, ServiceAnswer } from './schemas/service.ts';
import type { Preflight } from './schemas/simulation.ts';
import { ApiBench, bgpConfs, bgpPeers, eips, factsOf, kinds, served } from './testing/api-bench.ts';
import { announced, aNode, aSession } from './testing/facts.ts';
import { effects, local, pods, whatIf } from './testing/what-if.ts';

const CONF = { peerAs: 65000, neighborAddress: '203.0.113.1' };

async function bench(context: TestContext, nextHopSelf = true): Promise<ApiBench> {
  const api = await new ApiBench().start();
  context.after(async () => await api.stop());
  await api.store(bgpConfs, { metadata: { name: 'default' }, spec: { as: 64512 } });
  await api.store(eips, { metadata: { name: 'a' }, spec: { address: '192.0.2.0/30' } });
  await api.store(bgpPeers, { metadata: { name: 'r1' }, spec: { conf: CONF, nextHopSelf } });
  await api.store(kinds.nodes, aNode('n1', '203.0.113.11'), aNode('n2', '203.0.113.12'));
  await api.store(kinds.services, served('shop/web', '192.0.2.1'));
  return api;
}

/** The replica on a node, with a session, and what it tells the router: its own node with this MED, or nothing. */
function says(api: ApiBench, n: number, med?: number): void {
  const told = announced('192.0.2.1', 'shop/web', [`203.0.113.1${n}`]);
  const routes = med === undefined ? [] : told.routes.map((route) => ({ ...route, med }));
  const sessions = [aSession('r1', 'Established', false)];
  api.replicas.set(
    `porter-${n}`,
    factsOf(`porter-${n}`, { node: `n${n}`, addresses: [{ ...told, routes }], sessions }),
  );
}

async function peersCheck(api: ApiBench): Promise<{ result: string; text: string; next: string }> {
  const answer = await api.answer<Explanation>('namespaces/shop/services/web/explanation');
  const { result = '', text = '' } = answer.checks.find(({ check }) => check === 'peers') ?? {};
  return { result, text, next: answer.nextStep };
}

test('its Service is explained by all that it hears, as far as nothing better is told', async (context) => {
  const api = await bench(context);
  says(api, 1, 100);
  says(api, 2, 100);
  const both = await peersCheck(api);
  assert.equal(both.result, 'passed');
  assert.match(both.text, /with 2 next hops, .*own node.*: porter-1, porter-2/);
  api.clock.advance(2_000);
  says(api, 2, 400);
  assert.match((await peersCheck(api)).text, /with one next hop only.*only porter-1 has one/);
});

test('where one node alone is told, or none, it is said what to do', async (context) => {
  const api = await bench(context);
  says(api, 1, 100);
  const one = await peersCheck(api);
  assert.equal(one.result, 'warning');
  assert.match(one.next, /DaemonSet/);
  api.clock.advance(2_000);
  says(api, 1);
  const none = await peersCheck(api);
  assert.deepEqual([none.result, /told nothing of 192\.0\.2\.1/.test(none.text)], ['failed', true]);
  assert.match(none.next, /DaemonSet/);
});

test('what its Service is told to be is what is told to the router, in an explanation and in a simulation', async (context) => {
  const api = await bench(context);
  await api.store(kinds.endpointSlices, pods('shop/web', 'n1', 'n2'));
  await api.store(kinds.services, local(served('shop/web', '192.0.2.1')));
  says(api, 1, 100);
  // Without the only node that has a replica the router is told nothing, though the other node takes traffic.
  assert.deepEqual(effects(await whatIf(api, { drainNodes: ['n1'] })), ['loses 192.0.2.1 shop/web n1+n2 -> n2']);
  api.clock.advance(2_000);
  says(api, 2, 100);
  assert.deepEqual(effects(await whatIf(api, { drainNodes: ['n1'] })), ['moves 192.0.2.1 shop/web n1+n2 -> n2']);
  api.clock.advance(2_000);
  for (const n of [1, 2]) {
    const untold = { ...announced('192.0.2.1', 'shop/web', []), nodes: ['n3'], routes: [] };
    const sessions = [aSession('r1', 'Established', false)];
    api.replicas.set(`porter-${n}`, factsOf(`porter-${n}`, { node: `n${n}`, addresses: [untold], sessions }));
  }
  const { paths } = await api.answer<ServiceAnswer>('namespaces/shop/services/web');
  assert.deepEqual([paths[0]?.announced, paths[0]?.verdict?.reason], [false, 'NoPeerEstablished']);
  const { result } = await api.answer<Explanation>('namespaces/shop/services/web/explanation');
  assert.equal(result, 'unreachable');
});

test('the way of an address and the peer say what kind of router it is', async (context) => {
  for (const nextHopSelf of [true, false]) {
    const api = await bench(context, nextHopSelf);
    says(api, 1, 100);
    const { paths } = await api.answer<ServiceAnswer>('namespaces/shop/services/web');
    assert.equal(paths[0]?.peers[0]?.nextHopSelf, nextHopSelf);
    const { nextHopSelf: shown, families } = await api.answer<PeerAnswer>('peers/r1');
    assert.deepEqual([shown, families[0]?.sendMax], [nextHopSelf, nextHopSelf ? 1 : 10]);
  }
});

test('preflight names the nodes that such a router never hears of', async (context) => {
  const api = await bench(context);
  const bgp = async (): Promise<Preflight['checks'][number] | undefined> =>
    (await api.answer<Preflight>('preflight')).checks.find(({ check }) => check === 'bgp');
  says(api, 1, 100);
  assert.deepEqual([(await bgp())?.result, (await bgp())?.objects], ['warning', ['n2']]);
  assert.match((await bgp())?.nextStep ?? '', /workload: DaemonSet/);
  api.clock.advance(2_000);
  says(api, 2, 100);
  assert.equal((await bgp())?.result, 'passed');
});
