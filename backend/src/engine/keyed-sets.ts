const NONE: ReadonlySet<string> = new Set();

/** Sets of names by key: an index whose keys are there as long as something stands under them. */
export class KeyedSets {
  readonly #sets = new Map<string, Set<string>>();

  get(key: string): ReadonlySet<string> {
    return this.#sets.get(key) ?? NONE;
  }

  keys(): IterableIterator<string> {
    return this.#sets.keys();
  }

  add(key: string, member: string): void {
    const members = this.#sets.get(key);
    if (members === undefined) this.#sets.set(key, new Set([member]));
    else members.add(member);
  }

  delete(key: string, member: string): void {
    const members = this.#sets.get(key);
    members?.delete(member);
    if (members?.size === 0) this.#sets.delete(key);
  }
}
