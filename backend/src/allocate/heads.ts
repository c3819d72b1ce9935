import { byServiceAge, type Aged } from './waiting.ts';

interface Entry<T> {
  readonly item: T;
  readonly head: Aged;
}

/** What each has somebody at its head, by age: who is the oldest of thousands costs a few steps and not a look at all of them. */
export class Heads<T> {
  /** A binary heap, with some that are no more: those are passed when they come up. */
  readonly #heap: Entry<T>[] = [];
  readonly #headOf = new Map<T, Aged>();
  readonly #itemsOf = new Map<string, Set<T>>();

  set(item: T, head: Aged): void {
    this.delete(item);
    this.#headOf.set(item, head);
    const items = this.#itemsOf.get(head.key);
    if (items === undefined) this.#itemsOf.set(head.key, new Set([item]));
    else items.add(item);
    this.#push({ item, head });
  }

  delete(item: T): void {
    const head = this.#headOf.get(item);
    if (head === undefined) return;
    this.#headOf.delete(item);
    const items = this.#itemsOf.get(head.key);
    items?.delete(item);
    if (items?.size === 0) this.#itemsOf.delete(head.key);
  }

  clear(): void {
    this.#heap.length = 0;
    this.#headOf.clear();
    this.#itemsOf.clear();
  }

  /** Takes out all that has the oldest Service at its head. */
  takeOldest(): { readonly key: string; readonly items: readonly T[] } | undefined {
    for (let entry = this.#pop(); entry !== undefined; entry = this.#pop()) {
      if (this.#headOf.get(entry.item) !== entry.head) continue;
      const { key } = entry.head;
      const items = [...(this.#itemsOf.get(key) ?? [])];
      for (const item of items) this.delete(item);
      return { key, items };
    }
    return undefined;
  }

  #push(entry: Entry<T>): void {
    let at = this.#heap.push(entry) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!this.#isBefore(at, above)) break;
      this.#swap(at, above);
      at = above;
    }
  }

  #pop(): Entry<T> | undefined {
    const [top] = this.#heap;
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return top;
    this.#heap[0] = last;
    for (let at = 0; ;) {
      const left = 2 * at + 1;
      const least = this.#isBefore(left + 1, left) ? left + 1 : left;
      if (!this.#isBefore(least, at)) return top;
      this.#swap(at, least);
      at = least;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const [one, other] = [this.#heap[a], this.#heap[b]];
    return one !== undefined && other !== undefined && byServiceAge(one.head, other.head) < 0;
  }

  #swap(a: number, b: number): void {
    const [x, y] = [this.#heap[a], this.#heap[b]];
    if (x === undefined || y === undefined) return;
    this.#heap[a] = y;
    this.#heap[b] = x;
  }
}
