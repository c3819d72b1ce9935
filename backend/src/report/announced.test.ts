import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Conflict } from '../domain/pool.ts';
import { finding, type Finding, type Reason } from '../domain/reason.ts';
import type { Service } from '../domain/service.ts';
import { aPeer, aPool, aService } from '../domain/testing/builders.ts';
import type { AddressReport } from '../engine/messages.ts';
import type { ReplicaPeerStatus } from '../resources/bgp-peer-status.ts';
import { announced, type AnnouncedView, type PeerSessions } from './announced.ts';

const V4 = '192.0.2.1';
const V6 = '2001:db8::1';
const POOL = aPool('main', ['192.0.2.0/24', '2001:db8::/64']);

function held(...ips: readonly string[]): Service {
  return aService('d/s', { claims: true, recorded: ips.map((ip) => ({ pool: 'main', ip })), ingressIPs: ips });
}

function report(ip: string, overrides: Partial<AddressReport> = {}): AddressReport {
  return { ip, services: ['d/s'], younger: [], finding: finding('Announced', { ip }), nodes: ['n1'], ...overrides };
}

function refused(reason: Reason): Finding {
  return finding(reason, { ip: V4, service: 'd/s' });
}

function replica(name: string, overrides: Partial<ReplicaPeerStatus> = {}): ReplicaPeerStatus {
  return { replica: name, sessionState: 'Established', ...overrides };
}

function sessions(overrides: Partial<PeerSessions> = {}): PeerSessions {
  return { peer: aPeer('r1', '192.0.2.254'), itself: [], replicas: [replica('porter-0')], ...overrides };
}

function view(reports: readonly AddressReport[], peers: readonly PeerSessions[] = [sessions()]): AnnouncedView {
  return {
    reports: new Map(reports.map((one) => [one.ip, one])),
    pools: new Map([[POOL.name, POOL]]),
    peers,
  };
}

function conflict(overrides: Partial<Conflict> = {}): Conflict {
  return { ip: V4, mac: '02:00:5e:10:00:0a', node: undefined, announced: false, ...overrides };
}

/** Without any BgpPeer, as the pool is for links. */
function onLink(reports: readonly AddressReport[], ...conflicts: readonly Conflict[]): AnnouncedView {
  return { ...view(reports, []), pools: new Map([['main', { ...POOL, protocol: 'layer2', conflicts }]]) };
}

/** `status reason`, or undefined where nothing is known. */
function said(service: Service, given: AnnouncedView): string | undefined {
  const condition = announced(service, given);
  return condition === undefined ? undefined : `${condition.status} ${condition.reason}`;
}

suite('the condition Announced of a Service', () => {
  test('is True where the engine announces every address and one session is established', () => {
    const condition = announced(held(V4, V6), view([report(V4), report(V6)]));
    assert.equal(condition?.type, 'network.kubesphere.io/Announced');
    assert.deepEqual([condition.status, condition.reason], ['True', 'Announced']);
    assert.ok(condition.message.includes(V4) && condition.message.includes(V6));
  });

  test('is not known before the engine has spoken of every address, and of this Service', () => {
    assert.equal(said(held(V4), view([])), undefined);
    assert.equal(said(held(V4, V6), view([report(V4)])), undefined);
    assert.equal(said(held(V4), view([report(V4, { services: ['d/other'] })])), undefined);
    assert.equal(said(held(), view([])), undefined);
  });

  test('has the reason of the first address that is not announced, and the texts of all', () => {
    const reports = [report(V4), report(V6, { finding: finding('NoEndpoints', { ip: V6 }) })];
    const condition = announced(held(V4, V6), view(reports));
    assert.deepEqual([condition?.status, condition?.reason], ['False', 'NoEndpoints']);
    assert.ok(condition?.message.includes(V4) && condition.message.includes(V6));
  });

  test('is False where a peer with nextHopSelf is all there is, and no replica with a session is on a node of the address', () => {
    const self = { ...aPeer('r1', '192.0.2.254'), nextHopSelf: true };
    const from = (node: string): PeerSessions => sessions({ peer: self, replicas: [replica('porter-0', { node })] });
    assert.equal(said(held(V4), view([report(V4)], [from('n2')])), 'False NoPeerEstablished');
    assert.equal(said(held(V4), view([report(V4)], [from('n1')])), 'True Announced');
    assert.equal(said(held(V4), view([report(V4, { draining: ['n2'] })], [from('n2')])), 'True Announced');
    assert.equal(said(held(V4), view([report(V4)], [from('n2'), sessions()])), 'True Announced');
  });

  test('is False where a router that is a node itself is all there is, and nobody else takes the traffic', () => {
    const itself = sessions({ itself: ['n1'] });
    assert.equal(said(held(V4), view([report(V4)], [itself])), 'False NoPeerEstablished');
    assert.equal(said(held(V4), view([report(V4, { nodes: ['n1', 'n2'] })], [itself])), 'True Announced');
    assert.equal(said(held(V4), view([report(V4, { draining: ['n2'] })], [itself])), 'True Announced');
    assert.equal(said(held(V4), view([report(V4)], [itself, sessions()])), 'True Announced');
    const both = { peer: { ...itself.peer, nextHopSelf: true }, replicas: [replica('porter-0', { node: 'n1' })] };
    const onBoth = report(V4, { nodes: ['n1', 'n2'] });
    assert.equal(said(held(V4), view([onBoth], [sessions({ ...both, itself: ['n1'] })])), 'False NoPeerEstablished');
  });

  test('says whatever reason the engine has', () => {
    for (const reason of ['NoEndpoints', 'NoLocalEndpoints', 'AllNodesExcluded', 'NoEligibleNode'] as const)
      assert.equal(said(held(V4), view([report(V4, { finding: refused(reason) })])), `False ${reason}`);
  });

  test('names the older Service to the younger of two that hold one address', () => {
    const condition = announced(held(V4), view([report(V4, { services: ['d/older'], younger: ['d/s'] })]));
    assert.equal(condition?.reason, 'HeldByOlderService');
    assert.match(condition.message, /d\/older/);
    const others = announced(held(V4), view([report(V4, { services: ['bank/vault'], younger: ['d/s'] })]));
    assert.match(others?.message ?? '', /is held by the Service of another namespace, which had it first/);
  });

  test('is False for one of several that share the address and has nothing to answer with', () => {
    const shared = view([report(V4, { services: ['d/other', 'd/s'], idle: ['d/s'] })]);
    const condition = announced(held(V4), shared);
    assert.deepEqual([condition?.status, condition?.reason], ['False', 'SharerWithoutEndpoints']);
    const others = view([report(V4, { services: ['d/other', 'd/s'], idle: ['d/other'] })]);
    assert.equal(said(held(V4), others), 'True Announced');
    // Whatever keeps the address from being announced at all comes first.
    const nobody = view([report(V4, { services: ['d/other', 'd/s'], idle: ['d/s'] })], []);
    assert.equal(said(held(V4), nobody), 'False NoPeer');
  });

  test('tells no peer from no session', () => {
    assert.equal(said(held(V4), view([report(V4)], [])), 'False NoPeer');
    const down = sessions({ replicas: [replica('porter-0', { sessionState: 'Active' })] });
    assert.equal(said(held(V4), view([report(V4)], [down])), 'False NoPeerEstablished');
    assert.equal(said(held(V4), view([report(V4)], [sessions({ replicas: [] })])), 'False NoPeerEstablished');
    assert.equal(said(held(V4), view([report(V4)], [down, sessions()])), 'True Announced');
    const gone = sessions({ peer: aPeer('r1', '192.0.2.254', { deleting: true }) });
    assert.equal(said(held(V4), view([report(V4)], [gone])), 'False NoPeer');
    const shut = sessions({ peer: aPeer('r1', '192.0.2.254', { adminDown: true }), replicas: [] });
    assert.equal(said(held(V4), view([report(V4)], [shut])), 'False NoPeer');
  });

  test('is content with the session of any replica', () => {
    const replicas = [replica('porter-0', { sessionState: 'Idle' }), replica('porter-1')];
    assert.equal(said(held(V4), view([report(V4)], [sessions({ replicas })])), 'True Announced');
  });

  test('counts peers that hear this pool in this family only', () => {
    const bgp = { ...POOL.bgp, peerSelector: { matchLabels: { rack: 'a' }, matchExpressions: [] } };
    const given = view([report(V4)]);
    const narrow: AnnouncedView = { ...given, pools: new Map([['main', { ...POOL, bgp }]]) };
    assert.equal(said(held(V4), narrow), 'False NoPeer');
    const labelled = sessions({ peer: aPeer('r1', '192.0.2.254', { labels: { rack: 'a' } }) });
    assert.equal(said(held(V4), { ...narrow, peers: [labelled] }), 'True Announced');
    const only6 = sessions({ peer: aPeer('r1', '192.0.2.254', { families: [{ family: 'ipv6', sendMax: 8 }] }) });
    assert.equal(said(held(V4), view([report(V4)], [only6])), 'False NoPeer');
  });

  test('does not take a session for one of a family that the router refused', () => {
    const replicas = [replica('porter-0', { negotiated: { families: ['ipv6-unicast'] } })];
    const given = view([report(V4), report(V6)], [sessions({ replicas })]);
    assert.equal(said(held(V4), given), 'False NoPeerEstablished');
    assert.equal(said(held(V6), given), 'True Announced');
  });

  test('stays word for word as it is while nodes and further sessions come and go', () => {
    const before = announced(held(V4), view([report(V4)]));
    const more = sessions({ replicas: [replica('porter-0'), replica('porter-1', { since: '2026-01-01T00:00:00Z' })] });
    const after = announced(held(V4), view([report(V4, { nodes: ['n2', 'n3'] })], [more, sessions()]));
    assert.deepEqual(after, before);
  });

  test('leaves no parameter of a text open', () => {
    const conflicts = [conflict(), conflict({ announced: true }), conflict({ node: 'n1' })];
    for (const one of conflicts)
      assert.doesNotMatch(announced(held(V4), onLink([report(V4)], one))?.message ?? '{unknown}', /\{\w+\}/);
    const views = [view([report(V4)]), view([report(V4)], []), view([report(V4)], [sessions({ replicas: [] })])];
    const younger = view([report(V4, { services: ['d/older'], younger: ['d/s'] })]);
    for (const given of [...views, younger])
      assert.doesNotMatch(announced(held(V4), given)?.message ?? '{unknown}', /\{\w+\}/);
  });
});

suite('the condition Announced of a Service on a link', () => {
  test('is True where the engine announces its addresses and nobody else answers', () => {
    assert.equal(said(held(V4), onLink([report(V4)])), 'True Announced');
    assert.equal(said(held(V4), onLink([report(V4)], conflict({ ip: '192.0.2.9' }))), 'True Announced');
  });

  test('goes by what the owner has heard, whatever this engine says', () => {
    for (const reason of ['Announced', 'AddressProbing', 'AddressConflict'] as const) {
      const given = report(V4, { finding: refused(reason) });
      assert.equal(said(held(V4), onLink([given], conflict())), 'False AddressConflict');
      assert.equal(said(held(V4), onLink([given], conflict({ announced: true }))), 'True AddressContested');
    }
    const message = announced(held(V4), onLink([report(V4)], conflict()))?.message ?? '';
    assert.match(message, /192\.0\.2\.1: 02:00:5e:10:00:0a answers .* out of the Eip main\. /);
  });

  test('is False for a stranger that kept one replica from announcing it, if not another one', () => {
    const both = onLink([report(V4)], conflict({ announced: true }), conflict({ mac: 'other' }));
    assert.equal(said(held(V4), both), 'False AddressConflict');
  });

  test('is False where a stranger took the address since it was announced, which the Service keeps', () => {
    const before = { ...held(V4), announcedBefore: true };
    assert.equal(said(before, onLink([report(V4)], conflict())), 'False AddressTaken');
    assert.equal(said(before, onLink([report(V4, { finding: refused('AddressConflict') })])), 'False AddressTaken');
    assert.equal(said(before, onLink([report(V4)], conflict({ announced: true }))), 'True AddressContested');
  });

  test('stays True with a word on it where a node of ours answers too', () => {
    const given = onLink([report(V4), report(V6)], conflict({ node: 'n2' }));
    assert.equal(said(held(V4, V6), given), 'True AnsweredByNode');
    const behalf = report(V4, { finding: refused('AnnouncedForNode') });
    assert.equal(said(held(V4), onLink([behalf])), 'True AnnouncedForNode');
    assert.equal(said(held(V4), onLink([behalf], conflict({ node: 'n2' }))), 'True AnsweredByNode');
    const stranger = onLink([report(V4)], conflict({ node: 'n2' }), conflict());
    assert.equal(said(held(V4), stranger), 'False AddressConflict');
  });

  test('has the reason of an address that is not announced before that of one that is not ours alone', () => {
    const reports = [report(V4), report(V6, { finding: finding('NoEndpoints', { ip: V6 }) })];
    assert.equal(said(held(V4, V6), onLink(reports, conflict({ node: 'n2' }))), 'False NoEndpoints');
  });

  test('says what keeps the address from being announced at all before who else answers', () => {
    const given = report(V4, { finding: refused('NoEndpoints') });
    assert.equal(said(held(V4), onLink([given], conflict())), 'False NoEndpoints');
  });

  test('has what the engine says of an asking that goes on, and of a conflict that nobody wrote yet', () => {
    for (const reason of ['AddressProbing', 'AddressConflict'] as const)
      assert.equal(said(held(V4), onLink([report(V4, { finding: refused(reason) })])), `False ${reason}`);
  });
});
