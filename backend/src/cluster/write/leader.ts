import { isDeepStrictEqual } from 'node:util';
import { Exceptions } from '../../allocate/exceptions.ts';
import type { PoolSet } from '../../allocate/pool-set.ts';
import type { AddressRange } from '../../domain/address.ts';
import { sameRanges } from '../../domain/ranges.ts';
import type { AddressReport } from '../../engine/messages.ts';
import type { Clock, Logger, Random } from '../../platform/ports.ts';
import { BGP_CONF_NAME } from '../../resources/keys.ts';
import type { Kube } from '../kube.ts';
import type { ClusterView, ObjectChange } from '../watch/cluster-view.ts';
import { AddressAssigner } from './address-assigner.ts';
import { AnnouncedWriter } from './announced-writer.ts';
import { Burst } from './burst.ts';
import type { EventRecorder } from './events.ts';
import { LeaderStatuses } from './leader-statuses.ts';
import { PoolGuard } from './pool-guard.ts';
import type { QueueLoad } from './queue.ts';
import { StatusWriter } from './status-writer.ts';

export interface LeaderDeps {
  readonly api: Kube;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly view: ClusterView;
  readonly events: Pick<EventRecorder, 'record'>;
  /** What this replica's engine says, by address; its owner tells of changes by `addressesReported`. */
  readonly reports: ReadonlyMap<string, AddressReport>;
  /** What the cluster's own Service IPs are taken from, as far as it is known. */
  readonly serviceRanges: () => readonly AddressRange[];
  /** Subnets of the links of all replicas' nodes, as far as they are known. */
  readonly subnets: () => readonly AddressRange[];
  /** Whether this replica leads, with a current view: asked before every write. */
  readonly mayWrite: () => boolean;
}

/** A burst of Services is one write of the pool's status a second, not one for each. */
const POOL_SETTLE_MS = 1_000;
const MAX_SETTLE_MORE_MS = 4_000;
/** Services that are written in a second. */
const ADDRESS_BURST = { perSecond: 20, few: 5 };
const PEER_SETTLE_MS = 200;

/**
 * How long changes of a pool's use are gathered, in milliseconds: all that is held of it is gone through for each write, so that a
 * large pool is written less often.
 */
function poolSettleMs(held: number): number {
  return POOL_SETTLE_MS + Math.min(held, MAX_SETTLE_MORE_MS);
}

/** What only the leader does: give addresses, and say how Services, pools and peers are. Made for one term of office. */
export class Leader {
  readonly #deps: LeaderDeps;
  readonly #assigner: AddressAssigner;
  readonly #announced: AnnouncedWriter;
  readonly #statuses: LeaderStatuses;
  readonly #pools: StatusWriter;
  readonly #peers: StatusWriter;
  readonly #settings: StatusWriter;
  #started = false;

  constructor(deps: LeaderDeps) {
    this.#deps = deps;
    const ledger = { holdersOf: (pool: string) => this.#assigner.ledger.holdersOf(pool) };
    const exceptions = new Exceptions({ ledger, services: deps.view.services, pools: () => this.#assigner.pools });
    const guard = new PoolGuard({ ...deps, ledger, exceptions });
    const burst = new Burst(deps, ADDRESS_BURST);
    const assigner = new AddressAssigner({
      ...deps,
      guard,
      onUse: (pool) => this.#pools.changed(pool),
      onWritten: () => burst.note(),
    });
    this.#assigner = assigner;
    this.#announced = new AnnouncedWriter({ ...deps, inBurst: () => burst.isOn });
    const statuses = new LeaderStatuses({
      ...{ ...deps, exceptions },
      ledger: assigner.ledger,
      pools: () => assigner.pools,
    });
    this.#statuses = statuses;
    this.#pools = new StatusWriter(deps, {
      name: 'pools',
      settleMs: (name) => poolSettleMs(assigner.ledger.heldOf(name).size),
      write: (name) => statuses.writePool(name),
    });
    this.#peers = new StatusWriter(deps, {
      name: 'peers',
      settleMs: () => PEER_SETTLE_MS,
      write: (name) => statuses.writePeer(name),
    });
    this.#settings = new StatusWriter(deps, {
      name: 'settings',
      settleMs: () => PEER_SETTLE_MS,
      write: () => statuses.writeSettings(),
    });
  }

  start(): void {
    this.#started = true;
    const { view } = this.#deps;
    this.#assigner.start();
    this.#announced.start();
    for (const [name] of view.pools.entries()) this.#pools.changed(name);
    this.#allPeers();
    this.#settings.changed(BGP_CONF_NAME);
  }

  /**
   * Ends all work. A leader that leaves of its own accord says first what its successor could not find out: what was freed in the last
   * moment, and who held what when. One that lost the office says nothing more, even if it is elected again meanwhile.
   */
  async stop(): Promise<void> {
    const leads = this.#deps.mayWrite();
    const others = [this.#announced, this.#peers, this.#settings];
    const stopped = others.map(async (part) => await part.stop());
    await Promise.all([...stopped, this.#stopGiving(leads)]);
  }

  async #stopGiving(leads: boolean): Promise<void> {
    await Promise.all([this.#assigner.stop(), this.#pools.stop()]);
    if (leads) await this.#pools.finish([...this.#deps.view.pools.entries()].map(([name]) => name));
  }

  /** The API server answers again: whatever waits for its backoff need not. */
  retryNow(): void {
    const parts = [this.#assigner, this.#announced, this.#pools, this.#peers, this.#settings];
    for (const part of parts) part.retryNow();
  }

  /** How much of the pools is in use, and how many Services lack an address. */
  get use(): AddressAssigner['use'] {
    return this.#assigner.use;
  }

  get loads(): QueueLoad[] {
    return [this.#assigner, this.#announced, this.#pools, this.#peers, this.#settings].map(({ load }) => load);
  }

  changed(kind: ObjectChange, key: string): void {
    // What changes before the beginning is in what it begins with.
    if (!this.#started) return;
    switch (kind) {
      case 'service':
        this.#assigner.serviceChanged(key);
        this.#announced.serviceChanged(key);
        break;
      case 'namespace':
        this.#assigner.namespaceChanged(key);
        this.#poolsHeldIn(key);
        break;
      case 'pool':
        this.#pools.changed(key);
        this.#announced.poolChanged(key);
        this.#withOverlaps(() => this.#assigner.poolsChanged());
        break;
      case 'pool-object':
        this.#pools.changed(key);
        break;
      case 'peer':
        // Two that name one neighbour depend on each other; peers are few.
        this.#peers.changed(key);
        this.#allPeers();
        this.#announced.peersChanged();
        break;
      case 'settings':
        this.#settings.changed(key);
        break;
      case 'replicas':
        this.#statuses.replicasChanged();
        this.#allPeers();
        this.#poolsInConflict();
        break;
    }
  }

  /** Nodes, the cluster's Service ranges or the subnets of replicas' links changed. */
  reservedChanged(): void {
    if (!this.#started) return;
    this.#withOverlaps(() => void this.#assigner.reservedChanged());
    this.#announced.nodesChanged();
  }

  /** The engine of this replica said something new of these addresses. */
  addressesReported(changed: readonly AddressReport[]): void {
    if (!this.#started) return;
    this.#announced.addressesReported(changed);
  }

  /** A pool that changes, comes or goes may be what another one overlaps, or have what that one may give no more. */
  #withOverlaps(change: () => void): void {
    const before = this.#assigner.pools;
    change();
    const after = this.#assigner.pools;
    if (before === after) return;
    for (const [name] of this.#deps.view.pools.entries()) {
      if (!givesTheSame(name, before, after)) this.#pools.changed(name);
    }
    for (const name of after.withStrangersSince(before)) this.#pools.changed(name);
  }

  /** A full list of namespaces has those first that the pool shuts out, which their labels decide. */
  #poolsHeldIn(namespace: string): void {
    for (const [name] of this.#deps.view.pools.entries()) {
      if (this.#assigner.ledger.holdersOf(name)?.hasNamespace(namespace) === true) this.#pools.changed(name);
    }
  }

  /** Those with entries of replicas, which may be gone now. */
  #poolsInConflict(): void {
    for (const { metadata, status } of this.#deps.view.poolObjects()) {
      if ((status?.conflicts ?? []).length > 0) this.#pools.changed(metadata?.name ?? '');
    }
  }

  #allPeers(): void {
    for (const [name] of this.#deps.view.peers.entries()) this.#peers.changed(name);
  }
}

function givesTheSame(pool: string, before: PoolSet, after: PoolSet): boolean {
  return (
    isDeepStrictEqual(before.overlaps(pool), after.overlaps(pool)) &&
    sameRanges(before.allocatable(pool), after.allocatable(pool))
  );
}
