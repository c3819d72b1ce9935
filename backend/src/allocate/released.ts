import { MAX_RELEASED } from '../domain/pool.ts';

/** An address that a Service gave back. */
export interface Release {
  readonly ip: string;
  /** `namespace/name` of the Service that had it. */
  readonly service: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/**
 * The addresses of one pool that were given back and not taken since: who had them last, so that a Service that is created anew gets
 * its own, and since when they rest. The oldest are forgotten first.
 */
export class Released {
  /** Oldest first. */
  readonly #entries = new Map<string, Release>();
  readonly #ofService = new Map<string, Set<string>>();

  get size(): number {
    return this.#entries.size;
  }

  /** Remembers an address as the youngest. */
  add(release: Release): void {
    this.take(release.ip);
    this.#entries.set(release.ip, release);
    const own = this.#ofService.get(release.service);
    if (own === undefined) this.#ofService.set(release.service, new Set([release.ip]));
    else own.add(release.ip);
  }

  /** Remembers an address again, in its place by time. */
  restore(release: Release): void {
    const younger = [...this.#entries.values()].filter(({ at }) => at > release.at);
    this.add(release);
    for (const each of younger) this.add(each);
  }

  /** Forgets an address: it was given again. */
  take(ip: string): void {
    const release = this.#entries.get(ip);
    if (release === undefined) return;
    this.#entries.delete(ip);
    const own = this.#ofService.get(release.service);
    own?.delete(ip);
    if (own?.size === 0) this.#ofService.delete(release.service);
  }

  /** Forgets the oldest beyond the bound that need not rest any more; returns their addresses. */
  trim(restedBefore: number): string[] {
    const forgotten: string[] = [];
    for (const { ip, at } of this.#entries.values()) {
      if (this.#entries.size <= MAX_RELEASED || at > restedBefore) break;
      this.take(ip);
      forgotten.push(ip);
    }
    return forgotten;
  }

  get(ip: string): Release | undefined {
    return this.#entries.get(ip);
  }

  /** The addresses that a Service had, the one that it gave back last first. */
  ownOf(service: string): string[] {
    return [...(this.#ofService.get(service) ?? [])].reverse();
  }

  hasOf(service: string): boolean {
    return this.#ofService.has(service);
  }

  oldestFirst(): IterableIterator<Release> {
    return this.#entries.values();
  }

  /** At most `max`. */
  youngestFirst(max = MAX_RELEASED): Release[] {
    return [...this.#entries.values()].slice(-max).reverse();
  }
}

/** What the pools' statuses say at the beginning of a term of office. */
export interface Remembered {
  /** By pool, youngest first. */
  readonly released: ReadonlyMap<string, readonly Release[]>;
  /** Addresses with the keys of the Services that hold them, pool by pool: those who share may have it from several. */
  readonly used: Iterable<readonly [ip: string, services: readonly string[]]>;
  /** Whether a pool's status tells that the Service of this UID holds the address; who is named need not be told of. */
  readonly isHolder?: (ip: string, uid: string) => boolean;
  /** Pools whose status may not name all who keep what their rules as they are now would not give. */
  readonly omitting?: ReadonlySet<string>;
}
