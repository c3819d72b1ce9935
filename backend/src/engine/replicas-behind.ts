import type { Clock, Timer } from '../platform/ports.ts';

export interface ReplicasBehindDeps {
  readonly clock: Clock;
  /** A replica counts as behind from now on, or no longer. */
  readonly onChange: () => void;
}

interface Seen {
  readonly name: string;
  readonly stale: boolean;
  /** By its own account; undefined where it doesn't say. */
  readonly behind: boolean | undefined;
}

/** More than the time from the first replica that notices that the API server is gone, or back, to the last. */
const BEHIND_MS = 3_000;

/**
 * The replicas whose view of the API has been stale for a while in which that of others was not. When the API server goes or comes back,
 * they notice one after the other; no address shall move for that. Each judges itself and tells the others, so that all go by one word;
 * of those that say nothing, as older versions, each observer judges by what it has seen itself.
 */
export class ReplicasBehind {
  readonly #deps: ReplicasBehindDeps;
  readonly #told = new Map<string, boolean>();
  /** Of the others that say nothing. */
  readonly #since = new Map<string, number>();
  /** This replica's view is stale, and a fresh one has been heard since then. */
  #selfSince: number | undefined;
  /** Others have been heard since then, all of them stale. */
  #unopposedSince: number | undefined;
  #isFirst = true;
  #self: boolean | undefined;
  #timer: Timer | undefined;

  constructor(deps: ReplicasBehindDeps) {
    this.#deps = deps;
  }

  /** Whether this replica is; undefined while its view is not stale. */
  get self(): boolean | undefined {
    return this.#self;
  }

  /** Whether another one is. */
  has(name: string): boolean {
    return this.#told.get(name) ?? this.#isOver(this.#since.get(name));
  }

  /**
   * All replicas as they are now; the others are those that answer.
   * @param selfIsStale undefined as long as nobody can tell yet who else is there
   */
  update(selfIsStale: boolean | undefined, others: readonly Seen[]): void {
    if (selfIsStale !== undefined) this.#judgeSelf(selfIsStale, others);
    this.#judgeOthers(selfIsStale === false || others.some(({ stale }) => !stale), others);
    this.#wake();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  /**
   * One that starts with a stale view (from what an earlier container knew) beside fresh ones is behind at once: it has noticed nothing
   * that they might be about to notice. Who hears nobody learns nothing: a short loss of datagrams makes no view a better one.
   */
  #judgeSelf(stale: boolean, others: readonly Seen[]): void {
    const isOpposed = others.some((other) => !other.stale);
    this.#selfSince = stale ? this.#opposedSince(isOpposed) : undefined;
    this.#self = stale ? this.#isOver(this.#selfSince) : undefined;
    const isUnopposed = !isOpposed && others.length > 0;
    this.#unopposedSince = isUnopposed ? (this.#unopposedSince ?? this.#deps.clock.now()) : undefined;
    this.#isFirst = false;
  }

  #opposedSince(isOpposed: boolean): number | undefined {
    if (isOpposed) return this.#selfSince ?? (this.#isFirst ? -Infinity : this.#deps.clock.now());
    return this.#self === true && !this.#isOver(this.#unopposedSince) ? this.#selfSince : undefined;
  }

  #judgeOthers(someAreFresh: boolean, others: readonly Seen[]): void {
    const now = this.#deps.clock.now();
    this.#told.clear();
    for (const { name, behind } of others) if (behind !== undefined) this.#told.set(name, behind);
    const silent = others.filter(({ stale, behind }) => stale && behind === undefined && someAreFresh);
    const names = new Set(silent.map(({ name }) => name));
    for (const name of this.#since.keys()) if (!names.has(name)) this.#since.delete(name);
    for (const name of names) if (!this.#since.has(name)) this.#since.set(name, now);
  }

  #isOver(since: number | undefined): boolean {
    return since !== undefined && this.#deps.clock.now() - since >= BEHIND_MS;
  }

  #wake(): void {
    const { clock, onChange } = this.#deps;
    this.#timer?.cancel();
    this.#timer = undefined;
    const unopposedSince = this.#self === true ? this.#unopposedSince : undefined;
    const ends = [this.#selfSince, unopposedSince, ...this.#since.values()].map(
      (since = Infinity) => since + BEHIND_MS,
    );
    const next = Math.min(...ends.filter((end) => end > clock.now()));
    if (next < Infinity) this.#timer = clock.setTimer(next - clock.now(), onChange);
  }
}
