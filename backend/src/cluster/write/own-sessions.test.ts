import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { SessionReport } from '../../engine/messages.ts';
import type { BfdReport } from '../../engine/session-state.ts';
import { FakeClock } from '../../platform/fake/clock.ts';
import { FakeLogger } from '../../platform/fake/logger.ts';
import type { ReplicaPeerStatus } from '../../resources/bgp-peer-status.ts';
import { bgpPeers, type BgpPeer } from '../custom-kinds.ts';
import { ApiError, NetworkError } from '../errors.ts';
import { FakeKube } from '../fake/fake-kube.ts';
import { pass, settle } from '../fake/passage.ts';
import { Informer } from '../watch/informer.ts';
import { applyOwnStatus, pruneOwnStatus } from './apply-status.ts';
import { OwnSessions } from './own-sessions.ts';

const R1 = { name: 'r1' };

function down(state: string, lastError?: string): SessionReport {
  return {
    peer: 'r1',
    state,
    since: '2026-01-01T00:00:00.000Z',
    lastError,
    localAddress: undefined,
    remoteRouterId: undefined,
    holdTimeSeconds: undefined,
    families: [],
    gracefulRestart: false,
    ...{ restart: undefined, fourOctetAs: false, routeRefresh: false, enhancedRouteRefresh: false },
    ...{ extendedMessages: false, extendedNextHop: false, capabilities: [] },
    bfd: undefined,
  };
}

const UP: SessionReport = {
  ...down('Established'),
  remoteRouterId: '1.1.1.1',
  holdTimeSeconds: 90,
  families: [{ family: 'ipv4-unicast', addPath: true }],
};

class Bench {
  readonly clock = new FakeClock();
  readonly api = new FakeKube({ clock: this.clock });
  readonly logger = new FakeLogger();
  readonly #deps = { api: this.api, clock: this.clock, random: { next: () => 0.5 }, logger: this.logger };
  readonly #informer: Informer<BgpPeer> = new Informer<BgpPeer>(this.#deps, {
    kind: bgpPeers,
    onChange: ({ key }) => this.sessions.peerChanged(key),
  });
  readonly sessions = new OwnSessions(
    {
      ...this.#deps,
      view: { peerObject: (name) => this.#informer.get(name), peerObjects: () => this.#informer.values() },
    },
    { replica: 'porter-0', node: 'n1' },
  );

  /** With the BgpPeer `r1` in the cluster and seen. */
  async start(): Promise<this> {
    if (this.api.read(bgpPeers, R1) === undefined) this.api.store(bgpPeers, { metadata: R1, spec: {} });
    this.#informer.start();
    await settle();
    return this;
  }

  async report(...sessions: readonly SessionReport[]): Promise<void> {
    this.sessions.update(sessions);
    await this.pass();
  }

  async pass(ms = 1_000): Promise<void> {
    await pass(this.clock, ms);
  }

  entry(replica = 'porter-0'): ReplicaPeerStatus | undefined {
    return this.api.read(bgpPeers, R1)?.status?.replicas?.find((entry) => entry.replica === replica);
  }

  /** Writes since the last call. */
  writes(): number {
    return this.api.writes.splice(0).length;
  }

  async stop(): Promise<void> {
    await this.sessions.stop();
    this.#informer.stop();
  }
}

async function foreignEntry(bench: Bench, replica: string): Promise<void> {
  const status = { replicas: [{ replica, node: 'n2', sessionState: 'Idle', since: '2026-01-01T00:00:00.000Z' }] };
  await applyOwnStatus(bench.api, bgpPeers, { ref: R1, replica, status });
  await settle();
  bench.writes();
}

suite("a replica's own entry", () => {
  test('is written once for each real change of the session', async () => {
    const bench = await new Bench().start();
    await bench.report(UP);
    assert.deepEqual([bench.writes(), bench.entry()?.sessionState], [1, 'Established']);
    await bench.report(UP);
    assert.equal(bench.writes(), 0);
    await bench.report(down('Active', 'connection refused'));
    assert.deepEqual([bench.writes(), bench.entry()?.lastError], [1, 'connection refused']);
    await bench.report({ ...UP, since: '2026-01-01T01:00:00.000Z' });
    assert.deepEqual([bench.writes(), bench.entry()?.since], [1, '2026-01-01T01:00:00.000Z']);
  });

  test('is not written while the session tries again and again for the same reason', async () => {
    const bench = await new Bench().start();
    await bench.report(down('Idle'));
    assert.equal(bench.writes(), 1);
    for (const state of ['Connect', 'Active', 'OpenSent', 'Idle', 'Connect']) await bench.report(down(state));
    assert.equal(bench.writes(), 0);
    await bench.report(down('Connect', 'no route'));
    assert.equal(bench.writes(), 1);
    await bench.report(down('Active', 'no route'));
    assert.equal(bench.writes(), 0);
  });

  test('follows BFD, but not its attempts to come up', async () => {
    const bench = await new Bench().start();
    const bfd = (state: string, more: Partial<BfdReport> = {}): SessionReport => {
      const none = { diagnostic: undefined, remoteDiagnostic: undefined, problem: undefined };
      const report = { since: '2026-01-01T00:00:00.000Z', transmitIntervalMs: 1_000, detectionTimeMs: undefined };
      return { ...UP, bfd: { ...none, ...report, state, ...more } };
    };
    await bench.report(bfd('Down'));
    assert.equal(bench.writes(), 1);
    for (const state of ['Init', 'Down', 'Init']) await bench.report(bfd(state, { since: '2026-01-01T00:00:09.000Z' }));
    assert.equal(bench.writes(), 0);
    await bench.report(bfd('Up', { transmitIntervalMs: 300, detectionTimeMs: 900 }));
    assert.deepEqual([bench.writes(), bench.entry()?.bfd?.detectionTimeMs], [1, 900]);
    await bench.report(bfd('Down', { diagnostic: 'Control Detection Time Expired' }));
    assert.deepEqual([bench.writes(), bench.entry()?.bfd?.state], [1, 'Down']);
  });

  test('is one write for a session that comes up, through all its states', async () => {
    const bench = await new Bench().start();
    for (const state of ['Idle', 'Connect', 'OpenSent', 'OpenConfirm']) bench.sessions.update([down(state)]);
    await bench.report(UP);
    assert.deepEqual([bench.writes(), bench.entry()?.sessionState], [1, 'Established']);
  });

  test('is not written again while the watch is slow to show it', async () => {
    const bench = await new Bench().start();
    bench.api.muteWatches();
    await bench.report(UP);
    await bench.report(UP);
    assert.equal(bench.writes(), 1);
    await bench.report(down('Active', 'cut'));
    await bench.report(UP);
    assert.deepEqual([bench.writes(), bench.entry()?.sessionState], [2, 'Established']);
  });

  test('comes back with a BgpPeer that is deleted and made anew while the router is away', async () => {
    const bench = await new Bench().start();
    await bench.report(down('Active', 'no route'));
    bench.api.remove(bgpPeers, R1);
    await bench.pass();
    bench.writes();
    bench.api.store(bgpPeers, { metadata: R1, spec: {} });
    await bench.pass();
    assert.deepEqual([bench.writes(), bench.entry()?.lastError], [1, 'no route']);
  });

  test('comes back after somebody took it away', async () => {
    const bench = await new Bench().start();
    await bench.report(UP);
    await pruneOwnStatus(bench.api, bgpPeers, { ref: R1, replica: 'porter-0' });
    assert.equal(bench.entry(), undefined);
    await bench.pass();
    assert.equal(bench.entry()?.sessionState, 'Established');
  });

  test('goes when this replica has no session with the peer any more; those of others stay', async () => {
    const bench = await new Bench().start();
    await foreignEntry(bench, 'porter-1');
    await bench.report(UP);
    await bench.report();
    assert.deepEqual([bench.entry(), bench.entry('porter-1')?.replica], [undefined, 'porter-1']);
    assert.equal(bench.writes(), 2);
  });

  test('of an earlier life stands until the engine has reported, and then is as it reports', async () => {
    const bench = new Bench();
    bench.api.store(bgpPeers, { metadata: R1, spec: {} });
    await foreignEntry(bench, 'porter-0');
    await bench.start();
    await bench.pass();
    assert.deepEqual([bench.writes(), bench.entry()?.node], [0, 'n2']);
    await bench.report();
    assert.deepEqual([bench.writes(), bench.entry()], [1, undefined]);
  });

  test('is written when the API server is back', async () => {
    const bench = await new Bench().start();
    const error = new NetworkError('connection', 'ECONNREFUSED');
    bench.api.faults.inject({ verb: 'patch', times: 3, error });
    await bench.report(UP);
    await bench.pass(60_000);
    assert.deepEqual([bench.writes(), bench.entry()?.sessionState], [1, 'Established']);
  });

  test('is not tried again before the time that the server names', async () => {
    const bench = await new Bench().start();
    const error = new ApiError({ status: 429, reason: 'TooManyRequests', message: 'later', retryAfterMs: 20_000 });
    bench.api.faults.inject({ verb: 'patch', times: 1, error });
    await bench.report(UP);
    await bench.pass(19_000);
    assert.equal(bench.entry(), undefined);
    await bench.pass(3_000);
    assert.equal(bench.entry()?.sessionState, 'Established');
  });

  test('is taken back when the replica leaves, and only its own', async () => {
    const bench = await new Bench().start();
    await foreignEntry(bench, 'porter-1');
    await bench.report(UP);
    await bench.stop();
    assert.deepEqual([bench.entry(), bench.entry('porter-1')?.replica], [undefined, 'porter-1']);
    assert.equal(bench.clock.pendingTimers, 0);
  });

  test('stays behind, with a line in the log, when the API server is away as the replica leaves', async () => {
    const bench = await new Bench().start();
    await bench.report(UP);
    bench.api.goDown();
    await bench.stop();
    assert.equal(bench.logger.entries.at(-1)?.message, 'an entry of this replica stays behind');
  });
});
