import manifest from '../../package.json' with { type: 'json' };
import type { ClusterView } from '../cluster/watch/cluster-view.ts';
import type { AddressReports } from '../cluster/write/address-reports.ts';
import type { EngineMeasures } from '../engine/measures.ts';
import type { EngineReport } from '../engine/handle.ts';
import type { ConflictReport } from '../engine/messages.ts';
import type { Clock } from '../platform/ports.ts';
import { Exposition, type Page } from './exposition.ts';
import { gather, type Parts } from './gather.ts';
import { ServiceLatency } from './service-latency.ts';

/** What is not known here. */
type OtherParts = Omit<Parts, 'version' | 'nodeVersion' | 'now' | 'view' | 'addressReasons' | 'conflicts'>;

export interface ReplicaMetricsDeps {
  readonly clock: Clock;
  readonly view: Pick<ClusterView, 'sources' | 'services' | 'serviceReasons' | 'poolsInForce' | 'synced'>;
  /** What this replica's engine says; its owner keeps it current before `fromEngine` is called. */
  readonly reports: Pick<AddressReports, 'current' | 'reasons'>;
  readonly parts: () => OtherParts;
  /** Undefined if the engine doesn't answer in time. */
  readonly engineMeasures: () => Promise<EngineMeasures | undefined>;
}

export interface ReplicaMetricsOptions {
  /** Name of the node that this replica runs on. */
  readonly node: string;
}

/** The metrics of one replica: follows what happens, and looks at everything else when it is scraped. */
export class ReplicaMetrics {
  readonly #deps: ReplicaMetricsDeps;
  readonly #exposition: Exposition;
  readonly #latency: ServiceLatency;
  #conflicts: readonly ConflictReport[] = [];

  constructor(deps: ReplicaMetricsDeps, { node }: ReplicaMetricsOptions) {
    const { clock, view, reports } = deps;
    this.#deps = deps;
    this.#exposition = new Exposition({
      facts: async () => {
        // The engine first, so that what is put together is of one moment.
        const engine = await deps.engineMeasures();
        return { ...gather(this.#parts()), engine };
      },
    });
    this.#latency = new ServiceLatency({
      ...{ node, reports: reports.current },
      now: () => clock.now(),
      pools: () => view.poolsInForce(),
      onMeasured: (event, seconds) => this.#exposition.observe(event, seconds),
    });
  }

  serviceChanged(key: string): void {
    const { view } = this.#deps;
    this.#latency.serviceChanged(key, view.services.get(key), view.synced);
  }

  fromEngine(message: EngineReport): void {
    const { services } = this.#deps.view;
    if (message.type === 'conflicts') this.#conflicts = message.conflicts;
    else if (message.type === 'addresses') this.#latency.reported(message.changed, (key) => services.get(key));
    else if (message.type === 'sessions')
      this.#latency.heard(message.sessions.some(({ state }) => state === 'Established'));
  }

  /** For a scrape. */
  async page(): Promise<Page> {
    return await this.#exposition.page();
  }

  #parts(): Parts {
    const { clock, view, reports, parts } = this.#deps;
    const { version } = manifest;
    const own = { version, nodeVersion: process.version, now: clock.now(), conflicts: this.#conflicts };
    return { ...parts(), ...own, view, addressReasons: reports.reasons };
  }
}
