import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { aPeer } from '../domain/testing/builders.ts';
import type { SessionReport } from '../engine/messages.ts';
import { establishedColumn, peerReady, replicaPeerStatus } from './peer-status.ts';

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
};

suite('Ready of a BgpPeer', () => {
  test('is True for one that is spoken to', () => {
    const { status, reason, message } = peerReady(READ, R1);
    assert.deepEqual([status, reason, message], ['True', 'InUse', 'In use.']);
  });

  test('is False for one with a password, and says why and what to do', () => {
    const { status, reason, message } = peerReady(READ, { ...R1, hasPassword: true });
    assert.deepEqual([status, reason], ['False', 'PasswordNotSupported']);
    assert.match(message, /no session is opened/);
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
      },
    });
    const down = replicaPeerStatus({ ...UP, state: 'Active', lastError: 'x'.repeat(5_000) }, 'porter-0', 'n1');
    assert.equal(down.negotiated, undefined);
    assert.equal(down.lastError?.length, 1_024);
  });

  test('counts in the column when it is Established', () => {
    const up = replicaPeerStatus(UP, 'porter-0', 'n1');
    assert.equal(establishedColumn([up, { ...up, replica: 'porter-1', sessionState: 'Idle' }]), '1/2');
    assert.equal(establishedColumn([]), '0/0');
  });
});
