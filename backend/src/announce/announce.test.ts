import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import texts from '../../../locales/en/reasons.json' with { type: 'json' };
import type { Node } from '../domain/node.ts';
import type { PeerOverride, Pool } from '../domain/pool.ts';
import { NO_ENDPOINTS } from '../domain/service.ts';
import { aNode, aPool, endpointsOn, range, someEndpoints } from '../domain/testing/builders.ts';
import { bgpRoute, decide, type Announcement, type BgpRoute, type Decision } from './announce.ts';
import type { HoldingService, PeerTarget } from './snapshot.ts';
import { holding, IP, N1, N2, N3, POOL, snapshot, WEB, type World } from './testing/world.ts';

const LOCAL_WEB = holding('shop/web', { trafficPolicy: 'Local' });

function nodesOf({ announcement }: Decision): string[] {
  return announcement?.nodes.map(({ name }) => name) ?? [];
}

function reasonOf({ finding, announcement }: Decision): string {
  assert.equal(announcement !== undefined, finding.reason === 'Announced');
  return finding.reason;
}

suite('the decision for an address', () => {
  test('announced through every eligible node, ranked by the frozen hash', () => {
    const decision = decide(IP, [WEB], snapshot({}));
    // The order is a golden vector of rendezvous.test.ts.
    assert.deepEqual(nodesOf(decision), ['n1', 'n3', 'n2']);
    assert.deepEqual(decision.leftOut, []);
  });

  test('not announced: nobody holds it', () => assert.equal(reasonOf(decide(IP, [], snapshot({}))), 'NoAddress'));

  test('not announced: no address at all', () => {
    assert.equal(reasonOf(decide('garbage', [WEB], snapshot({}))), 'NoAddress');
  });

  test('announced although its pool is disabled or being deleted: it is held', () => {
    const pool = aPool('public', ['192.0.2.0/24'], { disabled: true, deleting: true });
    assert.equal(reasonOf(decide(IP, [WEB], snapshot({ pools: [pool] }))), 'Announced');
  });

  test('not announced: no endpoint can answer', () => {
    assert.equal(reasonOf(decide(IP, [WEB], snapshot({ endpoints: endpointsOn([]) }))), 'NoEndpoints');
    assert.equal(reasonOf(decide(IP, [WEB], { ...snapshot({}), endpoints: new Map() })), 'NoEndpoints');
  });

  test('a dead node is left out, with the reason', () => {
    const decision = decide(IP, [WEB], snapshot({ health: { n3: 'dead' } }));
    assert.deepEqual(nodesOf(decision), ['n1', 'n2']);
    assert.deepEqual(decision.leftOut, [{ reason: 'NodeDead', params: { node: 'n3' } }]);
  });

  test('not announced: no node has an address of the family, so that there is no next hop', () => {
    const decision = decide(IP, [WEB], snapshot({ nodes: [aNode('n1', ['2001:db8::1'])] }));
    assert.equal(reasonOf(decision), 'NoEligibleNode');
    assert.deepEqual(decision.leftOut, [{ reason: 'NodeHasNoAddress', params: { node: 'n1', family: 'ipv4' } }]);
  });

  test('every withheld decision names its Service', () => {
    for (const world of [{ pools: [] }, { endpoints: endpointsOn([]) }, { nodes: [] }]) {
      const decision = decide(IP, [WEB], snapshot(world));
      assert.equal(decision.announcement, undefined);
      assert.deepEqual(decision.services, ['shop/web']);
    }
  });
});

suite('the pool of an address', () => {
  /** The pool whose attributes apply to `IP`, or why it isn't announced. */
  function poolFor(record: string, ...pools: readonly Pool[]): string {
    const decision = decide(
      IP,
      [holding('shop/web', { assignments: [{ pool: record, ip: IP }] })],
      snapshot({ pools }),
    );
    return decision.announcement?.pool.name ?? decision.finding.reason;
  }
  const old = aPool('old', ['192.0.2.0/28'], { createdAt: 1 });
  const young = aPool('a-young', ['192.0.2.0/24'], { createdAt: 2 });
  const other = aPool('other', ['198.51.100.0/24']);

  test('is the recorded one, though others have the address as well', () => {
    assert.equal(poolFor('a-young', old, young, other), 'a-young');
    assert.equal(poolFor('old', old, young, other), 'old');
  });

  test('is the recorded one after an edit of its addresses, as its status says that somebody holds them', () => {
    const shrunk = aPool('old', ['203.0.113.0/24'], { heldRanges: [range('192.0.2.1')], bgp: { ...POOL.bgp, med: 7 } });
    assert.equal(poolFor('old', shrunk, young), 'old');
    assert.equal(poolFor('old', { ...shrunk, ranges: [] }), 'old');
  });

  test('without a record is the oldest that has the address, in whatever order they come', () => {
    assert.equal(poolFor('', young, other, old), 'old');
    assert.equal(poolFor('', old, other, young), 'old');
    assert.equal(poolFor('', young, { ...old, createdAt: 2 }), 'a-young');
    assert.equal(poolFor('', other, { ...old, ranges: [], heldRanges: [range('192.0.2.0/28')] }, young), 'old');
  });

  test('of a record that is wrong is the one that has the address, and not the one that the record names', () => {
    assert.equal(poolFor('other', other, young), 'a-young');
    assert.equal(poolFor('gone', other, young), 'a-young');
  });

  test('not announced: no pool has the address, whatever the record says', () => {
    assert.equal(poolFor('public'), 'NotInRecordedPool');
    for (const record of ['other', 'gone', '']) assert.equal(poolFor(record, other), 'NotInRecordedPool');
    const elsewhere = aPool('other', ['198.51.100.0/24'], { heldRanges: [range('192.0.2.2')] });
    assert.equal(poolFor('other', elsewhere), 'NotInRecordedPool');
  });

  test('not announced: nobody speaks its protocol', () => {
    const pool = aPool('public', ['192.0.2.0/24'], { protocol: 'layer2' });
    const { finding } = decide(IP, [WEB], snapshot({ pools: [pool] }));
    assert.deepEqual(finding, {
      reason: 'ProtocolNotSupported',
      params: { ip: IP, pool: 'public', protocol: 'layer2' },
    });
    assert.equal(reasonOf(decide(IP, [WEB], snapshot({ pools: [pool], protocols: ['bgp', 'layer2'] }))), 'Announced');
  });
});

suite('no node is eligible', () => {
  const excluded = { excluded: true };
  const [x1, x2] = [
    { ...N1, ...excluded },
    { ...N2, ...excluded },
  ];
  const why = (service: HoldingService, nodes: readonly Node[], endpoints = endpointsOn(['n1'])): string =>
    reasonOf(decide(IP, [service], snapshot({ nodes, endpoints })));

  test('and why each is not', () => {
    const decision = decide(IP, [WEB], snapshot({ nodes: [x1, { ...N2, ready: false }] }));
    assert.equal(reasonOf(decision), 'NoEligibleNode');
    assert.deepEqual(decision.leftOut, [
      { reason: 'NodeExcluded', params: { node: 'n1' } },
      { reason: 'NodeNotReady', params: { node: 'n2' } },
    ]);
  });

  test('there are none', () => {
    for (const service of [WEB, LOCAL_WEB]) assert.equal(why(service, []), 'NoEligibleNode');
  });

  test('all are excluded', () => {
    for (const service of [WEB, LOCAL_WEB]) assert.equal(why(service, [x1, x2]), 'AllNodesExcluded');
    assert.equal(why(WEB, [x1, { ...x2, excluded: false, ready: false }]), 'NoEligibleNode');
  });

  test('Local: those that would do have no endpoint', () => {
    assert.equal(why(LOCAL_WEB, [N1, N2], endpointsOn(['n3'])), 'NoLocalEndpoints');
    assert.equal(why(LOCAL_WEB, [x1, N2], endpointsOn(['n1'])), 'NoLocalEndpoints');
    assert.equal(why(LOCAL_WEB, [{ ...N1, ready: false }, N2], endpointsOn(['n1'])), 'NoLocalEndpoints');
  });

  test('Local: those without an endpoint would not do either', () => {
    assert.equal(why(LOCAL_WEB, [{ ...N1, ready: false }, x2], endpointsOn(['n3'])), 'NoEligibleNode');
  });
});

/** What the text of a finding needs; who writes it fills in nothing else. */
test('every finding says all that its text names', () => {
  const worlds: readonly World[] = [
    ...[{}, { pools: [] }, { endpoints: endpointsOn([]) }, { nodes: [] }, { endpoints: endpointsOn(['n9']) }],
    { nodes: [{ ...N1, excluded: true }] },
    { pools: [aPool('public', ['192.0.2.0/24'], { protocol: 'layer2' })] },
  ];
  const findings = worlds.map((world) => decide(IP, [LOCAL_WEB], snapshot(world)).finding);
  findings.push(decide(IP, [], snapshot({})).finding);
  assert.deepEqual(findings.map(({ reason }) => reason).sort(), [
    ...['AllNodesExcluded', 'Announced', 'NoAddress', 'NoEligibleNode', 'NoEndpoints', 'NoLocalEndpoints'],
    ...['NotInRecordedPool', 'ProtocolNotSupported'],
  ]);
  for (const { reason, params } of findings) {
    for (const [, name] of texts[reason].matchAll(/\{(\w+)\}/g)) {
      assert.ok(params[name ?? ''], `${reason} lacks ${name}`);
    }
  }
});

suite('traffic policy and endpoints', () => {
  test('Cluster: one endpoint anywhere, every node', () => {
    assert.deepEqual(nodesOf(decide(IP, [WEB], snapshot({ endpoints: endpointsOn(['n2']) }))).sort(), [
      'n1',
      'n2',
      'n3',
    ]);
  });
  test('Cluster: endpoints without a node name count', () => {
    const endpoints = { ...NO_ENDPOINTS, ipv4: { ready: [], serving: [], any: true } };
    assert.equal(nodesOf(decide(IP, [WEB], snapshot({ endpoints }))).length, 3);
  });
  test('Cluster: only terminating endpoints that serve: still every node', () => {
    assert.equal(nodesOf(decide(IP, [WEB], snapshot({ endpoints: endpointsOn([], ['n1']) }))).length, 3);
  });
  test('Local: nodes with an endpoint only', () => {
    assert.deepEqual(nodesOf(decide(IP, [LOCAL_WEB], snapshot({ endpoints: endpointsOn(['n3', 'n1']) }))), [
      'n1',
      'n3',
    ]);
  });
  test('Local: a node keeps serving while its last endpoint terminates', () => {
    assert.deepEqual(nodesOf(decide(IP, [LOCAL_WEB], snapshot({ endpoints: endpointsOn(['n3'], ['n1']) }))), [
      'n1',
      'n3',
    ]);
    assert.deepEqual(nodesOf(decide(IP, [LOCAL_WEB], snapshot({ endpoints: endpointsOn([], ['n2']) }))), ['n2']);
  });
  test('Local: endpoints without a node name help nobody', () => {
    const endpoints = { ...NO_ENDPOINTS, ipv4: { ready: [], serving: [], any: true } };
    assert.equal(reasonOf(decide(IP, [LOCAL_WEB], snapshot({ endpoints }))), 'NoLocalEndpoints');
  });
  test('Local: an endpoint on a node that is gone', () => {
    assert.equal(reasonOf(decide(IP, [LOCAL_WEB], snapshot({ endpoints: endpointsOn(['n9']) }))), 'NoLocalEndpoints');
  });
});

suite('endpoints of the other family', () => {
  const SIX = '2001:db8:cafe::1';
  const both = ['192.0.2.1', SIX].map((ip) => ({ pool: 'public', ip }));
  const web = holding('shop/web', { assignments: both });
  const local = holding('shop/web', { assignments: both, trafficPolicy: 'Local' });

  test('answer for none of this one, as kube-proxy works per family', () => {
    const onlyFour = snapshot({ endpoints: { ...NO_ENDPOINTS, ipv4: someEndpoints(['n1']) } });
    assert.equal(reasonOf(decide(IP, [web], onlyFour)), 'Announced');
    assert.equal(reasonOf(decide(SIX, [web], onlyFour)), 'NoEndpoints');
    const onlySix = snapshot({ endpoints: { ...NO_ENDPOINTS, ipv6: someEndpoints(['n1']) } });
    assert.equal(reasonOf(decide(IP, [web], onlySix)), 'NoEndpoints');
    assert.equal(reasonOf(decide(SIX, [web], onlySix)), 'Announced');
  });

  test('Local: make no node eligible', () => {
    const world = snapshot({ endpoints: { ipv4: someEndpoints(['n1', 'n2']), ipv6: someEndpoints(['n3'], ['n2']) } });
    assert.deepEqual(nodesOf(decide(IP, [local], world)).sort(), ['n1', 'n2']);
    assert.deepEqual(nodesOf(decide(SIX, [local], world)).sort(), ['n2', 'n3']);
  });
});

const PEER: PeerTarget = {
  name: 'r1',
  labels: { rack: 'a' },
  sendMax: new Map([
    ['ipv4', 8],
    ['ipv6', 8],
  ]),
  ...{ address: '10.0.0.254', subnets: [], onlyNode: undefined },
};

function announcement(ip = IP, world: World = {}): Announcement {
  const service = holding('shop/web', { assignments: [{ pool: 'public', ip }] });
  const { announcement: decided } = decide(ip, [service], snapshot(world));
  assert.ok(decided);
  return decided;
}

function capped(sendMax: number): PeerTarget {
  return { ...PEER, sendMax: new Map([['ipv4', sendMax]]) };
}

function hops(route: BgpRoute | undefined): string[] {
  return route?.paths.map(({ nextHop }) => nextHop) ?? [];
}

function withBgp(bgp: Partial<Pool['bgp']>, rest: Partial<Pool> = {}): World {
  return {
    pools: [aPool('public', ['192.0.2.0/24', '2001:db8:cafe::/64'], { ...rest, bgp: { ...POOL.bgp, ...bgp } })],
  };
}

suite('the BGP route to a peer', () => {
  test('host prefix, one path per node, most preferred first, MED of the rank', () => {
    assert.deepEqual(bgpRoute(announcement(), PEER, 100), {
      prefix: '192.0.2.1/32',
      paths: [
        { id: 0x0a000001, nextHop: '10.0.0.1' },
        { id: 0x0a000003, nextHop: '10.0.0.3' },
        { id: 0x0a000002, nextHop: '10.0.0.2' },
      ],
      med: 100,
      communities: [],
      largeCommunities: [],
    });
  });

  test('IPv6', () => {
    const route = bgpRoute(announcement('2001:db8:cafe::1'), PEER, 200);
    assert.equal(route?.prefix, '2001:db8:cafe::1/128');
    assert.deepEqual(hops(route).sort(), ['2001:db8::1', '2001:db8::2', '2001:db8::3']);
    assert.equal(route?.med, 200);
  });

  test('no more next hops than the peer takes, at least one', () => {
    assert.deepEqual(hops(bgpRoute(announcement(), capped(2), 0)), ['10.0.0.1', '10.0.0.3']);
    assert.deepEqual(hops(bgpRoute(announcement(), capped(1), 0)), ['10.0.0.1']);
    assert.deepEqual(hops(bgpRoute(announcement(), capped(0), 0)), ['10.0.0.1']);
  });

  test('a family that is not exchanged with the peer', () => {
    assert.equal(bgpRoute(announcement('2001:db8:cafe::1'), capped(8), 0), undefined);
  });

  test("the pool's peerSelector", () => {
    const only = (rack: string): World => withBgp({ peerSelector: { matchLabels: { rack }, matchExpressions: [] } });
    assert.notEqual(bgpRoute(announcement(IP, only('a')), PEER, 0), undefined);
    assert.equal(bgpRoute(announcement(IP, only('b')), PEER, 0), undefined);
  });

  test('a pool of another protocol', () => {
    const world = { ...withBgp({}, { protocol: 'layer2' }), protocols: ['layer2'] as const };
    assert.equal(bgpRoute(announcement(IP, world), PEER, 0), undefined);
  });

  test("the pool's attributes; the rank is added to its MED", () => {
    const bgp = { med: 50, localPref: 300, communities: ['64512:1'], largeCommunities: ['64512:1:2'] };
    const route = bgpRoute(announcement(IP, withBgp(bgp)), PEER, 200);
    assert.equal(route?.med, 250);
    assert.equal(route.localPref, 300);
    assert.deepEqual(route.communities, ['64512:1']);
    assert.deepEqual(route.largeCommunities, ['64512:1:2']);
  });

  test('a peer that an override selects gets what that says, and of the rest what the pool says; of two the first one holds', () => {
    const bgp = { med: 50, localPref: 300, communities: ['64512:1'], largeCommunities: ['64512:1:2'] };
    const none = { communities: undefined, largeCommunities: undefined, localPref: undefined, med: undefined };
    const rack = (name: string): PeerOverride['peerSelector'] => ({
      matchLabels: { rack: name },
      matchExpressions: [],
    });
    const overrides = [
      { ...none, peerSelector: rack('b'), med: 1 },
      { ...none, peerSelector: rack('a'), med: 0, communities: [] },
      { ...none, peerSelector: rack('a'), localPref: 7 },
    ];
    const route = bgpRoute(announcement(IP, withBgp({ ...bgp, overrides })), PEER, 200);
    assert.deepEqual([route?.med, route?.localPref], [200, 300]);
    assert.deepEqual([route?.communities, route?.largeCommunities], [[], ['64512:1:2']]);
    const other = bgpRoute(announcement(IP, withBgp({ ...bgp, overrides })), { ...PEER, labels: {} }, 200);
    assert.deepEqual([other?.med, other?.communities], [250, ['64512:1']]);
  });

  test('a node without an address of the family gives its place to the next', () => {
    const nodes = [aNode('n1', ['2001:db8::1']), N2, N3];
    assert.deepEqual(hops(bgpRoute(announcement(IP, { nodes }), capped(1), 0)), ['10.0.0.3']);
  });

  test('two nodes with one address count once', () => {
    const nodes = [N1, aNode('n3', ['10.0.0.1']), N2];
    assert.deepEqual(hops(bgpRoute(announcement(IP, { nodes }), capped(2), 0)), ['10.0.0.1', '10.0.0.2']);
  });

  test("each peer gets the addresses of its own subnet, under that address' identifier", () => {
    const nodes = [aNode('n1', ['10.0.0.1', '192.168.7.1'])];
    const near = { ...PEER, subnets: [range('192.168.7.0/24')] };
    assert.deepEqual(bgpRoute(announcement(IP, { nodes }), near, 0)?.paths, [
      { id: 0xc0a80701, nextHop: '192.168.7.1' },
    ]);
    assert.deepEqual(hops(bgpRoute(announcement(IP, { nodes }), PEER, 0)), ['10.0.0.1']);
  });
});

suite('a node that goes moves only what it must', () => {
  const nodes = Array.from({ length: 12 }, (_, i) => aNode(`n${i}`, [`10.0.0.${i + 1}`]));

  test('routes below the cap of a peer change by exactly that next hop', () => {
    fc.assert(
      fc.property(fc.nat(255), fc.nat(11), fc.integer({ min: 1, max: 12 }), (last, pick, cap) => {
        const ip = `192.0.2.${last}`;
        const gone = nodes[pick];
        const before = hops(bgpRoute(announcement(ip, { nodes }), capped(cap), 0));
        const rest = nodes.filter((node) => node !== gone);
        const after = hops(bgpRoute(announcement(ip, { nodes: rest }), capped(cap), 0));
        const kept = before.filter((hop) => hop !== gone?.internalIPs[0]?.text);
        assert.deepEqual(after.slice(0, kept.length), kept);
        assert.equal(after.length, Math.min(cap, rest.length));
      }),
    );
  });

  test('with one next hop per address, a node in twelve takes about a twelfth of the addresses with it', () => {
    const ips = Array.from({ length: 256 }, (_, i) => `192.0.2.${i}`);
    const winners = (among: readonly Node[]): (string | undefined)[] =>
      ips.map((ip) => nodesOf(decideFor(ip, among))[0]);
    const before = winners(nodes);
    const after = winners(nodes.slice(1));
    const moved = ips.filter((_, i) => before[i] !== after[i]);
    assert.deepEqual(
      moved,
      ips.filter((_, i) => before[i] === 'n0'),
    );
    // 21 of 256 on average, with a standard deviation of 4.4.
    assert.ok(moved.length > 0 && moved.length < 45, `${moved.length} moved`);
  });
});

function decideFor(ip: string, nodes: readonly Node[]): Decision {
  return decide(ip, [holding('shop/web', { assignments: [{ pool: 'public', ip }] })], snapshot({ nodes }));
}
