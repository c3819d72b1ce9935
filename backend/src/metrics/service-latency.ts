import { notServed } from '../allocate/served.ts';
import { poolOf, type Pool } from '../domain/pool.ts';
import type { Assignment, Service } from '../domain/service.ts';
import type { AddressReport } from '../engine/messages.ts';
import type { ObservedEvent } from './metric.ts';

export interface ServiceLatencyDeps {
  /** `Clock.now()`. */
  readonly now: () => number;
  /** What this replica's engine says, by address. */
  readonly reports: ReadonlyMap<string, AddressReport>;
  /** The pools in force. */
  readonly pools: () => ReadonlyMap<string, Pool>;
  /** Name of the node that this replica runs on. */
  readonly node: string;
  readonly onMeasured: (event: ObservedEvent, seconds: number) => void;
}

/** A Service that waits for an address, or for it to be announced. */
interface Waiting {
  /** When it was first seen to ask; undefined: nobody knows, or something else is in its way, so that nothing is measured. */
  readonly since: number | undefined;
  readonly allocated: boolean;
}

/** What may become of an address that waits for being announced. */
type Progress = 'announced' | 'under-way' | 'held-up';

/**
 * How long Services wait for us. Each is followed from the moment at which this replica sees it ask for an address; one that waits for
 * something else, which it is told by a condition or by the engine, is no longer measured.
 */
export class ServiceLatency {
  readonly #deps: ServiceLatencyDeps;
  readonly #waiting = new Map<string, Waiting>();
  #defaultPool: { readonly of: ReadonlyMap<string, Pool>; readonly exists: boolean } | undefined;
  /** At least one session is established. */
  #isHeard = false;

  constructor(deps: ServiceLatencyDeps) {
    this.#deps = deps;
  }

  /** How many Services are followed. */
  get size(): number {
    return this.#waiting.size;
  }

  /**
   * @param service undefined: it is gone
   * @param isNew false as long as the first lists come: since when those in them have asked is not known
   */
  serviceChanged(key: string, service: Service | undefined, isNew: boolean): void {
    if (service?.claims === true && !service.deleting) this.#holds(key, service);
    // As long as lists are missing it is not known either whether it is ours.
    else if (service !== undefined && (!isNew || this.#isServed(service))) this.#asks(key, service, isNew);
    else this.#waiting.delete(key);
  }

  /** The engine said something new of the addresses of these Services. */
  reported(changed: readonly AddressReport[], serviceOf: (key: string) => Service | undefined): void {
    for (const key of new Set(changed.flatMap(({ services, younger }) => [...services, ...younger]))) {
      const service = serviceOf(key);
      if (service !== undefined && this.#waiting.get(key)?.allocated === true) this.#judge(key, service);
    }
  }

  /** Whether any BGP session of this replica is established. */
  heard(isHeard: boolean): void {
    this.#isHeard = isHeard;
  }

  #isServed(service: Service): boolean {
    const pools = this.#deps.pools();
    // Asked for each Service; the map is the same until a pool changes.
    if (this.#defaultPool?.of !== pools) {
      this.#defaultPool = { of: pools, exists: [...pools.values()].some(({ isDefault }) => isDefault) };
    }
    return notServed({ service, defaultPoolExists: this.#defaultPool.exists }) === undefined;
  }

  #asks(key: string, { hasCondition, isLoadBalancer }: Service, isNew: boolean): void {
    if (!isLoadBalancer) return;
    const known = this.#waiting.get(key);
    // Its condition says why it gets none: what it waits for is not us.
    if (hasCondition) this.#waiting.set(key, { since: undefined, allocated: false });
    else if (known === undefined || known.allocated) {
      this.#waiting.set(key, { since: isNew ? this.#deps.now() : undefined, allocated: false });
    }
  }

  #holds(key: string, service: Service): void {
    const known = this.#waiting.get(key);
    if (known === undefined) return;
    if (known.since === undefined) {
      this.#waiting.delete(key);
      return;
    }
    if (!known.allocated) {
      this.#measured('allocated', known.since);
      this.#waiting.set(key, { ...known, allocated: true });
    }
    this.#judge(key, service);
  }

  #judge(key: string, service: Service): void {
    const progress = service.recorded.map((assignment) => this.#progress(key, assignment));
    if (progress.includes('held-up')) this.#waiting.delete(key);
    if (progress.length === 0 || !progress.every((each) => each === 'announced')) return;
    const since = this.#waiting.get(key)?.since;
    if (since !== undefined) this.#measured('announced', since);
    this.#waiting.delete(key);
  }

  #progress(key: string, assignment: Assignment): Progress {
    const report = this.#deps.reports.get(assignment.ip);
    if (report === undefined || ![...report.services, ...report.younger].includes(key)) return 'under-way';
    const { reason } = report.finding;
    if (reason === 'AddressProbing') return 'under-way';
    if (reason !== 'Announced' || report.younger.includes(key)) return 'held-up';
    const isBgp = poolOf(assignment, this.#deps.pools())?.protocol === 'bgp';
    // On a link another replica speaks for it unless it is this node's, and what that one does is not seen here.
    const isOurs = isBgp ? this.#isHeard : report.nodes.includes(this.#deps.node);
    return isOurs ? 'announced' : 'held-up';
  }

  #measured(event: ObservedEvent, since: number): void {
    this.#deps.onMeasured(event, (this.#deps.now() - since) / 1_000);
  }
}
