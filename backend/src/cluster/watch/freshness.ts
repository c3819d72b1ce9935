import type { Clock, Logger, Random, Timer } from '../../platform/ports.ts';
import { backoffMs, jittered } from '../backoff.ts';
import { ApiError, errorFields, NetworkError } from '../errors.ts';
import type { Kube } from '../kube.ts';
import type { InformerState } from './informer.ts';

export interface FreshnessDeps {
  readonly api: Pick<Kube, 'ping'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** The informers whose caches make up the view. */
  readonly sources: readonly { readonly state: InformerState }[];
}

export interface FreshnessOptions {
  /** Time from one ping to the next, in milliseconds. */
  readonly intervalMs?: number;
  /** Age of the last proof from which on the view counts as stale, in milliseconds (DESIGN section 5: MED +300 after 5 s). */
  readonly staleAfterMs?: number;
  /** The API server answers a ping after one or more that it didn't: whoever waits out a backoff need not. */
  readonly onAnswering?: () => void;
  /**
   * The API server answers for the first time since the view became stale, or after another silence that long: a watch that seems to stand
   * may be half open, or keep back what happened meanwhile, so that each has to be opened anew before the view can be fresh. Never
   * often: a slow server must have the time to open them.
   */
  readonly onRecovering?: () => void;
  /** There is no connection to the API server for a ping, as when nobody listens there; each time. */
  readonly onUnreachable?: () => void;
  readonly onFresh: () => void;
  /** The view was current at this `Clock.now()`; each time that this is found while it is fresh. */
  readonly onProven?: (at: number) => void;
  /** `since` is the `Clock.now()` of the last proof. */
  readonly onStale: (since: number) => void;
}

/**
 * How long an answer may take, in milliseconds: a busy server's proves the view as well as a quick one's. Pings don't wait for each other, so
 * that one that is lost costs no more than its turn; three of them leave a connection for the lease.
 */
const PATIENCE_MS = 2_400;

/** Least time from one opening of all watches to the next, unless the view was fresh in between: for a server that can't keep up. */
const reopening = { baseMs: 5_000, maxMs: 60_000 };

/**
 * Whether our view of the cluster is current. Bookmarks prove it only once a minute, so the API server is pinged each second,
 * once for all informers; the view is as old as the oldest of the last pong and of the informers whose watch is broken. Kinds
 * that the API denies or doesn't have don't count: that answer is current. A view that was stale is fresh again only with a pong to a
 * ping that was sent when every watch stood, as they still do: what had happened meanwhile was on its way to us before that pong.
 */
export class Freshness {
  readonly #deps: FreshnessDeps;
  readonly #options: FreshnessOptions;
  readonly #intervalMs: number;
  readonly #staleAfterMs: number;
  #pongAt = 0;
  #stale = false;
  #missed = false;
  /** Every watch stood when the last ping that was answered was sent, and when it was answered. */
  #stood = false;
  /** Since the view became stale, or after another silence, the watches have not been opened anew. */
  #suspect = false;
  /** How often they have been in all, and since the view was fresh. */
  #openings = 0;
  #reopened = 0;
  #reopenFrom = -Infinity;
  #pings: Timer | undefined;
  #deadline: Timer | undefined;
  #abort: AbortController | undefined;

  constructor(deps: FreshnessDeps, options: FreshnessOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#intervalMs = options.intervalMs ?? 1_000;
    this.#staleAfterMs = options.staleAfterMs ?? 5_000;
  }

  /** True from the moment that `onStale` is called until `onFresh` is. */
  get stale(): boolean {
    return this.#stale;
  }

  /** For how long the view has not been known to be current, in milliseconds. */
  get ageMs(): number {
    return Math.max(0, this.#deps.clock.now() - this.#provenAt());
  }

  start(): void {
    if (this.#abort !== undefined) return;
    this.#abort = new AbortController();
    this.#pongAt = this.#deps.clock.now();
    this.#pingAgainAndAgain(this.#abort);
    this.#judge();
  }

  stop(): void {
    this.#abort?.abort();
    this.#abort = undefined;
    this.#pings?.cancel();
    this.#deadline?.cancel();
  }

  #pingAgainAndAgain(abort: AbortController): void {
    void this.#ping(abort);
    const delayMs = jittered(this.#intervalMs, 0.1, this.#deps.random);
    this.#pings = this.#deps.clock.setTimer(delayMs, () => this.#pingAgainAndAgain(abort));
  }

  async #ping(abort: AbortController): Promise<void> {
    const sentAt = this.#deps.clock.now();
    const openings = this.#openings;
    const stood = this.#allStand;
    const isStanding = (): boolean => stood && this.#allStand && openings === this.#openings;
    try {
      await this.#deps.api.ping({ timeoutMs: PATIENCE_MS, signal: abort.signal });
      this.#pong(sentAt, isStanding());
    } catch (error) {
      // It may refuse us this path (403), but it does answer.
      if (error instanceof ApiError && error.status < 500) this.#pong(sentAt, isStanding());
      else this.#miss(error, sentAt, abort);
    }
    if (this.#abort === abort) this.#judge();
  }

  /** @param stood whether every watch stood when the ping was sent and does now, and none has been opened anew in between */
  #pong(sentAt: number, stood: boolean): void {
    // A later one has been answered before.
    if (sentAt < this.#pongAt) return;
    // A ping that is missed now and then is no reason: what a slow server begins to open would be given up again and again.
    if (this.#stale && sentAt - this.#pongAt >= this.#staleAfterMs) this.#suspect = true;
    this.#pongAt = sentAt;
    if (this.#missed) {
      this.#missed = false;
      this.#options.onAnswering?.();
    }
    if (this.#suspect) this.#reopen();
    this.#stood = stood && !this.#suspect;
  }

  #reopen(): void {
    const now = this.#deps.clock.now();
    if (now < this.#reopenFrom) return;
    this.#suspect = false;
    this.#openings += 1;
    this.#reopened += 1;
    this.#reopenFrom = now + backoffMs(this.#reopened, reopening, this.#deps.random);
    this.#options.onRecovering?.();
  }

  #miss(error: unknown, sentAt: number, abort: AbortController): void {
    if (this.#abort !== abort || sentAt < this.#pongAt) return;
    this.#missed = true;
    this.#deps.logger.debug(errorFields(error), 'the API server did not answer a ping');
    if (error instanceof NetworkError && error.kind === 'connection') this.#options.onUnreachable?.();
  }

  /** Runs after each ping and at the moment at which the last proof gets too old. */
  #judge(): void {
    const provenAt = this.#provenAt();
    const left = provenAt + this.#staleAfterMs - this.#deps.clock.now();
    this.#deadline?.cancel();
    if (left > 0) this.#deadline = this.#deps.clock.setTimer(left, () => this.#judge());
    const stale = left <= 0 || (this.#stale && !this.#stood);
    if (!stale) this.#options.onProven?.(provenAt);
    if (stale === this.#stale) return;
    this.#stale = stale;
    this.#suspect = stale;
    this.#reopened = 0;
    this.#reopenFrom = -Infinity;
    this.#deps.logger.info({ stale }, 'the view of the API changed its freshness');
    if (stale) this.#options.onStale(provenAt);
    else this.#options.onFresh();
  }

  get #allStand(): boolean {
    return this.#deps.sources.every(({ state }) => !isBroken(state));
  }

  #provenAt(): number {
    let at = this.#pongAt;
    for (const { state } of this.#deps.sources) if (isBroken(state)) at = Math.min(at, state.since);
    return at;
  }
}

function isBroken(state: InformerState): state is Extract<InformerState, { readonly name: 'stale' | 'unsynced' }> {
  return state.name === 'stale' || state.name === 'unsynced';
}
