interface Due {
  readonly due: number;
}

/** A binary heap: what is due first is on top. */
export class DueHeap<T extends Due> {
  readonly #entries: T[] = [];

  get top(): T | undefined {
    return this.#entries[0];
  }

  push(entry: T): void {
    const entries = this.#entries;
    let at = entries.push(entry) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (this.#due(above) <= entry.due) break;
      this.#swap(at, above);
      at = above;
    }
  }

  pop(): T | undefined {
    const entries = this.#entries;
    const top = entries[0];
    const last = entries.pop();
    if (last === undefined || entries.length === 0) return top;
    entries[0] = last;
    this.#sink();
    return top;
  }

  #sink(): void {
    for (let at = 0; ;) {
      const left = 2 * at + 1;
      const least = this.#due(left + 1) < this.#due(left) ? left + 1 : left;
      if (this.#due(least) >= this.#due(at)) return;
      this.#swap(at, least);
      at = least;
    }
  }

  #due(at: number): number {
    return this.#entries[at]?.due ?? Infinity;
  }

  #swap(a: number, b: number): void {
    const entries = this.#entries;
    const [x, y] = [entries[a], entries[b]];
    if (x === undefined || y === undefined) return;
    entries[a] = y;
    entries[b] = x;
  }
}
