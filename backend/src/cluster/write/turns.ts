/** A queue in which each party has its turn, however much others have put in: first in, first out within each of them. */
export class Turns<T> {
  /** By party, in the order of their next turns; none is empty. */
  readonly #parties = new Map<string, T[]>();

  get isEmpty(): boolean {
    return this.#parties.size === 0;
  }

  push(party: string, item: T): void {
    const waiting = this.#parties.get(party);
    if (waiting === undefined) this.#parties.set(party, [item]);
    else waiting.push(item);
  }

  shift(): T | undefined {
    for (const [party, waiting] of this.#parties) {
      const next = waiting.shift();
      this.#parties.delete(party);
      if (waiting.length > 0) this.#parties.set(party, waiting);
      return next;
    }
    return undefined;
  }

  clear(): void {
    this.#parties.clear();
  }
}
