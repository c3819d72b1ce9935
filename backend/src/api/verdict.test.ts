import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import type { BgpPeer } from '../cluster/custom-kinds.ts';
import { nodesAt } from '../domain/node.ts';
import { REASON_GROUPS, type Reason } from '../domain/reason.ts';
import { announced as conditionOf } from '../report/announced.ts';
import type { EipConflict } from '../resources/eip.ts';
import { SERVICE_CONDITIONS } from '../resources/keys.ts';
import type { Explanation, ServiceAnswer } from './schemas/service.ts';
import { ApiBench, bgpPeers, eips, factsOf, kinds, served } from './testing/api-bench.ts';
import { announced, aNode, aSession } from './testing/facts.ts';
import { LAN, PEER, pods, POOL, whatIf } from './testing/what-if.ts';

type Said = ReturnType<typeof announced>;

/** How an address of shop/web is. */
interface State {
  /** What the engine says of it, beside that it is announced. */
  readonly said?: Partial<Said>;
  readonly engine?: Reason;
  /** Somebody else answers for it on its link. */
  readonly conflict?: Partial<EipConflict>;
  readonly layer2?: true;
  readonly peer?: 'none' | 'shut down' | 'without a session';
  /** It has been announced before. */
  readonly before?: false;
}

const IP = '192.0.2.1';
const STRANGER = { replica: 'porter-1', ip: IP, link: 'eth0', mac: '02:00:00:00:00:99', since: '2026-01-01T00:00:00Z' };

/** By the reason of the condition; each that it can have is there. */
const STATES: Readonly<Record<string, State>> = {
  Announced: {},
  ...Object.fromEntries(
    (['NoAddress', 'NotInRecordedPool', 'NoEndpoints', 'NoLocalEndpoints', 'AllNodesExcluded'] as const).map(only),
  ),
  ...Object.fromEntries((['NoEligibleNode', 'ProtocolNotSupported'] as const).map(only)),
  HeldByOlderService: { said: { services: ['bank/older'], younger: ['shop/web'] } },
  SharerWithoutEndpoints: { said: { services: ['shop/other', 'shop/web'], idle: ['shop/web'] } },
  NoPeer: { peer: 'none' },
  'NoPeer ': { peer: 'shut down' },
  NoPeerEstablished: { peer: 'without a session' },
  ...Object.fromEntries(
    (['AnnouncedForNode', 'NoReplicaOnLink', 'NodeNotMet', 'AddressProbing'] as const).map((engine) => {
      return [engine, { layer2: true, engine }];
    }),
  ),
  AddressConflict: { layer2: true, before: false, conflict: { announced: false } },
  'AddressConflict ': { layer2: true, before: false, engine: 'AddressConflict' },
  AddressTaken: { layer2: true, conflict: { announced: false } },
  AddressContested: { layer2: true, conflict: { announced: true } },
  AnsweredByNode: { layer2: true, conflict: { announced: true, node: 'n2' } },
};

function only(engine: Reason): [string, State] {
  return [engine, { engine }];
}

function peerIn({ peer }: State): BgpPeer & typeof PEER {
  const conf = { ...PEER.spec.conf, adminDown: peer === 'shut down' };
  const sessionState = peer === undefined ? 'Established' : 'Active';
  return { ...PEER, spec: { conf }, status: { replicas: [{ replica: 'porter-0', sessionState }] } };
}

function serviceIn({ before }: State): kinds.Service {
  const service = served('shop/web', IP);
  if (before !== false) return service;
  const conditions = service.status?.conditions?.filter(({ type }) => type !== SERVICE_CONDITIONS.announced) ?? [];
  return { ...service, status: { ...service.status, conditions } };
}

async function bench(context: TestContext, state: State): Promise<ApiBench> {
  const api = await new ApiBench().start();
  context.after(async () => await api.stop());
  const { layer2, conflict, peer, engine = 'Announced' } = state;
  const conflicts = conflict === undefined ? [] : [{ ...STRANGER, announced: true, ...conflict }];
  const spec = { ...POOL.spec, protocol: layer2 ? 'layer2' : 'bgp' } as const;
  await api.store(eips, { ...POOL, spec, status: { conflicts } });
  if (peer !== 'none') await api.store(bgpPeers, peerIn(state));
  await api.store(kinds.nodes, aNode('n1', '203.0.113.11'), aNode('n2', '203.0.113.12'));
  await api.store(kinds.services, serviceIn(state));
  const params = { ip: IP, pool: 'a', node: 'n2', mac: STRANGER.mac, protocol: 'bgp' };
  const said = { ...announced(IP, 'shop/web', ['203.0.113.11']), finding: { reason: engine, params }, ...state.said };
  const sessions = peer === undefined ? [aSession('r1')] : peer === 'none' ? [] : [aSession('r1', 'Active')];
  api.replicas.set('porter-0', factsOf('porter-0', { node: 'n1', sessions, links: LAN, addresses: [said] }));
  return api;
}

/** The condition that the leader writes of what the same engine says. */
function conditionNow({ view, replicas }: ApiBench): ReturnType<typeof conditionOf> {
  const service = view.services.get('shop/web');
  assert.ok(service);
  const reports = new Map(replicas.get('porter-0')?.addresses.map((said) => [said.ip, said]));
  const peers = [...view.peers.values()].map(([name, peer]) => {
    const itself = nodesAt(peer.address, view.nodes.values());
    return { peer, itself, replicas: view.peerObject(name)?.status?.replicas ?? [] };
  });
  return conditionOf(service, { reports, pools: view.poolsInForce(), peers });
}

suite('an explanation says what the condition Announced says', () => {
  for (const [name, state] of Object.entries(STATES)) {
    const reason = name.trim();
    test(`${reason}: ${JSON.stringify(state)}`, async (context) => {
      const api = await bench(context, state);
      const condition = conditionNow(api);
      assert.equal(condition?.reason, reason);
      const told = await api.answer<Explanation>('namespaces/shop/services/web/explanation');
      const { paths } = await api.answer<ServiceAnswer>('namespaces/shop/services/web');
      assert.equal(paths[0]?.verdict?.reason, reason);
      assert.equal(paths[0].announced, condition.status === 'True');
      const isGood = told.result === 'reachable' || told.result === 'warning';
      assert.equal(isGood, condition.status === 'True', `${told.result}: ${told.sentence}`);
      assert.equal(told.result === 'reachable', reason === 'Announced');
      const decisive = told.checks.find(({ result }) => result === 'failed' || result === 'warning');
      assert.equal(decisive?.reason ?? 'Announced', reason);
      assert.ok(told.nextStep.length > 10, told.nextStep);
    });
  }

  test('of every reason that it can have', () => {
    const covered = new Set(Object.keys(STATES).map((name) => name.trim()));
    assert.deepEqual([...covered].sort(), [...REASON_GROUPS.announcing].sort());
  });

  test('without the name of the older Service to whom may not see it, and without the nodes that take its traffic', async (context) => {
    const api = await bench(context, STATES['HeldByOlderService'] ?? {});
    api.users.set('tenant', { name: 'tenant', may: ['get services shop', 'get services/explanation shop'] });
    const ask = { token: 'tenant' };
    const told = await api.get('namespaces/shop/services/web/explanation', ask);
    assert.match(told.text, /held by another Service/);
    assert.doesNotMatch(told.text, /bank/);
    const { paths } = await api.answer<ServiceAnswer>('namespaces/shop/services/web', ask);
    assert.deepEqual([paths[0]?.nodes, paths[0]?.owner, paths[0]?.announced], [[], null, false]);
  });
});

suite('a simulation begins with what the condition Announced says', () => {
  for (const [name, state] of Object.entries(STATES)) {
    // Of what an engine alone knows it is not told.
    if (state.engine !== undefined || state.said !== undefined) continue;
    test(`${name.trim()}: ${JSON.stringify(state)}`, async (context) => {
      const api = await bench(context, state);
      await api.store(kinds.endpointSlices, pods('shop/web', 'n1'));
      const condition = conditionNow(api);
      const { loses, keeps, changes } = await whatIf(api, { drainNodes: ['n1', 'n2'] });
      assert.deepEqual([loses, keeps], condition?.status === 'True' ? [1, 0] : [0, 1]);
      if (condition?.status === 'True') assert.equal(changes[0]?.before.reason, condition.reason);
    });
  }
});

suite('where a replica does not answer', () => {
  test('that may have the session, it is not known whether a Service can be reached', async (context) => {
    const api = await bench(context, { peer: 'without a session' });
    api.replicas.set('porter-1', undefined);
    const told = await api.answer<Explanation>('namespaces/shop/services/web/explanation');
    assert.equal(told.result, 'unknown');
    assert.match(told.nextStep, /Look at the Pod porter-1/);
    const { details } = told.checks.find(({ result }) => result === 'unknown') ?? {};
    assert.match(details?.join() ?? '', /porter-1 may have a session with r1/);
  });

  test('what it wrote last counts for the verdict, as for the condition', async (context) => {
    const api = await bench(context, { peer: 'without a session' });
    api.replicas.set('porter-1', undefined);
    const replicas = [{ replica: 'porter-1', sessionState: 'Established' }] as const;
    await api.store(bgpPeers, { ...PEER, status: { replicas } } as typeof PEER);
    const { paths } = await api.answer<ServiceAnswer>('namespaces/shop/services/web');
    assert.deepEqual([paths[0]?.verdict?.reason, conditionNow(api)?.reason], ['Announced', 'Announced']);
    const told = await api.answer<Explanation>('namespaces/shop/services/web/explanation');
    assert.equal(told.result, 'unknown');
  });
});
