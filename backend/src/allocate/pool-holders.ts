import { addTo, has, removeFrom, type Multimap, type Values } from './multimap.ts';

/** Who has what of one pool, with what of it changed since that was last asked: tens of thousands are not gone through for one. */
export class PoolHolders {
  readonly #byIp: Multimap = new Map();
  readonly #namespaces = new Map<string, number>();
  #touched = new Set<string>();

  /** Keys of Services by address. */
  get byIp(): ReadonlyMap<string, Values> {
    return this.#byIp;
  }

  /** Those that the Services are in, each once, in no particular order. */
  namespaces(): IterableIterator<string> {
    return this.#namespaces.keys();
  }

  hasNamespace(name: string): boolean {
    return this.#namespaces.has(name);
  }

  add(ip: string, key: string): void {
    if (has(this.#byIp.get(ip), key)) return;
    addTo(this.#byIp, ip, key);
    this.#count(key, 1);
    this.#touched.add(ip);
  }

  remove(ip: string, key: string): void {
    if (!has(this.#byIp.get(ip), key)) return;
    removeFrom(this.#byIp, ip, key);
    this.#count(key, -1);
    this.#touched.add(ip);
  }

  /** Something else of a Service changed that has the address. */
  touch(ip: string): void {
    this.#touched.add(ip);
  }

  /** The addresses of which something changed since the last call. */
  takeTouched(): ReadonlySet<string> {
    const touched = this.#touched;
    this.#touched = new Set();
    return touched;
  }

  #count(key: string, by: number): void {
    const namespace = key.slice(0, key.indexOf('/'));
    const count = (this.#namespaces.get(namespace) ?? 0) + by;
    if (count === 0) this.#namespaces.delete(namespace);
    else this.#namespaces.set(namespace, count);
  }
}
