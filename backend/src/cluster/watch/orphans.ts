/** What is known of a kind itself, as opposed to its objects. */
export interface KindStanding {
  /** Its CRD is there and not being deleted. */
  readonly stands: boolean;
  /** Of its CRD: another one under the same name came without the objects of the first. Undefined where nobody knows. */
  readonly uid: string | undefined;
}

/**
 * For how long a kind must stand and have objects until those that went with it, and did not come back, count as deleted, in milliseconds:
 * what is applied anew comes in waves, and a wave may wait for the one before to be healthy.
 */
const standingMs = 300_000;

/**
 * The objects that went because their kind did, by key: nobody deleted them, so that they are kept. One stops being an orphan when it is
 * seen again. Never more than the cache has, as every key is one of the cache's.
 */
export class Orphans {
  readonly #keys = new Set<string>();
  /** Of the CRD that the objects in the cache belong to. */
  #uid: string | undefined;
  /** Since when, by `Clock.now()`, the kind is known to stand and to have objects. */
  #since: number | undefined;

  get size(): number {
    return this.#keys.size;
  }

  /** The object is there, or is not kept any more. */
  forget(key: string): void {
    this.#keys.delete(key);
  }

  /** The kind is not there, and has taken these along. */
  add(keys: Iterable<string>): void {
    for (const key of keys) this.#keys.add(key);
    this.#since = undefined;
  }

  /**
   * Judges a complete list of `listed` objects, after which `standing` was asked, at this `Clock.now()`: returns those of the `missing`
   * keys that were deleted; the others are orphans.
   */
  deleted(missing: readonly string[], listed: number, standing: KindStanding, now: number): readonly string[] {
    if (!standing.stands || this.#isOther(standing)) this.add(missing);
    if (!standing.stands) return [];
    this.#uid = standing.uid ?? this.#uid;
    // A kind without any object is one that nobody has filled yet, however long that takes.
    this.#since = listed === 0 ? undefined : (this.#since ?? now);
    const isOver = this.#since !== undefined && now - this.#since >= standingMs;
    return isOver ? missing : missing.filter((key) => !this.#keys.has(key));
  }

  #isOther({ uid }: KindStanding): boolean {
    return uid !== undefined && this.#uid !== undefined && uid !== this.#uid;
  }
}
