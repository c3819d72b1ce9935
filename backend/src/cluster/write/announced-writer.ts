import { isDeepStrictEqual } from 'node:util';
import { nodesAt } from '../../domain/node.ts';
import { poolOf, type Conflict } from '../../domain/pool.ts';
import type { Reason } from '../../domain/reason.ts';
import type { Service } from '../../domain/service.ts';
import type { AddressReport } from '../../engine/messages.ts';
import type { Clock, Logger, Random, Timer } from '../../platform/ports.ts';
import { announced, type PeerSessions } from '../../report/announced.ts';
import { isCurrent, withTransition, type ExistingCondition, type NewCondition } from '../../report/conditions.ts';
import { isConflict, isNotFound, retryAfterMsOf } from '../errors.ts';
import * as kinds from '../kinds.ts';
import type { Kube } from '../kube.ts';
import { keyOf } from '../objects.ts';
import type { ClusterView } from '../watch/cluster-view.ts';
import { LEADER_WRITE_TIMEOUT_MS, patchFenced } from './apply-status.ts';
import type { EventRecorder } from './events.ts';
import { WorkQueue, type Outcome, type QueueLoad } from './queue.ts';

export interface AnnouncedWriterDeps {
  readonly api: Kube;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly view: Pick<ClusterView, 'services' | 'serviceObject' | 'poolsInForce' | 'peers' | 'peerObject' | 'nodes'>;
  readonly events: Pick<EventRecorder, 'record'>;
  /** What this replica's engine says, by address; kept current by the owner, who tells by `addressesReported`. */
  readonly reports: ReadonlyMap<string, AddressReport>;
  /** Whether this replica leads, with a current view: asked before every write. */
  readonly mayWrite: () => boolean;
  /** Addresses are being given to many Services at once. */
  readonly inBurst: () => boolean;
}

const CONCURRENCY = 8;
/** How long to wait before asking again whether this replica may write. */
const HOLD_MS = 1_000;
/** A new Service's address, endpoints and next hops become known one after the other: only where that ends is worth a write. */
const SETTLE_MS = 100;
/** A router that restarts is back within seconds, and thousands of Services depend on it. */
const SESSIONS_SETTLE_MS = 10_000;

/** Asking a link whether somebody uses an address takes some 300 ms, of which nobody need be told. */
const PROBING_SETTLE_MS = 5_000;
/** What the owner of an address on a link hears there must have come here before the address is said to be announced. */
const FIRST_SETTLE_MS = 1_500;
/** As a rule another address takes the place of one that a stranger uses, at once. */
const CONFLICT_SETTLE_MS = 1_000;

/**
 * In a burst addresses come first: each write takes time of the API server from those who have none yet, and a Service can be reached
 * before this says so. That those of a new Service are announced can be said for so long afterwards.
 */
const BURST_SETTLE_MS = 60_000;
/** How often it is looked whether the burst is over: once for all who wait for that. */
const BURST_LOOK_MS = 1_000;

/** What has to last before it is written. */
interface Lasting {
  readonly what: 'unheard' | 'probing' | 'first' | 'conflict' | 'burst';
  /** The addresses that it is so of. */
  readonly ips: string;
  /** By the monotonic clock, in milliseconds. */
  readonly since: number;
}

const LASTING_MS: Readonly<Record<Lasting['what'], number>> = {
  unheard: SESSIONS_SETTLE_MS,
  probing: PROBING_SETTLE_MS,
  first: FIRST_SETTLE_MS,
  conflict: CONFLICT_SETTLE_MS,
  burst: BURST_SETTLE_MS,
};

/** Reasons that mostly end by themselves. */
const PASSING: ReadonlyMap<string, Lasting['what']> = new Map([
  ['NoPeerEstablished', 'unheard'],
  ['AddressProbing', 'probing'],
  ['NodeNotMet', 'probing'],
  ['AddressConflict', 'conflict'],
  ['AddressTaken', 'conflict'],
] satisfies [Reason, Lasting['what']][]);

interface KnownPool {
  readonly text: string;
  readonly conflicts: readonly Conflict[];
}

/** Writes the condition `Announced` of the Services that hold addresses, whenever what it follows from has changed. */
export class AnnouncedWriter {
  readonly #deps: AnnouncedWriterDeps;
  readonly #queue: WorkQueue;
  /** By Service, what is so and not written, as it may not last. */
  readonly #lasting = new Map<string, Lasting>();
  readonly #pools = new Map<string, KnownPool>();
  #burstLook: Timer | undefined;
  #nodesLook: Timer | undefined;
  #sessions: { readonly peers: readonly PeerSessions[]; readonly text: string };

  constructor(deps: AnnouncedWriterDeps) {
    this.#deps = deps;
    this.#sessions = this.#sessionsNow();
    this.#queue = new WorkQueue(deps, {
      name: 'announced',
      process: (key) => this.#process(key),
      concurrency: CONCURRENCY,
    });
  }

  start(): void {
    for (const name of this.#deps.view.poolsInForce().keys()) this.#pools.set(name, this.#knownPool(name));
    this.#sessions = this.#sessionsNow();
    this.#all();
  }

  async stop(): Promise<void> {
    this.#burstLook?.cancel();
    this.#nodesLook?.cancel();
    await this.#queue.stop();
  }

  get load(): QueueLoad {
    return this.#queue.load;
  }

  /** The API server answers again: whatever waits for its backoff need not. */
  retryNow(): void {
    this.#queue.retryNow();
  }

  serviceChanged(key: string): void {
    const service = this.#deps.view.services.get(key);
    if (service !== undefined && isInForce(service)) this.#queue.addAfter(key, SETTLE_MS);
    else this.#lasting.delete(key);
  }

  addressesReported(changed: readonly AddressReport[]): void {
    for (const { services, younger } of changed) for (const key of [...services, ...younger]) this.serviceChanged(key);
  }

  /** A BgpPeer or its status changed: of all that, whether there is a session at all is what Services depend on. */
  peersChanged(): void {
    const before = this.#sessions;
    this.#sessions = this.#sessionsNow();
    if (before.text !== this.#sessions.text) this.#all();
  }

  /** Which nodes are routers, too. Nodes change one by one, and there may be many. */
  nodesChanged(): void {
    this.#nodesLook ??= this.#deps.clock.setTimer(SETTLE_MS, () => {
      this.#nodesLook = undefined;
      this.peersChanged();
    });
  }

  poolChanged(name: string): void {
    const before = this.#pools.get(name);
    const after = this.#knownPool(name);
    this.#pools.set(name, after);
    if (before?.text !== after.text) this.#all();
    else if (!isDeepStrictEqual(before.conflicts, after.conflicts)) {
      this.#inConflict(new Set([...before.conflicts, ...after.conflicts].map(({ ip }) => ip)));
    }
  }

  #inConflict(ips: Iterable<string>): void {
    this.addressesReported([...ips].flatMap((ip) => this.#deps.reports.get(ip) ?? []));
  }

  #all(): void {
    for (const key of this.#deps.view.services.keys()) this.serviceChanged(key);
  }

  #sessionsNow(): { readonly peers: readonly PeerSessions[]; readonly text: string } {
    const { view } = this.#deps;
    const peers = [...view.peers.values()].map(([name, peer]) => ({
      peer,
      itself: nodesAt(peer.address, view.nodes.values()),
      replicas: view.peerObject(name)?.status?.replicas ?? [],
    }));
    const texts = peers.map(({ peer, itself, replicas }) => {
      const established = replicas.filter(({ sessionState }) => sessionState === 'Established');
      // With nextHopSelf it matters where the replica is, too.
      const families = established.map(({ negotiated, node }) => {
        return [negotiated?.families?.join() ?? 'all', ...(peer.nextHopSelf ? [node ?? ''] : [])].join(' ');
      });
      const wanted = peer.families.map(({ family }) => family);
      return [
        peer.name,
        peer.labels,
        peer.deleting,
        peer.adminDown,
        peer.nextHopSelf,
        itself,
        wanted,
        [...new Set(families)].sort(),
      ];
    });
    return { peers, text: JSON.stringify(texts) };
  }

  /** What of a pool decides on who hears its addresses, and who else answers for them; that they lie in it is in the engine's reports. */
  #knownPool(name: string): KnownPool {
    const pool = this.#deps.view.poolsInForce().get(name);
    return { text: JSON.stringify([pool?.protocol, pool?.bgp.peerSelector]), conflicts: pool?.conflicts ?? [] };
  }

  async #process(key: string): Promise<Outcome> {
    const { view, reports } = this.#deps;
    const service = view.services.get(key);
    const object = view.serviceObject(key);
    if (service === undefined || object === undefined || !isInForce(service)) return { type: 'done' };
    const wanted = announced(service, { reports, pools: view.poolsInForce(), peers: this.#sessions.peers });
    if (wanted === undefined || isCurrent(wanted, object.status?.conditions)) {
      this.#lasting.delete(key);
      return { type: 'done' };
    }
    const waitMs = this.#waitMs(service, wanted);
    return waitMs > 0 ? { type: 'after', ms: waitMs } : await this.#write(object, wanted);
  }

  async #write(object: kinds.Service, wanted: NewCondition): Promise<Outcome> {
    if (!this.#deps.mayWrite()) return { type: 'after', ms: HOLD_MS };
    const conditions = [withTransition(wanted, object.status?.conditions, this.#deps.clock.wallTime())];
    try {
      await patchFenced(this.#deps.api, kinds.services, object, {
        type: 'strategic',
        fields: { status: { conditions } },
        subresource: 'status',
        timeoutMs: LEADER_WRITE_TIMEOUT_MS,
      });
    } catch (error) {
      return this.#failed(keyOf(object), error);
    }
    this.#lasting.delete(keyOf(object));
    this.#tell(object, wanted);
    return { type: 'done' };
  }

  /** How long this must go on being so before it is written, in milliseconds. */
  #waitMs(service: Service, wanted: NewCondition): number {
    const { key } = service;
    const what = this.#mayEnd(service, wanted);
    if (what === undefined) {
      this.#lasting.delete(key);
      return 0;
    }
    const now = this.#deps.clock.now();
    const known = this.#lasting.get(key);
    const ips = service.recorded.map(({ ip }) => ip).join();
    const lasting = known?.what === what && known.ips === ips ? known : { what, ips, since: now };
    this.#lasting.set(key, lasting);
    if (what === 'burst') this.#awaitEndOfBurst();
    return lasting.since + LASTING_MS[what] - now;
  }

  #awaitEndOfBurst(): void {
    this.#burstLook ??= this.#deps.clock.setTimer(BURST_LOOK_MS, () => {
      this.#burstLook = undefined;
      if (this.#deps.inBurst()) this.#awaitEndOfBurst();
      else for (const [key, { what }] of [...this.#lasting]) if (what === 'burst') this.#queue.add(key);
    });
  }

  #mayEnd(service: Service, { status, reason }: NewCondition): Lasting['what'] | undefined {
    const passing = PASSING.get(reason);
    if (passing !== undefined) return passing;
    const isNew = status === 'True' && !service.announcedBefore;
    if (isNew && this.#deps.inBurst()) return 'burst';
    const pools = this.#deps.view.poolsInForce();
    const onLink = service.recorded.some((assignment) => poolOf(assignment, pools)?.protocol === 'layer2');
    return isNew && onLink ? 'first' : undefined;
  }

  #failed(key: string, error: unknown): Outcome {
    // The watch brings what became of it, and then it is looked at again.
    if (isNotFound(error) || isConflict(error)) return { type: 'done' };
    this.#deps.logger.warn({ err: error, service: key }, 'writing a condition failed, trying again');
    return { type: 'retry', error, notBeforeMs: retryAfterMsOf(error) };
  }

  #tell(object: kinds.Service, wanted: NewCondition): void {
    const before: readonly ExistingCondition[] = object.status?.conditions ?? [];
    const type = eventType(
      before.find(({ type: known }) => known === wanted.type),
      wanted,
    );
    if (type === undefined) return;
    const reason = type === 'Warning' ? 'UnAvailableLoadBalancer' : 'EnsuredLoadBalancer';
    this.#deps.events.record(kinds.services, object, { type, reason, action: wanted.reason, note: wanted.message });
  }
}

/** Nobody is told of these, so that nobody need be told of their end. */
const WITHOUT_EVENT: ReadonlySet<string> = new Set(['Announced', 'AnnouncedForNode', 'NoAddress', 'AddressProbing']);

/** That a new Service is announced goes without saying: the Event of its address says that all is well. */
function eventType(before: ExistingCondition | undefined, { reason }: NewCondition): 'Normal' | 'Warning' | undefined {
  if (!WITHOUT_EVENT.has(reason)) return before?.reason === reason ? undefined : 'Warning';
  if (reason === 'AddressProbing') return undefined;
  return before?.reason === undefined || WITHOUT_EVENT.has(before.reason) ? undefined : 'Normal';
}

function isInForce(service: Service): boolean {
  return service.isLoadBalancer && service.claims && !service.deleting;
}
