/** What waits of each caller, in the order in which it came; the callers take turns, however much one of them asks. */
export class CallerQueue<T> {
  /** Whose turn is next comes first. */
  readonly #waiting = new Map<string, Set<T>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(caller: string, item: T): void {
    const own = this.#waiting.get(caller) ?? new Set();
    this.#waiting.set(caller, own.add(item));
    this.#size += 1;
  }

  delete(caller: string, item: T): void {
    const own = this.#waiting.get(caller);
    if (own?.delete(item) !== true) return;
    this.#size -= 1;
    if (own.size === 0) this.#waiting.delete(caller);
  }

  /** Takes out what waits longest of whose turn it is, who comes last then. */
  next(): T | undefined {
    const [first] = this.#waiting;
    if (first === undefined) return undefined;
    const [caller, own] = first;
    const [item] = own;
    this.#waiting.delete(caller);
    if (item === undefined) return undefined;
    own.delete(item);
    this.#size -= 1;
    if (own.size > 0) this.#waiting.set(caller, own);
    return item;
  }

  /** Takes out what came last of the caller with most, to make room for another one; undefined: none has more than that one. */
  crowdOut(other: string): T | undefined {
    let [most, size] = [other, this.#waiting.get(other)?.size ?? 0];
    for (const [caller, own] of this.#waiting) if (own.size > size) [most, size] = [caller, own.size];
    if (most === other) return undefined;
    const item = [...(this.#waiting.get(most) ?? [])].at(-1);
    if (item !== undefined) this.delete(most, item);
    return item;
  }
}
