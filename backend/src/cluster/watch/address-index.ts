const NONE: readonly string[] = [];

/** Keys of Services by address. Almost every address has one key alone, which needs no set of its own. */
export class AddressIndex {
  readonly #keys = new Map<string, string | Set<string>>();

  get(ip: string): Iterable<string> {
    const keys = this.#keys.get(ip);
    return typeof keys === 'string' ? [keys] : (keys ?? NONE);
  }

  /** All keys, each once. */
  all(): Set<string> {
    return new Set([...this.#keys.values()].flatMap((keys) => (typeof keys === 'string' ? [keys] : [...keys])));
  }

  add(ip: string, key: string): void {
    const keys = this.#keys.get(ip);
    if (keys === undefined) this.#keys.set(ip, key);
    else if (typeof keys !== 'string') keys.add(key);
    else if (keys !== key) this.#keys.set(ip, new Set([keys, key]));
  }

  delete(ip: string, key: string): void {
    const keys = this.#keys.get(ip);
    if (keys instanceof Set) keys.delete(key);
    if (keys === key || (keys instanceof Set && keys.size === 0)) this.#keys.delete(ip);
  }
}
