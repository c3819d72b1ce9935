import type { Clock, Timer } from '../platform/ports.ts';

export interface ViewFreshnessDeps {
  readonly clock: Clock;
  /** Whether the view counts as stale has changed. */
  readonly onChange: (stale: boolean) => void;
}

/** A second more than the time after which the main thread says so by itself, unless it hangs. In milliseconds. */
const STALE_AFTER_MS = 6_000;

/**
 * Whether the main thread's view of the Kubernetes API is current, as far as this thread can tell: it is stale when the main thread says
 * so, and also when the last proof that it told of is too old. A process that was suspended (SIGSTOP, a frozen cgroup) goes on with an
 * old view, and its threads in any order: nobody may hear from it that the view is fresh before the main thread has found that out.
 */
export class ViewFreshness {
  readonly #deps: ViewFreshnessDeps;
  #saidStale = false;
  /** Undefined until the main thread told of a proof: before that only its word counts. */
  #provenAt: number | undefined;
  #stale = false;
  #expiry: Timer | undefined;

  constructor(deps: ViewFreshnessDeps) {
    this.#deps = deps;
  }

  /** The main thread says whether the view is stale. */
  say(stale: boolean): void {
    this.#saidStale = stale;
    this.check();
  }

  /** The main thread says that the view was current at this `Clock.now()`. */
  proven(at: number): void {
    this.#provenAt = at;
    this.check();
  }

  /** To be called before anybody is told how fresh the view is; no timer may have fired yet. */
  check(): void {
    const left = this.#provenAt === undefined ? Infinity : this.#provenAt + STALE_AFTER_MS - this.#deps.clock.now();
    this.#expiry?.cancel();
    this.#expiry = left > 0 && left < Infinity ? this.#deps.clock.setTimer(left, () => this.check()) : undefined;
    const stale = this.#saidStale || left <= 0;
    if (stale === this.#stale) return;
    this.#stale = stale;
    this.#deps.onChange(stale);
  }

  stop(): void {
    this.#expiry?.cancel();
  }
}
