import { Allocator } from '../../allocate/allocator.ts';
import type { Effects } from '../../allocate/effects.ts';
import { Moves } from '../../allocate/moves.ts';
import { poolsAgainst } from '../../allocate/exceptions.ts';
import { isToBeReplaced, type Plan } from '../../allocate/plan.ts';
import { PoolSet } from '../../allocate/pool-set.ts';
import { poolUse, type PoolUse } from '../../allocate/pool-use.ts';
import type { Release } from '../../allocate/released.ts';
import { Reserved } from '../../allocate/reserved.ts';
import type { AddressRange } from '../../domain/address.ts';
import { nodesByAddress } from '../../domain/node.ts';
import { finding, type Finding } from '../../domain/reason.ts';
import type { Assignment, Service } from '../../domain/service.ts';
import type { Clock, Logger, Random, Timer } from '../../platform/ports.ts';
import { reasonTextWithin } from '../../report/reason-text.ts';
import { finalizerGoesAt, isNews, servicePatch } from '../../report/service-patch.ts';
import { isConflict, isNotFound, retryAfterMsOf } from '../errors.ts';
import * as kinds from '../kinds.ts';
import type { Kube } from '../kube.ts';
import type { ClusterView } from '../watch/cluster-view.ts';
import { toService } from '../watch/domain/service.ts';
import { Adoption } from './adoption.ts';
import { LEADER_WRITE_TIMEOUT_MS, patchFenced } from './apply-status.ts';
import type { EventRecorder } from './events.ts';
import type { PoolGuard } from './pool-guard.ts';
import { WorkQueue, type Outcome, type QueueLoad } from './queue.ts';

export interface AddressAssignerDeps {
  readonly api: Kube;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly view: Pick<
    ClusterView,
    | 'services'
    | 'clusterIPs'
    | 'namespaces'
    | 'nodes'
    | 'poolsInForce'
    | 'unreadablePools'
    | 'poolObject'
    | 'serviceObject'
    | 'words'
  >;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly guard: Pick<PoolGuard, 'ensure'>;
  /** What the cluster's own Service IPs are taken from, as far as it is known. */
  readonly serviceRanges: () => readonly AddressRange[];
  /** Subnets of the links of all replicas' nodes, as far as they are known. */
  readonly subnets: () => readonly AddressRange[];
  /** Whether this replica leads, with a current view: asked before every write. */
  readonly mayWrite: () => boolean;
  /** Called when an address of a pool was given or freed, or is kept by who would not be given it any more. */
  readonly onUse: (pool: string) => void;
  /** Called when a Service was written. */
  readonly onWritten: () => void;
}

/** Status patches under way at once: enough to keep the API server busy, few enough to leave others their share. */
const CONCURRENCY = 16;
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
  readonly #allocator: Allocator;
  readonly #deps: AddressAssignerDeps;
  readonly #queue: WorkQueue;
  readonly #written = new Map<string, Written>();
  readonly #moves = new Moves();
  readonly #adoption: Adoption;
  #nodes: ReadonlyMap<string, string> = new Map();
  #reserved: Reserved | undefined;
  #rest: { readonly at: number; readonly timer: Timer } | undefined;
  #stopped = false;

  constructor(deps: AddressAssignerDeps) {
    this.#deps = deps;
    const { services, namespaces } = deps.view;
    this.#allocator = new Allocator({ services, namespaces, moves: this.#moves, words: deps.view.words });
    this.#adoption = new Adoption({ ...deps, onEnd: () => this.#allocator.endAdoption() });
    this.#queue = new WorkQueue(deps, {
      name: 'services',
      process: (key) => this.#process(key),
      concurrency: CONCURRENCY,
    });
  }

  get ledger(): Allocator['ledger'] {
    return this.#allocator.ledger;
  }

  /** The pools in force and what follows from them. */
  get pools(): PoolSet {
    return this.#allocator.pools;
  }

  get load(): QueueLoad {
    return this.#queue.load;
  }

  /** How much of the pools is in use, and how many Services lack an address. */
  get use(): { readonly pools: PoolUse[]; readonly waiting: number } {
    const { pools, ledger, waiting } = this.#allocator;
    return { pools: poolUse({ pools, ledger, waiting }, this.#now()), waiting: waiting.size };
  }

  /** Takes up the work, with a ledger made from what stands in Services and pools alone; the oldest Services come first. */
  start(): void {
    if (this.#stopped) return;
    this.#adoption.start();
    this.#reserved = this.#reservedNow();
    const { view } = this.#deps;
    const pools = new PoolSet(view.poolsInForce(), this.#reserved, undefined, view.unreadablePools());
    const remembered = view.words.remembered();
    this.#movedBefore(pools, [...remembered.released.values()].flat());
    const keys = this.#allocator.adopt(pools, remembered, this.#now());
    for (const key of keys) this.serviceChanged(key);
    this.#awaitRest();
  }

  /** For good; writes that are under way end first, and what they settle wakes nobody up. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#adoption.stop();
    this.#rest?.timer.cancel();
    await this.#queue.stop();
  }

  /** The API server answers again: whatever waits for its backoff need not. */
  retryNow(): void {
    this.#queue.retryNow();
  }

  serviceChanged(key: string): void {
    const service = this.#deps.view.services.get(key);
    if (service === undefined || !(concerns(service) || this.ledger.assignments(key).length > 0)) {
      this.#forget(key);
      return;
    }
    this.#allocator.observe(service);
    // What a Service asks for now may be what its pool would not give: who starts, or leads next, believes it by the pool's word alone.
    for (const pool of poolsAgainst(service, this.ledger.assignments(key), this.pools)) this.#deps.onUse(pool);
    this.#queue.add(key);
  }

  /** Pools changed: whoever has an unmet wish may be served now, and who is not served yet may be. */
  poolsChanged(): void {
    const { view } = this.#deps;
    const pools = new PoolSet(view.poolsInForce(), this.#reserved, this.pools, view.unreadablePools());
    this.#apply(this.#allocator.configure(pools, this.#now()));
  }

  namespaceChanged(name: string): void {
    this.#apply(this.#allocator.reconsider(this.#now(), name));
  }

  /** Nodes, the cluster's Service ranges or the links' subnets changed; returns whether that concerns any address. */
  reservedChanged(): boolean {
    const before = this.#reserved;
    this.#reserved = this.#reservedNow();
    if (before === this.#reserved) return false;
    this.poolsChanged();
    return true;
  }

  #now(): number {
    return this.#deps.clock.wallTime().getTime();
  }

  /** The same object as long as nothing is different. */
  #reservedNow(): Reserved {
    const { view, serviceRanges, subnets } = this.#deps;
    const nodes = nodesByAddress(view.nodes.values());
    const same = this.#nodes.size === nodes.size && [...nodes].every(([ip, node]) => this.#nodes.get(ip) === node);
    const { clusterIPs } = view;
    const input = { nodes, serviceRanges: serviceRanges(), subnets: subnets(), clusterIPs };
    if (same && this.#reserved?.isMadeOf(input) === true) return this.#reserved;
    this.#nodes = nodes;
    return new Reserved(input);
  }

  /** What the leader before us has done of late: addresses that their Services have left to strangers. */
  #movedBefore({ strangers }: PoolSet, released: readonly Release[]): void {
    const left = released.filter(({ ip }) => strangers.get(ip)?.announced === false);
    for (const { service, at } of left.sort((a, b) => a.at - b.at)) {
      if (this.#deps.view.services.has(service)) this.#moves.note(service, Math.min(at, this.#now()));
    }
  }

  #forget(key: string): void {
    this.#written.delete(key);
    this.#moves.forget(key);
    this.#apply(this.#allocator.forget(key, this.#now()));
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

  /** As the view has it, where that is what it was made of. */
  #translated(key: string, object: kinds.Service): Service {
    const { view } = this.#deps;
    const seen = view.serviceObject(key) === object ? view.services.get(key) : undefined;
    return seen ?? toService(object);
  }

  async #process(key: string): Promise<Outcome> {
    const object = this.#current(key);
    if (object === undefined) {
      this.#forget(key);
      return { type: 'done' };
    }
    if (!this.#deps.mayWrite()) return { type: 'after', ms: HOLD_MS };
    const service = this.#translated(key, object);
    const planned = this.#allocator.plan(service, this.#now());
    this.#apply(this.#allocator.take(service, planned, this.#now()));
    const outcome = await this.#write(object, service, planned);
    if (this.#deps.view.serviceObject(key) === undefined) this.#forget(key);
    else if (outcome.type === 'done') {
      this.#apply(this.#allocator.settle(service, planned, this.#now()));
      return this.#done(object, service, planned);
    }
    return outcome;
  }

  /** Looked at again: who has to stay with a stranger for now, when it may be moved; who waits for another load balancer to let it go. */
  #done(object: kinds.Service, service: Service, planned: Plan): Outcome {
    const inNeed = planned.served && planned.assignments.some((had) => isToBeReplaced(service, had, this.pools));
    const at = inNeed ? this.#moves.nextAt(service.key) : (finalizerGoesAt(object, service) ?? -Infinity);
    const ms = at - this.#now();
    return ms > 0 ? { type: 'after', ms } : { type: 'done' };
  }

  async #write(object: kinds.Service, service: Service, planned: Plan): Promise<Outcome> {
    const patch = servicePatch(object, service, planned, this.#deps.clock.wallTime());
    if (patch === undefined) return { type: 'done' };
    try {
      if (!(await this.#deps.guard.ensure(service.namespace, added(service, planned)))) {
        return { type: 'retry', error: new Error('the Eip is not ready to give an address') };
      }
      if (!this.#deps.mayWrite()) return { type: 'after', ms: HOLD_MS };
      // Meanwhile an older holder may have shown up, or the Service have gone: what was planned is for somebody else.
      if (!this.#keeps(service, planned)) return { type: 'after', ms: 0 };
      const written = await patchFenced(this.#deps.api, kinds.services, object, {
        type: 'strategic',
        metadata: patch.metadata,
        fields: { status: patch.status },
        subresource: 'status',
        timeoutMs: LEADER_WRITE_TIMEOUT_MS,
      });
      const before = [...(this.#written.get(service.key)?.before ?? []), service.resourceVersion];
      this.#written.set(service.key, { before, object: written });
      this.#deps.onWritten();
      if (this.#leavesToStranger(service, planned)) this.#moves.note(service.key, this.#now());
      this.#tell(object, service, planned);
      return { type: 'done' };
    } catch (error) {
      return this.#failed(service, error);
    }
  }

  /** Whether all that a Service was planned to have is still kept for it. */
  #keeps({ key }: Service, planned: Plan): boolean {
    const kept = this.ledger.assignments(key);
    return !planned.served || planned.assignments.every(({ ip }) => kept.some((assignment) => assignment.ip === ip));
  }

  /** Events by the reasons that Kubernetes' own service controller uses; ours is the action. */
  #tell(object: kinds.Service, service: Service, planned: Plan): void {
    const { served, finding: why } = planned;
    this.#deps.logger.info({ service: service.key, reason: why.reason, ...why.params }, 'service written');
    if (served) this.#tellLosses(object, service, planned.assignments);
    if (!isNews(object, service, planned)) return;
    const given = served ? 'EnsuredLoadBalancer' : 'DeletedLoadBalancer';
    const fine = !served || why.reason === 'Allocated';
    const reason = fine ? given : 'SyncLoadBalancerFailed';
    const type = fine ? 'Normal' : 'Warning';
    const note = reasonTextWithin(service.namespace, why);
    this.#deps.events.record(kinds.services, object, { type, reason, action: why.reason, note });
  }

  /** An address that stood in the status and does no more, which no user asked for. */
  #tellLosses(object: kinds.Service, service: Service, kept: readonly Assignment[]): void {
    for (const had of service.claims ? service.recorded : []) {
      const lost = kept.some(({ ip }) => ip === had.ip) ? undefined : this.#loss(service, had);
      if (lost === undefined) continue;
      const event = {
        type: 'Warning',
        reason: 'SyncLoadBalancerFailed',
        action: lost.reason,
        note: reasonTextWithin(service.namespace, lost),
      } as const;
      this.#deps.events.record(kinds.services, object, event);
    }
  }

  #leavesToStranger(service: Service, planned: Plan): boolean {
    if (!planned.served || !service.claims) return false;
    const left = service.recorded.filter(({ ip }) => planned.assignments.every((kept) => kept.ip !== ip));
    return left.some((had) => isToBeReplaced(service, had, this.pools));
  }

  #loss(service: Service, { ip, pool }: Assignment): Finding | undefined {
    const [holder] = this.ledger.rivals(ip, service);
    if (holder !== undefined) return finding('HeldByOlderService', { ip, holder });
    const mac = this.pools.strangers.get(ip)?.mac;
    if (mac === undefined || !isToBeReplaced(service, { ip, pool }, this.pools)) return undefined;
    return finding('AddressReplaced', { ip, mac, pool });
  }

  #failed(service: Service, error: unknown): Outcome {
    if (isNotFound(error)) return { type: 'done' };
    // Somebody else wrote: the watch brings the new version, at once as a rule, and asking more and more seldom is for the exception.
    if (isConflict(error)) return { type: 'retry', error };
    this.#deps.logger.warn({ err: error, service: service.key }, 'writing a service failed, trying again');
    return { type: 'retry', error, notBeforeMs: retryAfterMsOf(error) };
  }

  #apply({ again, pools }: Effects): void {
    for (const pool of pools) this.#deps.onUse(pool);
    for (const key of again) this.#queue.add(key);
    this.#awaitRest();
  }

  /** Wakes up when the next freed address has rested. */
  #awaitRest(): void {
    const at = this.#allocator.nextRested;
    if (at === this.#rest?.at) return;
    this.#rest?.timer.cancel();
    this.#rest = undefined;
    if (at === undefined || this.#stopped) return;
    const delayMs = Math.min(Math.max(0, at - this.#now()), MAX_TIMER_MS);
    const timer = this.#deps.clock.setTimer(delayMs, () => {
      this.#rest = undefined;
      this.#apply(this.#allocator.elapsed(this.#now()));
    });
    this.#rest = { at, timer };
  }
}

/** Timers of more than 2^31 - 1 ms fire at once. */
const MAX_TIMER_MS = 86_400_000;

/** What a Service is to get that it has not. */
function added(service: Service, planned: Plan): Assignment[] {
  const given = planned.served ? planned.assignments : [];
  return given.filter(({ ip }) => !service.claims || !service.recorded.some((record) => record.ip === ip));
}

/** Whether there is anything to do for a Service: it may be served, or carries what we wrote. */
function concerns(service: Service): boolean {
  return service.isLoadBalancer || service.hasCondition || (service.hasFinalizer && service.recorded.length > 0);
}
