import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Ledger } from '../../allocate/ledger.ts';
import { FakeClock } from '../../platform/fake/clock.ts';
import { FakeLogger } from '../../platform/fake/logger.ts';
import type { ExistingCondition } from '../../report/conditions.ts';
import { bgpConfs, bgpPeers, eips } from '../custom-kinds.ts';
import { FakeKube } from '../fake/fake-kube.ts';
import { settle } from '../fake/passage.ts';
import { endpointSlices } from '../kinds.ts';
import { ClusterView } from '../watch/cluster-view.ts';
import { applyOwnStatus } from './apply-status.ts';
import { LeaderStatuses } from './leader-statuses.ts';

const POOL = { metadata: { name: 'a' }, spec: { address: '192.0.2.0/30' } };
const PEER = { metadata: { name: 'r1' }, spec: { conf: { peerAs: 65000, neighborAddress: '192.0.2.254' } } };
const GONE_MS = 30_000;

class Bench {
  readonly clock = new FakeClock();
  readonly api = new FakeKube({ clock: this.clock });
  readonly ledger = new Ledger();
  readonly logger = new FakeLogger();
  readonly view = new ClusterView(
    { api: this.api, clock: this.clock, random: { next: () => 0.5 }, logger: this.logger },
    {
      membership: 'system/porter-manager',
      address: '10.0.0.1',
      onSynced: () => undefined,
      onInputs: () => undefined,
      onChange: (kind) => {
        if (kind === 'replicas') this.statuses.replicasChanged();
      },
    },
  );
  mayWrite = true;
  readonly statuses = new LeaderStatuses({
    api: this.api,
    clock: this.clock,
    logger: this.logger,
    view: this.view,
    ledger: this.ledger,
    mayWrite: () => this.mayWrite,
  });

  async start(): Promise<this> {
    this.api.store(eips, POOL);
    this.api.store(bgpPeers, PEER);
    this.api.store(bgpConfs, { metadata: { name: 'default' }, spec: { as: 64512, routerId: '192.0.2.253' } });
    this.view.start();
    await settle();
    return this;
  }

  /** Replicas that the EndpointSlice lists. */
  async members(...names: readonly string[]): Promise<void> {
    this.api.store(endpointSlices, {
      metadata: {
        name: 'porter-manager-x',
        namespace: 'system',
        labels: { 'kubernetes.io/service-name': 'porter-manager' },
      },
      addressType: 'IPv4',
      endpoints: names.map((name, i) => ({ addresses: [`10.0.0.${i + 1}`], targetRef: { kind: 'Pod', name } })),
    });
    await settle();
  }

  /** Entries that replicas wrote into the status of `r1`. */
  async entries(...replicas: readonly string[]): Promise<void> {
    for (const replica of replicas) {
      const entry = { replica, node: 'n1', sessionState: 'Established', since: '2026-01-01T00:00:00.000Z' };
      await applyOwnStatus(this.api, bgpPeers, { ref: { name: 'r1' }, replica, status: { replicas: [entry] } });
    }
    await settle();
    this.api.writes.length = 0;
  }

  replicasOfPeer(): string[] {
    return (this.api.read(bgpPeers, { name: 'r1' })?.status?.replicas ?? []).map(({ replica }) => replica);
  }

  async writePeer(): Promise<number | undefined> {
    const againMs = await this.statuses.writePeer('r1');
    await settle();
    return againMs;
  }

  async writePool(): Promise<number | undefined> {
    const againMs = await this.statuses.writePool('a');
    await settle();
    return againMs;
  }

  /** Changes the addresses of the pool, and has its status written. */
  async editPool(address: string): Promise<void> {
    this.api.store(eips, { ...this.api.read(eips, { name: 'a' }), spec: { address } });
    await settle();
    await this.writePool();
  }

  readyOfPool(): ExistingCondition {
    const ready = this.pool()?.conditions?.find(({ type }) => type === 'Ready');
    assert.ok(ready);
    return ready;
  }

  pool(): NonNullable<ReturnType<ClusterView['poolObject']>>['status'] {
    return this.api.read(eips, { name: 'a' })?.status;
  }
}

suite("a pool's status", () => {
  test('is written when something changed, and not otherwise', async () => {
    const bench = await new Bench().start();
    await bench.writePool();
    assert.deepEqual([bench.pool()?.poolSize, bench.pool()?.usage, bench.pool()?.used], [4, 0, {}]);
    await bench.writePool();
    assert.equal(bench.api.writes.length, 1);
    bench.ledger.set('d/s', [{ pool: 'a', ip: '192.0.2.1' }]);
    await bench.writePool();
    await bench.writePool();
    assert.equal(bench.api.writes.length, 2);
    assert.deepEqual(bench.pool()?.used, { '192.0.2.1': 'd/s' });
  });

  test('loses the addresses that were freed, also the last one', async () => {
    const bench = await new Bench().start();
    bench.ledger.set('d/s', [{ pool: 'a', ip: '192.0.2.1' }]);
    bench.ledger.set('d/t', [{ pool: 'a', ip: '192.0.2.2' }]);
    await bench.writePool();
    bench.ledger.delete('d/s');
    await bench.writePool();
    assert.deepEqual([bench.pool()?.used, bench.pool()?.usage], [{ '192.0.2.2': 'd/t' }, 1]);
    bench.ledger.delete('d/t');
    await bench.writePool();
    assert.deepEqual([bench.pool()?.used, bench.pool()?.usage], [{}, 0]);
  });

  test("keeps others' conditions as they are", async () => {
    const bench = await new Bench().start();
    const status = { type: 'Theirs', status: 'True', reason: 'X', message: '' } as const;
    const theirs = { ...status, lastTransitionTime: '2020-01-01T00:00:00Z' };
    bench.api.store(eips, { ...POOL, status: { conditions: [theirs] } });
    await settle();
    await bench.writePool();
    assert.deepEqual(bench.pool()?.conditions?.[0], theirs);
    await bench.editPool('nonsense');
    assert.deepEqual(bench.pool()?.conditions?.[0], theirs);
    assert.deepEqual(
      bench.pool()?.conditions?.map(({ type, status: value }) => `${type}=${value}`),
      ['Theirs=True', 'Ready=False'],
    );
  });

  test('keeps the time of its condition while that does not turn', async () => {
    const bench = await new Bench().start();
    await bench.writePool();
    const ready = bench.readyOfPool();
    bench.clock.advance(60_000);
    await bench.editPool('nonsense');
    const turned = bench.readyOfPool();
    assert.equal(turned.reason, 'Invalid');
    assert.notEqual(turned.lastTransitionTime, ready.lastTransitionTime);
    bench.clock.advance(60_000);
    await bench.editPool('192.0.2.9-192.0.2.1');
    const still = bench.readyOfPool();
    assert.notEqual(still.message, turned.message);
    assert.equal(still.lastTransitionTime, turned.lastTransitionTime);
  });

  test('is not written by one who may not, but looked at again', async () => {
    const bench = await new Bench().start();
    bench.mayWrite = false;
    const againMs = await bench.writePool();
    assert.ok(againMs !== undefined && againMs > 0);
    assert.deepEqual(bench.api.writes, []);
    bench.mayWrite = true;
    assert.equal(await bench.writePool(), undefined);
    assert.equal(bench.api.writes.length, 1);
  });
});

suite("a peer's status", () => {
  test('counts the sessions of the replicas, and is written when that changes', async () => {
    const bench = await new Bench().start();
    await bench.members('porter-0', 'porter-1');
    await bench.entries('porter-0', 'porter-1');
    await bench.writePeer();
    await bench.writePeer();
    assert.equal(bench.api.writes.length, 1);
    const status = bench.api.read(bgpPeers, { name: 'r1' })?.status;
    assert.deepEqual([status?.established, status?.conditions?.[0]?.status], ['2/2', 'True']);
    assert.deepEqual(bench.replicasOfPeer(), ['porter-0', 'porter-1']);
  });

  test('says of a peer with a password that there is no session', async () => {
    const bench = await new Bench().start();
    const conf = { ...PEER.spec.conf, authPassword: 's3cret' };
    bench.api.store(bgpPeers, { ...PEER, spec: { conf } });
    await settle();
    await bench.writePeer();
    const [ready] = bench.api.read(bgpPeers, { name: 'r1' })?.status?.conditions ?? [];
    assert.deepEqual([ready?.status, ready?.reason], ['False', 'PasswordNotSupported']);
  });

  test('keeps the entry of a replica that the membership does not list yet', async () => {
    const bench = await new Bench().start();
    await bench.members('porter-0');
    await bench.entries('porter-0', 'porter-1');
    assert.equal(await bench.writePeer(), GONE_MS);
    bench.clock.advance(GONE_MS - 1);
    assert.equal(await bench.writePeer(), 1);
    await bench.members('porter-0', 'porter-1');
    bench.clock.advance(GONE_MS);
    assert.equal(await bench.writePeer(), undefined);
    assert.deepEqual(bench.replicasOfPeer(), ['porter-0', 'porter-1']);
  });

  test('loses the entry of a replica that has been missing for 30 s', async () => {
    const bench = await new Bench().start();
    await bench.members('porter-0');
    await bench.entries('porter-0', 'porter-1');
    await bench.writePeer();
    bench.clock.advance(GONE_MS);
    await bench.writePeer();
    assert.deepEqual(bench.replicasOfPeer(), ['porter-0']);
    await bench.writePeer();
    assert.equal(bench.api.read(bgpPeers, { name: 'r1' })?.status?.established, '1/1');
  });

  test('counts the 30 s from the last time that the replica was there, if only for a moment', async () => {
    const bench = await new Bench().start();
    await bench.members('porter-0');
    await bench.entries('porter-0', 'porter-1');
    await bench.writePeer();
    bench.clock.advance(GONE_MS - 1_000);
    await bench.members('porter-0', 'porter-1');
    await bench.members('porter-0');
    bench.clock.advance(1_000);
    assert.equal(await bench.writePeer(), GONE_MS);
    assert.deepEqual(bench.replicasOfPeer(), ['porter-0', 'porter-1']);
  });

  test('loses nothing while the membership is empty, however long', async () => {
    const bench = await new Bench().start();
    await bench.members('porter-0');
    await bench.entries('porter-0', 'porter-1');
    await bench.writePeer();
    await bench.members();
    bench.clock.advance(10 * GONE_MS);
    assert.equal(await bench.writePeer(), undefined);
    await bench.members('porter-0');
    assert.equal(await bench.writePeer(), GONE_MS);
    assert.deepEqual(bench.replicasOfPeer(), ['porter-0', 'porter-1']);
  });

  test('loses nothing to one who may not write', async () => {
    const bench = await new Bench().start();
    await bench.members('porter-0');
    await bench.entries('porter-0', 'porter-1');
    await bench.writePeer();
    bench.clock.advance(GONE_MS);
    bench.api.writes.length = 0;
    bench.mayWrite = false;
    assert.ok(((await bench.writePeer()) ?? 0) > 0);
    assert.deepEqual(bench.api.writes, []);
  });
});

suite("the BgpConf's status", () => {
  test('says once that it is in use', async () => {
    const bench = await new Bench().start();
    await bench.statuses.writeSettings();
    await settle();
    await bench.statuses.writeSettings();
    assert.equal(bench.api.writes.length, 1);
    const [ready] = bench.api.read(bgpConfs, { name: 'default' })?.status?.conditions ?? [];
    assert.deepEqual([ready?.type, ready?.status], ['Ready', 'True']);
  });

  test('is nothing to write of objects that are gone', async () => {
    const bench = await new Bench().start();
    for (const [kind, name] of [
      [eips, 'a'],
      [bgpPeers, 'r1'],
      [bgpConfs, 'default'],
    ] as const)
      bench.api.remove(kind, { name });
    await settle();
    await bench.statuses.writePool('a');
    await bench.statuses.writePeer('r1');
    await bench.statuses.writeSettings();
    assert.deepEqual(bench.api.writes, []);
  });
});
