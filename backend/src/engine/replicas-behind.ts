import type { Clock, Timer } from '../platform/ports.ts';

export interface ReplicasBehindDeps {
  readonly clock: Clock;
  /** A replica counts as behind from now on. */
  readonly onChange: () => void;
}

interface Seen {
  readonly name: string;
  readonly stale: boolean;
}

/** More than the time from the first replica that notices that the API server is gone, or back, to the last. */
const BEHIND_MS = 3_000;

/**
 * The replicas whose view of the API has been stale for a while in which that of others was not. When the API server goes or comes back,
 * they notice one after the other; no address shall move for that.
 */
export class ReplicasBehind {
  readonly #deps: ReplicasBehindDeps;
  readonly #since = new Map<string, number>();
  #timer: Timer | undefined;

  constructor(deps: ReplicasBehindDeps) {
    this.#deps = deps;
  }

  has(name: string): boolean {
    const since = this.#since.get(name);
    return since !== undefined && this.#deps.clock.now() - since >= BEHIND_MS;
  }

  /** All replicas as they are now, this one included. */
  update(all: readonly Seen[]): void {
    const { clock, onChange } = this.#deps;
    const someAreFresh = all.some(({ stale }) => !stale);
    const behind = new Set(all.filter(({ stale }) => stale && someAreFresh).map(({ name }) => name));
    for (const name of this.#since.keys()) if (!behind.has(name)) this.#since.delete(name);
    for (const name of behind) if (!this.#since.has(name)) this.#since.set(name, clock.now());
    this.#timer?.cancel();
    this.#timer = undefined;
    const next = Math.min(
      ...[...this.#since.values()].map((since) => since + BEHIND_MS).filter((at) => at > clock.now()),
    );
    if (next < Infinity) this.#timer = clock.setTimer(next - clock.now(), onChange);
  }

  stop(): void {
    this.#timer?.cancel();
  }
}
