import type { Clock } from '../platform/ports.ts';

/** How long an address is known to be ours after nobody speaks for it any more: as long as hosts and switches take to be replaced. */
const LATELY_MS = 30_000;

/**
 * The addresses that a replica, this one or another, is known to speak for, or to have spoken for just now. Whoever takes such an address
 * over need not ask the link first; for any other RFC 5227 section 2.1 says to probe before use. Nothing of it outlives this process: after
 * a stop of all replicas nobody knows who took which address meanwhile.
 */
export class SpokenFor {
  readonly #clock: Clock;
  /** Clock time of the end; undefined while it goes on. */
  readonly #endedAt = new Map<string, number | undefined>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  has(ip: string): boolean {
    if (!this.#endedAt.has(ip)) return false;
    const endedAt = this.#endedAt.get(ip);
    return endedAt === undefined || this.#clock.now() - endedAt < LATELY_MS;
  }

  /** A replica speaks for it. */
  add(ip: string): void {
    this.#endedAt.set(ip, undefined);
  }

  /** Whoever should speak for it doesn't, as somebody else may have it. */
  delete(ip: string): void {
    this.#endedAt.delete(ip);
  }

  /** It is nobody's any more, or not wanted. */
  end(ip: string): void {
    if (!this.#endedAt.has(ip) || this.#endedAt.get(ip) !== undefined) return;
    const now = this.#clock.now();
    // In the order in which they ended, but for those that go on.
    for (const [other, endedAt] of this.#endedAt) {
      if (endedAt !== undefined && now - endedAt >= LATELY_MS) this.#endedAt.delete(other);
    }
    this.#endedAt.set(ip, now);
  }
}
