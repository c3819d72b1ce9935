import type { HoldingService } from '../../../announce/snapshot.ts';
import type { AddressRange } from '../../../domain/address.ts';
import { finding } from '../../../domain/reason.ts';
import { FakeClock } from '../../../platform/fake/clock.ts';
import { FakeLogger } from '../../../platform/fake/logger.ts';
import { LOAD_BALANCER_CLASS, OPENELB_KEYS } from '../../../resources/keys.ts';
import { bgpPeers, eips } from '../../custom-kinds.ts';
import { FakeKube } from '../../fake/fake-kube.ts';
import { pass, settle } from '../../fake/passage.ts';
import * as kinds from '../../kinds.ts';
import { ClusterView } from '../../watch/cluster-view.ts';
import { AddressReports } from '../address-reports.ts';
import type { Occurrence } from '../events.ts';
import { Leader } from '../leader.ts';

export const POOL = { metadata: { name: 'a' }, spec: { address: '192.0.2.0/32' } };

export function service(name: string): kinds.Service {
  return {
    metadata: { name, namespace: 'd', annotations: { [OPENELB_KEYS.servicePool]: 'a' } },
    spec: { type: 'LoadBalancer', loadBalancerClass: LOAD_BALANCER_CLASS, ports: [{ port: 80 }] },
  };
}

function emptyCluster(): { readonly api: FakeKube; readonly clock: FakeClock } {
  const clock = new FakeClock();
  return { clock, api: new FakeKube({ clock }) };
}

/** The leader with the view that it has in production, and an engine that announces whatever stands in a status. */
export class LeaderBench {
  readonly clock: FakeClock;
  readonly api: FakeKube;
  readonly events: string[] = [];
  readonly reports = new AddressReports();
  serviceRanges: readonly AddressRange[] = [];
  subnets: readonly AddressRange[] = [];
  mayWrite = true;
  readonly logger = new FakeLogger();
  readonly #words: [pool: string, used: unknown][] = [];
  readonly view: ClusterView;
  readonly leader: Leader;

  constructor(cluster: { readonly api: FakeKube; readonly clock: FakeClock } = emptyCluster()) {
    this.clock = cluster.clock;
    this.api = cluster.api;
    const deps = { ...cluster, random: { next: () => 0.5 }, logger: this.logger };
    this.view = new ClusterView(deps, {
      membership: undefined,
      namespace: 'system',
      address: '10.0.0.1',
      serviceRanges: () => [],
      onSynced: () => undefined,
      onInputs: (delta) => {
        if (delta.nodes !== undefined) this.leader.reservedChanged();
        for (const holding of delta.services?.values() ?? []) this.#announce(holding);
      },
      onChange: (kind, key) => {
        if (kind === 'pool-object') this.#words.push([key, this.usedOf(key)]);
        this.leader.changed(kind, key);
      },
    });
    this.leader = new Leader({
      ...deps,
      view: this.view,
      events: { record: (_kind, object, occurrence) => this.#record(object.metadata?.name ?? '', occurrence) },
      reports: this.reports.current,
      serviceRanges: () => this.serviceRanges,
      subnets: () => this.subnets,
      mayWrite: () => this.mayWrite,
    });
  }

  /** With a pool of one address, besides what is there. */
  async start(): Promise<this> {
    this.api.store(kinds.namespaces, { metadata: { name: 'd' } });
    this.api.store(eips, POOL);
    this.view.start();
    await settle();
    this.leader.start();
    await this.pass();
    return this;
  }

  /** Who leads after this one, which ends as by a crash; `change` is what becomes of each Service while nobody leads. */
  async successor(change: (service: kinds.Service) => kinds.Service = (same) => same): Promise<LeaderBench> {
    this.mayWrite = false;
    await this.leader.stop();
    this.view.stop();
    for (const each of this.api.readAll(kinds.services)) this.api.store(kinds.services, change(each));
    const next = new LeaderBench(this);
    next.view.start();
    await settle();
    next.leader.start();
    await next.pass(20_000);
    return next;
  }

  async pass(ms = 5_000): Promise<void> {
    await pass(this.clock, ms);
  }

  usageOf(pool: string): number | undefined {
    return this.api.read(eips, { name: pool })?.status?.usage;
  }

  /** A router that one replica has a session with. */
  async router(): Promise<void> {
    const conf = { peerAs: 65000, neighborAddress: '192.0.2.254' };
    const replicas = [{ replica: 'porter-0', sessionState: 'Established' as const }];
    this.api.store(bgpPeers, { metadata: { name: 'r1' }, spec: { conf }, status: { replicas } });
    await this.pass();
  }

  ipOf(name: string, namespace = 'd'): string | undefined {
    return this.api.read(kinds.services, { namespace, name })?.status?.loadBalancer?.ingress?.[0]?.ip;
  }

  /** Our conditions of a Service, as `type reason`. */
  conditionsOf(name: string): string[] {
    const { conditions = [] } = this.api.read(kinds.services, { namespace: 'd', name })?.status ?? {};
    return conditions.map(({ type, reason }) => `${type.split('/')[1]} ${reason}`);
  }

  /** All that `status.used` of a pool has said so far, in order. */
  wordsOf(pool: string): unknown[] {
    return this.#words.flatMap(([name, used]) => (name === pool && used !== undefined ? [used] : []));
  }

  usedOf(name: string): unknown {
    return this.api.read(eips, { name })?.status?.used;
  }

  lastWritesFailed(): number {
    return this.logger.entries.filter(({ message }) => message === 'the last write of a status failed').length;
  }

  overlapsOf(name: string): string | undefined {
    const { conditions = [] } = this.api.read(eips, { name })?.status ?? {};
    return conditions.find(({ type }) => type === 'Overlapping')?.reason;
  }

  writesOf(plural: string): number {
    return this.api.writes.filter((write) => write.plural === plural).length;
  }

  #announce(holding: HoldingService | null): void {
    if (holding === null) return;
    const changed = holding.assignments.map(({ ip }) => {
      const announced = finding('Announced', { ip });
      return { ip, services: [holding.key], younger: [], finding: announced, nodes: ['n1'] };
    });
    this.reports.update({ changed, gone: [] });
    this.leader.addressesReported(changed);
  }

  #record(name: string, { type, reason, action }: Occurrence): void {
    this.events.push(`${name}: ${type} ${reason} ${action}`);
  }
}
