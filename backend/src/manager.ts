import { HealthServer } from './api/health.ts';
import type { ApiDeps } from './api/api.ts';
import { HostedApi } from './api/hosted-api.ts';
import { CountingKube } from './cluster/counting-kube.ts';
import type { Kube } from './cluster/kube.ts';
import { ClusterView, type ObjectChange } from './cluster/watch/cluster-view.ts';
import { Freshness } from './cluster/watch/freshness.ts';
import { Predecessors } from './cluster/watch/predecessors.ts';
import { successorsOf } from './cluster/watch/removal.ts';
import { ServiceRanges } from './cluster/watch/service-ranges.ts';
import { AddressReports } from './cluster/write/address-reports.ts';
import { EventRecorder } from './cluster/write/events.ts';
import { KnownSubnets } from './cluster/write/known-subnets.ts';
import { LeaderElector } from './cluster/write/lease.ts';
import { Leader } from './cluster/write/leader.ts';
import { OwnConflicts } from './cluster/write/own-conflicts.ts';
import { OwnSessions } from './cluster/write/own-sessions.ts';
import { EngineHandle, type EngineReport } from './engine/handle.ts';
import type { InputDelta } from './engine/messages.ts';
import { ReplicaMetrics } from './metrics/replica-metrics.ts';
import type { ManagerOptions } from './options.ts';
import type { Clock, FaultZone, Links, Logger, Random, StateFile, Timer, Usage } from './platform/ports.ts';
import type { Saved } from './saved/codec.ts';
import { SavedInputs } from './saved/saved-inputs.ts';
import { SUBNETS_KEY } from './resources/keys.ts';

export interface ManagerDeps {
  readonly api: Kube;
  readonly clock: Clock;
  readonly random: Random;
  readonly links: Links;
  readonly logger: Logger;
  /** What this process and its main thread use. */
  readonly usage: Usage;
  /** Where the engine's inputs are kept for the next container of this Pod; undefined: nowhere. */
  readonly stateFile: StateFile | undefined;
  /** Where the API runs. */
  readonly apiFaults: FaultZone;
  /** For its sockets: bounds what the kernel keeps for readers that don't read. */
  readonly boundSockets: ApiDeps['boundSockets'];
  /** The engine is dead: this replica announces nothing any more and must be restarted. */
  readonly onEngineDeath: (error: Error) => void;
}

/** `reportingController` of our Events. */
const CONTROLLER = 'network.kubesphere.io/porter-manager';
/** How long a part of leaving that needs the API server may take, in milliseconds: routers must not wait for it. */
const STOP_API_MS = 3_000;

/** How long the first lists may take before the engine starts from saved inputs, in milliseconds; it doesn't wait where nobody listens. */
const FIRST_LISTS_MS = 3_000;
/** How long others may take to say where they are before this replica stands for election without, in milliseconds. */
const FIRST_NEWS_MS = 6_000;

/** One replica: the parts of the figure in `main.ts`, tied together. */
export class Manager {
  readonly #deps: ManagerDeps;
  readonly #kube: CountingKube;
  readonly #options: ManagerOptions;
  readonly #engine: EngineHandle;
  readonly #view: ClusterView;
  readonly #serviceRanges: ServiceRanges;
  readonly #freshness: Freshness;
  readonly #predecessors: Predecessors;
  readonly #subnets: KnownSubnets;
  readonly #elector: LeaderElector;
  readonly #events: EventRecorder;
  readonly #sessions: OwnSessions;
  readonly #conflicts: OwnConflicts;
  readonly #reports = new AddressReports();
  readonly #metrics: ReplicaMetrics;
  readonly #health: HealthServer;
  readonly #api: HostedApi;
  readonly #saved: SavedInputs | undefined;
  /** What an earlier container knew, as long as the engine works with that. */
  #standIn: Saved | undefined;
  #firstLists: Timer | undefined;
  /** Until it has heard who else is there, or has waited long enough; undefined before all is listed, and afterwards. */
  #firstNews: Timer | undefined;
  #hasNews = false;
  #leader: Leader | undefined;
  /** The engine works with what the view has. */
  #begun = false;
  #stopping = false;

  constructor(ports: ManagerDeps, options: ManagerOptions) {
    this.#kube = new CountingKube(ports.api);
    const deps = { ...ports, api: this.#kube };
    const { logger } = deps;
    this.#deps = deps;
    this.#options = options;
    this.#engine = new EngineHandle(
      { ...deps, onMessage: (message) => this.#fromEngine(message), onDeath: deps.onEngineDeath },
      options,
    );
    this.#view = new ClusterView(deps, {
      membership: `${options.namespace}/${options.name}`,
      namespace: options.namespace,
      address: options.address,
      serviceRanges: () => this.#serviceRanges.ranges(),
      onSynced: () => this.#synced(),
      onInputs: (delta) => this.#inputsChanged(delta),
      onChange: (kind, key) => this.#changed(kind, key),
    });
    const own = { namespace: options.namespace, name: options.name };
    this.#predecessors = new Predecessors({ ...deps, view: this.#view }, { own, onClear: () => this.#begin() });
    this.#serviceRanges = new ServiceRanges(deps, { onChange: () => this.#leader?.reservedChanged() });
    this.#freshness = new Freshness(
      { ...deps, sources: this.#view.sources },
      {
        onAnswering: () => this.#answering(),
        onRecovering: () => this.#view.revive(),
        onProven: (at) => this.#engine.viewProven(at),
        onUnreachable: () => void this.#startFromSaved(),
        onFresh: () => this.#fresh(),
        onStale: () => this.#engine.setStale(true),
      },
    );
    this.#subnets = this.#knownSubnets();
    this.#elector = new LeaderElector(deps, {
      note: {
        annotation: SUBNETS_KEY,
        seen: (text) => this.#subnets.recall(text),
        wanted: () => this.#subnets.note(),
      },
      lease: { namespace: options.namespace, name: options.name },
      identity: options.replica,
      onStartedLeading: () => this.#lead(),
      onStoppedLeading: () => this.#follow(),
    });
    this.#events = new EventRecorder(deps, { reportingController: CONTROLLER, reportingInstance: options.replica });
    this.#sessions = new OwnSessions({ ...deps, view: this.#view }, options);
    this.#conflicts = new OwnConflicts({ ...deps, view: this.#view }, options);
    this.#saved = this.#savedInputs();
    this.#metrics = this.#replicaMetrics();
    this.#api = this.#hostedApi();
    this.#health = new HealthServer({
      logger,
      metrics: () => this.#metrics.page(),
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
    this.#serviceRanges.start();
    this.#freshness.start();
    this.#predecessors.start();
    this.#firstLists = this.#deps.clock.setTimer(FIRST_LISTS_MS, () => void this.#startFromSaved());
    this.#api.start();
  }

  /** Leaves in good order, and never waits long for an API server that doesn't answer: the engine leaves while the leader's writes end. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#firstLists?.cancel();
    this.#firstNews?.cancel();
    this.#saved?.stop();
    await Promise.all([
      this.#leaveNetwork(),
      this.#bounded('handing over leadership', this.#resign()),
      // Who has a connection open must not keep routers and other replicas waiting.
      this.#bounded('closing the API', this.#api.stop()),
    ]);
    this.#events.stop();
    await this.#bounded("taking this replica's entries back", this.#takeBack());
    this.#freshness.stop();
    this.#predecessors.stop();
    this.#serviceRanges.stop();
    this.#view.stop();
    await this.#health.close();
    this.#deps.usage.stop();
  }

  /** Until it is known whether others follow, it announces. */
  async #leaveNetwork(): Promise<void> {
    const own = { namespace: this.#options.namespace, name: this.#options.name };
    await this.#engine.stop(await successorsOf(this.#deps, own, async () => await this.#engine.handOver()));
  }

  /** The lease is given back only after the writes that are under way have ended: until then nobody else may lead. */
  async #resign(): Promise<void> {
    await this.#leader?.stop();
    await this.#elector.stop();
  }

  async #takeBack(): Promise<void> {
    await Promise.all([this.#sessions.stop(), this.#conflicts.stop()]);
  }

  async #bounded(what: string, work: Promise<void>): Promise<void> {
    const { clock, logger } = this.#deps;
    await new Promise<void>((resolve, reject) => {
      const timer = clock.setTimer(STOP_API_MS, () => {
        logger.warn({ what, ms: STOP_API_MS }, 'not ended in time, leaving without it');
        resolve();
      });
      work.finally(() => timer.cancel()).then(resolve, reject);
    });
  }

  #changed(kind: ObjectChange, key: string): void {
    if (this.#stopping) return;
    if (kind === 'service') this.#metrics.serviceChanged(key);
    this.#leader?.changed(kind, key);
    if (kind === 'peer') this.#sessions.peerChanged(key);
    if (kind === 'pool' || kind === 'pool-object') this.#conflicts.poolChanged(key);
    if (kind === 'replicas') this.#conflicts.replicasChanged();
  }

  #inputsChanged(delta: InputDelta): void {
    // Until all is listed it is but a part, and would not go with what the engine may have from an earlier container.
    if (this.#view.synced) this.#engine.change(delta);
    this.#saved?.changed();
    if (delta.nodes !== undefined && !this.#stopping) this.#leader?.reservedChanged();
  }

  /** Nothing that failed because the API server was away need wait any longer. */
  #answering(): void {
    this.#view.retryNow();
    this.#sessions.retryNow();
    this.#conflicts.retryNow();
    this.#leader?.retryNow();
  }

  #synced(): void {
    this.#firstLists?.cancel();
    this.#begin();
  }

  /** Once all is listed and nobody else announces; what an earlier container announced goes on in either case. */
  #begin(): void {
    const mayAnnounce = this.#predecessors.isClear || this.#standIn !== undefined;
    if (this.#begun || this.#stopping || !this.#view.synced || !mayAnnounce) return;
    this.#begun = true;
    this.#deps.logger.info(
      { services: this.#view.services.size, nodes: this.#view.nodes.size },
      'all kinds are listed, announcing',
    );
    this.#feedEngine();
    this.#saved?.begin();
    if (this.#hasNews) this.#elector.start();
    else this.#firstNews = this.#deps.clock.setTimer(FIRST_NEWS_MS, () => this.#elector.start());
  }

  /** Nobody leads who does not know yet which subnets the others' nodes are on. */
  #heardOfOthers(byNode: ReadonlyMap<string, readonly string[]>): void {
    this.#hasNews = true;
    this.#subnets.hear(byNode);
    if (this.#firstNews === undefined) return;
    this.#firstNews.cancel();
    this.#firstNews = undefined;
    this.#elector.start();
  }

  #knownSubnets(): KnownSubnets {
    const deps = {
      ...this.#deps,
      nodes: () => this.#view.nodes,
      pools: () => this.#view.poolsInForce(),
      onChange: () => this.#leader?.reservedChanged(),
    };
    return new KnownSubnets(deps, this.#options);
  }

  #feedEngine(): void {
    const before = this.#standIn;
    this.#standIn = undefined;
    if (before === undefined) {
      this.#engine.start(this.#view.inputs());
      // An engine that begins has heard nobody yet: what stands there is of an earlier life.
      this.#conflicts.update([]);
    } else {
      this.#engine.replace(before.inputs, this.#view.inputs());
      this.#engine.setStale(this.#freshness.stale);
    }
  }

  #replicaMetrics(): ReplicaMetrics {
    const deps = {
      ...this.#deps,
      view: this.#view,
      reports: this.#reports,
      engineMeasures: () => this.#engine.measures(),
      parts: () => ({
        ready: this.#notReady().length === 0,
        leads: this.#elector.leading,
        freshness: this.#freshness,
        loads: [this.#sessions.load, this.#conflicts.load],
        apiCalls: this.#kube.calls(),
        leader: this.#leader,
        usage: this.#deps.usage,
      }),
    };
    return new ReplicaMetrics(deps, this.#options);
  }

  #hostedApi(): HostedApi {
    const { clock, logger, api: kube, apiFaults: faults, boundSockets } = this.#deps;
    const deps = {
      ...{ clock, logger, kube, faults, boundSockets, view: this.#view },
      ask: async (ips: readonly string[]) => await this.#engine.ask(ips),
      askAddresses: async (ips: readonly string[]) => await this.#engine.askAddresses(ips),
      reports: this.#reports.current,
      serviceRanges: () => this.#serviceRanges.ranges(),
      subnets: () => this.#subnets.ranges(),
      leads: () => this.#elector.leading,
      // Who asks what is in the way is answered while another load balancer is.
      notReady: () => this.#ignorant(),
      beside: () => this.#predecessors.alive(),
    };
    return new HostedApi(deps, { api: this.#options.api, self: this.#options });
  }

  #savedInputs(): SavedInputs | undefined {
    const { stateFile } = this.#deps;
    if (stateFile === undefined) return undefined;
    const inputs = (): InputDelta => this.#view.inputs();
    const deps = { ...this.#deps, file: stateFile, inputs, isFresh: () => !this.#freshness.stale };
    return new SavedInputs(deps, { owner: this.#options.stateOwner });
  }

  /** Once: the API server keeps us waiting, and what an earlier container of this Pod knew is better than nothing. */
  async #startFromSaved(): Promise<void> {
    if (this.#firstLists === undefined || this.#view.synced) return;
    this.#firstLists.cancel();
    this.#firstLists = undefined;
    const saved = await this.#saved?.load();
    if (saved === undefined || this.#view.synced || this.#stopping) return;
    this.#standIn = saved;
    this.#view.remember(saved.inputs);
    const { services, nodes } = saved.inputs;
    const since = new Date(saved.freshAt).toISOString();
    this.#deps.logger.warn(
      { since, services: services.size, nodes: nodes.size },
      'the API server does not say what there is, announcing what it said before this container started',
    );
    // Replicas that know better win.
    this.#engine.setStale(true);
    this.#engine.start(saved.inputs);
  }

  #fresh(): void {
    if (this.#stopping) return;
    if (this.#standIn === undefined) this.#engine.setStale(false);
  }

  #lead(): void {
    if (this.#stopping) return;
    this.#leader = new Leader({
      ...this.#deps,
      view: this.#view,
      events: this.#events,
      reports: this.#reports.current,
      serviceRanges: () => this.#serviceRanges.ranges(),
      subnets: () => this.#subnets.ranges(),
      mayWrite: () => this.#elector.leading && !this.#freshness.stale,
    });
    this.#leader.start();
  }

  #follow(): void {
    void this.#leader?.stop();
    this.#leader = undefined;
  }

  #fromEngine(message: EngineReport): void {
    if (message.type === 'addresses') this.#reports.update(message);
    this.#metrics.fromEngine(message);
    if (this.#stopping) return;
    if (message.type === 'addresses') this.#leader?.addressesReported(message.changed);
    else if (message.type === 'sessions') this.#sessions.update(message.sessions);
    else if (message.type === 'subnets') this.#heardOfOthers(message.byNode);
    else this.#conflicts.update(message.conflicts);
  }

  #notReady(): string[] {
    return [...this.#ignorant(), ...this.#keptWaiting()];
  }

  /** What keeps it from knowing the cluster. */
  #ignorant(): string[] {
    if (this.#stopping) return ['stopping'];
    const waiting = this.#view.unsynced().map((kind) => `waiting for the first list of ${kind}`);
    if (this.#standIn === undefined) return waiting;
    return [`announcing what was known at ${new Date(this.#standIn.freshAt).toISOString()}`, ...waiting];
  }

  /** What it doesn't begin beside. */
  #keptWaiting(): string[] {
    if (this.#begun || this.#stopping || this.#predecessors.isClear || this.#standIn !== undefined) return [];
    const alive = this.#predecessors.alive().map((what) => `waiting for the end of another load balancer: ${what}`);
    return alive.length > 0 ? alive : ['waiting for an answer to whether another load balancer runs'];
  }
}
