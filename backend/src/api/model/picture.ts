import { notServed } from '../../allocate/served.ts';
import type { ClusterView } from '../../cluster/watch/cluster-view.ts';
import { poolOf, type Pool } from '../../domain/pool.ts';
import type { Finding } from '../../domain/reason.ts';
import type { Service } from '../../domain/service.ts';
import type { Clock } from '../../platform/ports.ts';
import { SERVICE_CONDITIONS } from '../../resources/keys.ts';
import type { Condition } from '../schemas/condition.ts';
import { conditionOf } from './conditions.ts';

/** What is read of the cluster: the view that the manager acts on. */
export type PictureView = Pick<
  ClusterView,
  | 'services'
  | 'namespaces'
  | 'nodes'
  | 'pools'
  | 'peers'
  | 'settings'
  | 'poolsInForce'
  | 'serviceObject'
  | 'poolObject'
  | 'peerObject'
  | 'settingsObject'
  | 'members'
  | 'inputs'
>;

/** Who holds an address. */
export interface Holder {
  readonly service: Service;
  /** Since when the Service has the addresses that it has; RFC 3339. */
  readonly since: string | null;
}

/** What follows from all Services together. */
interface Index {
  /** Pool -> address -> who holds it, oldest first. */
  readonly holders: ReadonlyMap<string, ReadonlyMap<string, readonly Holder[]>>;
  /** Those that are ours. */
  readonly served: readonly Service[];
}

/** How old the index may be, in milliseconds: going through all Services for each request would cost more than it is worth. */
const INDEX_MS = 1_000;

/** The cluster as every replica sees it: the same view gives the same answers. */
export class ClusterPicture {
  readonly view: PictureView;
  readonly #clock: Clock;
  #index: { readonly at: number; readonly value: Index } | undefined;

  constructor({ clock, view }: { readonly clock: Clock; readonly view: PictureView }) {
    this.view = view;
    this.#clock = clock;
  }

  get index(): Index {
    const now = this.#clock.now();
    if (this.#index === undefined || now - this.#index.at > INDEX_MS) this.#index = { at: now, value: this.#build() };
    return this.#index.value;
  }

  holdersIn(pool: string): ReadonlyMap<string, readonly Holder[]> {
    return this.index.holders.get(pool) ?? new Map<string, readonly Holder[]>();
  }

  /** Why a Service is not ours; undefined: it is. */
  notServed(service: Service): Finding | undefined {
    return notServed({ service, defaultPoolExists: this.#hasDefault() });
  }

  allocated(service: Service): Condition | null {
    return this.#condition(service, SERVICE_CONDITIONS.allocated);
  }

  announced(service: Service): Condition | null {
    return this.#condition(service, SERVICE_CONDITIONS.announced);
  }

  poolOf(service: Service, ip: string): Pool | undefined {
    const recorded = service.recorded.find((assignment) => assignment.ip === ip);
    return poolOf(recorded ?? { ip, pool: '' }, this.view.poolsInForce());
  }

  #condition(service: Service, type: string): Condition | null {
    return conditionOf(this.view.serviceObject(service.key)?.status?.conditions, type);
  }

  #hasDefault(): boolean {
    return [...this.view.poolsInForce().values()].some(({ isDefault }) => isDefault);
  }

  #build(): Index {
    const holders = new Map<string, Map<string, Holder[]>>();
    const served: Service[] = [];
    const defaultPoolExists = this.#hasDefault();
    for (const service of this.view.services.values()) {
      if (!service.isLoadBalancer) continue;
      if (notServed({ service, defaultPoolExists }) === undefined) served.push(service);
      if (service.held) this.#hold(service, holders);
    }
    for (const pool of holders.values()) for (const same of pool.values()) same.sort(byAge);
    return { holders, served };
  }

  #hold(service: Service, holders: Map<string, Map<string, Holder[]>>): void {
    const since = this.allocated(service)?.since ?? null;
    for (const { ip } of service.recorded) {
      const pool = this.poolOf(service, ip)?.name;
      if (pool === undefined) continue;
      const held = holders.get(pool) ?? new Map<string, Holder[]>();
      holders.set(pool, held);
      held.set(ip, [...(held.get(ip) ?? []), { service, since }]);
    }
  }
}

function byAge({ service: a }: Holder, { service: b }: Holder): number {
  return a.createdAt - b.createdAt || (a.key < b.key ? -1 : 1);
}
