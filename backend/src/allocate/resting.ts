/** An address that nobody else gets before a time. */
export interface Rest {
  readonly pool: string;
  readonly ip: string;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

/** The addresses that rest, by the time when that ends. */
export class Resting {
  /** Latest first, so that what is due is taken from the end. */
  readonly #rests: Rest[] = [];

  /** When the next rest ends. */
  get next(): number | undefined {
    return this.#rests.at(-1)?.until;
  }

  add(rest: Rest): void {
    let low = 0;
    let high = this.#rests.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#rests[middle]?.until ?? 0) > rest.until) low = middle + 1;
      else high = middle;
    }
    this.#rests.splice(low, 0, rest);
  }

  /** Takes out what has rested by now, in the order of time. Each may have been given again since. */
  due(now: number): Rest[] {
    let from = this.#rests.length;
    while (from > 0 && (this.#rests[from - 1]?.until ?? 0) <= now) from--;
    return this.#rests.splice(from).reverse();
  }
}
