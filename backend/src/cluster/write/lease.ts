import type { Clock, Logger, Random, Timer } from '../../platform/ports.ts';
import { jittered } from '../backoff.ts';
import { ApiError, errorFields, isConflict, isNotFound } from '../errors.ts';
import type { Kube } from '../kube.ts';
import { leases } from '../kinds.ts';
import type { Lease } from '../kinds.ts';
import { microTime } from '../objects.ts';
import type { ObjectRef } from '../objects.ts';

export interface ElectorDeps {
  readonly api: Kube;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/**
 * What each leader leaves to the next one beside the lease: an annotation that is written along with renewals, so that it costs no write
 * of its own, and that every candidate reads.
 */
export interface LeaseNote {
  readonly annotation: string;
  /** Called whenever the lease was read or written; undefined: nobody has noted anything. */
  readonly seen: (text: string | undefined) => void;
  /** What is to stand there, asked for before each write of a leader. */
  readonly wanted: () => string;
}

export interface ElectorOptions {
  readonly lease: Required<ObjectRef>;
  /** Name of this replica, unique among those alive: the Pod's name and UID. */
  readonly identity: string;
  /** How long others respect a leader that they don't hear of, in milliseconds (whole seconds; 15 s as everywhere). */
  readonly leaseMs?: number;
  /** A leader that could not renew for so long stops leading; less than `leaseMs`, so that two never lead. */
  readonly renewDeadlineMs?: number;
  /** Time between attempts, to renew or to acquire. */
  readonly retryMs?: number;
  readonly note?: LeaseNote;
  /** `term` grows with each change of leader, over all replicas. */
  readonly onStartedLeading: (term: number) => void;
  /** The lease may still be ours for others; whoever writes must stop within `leaseMs - renewDeadlineMs`. */
  readonly onStoppedLeading: () => void;
}

/** Annotations to be written. */
type Notes = Readonly<Record<string, string>>;

type LeaseSpec = NonNullable<Lease['spec']>;

interface Observation {
  readonly lease: Lease;
  /** Our own clock when we first saw it: other machines' clocks are never compared with ours. */
  readonly at: number;
}

const NOTE_REFUSED =
  'the API server refuses what is noted beside the lease; the lease is held without, see that a policy allows it';

/** The request as it is, whoever else writes and however busy the server is. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof ApiError) || error.status < 400 || error.status >= 500) return false;
  return ![404, 409, 429].includes(error.status);
}

/**
 * Leader election on a `coordination.k8s.io` Lease, compatible with what client-go writes there. Every write carries the
 * resourceVersion that was observed, so that of several candidates one wins. Safety rests on two rules: a leader stops
 * `renewDeadlineMs` after the *start* of its last good renewal, and a candidate waits for `leaseMs` after it *saw* the last
 * change. Clocks of different machines need not agree, only run at about the same pace.
 */
export class LeaderElector {
  readonly #deps: ElectorDeps;
  readonly #options: ElectorOptions;
  readonly #leaseMs: number;
  readonly #renewDeadlineMs: number;
  readonly #retryMs: number;
  #observed: Observation | undefined;
  #renewedAt: number | undefined;
  #running = false;
  #isNoteRefused = false;
  #attempting: Promise<void> | undefined;
  #attemptTimer: Timer | undefined;
  #deadlineTimer: Timer | undefined;

  constructor(deps: ElectorDeps, options: ElectorOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#leaseMs = options.leaseMs ?? 15_000;
    this.#renewDeadlineMs = options.renewDeadlineMs ?? 10_000;
    this.#retryMs = options.retryMs ?? 2_000;
    if (this.#leaseMs <= this.#renewDeadlineMs || this.#renewDeadlineMs <= this.#retryMs) {
      throw new RangeError('leaseMs > renewDeadlineMs > retryMs must hold');
    }
  }

  /**
   * Whether this replica may write now. Also right after the process was stopped for a while (a debugger, a frozen cgroup),
   * before any timer had a chance to fire.
   */
  get leading(): boolean {
    return this.#renewedAt !== undefined && this.#deps.clock.now() - this.#renewedAt < this.#renewDeadlineMs;
  }

  /** Identity of who held the lease when it was last seen; undefined if nobody did. */
  get holder(): string | undefined {
    const holder = this.#observed?.lease.spec?.holderIdentity;
    return holder === '' ? undefined : holder;
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#attemptIn(0);
  }

  /**
   * Tries at once instead of at the next turn: to be called when a watch shows that the lease changed hands or was released.
   * Without effect on a leader.
   */
  poke(): void {
    if (this.#running && this.#attempting === undefined && this.#renewedAt === undefined)
      this.#attemptIn(jittered(50, 1, this.#deps.random));
  }

  /** Stops leading, and then gives the lease back so that another replica need not wait. Never rejects. */
  async stop(): Promise<void> {
    this.#running = false;
    this.#attemptTimer?.cancel();
    this.#stopLeading('stopped');
    // An attempt that is under way may still make the lease ours; it takes no longer than one call.
    await this.#attempting;
    const held = this.#observed;
    if (held === undefined || !this.#isOurs(held)) return;
    try {
      // A second rather than the full time, as client-go: whoever ignores the empty holder waits no longer than that.
      await this.#write(held.lease, { ...held.lease.spec, holderIdentity: '', leaseDurationSeconds: 1 });
    } catch (error) {
      this.#deps.logger.info(errorFields(error), 'the lease was not given back; it will expire');
    }
  }

  #attemptIn(delayMs: number): void {
    this.#attemptTimer?.cancel();
    this.#attemptTimer = this.#deps.clock.setTimer(delayMs, () => {
      this.#attempting ??= this.#attempt();
    });
  }

  async #attempt(): Promise<void> {
    try {
      await this.#acquireOrRenew();
    } catch (error) {
      this.#deps.logger.info({ ...errorFields(error), leading: this.leading }, 'lease not acquired or renewed');
      if (isConflict(error) || isNotFound(error)) await this.#reread();
    }
    this.#attempting = undefined;
    if (this.#running) this.#attemptIn(this.#nextAttemptMs());
  }

  async #acquireOrRenew(): Promise<void> {
    // A leader knows what it wrote last and need not read; if somebody else wrote since, the API server says so (409).
    if (this.#renewedAt === undefined || this.#observed === undefined) await this.#observe();
    const observed = this.#observed;
    if (observed !== undefined && !this.#isOurs(observed) && this.#expiresAt(observed) > this.#deps.clock.now()) {
      this.#stopLeading('another replica leads');
      return;
    }
    const startedAt = this.#deps.clock.now();
    const spec = this.#wantedSpec(observed);
    const written = await this.#withNews(observed?.lease, async (news) =>
      observed === undefined ? await this.#create(spec, news) : await this.#write(observed.lease, spec, news),
    );
    this.#see(written);
    // The answer may come after `stop`, or so late that it proves nothing any more.
    if (this.#running && this.#deps.clock.now() - startedAt < this.#renewDeadlineMs)
      this.#lead(startedAt, spec.leaseTransitions);
  }

  async #observe(): Promise<void> {
    const lease = await this.#read();
    if (lease === undefined) this.#observed = undefined;
    else if (this.#observed?.lease.metadata?.resourceVersion !== lease.metadata?.resourceVersion) {
      this.#see(lease);
    }
  }

  #see(lease: Lease): void {
    this.#observed = { lease, at: this.#deps.clock.now() };
    const { note } = this.#options;
    note?.seen(lease.metadata?.annotations?.[note.annotation]);
  }

  /** Only what is not there yet. Leading doesn't depend on it. */
  #news(seen: Lease | undefined): Notes | undefined {
    const { note } = this.#options;
    if (note === undefined) return undefined;
    try {
      const wanted = note.wanted();
      return seen?.metadata?.annotations?.[note.annotation] === wanted ? undefined : { [note.annotation]: wanted };
    } catch (error) {
      this.#deps.logger.info(errorFields(error), 'nothing new is noted beside the lease');
      return undefined;
    }
  }

  /** Without the note where the API server refuses it, as a policy for annotations may: leading must not depend on it. */
  async #withNews(seen: Lease | undefined, write: (news: Notes | undefined) => Promise<Lease>): Promise<Lease> {
    const news = this.#news(seen);
    if (news === undefined) return await write(undefined);
    try {
      const written = await write(news);
      this.#isNoteRefused = false;
      return written;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      const written = await write(undefined);
      // It is tried with each renewal, and told once.
      if (!this.#isNoteRefused) this.#deps.logger.warn(errorFields(error), NOTE_REFUSED);
      this.#isNoteRefused = true;
      return written;
    }
  }

  /** After a lost race. When nothing can be read either, what we know stays, and time decides. */
  async #reread(): Promise<void> {
    try {
      await this.#observe();
    } catch (error) {
      this.#deps.logger.debug(errorFields(error), 'the lease could not be read');
      return;
    }
    if (this.#observed !== undefined && !this.#isOurs(this.#observed)) this.#stopLeading('another replica leads');
  }

  async #read(): Promise<Lease | undefined> {
    try {
      return await this.#deps.api.get(leases, this.#options.lease, { urgent: true, timeoutMs: this.#callTimeoutMs() });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async #create(spec: LeaseSpec, annotations: Notes | undefined): Promise<Lease> {
    const lease: Lease = { metadata: { ...this.#options.lease, ...(annotations && { annotations }) }, spec };
    return await this.#deps.api.create(leases, lease, { urgent: true, timeoutMs: this.#callTimeoutMs() });
  }

  async #write(seen: Lease, spec: LeaseSpec, annotations?: Notes): Promise<Lease> {
    const resourceVersion = seen.metadata?.resourceVersion ?? '';
    const metadata = { resourceVersion, ...(annotations && { annotations }) };
    const change = { type: 'merge', body: { metadata, spec } } as const;
    return await this.#deps.api.patch(leases, this.#options.lease, change, {
      urgent: true,
      timeoutMs: this.#callTimeoutMs(),
    });
  }

  #wantedSpec(observed: Observation | undefined): LeaseSpec & { readonly leaseTransitions: number } {
    const now = microTime(this.#deps.clock.wallTime());
    const before = observed?.lease.spec;
    const renewing = observed !== undefined && this.#isOurs(observed);
    return {
      holderIdentity: this.#options.identity,
      leaseDurationSeconds: Math.ceil(this.#leaseMs / 1000),
      acquireTime: renewing && before?.acquireTime !== undefined ? before.acquireTime : now,
      renewTime: now,
      leaseTransitions: (before?.leaseTransitions ?? 0) + (renewing ? 0 : 1),
    };
  }

  #lead(renewedAt: number, term: number): void {
    const began = this.#renewedAt === undefined;
    this.#renewedAt = renewedAt;
    this.#deadlineTimer?.cancel();
    const left = renewedAt + this.#renewDeadlineMs - this.#deps.clock.now();
    this.#deadlineTimer = this.#deps.clock.setTimer(left, () =>
      this.#stopLeading('the lease could not be renewed in time'),
    );
    if (!began) return;
    this.#deps.logger.info({ term }, 'started leading');
    this.#options.onStartedLeading(term);
  }

  #stopLeading(why: string): void {
    if (this.#renewedAt === undefined) return;
    this.#renewedAt = undefined;
    this.#deadlineTimer?.cancel();
    this.#deps.logger.info({ why }, 'stopped leading');
    this.#options.onStoppedLeading();
  }

  #isOurs(observed: Observation): boolean {
    return observed.lease.spec?.holderIdentity === this.#options.identity;
  }

  /** When the observed holder, if it is another, may be replaced. */
  #expiresAt(observed: Observation): number {
    const { holderIdentity, leaseDurationSeconds } = observed.lease.spec ?? {};
    if (holderIdentity === undefined || holderIdentity === '') return observed.at;
    // The holder's own promise counts, where it is the longer one: replicas of two versions may have different settings.
    return observed.at + Math.max(this.#leaseMs, (leaseDurationSeconds ?? 0) * 1000);
  }

  #nextAttemptMs(): number {
    const retryMs = jittered(this.#retryMs, 0.2, this.#deps.random);
    if (this.#observed === undefined || this.#isOurs(this.#observed)) return retryMs;
    const expiresInMs = this.#expiresAt(this.#observed) - this.#deps.clock.now();
    return Math.min(retryMs, Math.max(0, expiresInMs) + jittered(50, 1, this.#deps.random));
  }

  /** Short enough for a second attempt before the deadline. */
  #callTimeoutMs(): number {
    return (this.#renewDeadlineMs - this.#retryMs) / 2;
  }
}
