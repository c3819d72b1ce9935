import type { Clock, Logger, Random } from '../../platform/ports.ts';
import { BGP_CONF_NAME } from '../../resources/keys.ts';
import type { Kube } from '../kube.ts';
import type { ClusterView, ObjectChange } from '../watch/cluster-view.ts';
import { AddressAssigner } from './address-assigner.ts';
import type { EventRecorder } from './events.ts';
import { LeaderStatuses } from './leader-statuses.ts';
import { StatusWriter } from './status-writer.ts';

export interface LeaderDeps {
  readonly api: Kube;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly view: ClusterView;
  readonly events: Pick<EventRecorder, 'record'>;
  /** Whether this replica leads, with a current view: asked before every write. */
  readonly mayWrite: () => boolean;
}

/** A burst of Services is one write of the pool's status a second, not one for each. */
const POOL_SETTLE_MS = 1_000;
const PEER_SETTLE_MS = 200;

/** What only the leader does: give addresses, and say how pools and peers are. Made for one term of office. */
export class Leader {
  readonly #deps: LeaderDeps;
  readonly #assigner: AddressAssigner;
  readonly #statuses: LeaderStatuses;
  readonly #pools: StatusWriter;
  readonly #peers: StatusWriter;
  readonly #settings: StatusWriter;

  constructor(deps: LeaderDeps) {
    this.#deps = deps;
    this.#assigner = new AddressAssigner({ ...deps, onUse: (pool) => this.#pools.changed(pool) });
    const statuses = new LeaderStatuses({ ...deps, ledger: this.#assigner.ledger });
    this.#statuses = statuses;
    this.#pools = new StatusWriter(deps, {
      name: 'pools',
      settleMs: POOL_SETTLE_MS,
      write: (name) => statuses.writePool(name),
    });
    this.#peers = new StatusWriter(deps, {
      name: 'peers',
      settleMs: PEER_SETTLE_MS,
      write: (name) => statuses.writePeer(name),
    });
    this.#settings = new StatusWriter(deps, {
      name: 'settings',
      settleMs: PEER_SETTLE_MS,
      write: () => statuses.writeSettings(),
    });
  }

  start(): void {
    const { view } = this.#deps;
    this.#assigner.start();
    for (const [name] of view.pools.entries()) this.#pools.changed(name);
    this.#allPeers();
    this.#settings.changed(BGP_CONF_NAME);
  }

  async stop(): Promise<void> {
    await Promise.all([this.#assigner.stop(), this.#pools.stop(), this.#peers.stop(), this.#settings.stop()]);
  }

  changed(kind: ObjectChange, key: string): void {
    switch (kind) {
      case 'service':
        this.#assigner.serviceChanged(key);
        break;
      case 'namespace':
        this.#assigner.poolsChanged();
        break;
      case 'pool':
        this.#pools.changed(key);
        this.#assigner.poolsChanged();
        break;
      case 'pool-object':
        this.#pools.changed(key);
        break;
      case 'peer':
        // Two that name one neighbour depend on each other; peers are few.
        this.#peers.changed(key);
        this.#allPeers();
        break;
      case 'settings':
        this.#settings.changed(key);
        break;
      case 'replicas':
        this.#statuses.replicasChanged();
        this.#allPeers();
        break;
    }
  }

  #allPeers(): void {
    for (const [name] of this.#deps.view.peers.entries()) this.#peers.changed(name);
  }
}
