import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Ledger } from '../../allocate/ledger.ts';
import { PoolSet } from '../../allocate/pool-set.ts';
import { aService } from '../../domain/testing/builders.ts';
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
    pools: () => new PoolSet(this.view.poolsInForce()),
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

  /** A Service takes these addresses of the pool and lets go of all others. */
  hold(service: string, ...ips: readonly string[]): void {
    const assignments = ips.map((ip) => ({ pool: 'a', ip }));
    this.ledger.set(aService(service), assignments, this.clock.wallTime().getTime());
  }

  /** Two passes at the most: the finalizer, and what the object says. */
  async writePoolTwice(): Promise<void> {
    await this.writePool();
    await this.writePool();
  }

  finalizers(): readonly string[] | undefined {
    return this.api.read(eips, { name: 'a' })?.metadata?.finalizers;
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
    bench.hold('d/s', '192.0.2.1');
    await bench.writePoolTwice();
    // The finalizer of a pool in use, and the status.
    assert.equal(bench.api.writes.length, 3);
    await bench.writePoolTwice();
    assert.equal(bench.api.writes.length, 3);
    assert.deepEqual(bench.pool()?.used, { '192.0.2.1': 'd/s' });
  });

  test('loses the addresses that were freed, also the last one, and remembers them youngest first', async () => {
    const bench = await new Bench().start();
    bench.hold('d/s', '192.0.2.1');
    bench.hold('e/t', '192.0.2.2');
    await bench.writePoolTwice();
    assert.deepEqual(bench.pool()?.namespaces, ['d', 'e']);
    bench.hold('d/s');
    await bench.writePool();
    assert.deepEqual([bench.pool()?.used, bench.pool()?.usage], [{ '192.0.2.2': 'e/t' }, 1]);
    const time = bench.clock.wallTime().toISOString();
    assert.deepEqual(bench.pool()?.released, [{ ip: '192.0.2.1', service: 'd/s', time }]);
    bench.clock.advance(1_500);
    bench.hold('e/t');
    await bench.writePool();
    assert.deepEqual([bench.pool()?.used, bench.pool()?.usage, bench.pool()?.namespaces], [{}, 0, []]);
    const later = bench.clock.wallTime().toISOString();
    assert.deepEqual(bench.pool()?.released?.[0], { ip: '192.0.2.2', service: 'e/t', time: later });
    assert.equal(bench.pool()?.released?.length, 2);
  });

  test('is occupied once no address is left to give', async () => {
    const bench = await new Bench().start();
    ['192.0.2.0', '192.0.2.1', '192.0.2.2'].forEach((ip, i) => bench.hold(`d/s${i}`, ip));
    await bench.writePoolTwice();
    assert.equal(bench.pool()?.occupied, false);
    bench.hold('d/s3', '192.0.2.3');
    await bench.writePool();
    assert.deepEqual([bench.pool()?.occupied, bench.pool()?.usage], [true, 4]);
  });

  test('keeps the ranges in which addresses are held when the addresses of the pool are edited', async () => {
    const bench = await new Bench().start();
    bench.hold('d/s', '192.0.2.1');
    await bench.writePoolTwice();
    await bench.editPool('198.51.100.0/31');
    assert.deepEqual(bench.pool()?.addresses, ['198.51.100.0-198.51.100.1', '192.0.2.1']);
    bench.hold('d/s');
    await bench.writePool();
    assert.deepEqual(bench.pool()?.addresses, ['198.51.100.0-198.51.100.1']);
  });

  test('goes on being written of a pool whose edit cannot be read, by its last good version', async () => {
    const bench = await new Bench().start();
    await bench.writePool();
    await bench.editPool('nonsense');
    assert.equal(bench.readyOfPool().reason, 'Invalid');
    bench.hold('d/s', '192.0.2.1');
    await bench.writePoolTwice();
    assert.deepEqual(
      [bench.pool()?.usage, bench.pool()?.addresses, bench.pool()?.namespaces, bench.pool()?.ready],
      [1, ['192.0.2.0-192.0.2.3'], ['d'], false],
    );
  });

  test('is not touched, beyond its condition, of a pool that could never be read', async () => {
    const bench = await new Bench().start();
    bench.api.remove(eips, { name: 'a' });
    const status = { addresses: ['192.0.2.0-192.0.2.3'], namespaces: ['d'] };
    bench.api.store(eips, { ...POOL, spec: { address: 'nonsense' }, status });
    await settle();
    await bench.writePool();
    assert.deepEqual([bench.pool()?.addresses, bench.pool()?.namespaces], [status.addresses, status.namespaces]);
    assert.equal(bench.readyOfPool().reason, 'Invalid');
  });

  test('says in a second condition what the pool shares with another one, until it no longer does', async () => {
    const bench = await new Bench().start();
    await bench.writePool();
    const overlapping = (): ExistingCondition | undefined =>
      bench.pool()?.conditions?.find(({ type }) => type === 'Overlapping');
    assert.equal(overlapping(), undefined);
    bench.clock.advance(1_000);
    bench.api.store(eips, { metadata: { name: 'b' }, spec: { address: '192.0.2.3-192.0.2.9' } });
    await settle();
    bench.api.writes.length = 0;
    await bench.writePool();
    await bench.writePool();
    assert.equal(bench.api.writes.length, 1);
    assert.deepEqual([overlapping()?.status, overlapping()?.reason], ['True', 'OverlapsEip']);
    assert.match(overlapping()?.message ?? '', /192\.0\.2\.3 with the younger Eip b/);
    assert.equal(bench.readyOfPool().status, 'True');
    bench.api.remove(eips, { name: 'b' });
    await settle();
    await bench.writePool();
    assert.deepEqual([overlapping()?.status, overlapping()?.reason], ['False', 'NoOverlap']);
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

suite('a pool that is deleted', () => {
  const THEIRS = 'example.com/theirs';

  test('stays while Services hold addresses of it, names them, and goes with the last', async () => {
    const bench = await new Bench().start();
    bench.hold('d/s', '192.0.2.1');
    bench.hold('d/t', '192.0.2.2');
    await bench.writePoolTwice();
    bench.api.remove(eips, { name: 'a' });
    await settle();
    await bench.writePool();
    assert.equal(bench.readyOfPool().reason, 'PoolDeleting');
    assert.match(bench.readyOfPool().message ?? '', /: d\/s, d\/t\./);
    bench.hold('d/s');
    await bench.writePool();
    assert.match(bench.readyOfPool().message ?? '', /: d\/t\./);
    bench.hold('d/t');
    await bench.writePool();
    assert.equal(bench.api.read(eips, { name: 'a' }), undefined);
  });

  test('goes at once if nobody ever had an address of it', async () => {
    const bench = await new Bench().start();
    await bench.writePool();
    assert.equal(bench.finalizers(), undefined);
    bench.api.remove(eips, { name: 'a' });
    assert.equal(bench.api.read(eips, { name: 'a' }), undefined);
  });

  test("keeps others' finalizers", async () => {
    const bench = await new Bench().start();
    bench.api.store(eips, { ...POOL, metadata: { ...POOL.metadata, finalizers: [THEIRS] } });
    await settle();
    bench.hold('d/s', '192.0.2.1');
    await bench.writePoolTwice();
    assert.deepEqual(bench.finalizers(), [THEIRS, 'lb.kubesphere.io/in-use']);
    bench.api.remove(eips, { name: 'a' });
    bench.hold('d/s');
    await settle();
    await bench.writePoolTwice();
    assert.deepEqual(bench.finalizers(), [THEIRS]);
    assert.equal(bench.readyOfPool().reason, 'PoolDeleting');
  });

  test('is not let go by a leader that has not seen its newest version', async () => {
    const bench = await new Bench().start();
    bench.hold('d/s', '192.0.2.1');
    await bench.writePoolTwice();
    bench.api.remove(eips, { name: 'a' });
    await settle();
    bench.hold('d/s');
    bench.api.muteWatches('eips');
    const now = bench.api.read(eips, { name: 'a' });
    bench.api.store(eips, { ...now, spec: { address: '192.0.2.0/29' } });
    await assert.rejects(bench.writePool(), /modified/);
    assert.deepEqual(bench.finalizers(), ['lb.kubesphere.io/in-use']);
  });

  test('is not let go by one who may not write', async () => {
    const bench = await new Bench().start();
    bench.hold('d/s', '192.0.2.1');
    await bench.writePoolTwice();
    bench.api.remove(eips, { name: 'a' });
    await settle();
    bench.hold('d/s');
    bench.mayWrite = false;
    assert.ok(((await bench.writePool()) ?? 0) > 0);
    assert.notEqual(bench.api.read(eips, { name: 'a' }), undefined);
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
