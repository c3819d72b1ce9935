import { HealthServer } from './api/health.ts';
import type { Kube } from './cluster/kube.ts';
import { ClusterView } from './cluster/watch/cluster-view.ts';
import { Freshness } from './cluster/watch/freshness.ts';
import { LeaderElector } from './cluster/write/lease.ts';
import { Leader } from './cluster/write/leader.ts';
import { OwnSessions } from './cluster/write/own-sessions.ts';
import { EngineHandle, type EngineReport } from './engine/handle.ts';
import type { ManagerOptions } from './options.ts';
import type { Clock, Logger, Random } from './platform/ports.ts';

export interface ManagerDeps {
  readonly api: Kube;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** The engine is dead: this replica announces nothing any more and must be restarted. */
  readonly onEngineDeath: (error: Error) => void;
}

/** One replica: the parts of the figure in `main.ts`, tied together. */
export class Manager {
  readonly #deps: ManagerDeps;
  readonly #options: ManagerOptions;
  readonly #engine: EngineHandle;
  readonly #view: ClusterView;
  readonly #freshness: Freshness;
  readonly #elector: LeaderElector;
  readonly #sessions: OwnSessions;
  readonly #health: HealthServer;
  #leader: Leader | undefined;
  #stopping = false;

  constructor(deps: ManagerDeps, options: ManagerOptions) {
    const { logger } = deps;
    this.#deps = deps;
    this.#options = options;
    this.#engine = new EngineHandle(
      { ...deps, onMessage: (message) => this.#fromEngine(message), onDeath: deps.onEngineDeath },
      options,
    );
    this.#view = new ClusterView(deps, {
      membership: `${options.namespace}/${options.name}`,
      address: options.address,
      onSynced: () => this.#synced(),
      onInputs: (delta) => this.#engine.change(delta),
      onChange: (kind, key) => this.#leader?.changed(kind, key),
    });
    this.#freshness = new Freshness(
      { ...deps, sources: this.#view.sources },
      {
        onAnswering: () => this.#view.retryNow(),
        onFresh: () => this.#fresh(),
        onStale: () => this.#engine.setStale(true),
      },
    );
    this.#elector = new LeaderElector(deps, {
      lease: { namespace: options.namespace, name: options.name },
      identity: options.replica,
      onStartedLeading: () => this.#lead(),
      onStoppedLeading: () => this.#follow(),
    });
    this.#sessions = new OwnSessions(deps, options);
    this.#health = new HealthServer({
      logger,
      notAlive: () => this.#engine.notAlive(),
      notReady: () => this.#notReady(),
    });
  }

  async start(): Promise<void> {
    const { address, httpPort } = this.#options;
    const port = await this.#health.listen({ host: address, port: httpPort });
    const { node, namespace, probePort } = this.#options;
    this.#deps.logger.info({ node, namespace, address, httpPort: port, probePort }, 'porter-manager starts');
    this.#view.start();
    this.#freshness.start();
  }

  /** Leaves in good order: leadership first, so that another replica writes soon, then the network. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all([this.#leader?.stop(), this.#elector.stop()]);
    await this.#engine.stop();
    await this.#sessions.stop();
    this.#freshness.stop();
    this.#view.stop();
    await this.#health.close();
  }

  #synced(): void {
    this.#deps.logger.info(
      { services: this.#view.services.size, nodes: this.#view.nodes.size },
      'all kinds are listed, announcing',
    );
    this.#engine.start(this.#view.inputs());
    this.#elector.start();
  }

  #fresh(): void {
    this.#engine.setStale(false);
    this.#view.revive();
  }

  #lead(): void {
    this.#leader = new Leader({ ...this.#deps, view: this.#view });
    this.#leader.start();
  }

  #follow(): void {
    void this.#leader?.stop();
    this.#leader = undefined;
  }

  #fromEngine(message: EngineReport): void {
    if (message.type === 'sessions') this.#sessions.update(message.sessions);
  }

  #notReady(): string[] {
    if (this.#stopping) return ['stopping'];
    return this.#view.unsynced().map((kind) => `waiting for the first list of ${kind}`);
  }
}
