import assert from 'node:assert/strict';
import { Exceptions } from '../../../allocate/exceptions.ts';
import { Ledger } from '../../../allocate/ledger.ts';
import { PoolSet } from '../../../allocate/pool-set.ts';
import { aService } from '../../../domain/testing/builders.ts';
import { FakeClock } from '../../../platform/fake/clock.ts';
import { FakeLogger } from '../../../platform/fake/logger.ts';
import type { ExistingCondition } from '../../../report/conditions.ts';
import { bgpConfs, bgpPeers, eips } from '../../custom-kinds.ts';
import { FakeKube } from '../../fake/fake-kube.ts';
import { settle } from '../../fake/passage.ts';
import { endpointSlices } from '../../kinds.ts';
import { ClusterView } from '../../watch/cluster-view.ts';
import { applyOwnStatus } from '../apply-status.ts';
import { LeaderStatuses } from '../leader-statuses.ts';

export const POOL = { metadata: { name: 'a' }, spec: { address: '192.0.2.0/30' } };
export const PEER = { metadata: { name: 'r1' }, spec: { conf: { peerAs: 65000, neighborAddress: '192.0.2.254' } } };

/** What the leader writes of pools and peers, on a fake API server, with the view that it has in production. */
export class StatusesBench {
  readonly clock = new FakeClock();
  readonly api = new FakeKube({ clock: this.clock });
  readonly ledger = new Ledger();
  readonly logger = new FakeLogger();
  readonly view = new ClusterView(
    { api: this.api, clock: this.clock, random: { next: () => 0.5 }, logger: this.logger },
    {
      membership: 'system/porter-manager',
      namespace: 'system',
      address: '10.0.0.1',
      serviceRanges: () => [],
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
    exceptions: new Exceptions({
      ledger: this.ledger,
      services: this.view.services,
      pools: () => new PoolSet(this.view.poolsInForce()),
    }),
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

  /** Replicas heard somebody else at the first address of the pool. */
  async conflicts(...replicas: readonly string[]): Promise<void> {
    for (const replica of replicas) {
      const heard = { ip: '192.0.2.1', mac: '02:00:5e:10:00:0a', link: 'eth0', announced: false };
      const conflicts = [{ replica, ...heard, since: '2026-01-01T00:00:00.000Z' }];
      await applyOwnStatus(this.api, eips, { ref: { name: 'a' }, replica, status: { conflicts } });
    }
    await settle();
    this.api.writes.length = 0;
  }

  /** Who has heard it, by the pool's status. */
  heardBy(): string[] {
    return (this.pool()?.conflicts ?? []).map(({ replica }) => replica);
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
    const ready = this.condition('Ready');
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

  condition(type: string): ExistingCondition | undefined {
    return this.pool()?.conditions?.find((condition) => condition.type === type);
  }

  finalizers(): readonly string[] | undefined {
    return this.api.read(eips, { name: 'a' })?.metadata?.finalizers;
  }

  pool(): NonNullable<ReturnType<ClusterView['poolObject']>>['status'] {
    return this.api.read(eips, { name: 'a' })?.status;
  }
}
