interface Moved {
  readonly count: number;
  /** Of the last one, in milliseconds since the epoch. */
  readonly at: number;
}

/** So often at once: a few hosts in a pool are a mistake that is got over, one that answers for every address (proxy ARP) is not. */
const AT_ONCE = 5;
/** Then once after this time, and after twice as long each time more, in milliseconds. */
const PAUSE_MS = 600_000;
const MAX_PAUSE_MS = 3_600_000;
/** Who had no need to move for so long begins anew. */
const QUIET_MS = 2 * MAX_PAUSE_MS;

/** How often Services were moved because strangers use their addresses, and when that may be done again. No clock: the time comes in. */
export class Moves {
  readonly #byService = new Map<string, Moved>();

  /** The Service was moved; times of one Service ascend. */
  note(service: string, at: number): void {
    const before = this.#byService.get(service);
    const isNew = before === undefined || at - before.at >= QUIET_MS;
    this.#byService.set(service, { count: isNew ? 1 : before.count + 1, at });
  }

  /** From when on the Service may be moved again, in milliseconds since the epoch. */
  nextAt(service: string): number {
    const { count, at } = this.#byService.get(service) ?? { count: 0, at: 0 };
    if (count < AT_ONCE) return -Infinity;
    return at + Math.min(PAUSE_MS * 2 ** (count - AT_ONCE), MAX_PAUSE_MS);
  }

  forget(service: string): void {
    this.#byService.delete(service);
  }
}
