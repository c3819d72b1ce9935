import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PeerSummary } from '../../generated/api.ts';
import { installTexts } from '../../testing/fake-texts.ts';
import { capabilities, diagnosticText, endpointText, peerState } from './peer-model.ts';

const said = (status: 'True' | 'False', text: string): NonNullable<PeerSummary['ready']> => ({
  ...{ status, reason: 'R', message: '', text, since: null },
});

const tor: PeerSummary = {
  ...{ name: 'tor', createdAt: '2026-01-01T00:00:00Z', address: '192.0.2.1', port: 179, peerAs: 65000 },
  ...{
    adminDown: false,
    gracefulShutdown: false,
    deleting: false,
    ready: said('True', 'up'),
    established: 2,
    sessions: 2,
    states: [],
  },
};

type State = PeerSummary['states'][number];

const of = (state: State['state']): State => ({ replica: 'm-1', node: 'worker-1', state });

test('of a router the first thing is said that keeps it from hearing of addresses', () => {
  const cases: [Partial<PeerSummary>, string, string, string?][] = [
    [{}, 'good', 'PEER_ESTABLISHED'],
    [{ deleting: true, adminDown: true }, 'off', 'PEER_DELETING'],
    [{ adminDown: true, established: 0, ready: said('False', 'shut') }, 'off', 'PEER_SHUT'],
    [{ established: 0, sessions: 0, ready: null }, 'unknown', 'STATE_UNKNOWN'],
    [{ established: 0, sessions: 0, ready: said('False', 'no BgpConf') }, 'bad', 'PEER_DOWN', 'no BgpConf'],
    [{ established: 0, ready: said('False', 'refused') }, 'bad', 'PEER_DOWN', 'refused'],
    [{ established: 1, ready: said('False', 'one is down') }, 'warning', 'PEER_PARTLY_DOWN', 'one is down'],
    [{ established: 1, states: [of('Established'), of('Unknown')] }, 'warning', 'PEER_PARTLY_UNKNOWN'],
    [{ established: 1, states: [of('Established'), of('Unknown'), of('Idle')] }, 'warning', 'PEER_PARTLY_DOWN', 'up'],
    [{ gracefulShutdown: true }, 'warning', 'PEER_DRAINING'],
    [{ gracefulShutdown: true, established: 1, ready: said('False', 'one') }, 'warning', 'PEER_DRAINING', 'one'],
    [{ gracefulShutdown: true, established: 0, ready: said('False', 'refused') }, 'bad', 'PEER_DOWN', 'refused'],
    [{ ready: said('False', 'BFD is not up') }, 'warning', 'PEER_ESTABLISHED', 'BFD is not up'],
  ];
  for (const [change, level, title, detail] of cases)
    assert.deepEqual(peerState({ ...tor, ...change }), { level, title, detail }, JSON.stringify(change));
});

test('why BFD is down is told in the language of who reads it, as far as there are words for it', () => {
  installTexts('zh');
  assert.equal(diagnosticText('Control Detection Time Expired'), '检测时间内未收到控制报文');
  assert.equal(diagnosticText('Mis-connectivity Defect'), 'Mis-connectivity Defect');
  installTexts();
});

test('a port is said where it is not the usual one', () => {
  assert.equal(endpointText(tor), '192.0.2.1');
  assert.equal(endpointText({ ...tor, port: 1179 }), '192.0.2.1:1179');
  assert.equal(endpointText({ address: '2001:db8::1', port: 1179 }), '[2001:db8::1]:1179');
  assert.equal(endpointText({ address: null, port: null }), null);
});

test('what both ends agreed on is named', () => {
  installTexts();
  const agreed = { routerId: '192.0.2.1', holdTimeSeconds: 90, keepaliveSeconds: 30, routeRefresh: true } as const;
  const later = { enhancedRouteRefresh: true, extendedMessages: true, extendedNextHop: true, capabilities: [] };
  const none = { enhancedRouteRefresh: false, extendedMessages: false, extendedNextHop: false, capabilities: [] };
  const restart = { restartTimeSeconds: 120, routerRestartTimeSeconds: 60, notification: true };
  const families = [
    { family: 'ipv4-unicast', addPath: true },
    { family: 'ipv6-unicast', addPath: false },
  ];
  assert.deepEqual(
    capabilities({ ...agreed, ...none, families, gracefulRestart: true, restart: null, fourOctetAs: false }),
    [...['ipv4-unicast + ADD-PATH', 'ipv6-unicast', 'graceful restart', 'route refresh']],
  );
  assert.deepEqual(
    capabilities({ ...agreed, ...later, families: [], gracefulRestart: true, restart, fourOctetAs: true }),
    [
      ...['graceful restart (120 s)', '4-octet AS', 'route refresh', 'enhanced route refresh'],
      ...['extended messages', 'extended next hop'],
    ],
  );
  installTexts('zh');
  const all = { ...agreed, ...later, families: [], gracefulRestart: true, restart, fourOctetAs: true } as const;
  for (const name of capabilities(all)) assert.match(name, /\p{Script=Han}/u);
});
