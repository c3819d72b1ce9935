import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Node } from '../domain/node.ts';
import type { Reason } from '../domain/reason.ts';
import { aNode, aPool, someEndpoints } from '../domain/testing/builders.ts';
import { ineligible, type NodeQuestion } from './eligible.ts';

const POOL = aPool('public', ['192.0.2.0/24']);

function question(node: Partial<Node> = {}, rest: Partial<NodeQuestion> = {}): NodeQuestion {
  return {
    node: aNode('n1', ['10.0.0.1'], node),
    health: 'unknown',
    pool: POOL,
    family: 'ipv4',
    trafficPolicy: 'Cluster',
    endpoints: someEndpoints(['n2']),
    ...rest,
  };
}

function reason(node: Partial<Node> = {}, rest: Partial<NodeQuestion> = {}): Reason | undefined {
  return ineligible(question(node, rest))?.reason;
}

const ONLY_EDGE = aPool('public', ['192.0.2.0/24'], {
  nodeSelector: { matchLabels: { edge: 'yes' }, matchExpressions: [] },
});

suite('a node may take traffic', () => {
  test('if nothing speaks against it', () => assert.equal(reason(), undefined));
  test('not with the exclude label', () => assert.equal(reason({ excluded: true }), 'NodeExcluded'));
  test('as long as nobody else can, though it is about to go', () => {
    for (const kind of ['deleting', 'toBeDeleted', 'cordoned'] as const)
      assert.equal(reason({ drainSignals: [{ kind, since: 0 }] }), undefined);
  });
  test('not while its network is unavailable', () =>
    assert.equal(reason({ networkUnavailable: true }), 'NodeNetworkUnavailable'));
  test('not if the pool selects other nodes', () => assert.equal(reason({}, { pool: ONLY_EDGE }), 'NodeNotSelected'));
  test('if the pool selects it', () =>
    assert.equal(reason({ labels: { edge: 'yes' } }, { pool: ONLY_EDGE }), undefined));
  test('not without an address of the family', () => {
    assert.equal(reason({}, { family: 'ipv6' }), 'NodeHasNoAddress');
    assert.equal(reason({ internalIPs: [] }), 'NodeHasNoAddress');
  });
  test('on Layer 2 without any, as its traffic comes by its MAC', () => {
    const pool = aPool('lan', ['2001:db8::/64'], { protocol: 'layer2' });
    assert.equal(reason({}, { family: 'ipv6', pool }), undefined);
  });
  test('with an address that is pinned only', () => {
    const { internalIPs } = aNode('n1', ['2001:db8::1']);
    assert.equal(reason({ pinned: internalIPs }, { family: 'ipv6' }), undefined);
  });
  test('not if probes found it dead, whatever the Ready condition', () => {
    assert.equal(reason({ ready: true }, { health: 'dead' }), 'NodeDead');
  });
  test('if probes find it alive, whatever the Ready condition', () => {
    assert.equal(reason({ ready: false }, { health: 'alive' }), undefined);
  });
  test('not if it is not Ready and nobody knows better', () => assert.equal(reason({ ready: false }), 'NodeNotReady'));
});

suite('externalTrafficPolicy', () => {
  test('Cluster: endpoints elsewhere will do', () => assert.equal(reason(), undefined));
  test('Local: not without an endpoint of its own', () => {
    assert.equal(reason({}, { trafficPolicy: 'Local' }), 'NoLocalEndpoint');
  });
  test('Local: with a ready endpoint of its own', () => {
    assert.equal(reason({}, { trafficPolicy: 'Local', endpoints: someEndpoints(['n1', 'n2']) }), undefined);
  });
  test('Local: with an endpoint of its own that terminates but serves', () => {
    assert.equal(reason({}, { trafficPolicy: 'Local', endpoints: someEndpoints([], ['n1']) }), undefined);
  });
});

test('of several findings the first is shown, in this order', () => {
  const order: [fix: Partial<Node>, then: Partial<NodeQuestion>, expected: Reason | undefined][] = [
    [{}, {}, 'NodeExcluded'],
    [{ excluded: false }, {}, 'NodeNetworkUnavailable'],
    [{ networkUnavailable: false }, {}, 'NodeNotSelected'],
    [{ labels: { edge: 'yes' } }, {}, 'NodeHasNoAddress'],
    [{}, { family: 'ipv4' }, 'NodeDead'],
    [{}, { health: 'unknown' }, 'NodeNotReady'],
    [{ ready: true }, {}, 'NoLocalEndpoint'],
    [{}, { endpoints: someEndpoints(['n1']) }, undefined],
  ];
  let node: Partial<Node> = {
    excluded: true,
    networkUnavailable: true,
    ready: false,
  };
  let rest: Partial<NodeQuestion> = { family: 'ipv6', health: 'dead', pool: ONLY_EDGE, trafficPolicy: 'Local' };
  for (const [fix, then, expected] of order) {
    node = { ...node, ...fix };
    rest = { ...rest, ...then };
    assert.equal(reason(node, rest), expected);
  }
});

test('a finding names the node', () => {
  assert.deepEqual(ineligible(question({ excluded: true })), { reason: 'NodeExcluded', params: { node: 'n1' } });
  assert.deepEqual(ineligible(question({}, { pool: ONLY_EDGE })), {
    reason: 'NodeNotSelected',
    params: { node: 'n1', pool: 'public' },
  });
});
