import { Ledger } from '../../allocate/ledger.ts';
import { heldAssignments, plan, type AllocateView, type Plan } from '../../allocate/plan.ts';
import type { Assignment, Service } from '../../domain/service.ts';
import type { Clock, Logger, Random } from '../../platform/ports.ts';
import { reasonText } from '../../report/reason-text.ts';
import { servicePatch } from '../../report/service-patch.ts';
import { isConflict, isNotFound, retryAfterMsOf } from '../errors.ts';
import * as kinds from '../kinds.ts';
import type { Kube } from '../kube.ts';
import type { ClusterView } from '../watch/cluster-view.ts';
import { toService } from '../watch/domain/service.ts';
import { patchFenced } from './apply-status.ts';
import type { EventRecorder } from './events.ts';
import { WorkQueue, type Outcome } from './queue.ts';

export interface AddressAssignerDeps {
  readonly api: Kube;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly view: Pick<ClusterView, 'services' | 'namespaces' | 'poolsInForce' | 'serviceObject'>;
  readonly events: Pick<EventRecorder, 'record'>;
  /** Whether this replica leads, with a current view: asked before every write. */
  readonly mayWrite: () => boolean;
  /** Called when an address of a pool was given or freed. */
  readonly onUse: (pool: string) => void;
}

/** Status patches under way at once: enough to keep the API server busy, few enough to leave others their share. */
const CONCURRENCY = 16;
/**
 * A write ends before another leader can begin: less than the 5 s between the moment that a leader must stop and the end of its lease
 * (`lease.ts`). resourceVersion fences an object, not an address that two leaders give to two objects.
 */
const WRITE_TIMEOUT_MS = 4_000;
/** How long to wait before asking again whether this replica may write. */
const HOLD_MS = 1_000;

/** What a successful patch returned, until the watch has brought it. */
interface Written {
  /** Versions that our writes since have replaced. */
  readonly before: readonly string[];
  readonly object: kinds.Service;
}

/** The leader's work on Services: plans each, and writes what the plan says by one patch. */
export class AddressAssigner {
  readonly ledger = new Ledger();
  readonly #deps: AddressAssignerDeps;
  readonly #queue: WorkQueue;
  readonly #waiting = new Set<string>();
  readonly #written = new Map<string, Written>();

  constructor(deps: AddressAssignerDeps) {
    this.#deps = deps;
    this.#queue = new WorkQueue(deps, {
      name: 'services',
      process: (key) => this.#process(key),
      concurrency: CONCURRENCY,
    });
  }

  /** Takes up the work, with a ledger made from what stands in the Services alone; the oldest come first. */
  start(): void {
    const services = [...this.#deps.view.services.values()].sort(byAge);
    const view = this.#view();
    for (const service of services) {
      if (service.held) this.ledger.set(service.key, heldAssignments(service, view));
    }
    for (const service of services) this.serviceChanged(service.key);
  }

  async stop(): Promise<void> {
    await this.#queue.stop();
  }

  serviceChanged(key: string): void {
    const service = this.#deps.view.services.get(key);
    if (service === undefined) this.#forget(key);
    else if (concerns(service) || this.ledger.assignments(key).length > 0) this.#queue.add(key);
  }

  /** Pools or namespaces changed: whoever has an unmet wish may be served now, and who is not served yet may be. */
  poolsChanged(): void {
    for (const service of [...this.#deps.view.services.values()].sort(byAge)) {
      if (service.isLoadBalancer && this.#couldGain(service)) this.#queue.add(service.key);
    }
  }

  #couldGain(service: Service): boolean {
    return !service.held || this.#waiting.has(service.key) || service.recorded.length < service.families.length;
  }

  #forget(key: string): void {
    this.#waiting.delete(key);
    this.#written.delete(key);
    this.#record(key, []);
  }

  /** The object as we know it best: our own write comes back by the watch a moment after it was answered. */
  #current(key: string): kinds.Service | undefined {
    const seen = this.#deps.view.serviceObject(key);
    const written = this.#written.get(key);
    if (written === undefined) return seen;
    if (written.before.includes(seen?.metadata?.resourceVersion ?? '')) return written.object;
    this.#written.delete(key);
    return seen;
  }

  async #process(key: string): Promise<Outcome> {
    const object = this.#current(key);
    if (object === undefined) {
      this.#forget(key);
      return { type: 'done' };
    }
    if (!this.#deps.mayWrite()) return { type: 'after', ms: HOLD_MS };
    const service = toService(object);
    const decided = plan(service, this.#view());
    const assignments = decided.served ? decided.assignments : [];
    // Until the write is through, what was held stays taken: nobody else may get an address that is still announced.
    this.#record(key, [...assignments, ...heldAssignments(service, this.#view())]);
    this.#note(service, decided);
    const outcome = await this.#write(object, service, decided);
    if (this.#deps.view.serviceObject(key) === undefined) this.#forget(key);
    else if (outcome.type === 'done') this.#record(key, assignments);
    return outcome;
  }

  async #write(object: kinds.Service, service: Service, decided: Plan): Promise<Outcome> {
    const patch = servicePatch(object, service, decided, this.#deps.clock.wallTime());
    if (patch === undefined) return { type: 'done' };
    try {
      const written = await patchFenced(this.#deps.api, kinds.services, object, {
        type: 'strategic',
        metadata: patch.metadata,
        fields: { status: patch.status },
        subresource: 'status',
        timeoutMs: WRITE_TIMEOUT_MS,
      });
      const before = [...(this.#written.get(service.key)?.before ?? []), service.resourceVersion];
      this.#written.set(service.key, { before, object: written });
      this.#tell(object, service, decided);
      return { type: 'done' };
    } catch (error) {
      return this.#failed(service, error);
    }
  }

  #tell(object: kinds.Service, service: Service, { served, finding }: Plan): void {
    this.#deps.logger.info({ service: service.key, reason: finding.reason, ...finding.params }, 'service written');
    if (!served) return;
    const type = finding.reason === 'Allocated' ? 'Normal' : 'Warning';
    const note = reasonText(finding);
    this.#deps.events.record(kinds.services, object, { type, reason: finding.reason, action: 'Allocating', note });
  }

  #failed(service: Service, error: unknown): Outcome {
    if (isNotFound(error)) return { type: 'done' };
    // Somebody else wrote: the watch brings the new version, at once as a rule, and asking more and more seldom is for the exception.
    if (isConflict(error)) return { type: 'retry', error };
    this.#deps.logger.warn({ err: error, service: service.key }, 'writing a service failed, trying again');
    return { type: 'retry', error, notBeforeMs: retryAfterMsOf(error) };
  }

  #note(service: Service, decided: Plan): void {
    const complete = decided.served && decided.finding.reason === 'Allocated';
    if (decided.served && !(complete && decided.assignments.length >= service.families.length)) {
      this.#waiting.add(service.key);
    } else {
      this.#waiting.delete(service.key);
    }
  }

  #view(): AllocateView {
    const { services, namespaces } = this.#deps.view;
    return {
      pools: this.#deps.view.poolsInForce(),
      namespaces,
      ledger: this.ledger,
      createdAt: (key) => services.get(key)?.createdAt,
    };
  }

  #record(key: string, assignments: readonly Assignment[]): void {
    const before = this.ledger.assignments(key);
    const unique = assignments.filter(({ ip }, index) => assignments.findIndex((other) => other.ip === ip) === index);
    this.ledger.set(key, unique);
    const freed = before.some(({ ip }) => this.ledger.holders(ip).length === 0);
    const kept = unique.length === before.length && unique.every(({ ip }) => before.some((other) => other.ip === ip));
    if (kept) return;
    for (const pool of new Set([...before, ...unique].map((assignment) => assignment.pool))) this.#deps.onUse(pool);
    for (const { ip } of unique) this.#askOtherHolders(key, ip);
    if (freed) this.#wake();
  }

  /** Two Services with one address (two leaders for a moment): the younger one is planned anew and moves. */
  #askOtherHolders(key: string, ip: string): void {
    for (const holder of this.ledger.holders(ip)) if (holder !== key) this.#queue.add(holder);
  }

  /** Oldest first: nobody starves behind younger ones. */
  #wake(): void {
    const waiting = [...this.#waiting].flatMap((key) => this.#deps.view.services.get(key) ?? []);
    for (const { key } of waiting.sort(byAge)) this.#queue.add(key);
  }
}

/** Whether there is anything to do for a Service: it may be served, or carries what we wrote. */
function concerns(service: Service): boolean {
  return service.isLoadBalancer || service.hasCondition || (service.hasFinalizer && service.recorded.length > 0);
}

function byAge(a: Service, b: Service): number {
  return a.createdAt - b.createdAt || (a.key < b.key ? -1 : 1);
}
