import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { aPeer } from '../domain/testing/builders.ts';
import type { SessionReport } from '../engine/messages.ts';
import type { BfdReport } from '../engine/session-state.ts';
import { bgpPeerStatus, type ReplicaPeerStatus } from '../resources/bgp-peer-status.ts';
import { establishedColumn, peerReady, replicaPeerStatus, type PeerCircumstances } from './peer-status.ts';

const READ = { problems: [], ignoredFields: [], warnings: [], earlierInForce: false, generation: 1 };
const R1 = aPeer('r1', '192.0.2.1');
const UP: SessionReport = {
  peer: 'r1',
  state: 'Established',
  since: '2026-01-01T00:00:00.000Z',
  lastError: undefined,
  localAddress: '192.0.2.9',
  remoteRouterId: '1.1.1.1',
  holdTimeSeconds: 90,
  families: [
    { family: 'ipv4-unicast', addPath: true },
    { family: 'ipv6-unicast', addPath: false },
  ],
  gracefulRestart: true,
  restart: { restartTimeSeconds: 120, routerRestartTimeSeconds: 60, notification: true },
  ...{
    fourOctetAs: true,
    routeRefresh: true,
    enhancedRouteRefresh: true,
    extendedMessages: false,
    extendedNextHop: true,
  },
  capabilities: ['multiprotocol ipv4-unicast', 'add-path ipv4-unicast both', 'capability 222'],
  bfd: undefined,
};

const BFD_UP: BfdReport = {
  state: 'Up',
  since: '2026-01-01T00:00:01.000Z',
  diagnostic: undefined,
  remoteDiagnostic: undefined,
  transmitIntervalMs: 300,
  detectionTimeMs: 900,
  problem: undefined,
};

suite('Ready of a BgpPeer', () => {
  test('is True for one that is spoken to', () => {
    const { status, reason, message } = peerReady(READ, { peer: R1, duplicateOf: undefined, replicas: [] });
    assert.deepEqual([status, reason, message], ['True', 'InUse', 'In use.']);
  });

  test('an older one has the same neighbour: it keeps the session', () => {
    const { status, reason, message } = peerReady(READ, { peer: R1, duplicateOf: 'r0', replicas: [] });
    assert.deepEqual([status, reason], ['False', 'DuplicateNeighbor']);
    assert.match(message, /r0/);
  });

  test('no replica has a session: not Ready, with the last error', () => {
    const down = replicaPeerStatus({ ...UP, state: 'Idle', lastError: 'connection refused' }, 'a', 'n1');
    const up = replicaPeerStatus(UP, 'b', 'n2');
    const judge = (...replicas: (typeof up)[]): string[] => {
      const peer = aPeer('r1', '192.0.2.1', { families: [{ family: 'ipv4', sendMax: 8 }] });
      const { status, reason, message } = peerReady(READ, { peer, duplicateOf: undefined, replicas });
      return [status, reason, message];
    };
    assert.deepEqual(judge(down), ['False', 'NotEstablished', 'No replica has a session. connection refused']);
    assert.deepEqual(judge(down, up).slice(0, 2), ['True', 'InUse']);
  });

  test('a router that takes one path of an address only: Ready, and ECMP off where more are wanted', () => {
    const one = {
      ...UP,
      families: [
        { family: 'ipv4-unicast', addPath: false },
        { family: 'ipv6-unicast', addPath: true },
      ],
    };
    const judge = (sendMax: number, ...sessions: SessionReport[]): string[] => {
      const peer = aPeer('r1', '192.0.2.1', { families: [{ family: 'ipv4', sendMax }] });
      const replicas = sessions.map((session, i) => replicaPeerStatus(session, `porter-${i}`, 'n1'));
      const { status, reason, message } = peerReady(READ, { peer, duplicateOf: undefined, replicas });
      return [status, reason, message];
    };
    const [status, reason, message = ''] = judge(8, one, one);
    assert.deepEqual([status, reason], ['True', 'InUse']);
    assert.match(
      message,
      /^spec\.afiSafis: ECMP off: the router does not receive additional paths \(RFC 7911\) of ipv4-unicast, /,
    );
    assert.match(message, /one next hop there; .*spec\.nextHopSelf/);
    assert.equal(judge(1, one)[2], 'In use.');
    assert.equal(judge(8, UP)[2], 'In use.');
  });

  test('with nextHopSelf: Ready, and ECMP off where one node alone can be told', () => {
    const one = [{ family: 'ipv4-unicast', addPath: false }];
    const judge = (...nodes: string[]): string => {
      const peer = aPeer('r1', '192.0.2.1', { nextHopSelf: true, families: [{ family: 'ipv4', sendMax: 1 }] });
      const down = replicaPeerStatus({ ...UP, state: 'Active' }, 'porter-9', 'n9');
      const up = nodes.map((node, i) => replicaPeerStatus({ ...UP, families: one }, `porter-${i}`, node));
      return peerReady(READ, { peer, duplicateOf: undefined, replicas: [...up, down] }).message;
    };
    assert.equal(judge('n1', 'n2'), 'In use.');
    const off = /^spec\.nextHopSelf: ECMP off: each replica announces its own node, and only n1 has one with a session/;
    assert.match(judge('n1'), off);
    assert.match(judge('n1', 'n1'), off);
    assert.doesNotMatch(judge(), /ECMP/);
  });

  test('a session that is there without its BFD: Ready, and says what is missing', () => {
    const bfd = { transmitIntervalMs: 300, receiveIntervalMs: 300, detectMultiplier: 3, multihop: false, minTtl: 1 };
    const judge = (report: BfdReport | undefined, state = 'Established'): string => {
      const replicas = [
        replicaPeerStatus({ ...UP, bfd: BFD_UP }, 'porter-0', 'n1'),
        replicaPeerStatus({ ...UP, state, bfd: report }, 'porter-1', 'n2'),
      ];
      return peerReady(READ, { peer: { ...R1, bfd, families: [] }, duplicateOf: undefined, replicas }).message;
    };
    assert.equal(judge(BFD_UP), 'In use.');
    const down = { ...BFD_UP, state: 'Down' };
    assert.match(
      judge(down),
      /^spec\.bfd: BFD is not up from n2 \(the router does not answer: is BFD configured there\?\)/,
    );
    assert.match(judge({ ...down, problem: 'UDP port 3784: taken' }), /\(UDP port 3784: taken\)/);
    assert.match(
      judge({ ...down, diagnostic: 'Control Detection Time Expired' }),
      /\(Control Detection Time Expired\)/,
    );
    assert.equal(judge(down, 'Idle'), 'In use.', 'what is missing there is more than BFD');
    assert.equal(judge(undefined), 'In use.', 'a replica that does not know BFD yet');
  });

  test('is False for one without the password that it should have, and says why and what follows', () => {
    const judge = (hasPasswordInForce: boolean, waits?: PeerCircumstances['waits']): string[] => {
      const passwordProblem = 'There is no Secret system/key.';
      const peer = { ...R1, hasPassword: true };
      const circumstances = { peer, duplicateOf: undefined, replicas: [], passwordProblem, hasPasswordInForce, waits };
      const { status, reason, message } = peerReady(READ, circumstances);
      return [status, reason, message];
    };
    const words = (next: string): string[] => ['False', 'PasswordMissing', `There is no Secret system/key. ${next}`];
    assert.deepEqual(judge(false), words('No session is opened without it.'));
    assert.deepEqual(judge(true), words('The last password stays in force until then.'));
    assert.deepEqual(judge(true, { for: 'password' }), words('The last configuration stays in force until then.'));
  });

  test('is False for one that was edited to be the neighbour of another one, which keeps the session', () => {
    const circumstances = {
      peer: R1,
      duplicateOf: undefined,
      replicas: [],
      waits: { for: 'neighbour', of: 'r2' },
    } as const;
    const { status, reason, message } = peerReady(READ, circumstances);
    assert.deepEqual([status, reason], ['False', 'DuplicateNeighbor']);
    assert.match(message, /^The BgpPeer r2 has the session .* the last configuration of this one stays in force/);
  });
});

suite("a replica's entry", () => {
  test('has what was negotiated as long as the session is up', () => {
    assert.deepEqual(replicaPeerStatus(UP, 'porter-0', 'n1'), {
      replica: 'porter-0',
      node: 'n1',
      sessionState: 'Established',
      since: '2026-01-01T00:00:00.000Z',
      negotiated: {
        routerId: '1.1.1.1',
        holdTimeSeconds: 90,
        families: ['ipv4-unicast', 'ipv6-unicast'],
        addPaths: ['ipv4-unicast'],
        gracefulRestart: { restartTimeSeconds: 120, routerRestartTimeSeconds: 60, notification: true },
        ...{ fourOctetAs: true, routeRefresh: true, enhancedRouteRefresh: true },
        ...{ extendedMessages: false, extendedNextHop: true },
        capabilities: ['multiprotocol ipv4-unicast', 'add-path ipv4-unicast both', 'capability 222'],
      },
    });
    assert.equal(replicaPeerStatus({ ...UP, restart: undefined }, 'a', 'n1').negotiated?.gracefulRestart, undefined);
    const down = replicaPeerStatus({ ...UP, state: 'Active', lastError: 'x'.repeat(5_000) }, 'porter-0', 'n1');
    assert.equal(down.negotiated, undefined);
    assert.equal(down.lastError?.length, 1_024);
  });

  test('has as many capabilities as the schema has room for, whatever a replica reports', () => {
    const capabilities = Array.from({ length: 1_000 }, (_, i) => `capability ${i} ${'x'.repeat(1_000)}`);
    const entry = replicaPeerStatus({ ...UP, capabilities }, 'porter-0', 'n1');
    assert.deepEqual(bgpPeerStatus.safeParse({ replicas: [entry] }).error, undefined);
    assert.equal(entry.negotiated?.capabilities?.length, 64);
  });

  test('names a next hop that the router may not take, and so does the condition', () => {
    const entry = replicaPeerStatus({ ...UP, offSubnetNextHop: '10.9.0.7 (node n7)' }, 'porter-0', 'n1');
    assert.equal(entry.offSubnetNextHop, '10.9.0.7 (node n7)');
    const ready = (replicas: readonly ReplicaPeerStatus[]): string =>
      peerReady(READ, { peer: undefined, duplicateOf: undefined, replicas }).message;
    assert.match(
      ready([replicaPeerStatus(UP, 'porter-1', 'n2'), entry]),
      /the next hop 10\.9\.0\.7 \(node n7\) is on no subnet/,
    );
    assert.doesNotMatch(ready([replicaPeerStatus(UP, 'porter-1', 'n2')]), /subnet/);
  });

  test('has the BFD session of the peer, in whatever state', () => {
    const bfd = replicaPeerStatus({ ...UP, bfd: BFD_UP }, 'porter-0', 'n1').bfd;
    assert.deepEqual(bfd, { state: 'Up', since: BFD_UP.since, transmitIntervalMs: 300, detectionTimeMs: 900 });
    const report = { ...BFD_UP, state: 'Down', detectionTimeMs: undefined, diagnostic: 'Path Down', problem: 'x' };
    assert.deepEqual(replicaPeerStatus({ ...UP, state: 'Idle', bfd: report }, 'porter-0', 'n1').bfd, {
      ...{ state: 'Down', since: BFD_UP.since, transmitIntervalMs: 300, diagnostic: 'Path Down', problem: 'x' },
    });
  });

  test('counts in the column when it is Established', () => {
    const up = replicaPeerStatus(UP, 'porter-0', 'n1');
    assert.equal(establishedColumn([up, { ...up, replica: 'porter-1', sessionState: 'Idle' }]), '1/2');
    assert.equal(establishedColumn([]), '0/0');
  });
});
