import type { AnsweringReplica } from '../health/tracked-replica.ts';

export type SeenReplica = Pick<AnsweringReplica, 'name' | 'place' | 'isPlaceKnown'>;

/** Of more that fell silent the oldest are forgotten: Pods that were replaced have other names, and nobody says that they are gone for good. */
const MAX_SILENT = 1_000;

/**
 * The replicas that could not be reached for a while and ran on: in their own view they have owned their addresses all along, so that they
 * see no reason to announce them. One that began anew has no place at first, and announces what it takes.
 */
export class ReturnedReplicas {
  /** Of those that answer, the ones that speak on any link. */
  #speaking: ReadonlySet<string> = new Set();
  readonly #silent = new Set<string>();

  /**
   * @param others all that answer
   * @returns the names of those that are back
   */
  update(others: readonly SeenReplica[]): ReadonlySet<string> {
    const names = new Set(others.map(({ name }) => name));
    for (const name of this.#speaking) if (!names.has(name)) this.#silent.add(name);
    this.#speaking = new Set(others.filter(speaks).map(({ name }) => name));
    const returned = new Set([...this.#speaking].filter((name) => this.#silent.has(name)));
    for (const name of names) this.#silent.delete(name);
    for (const name of this.#silent) {
      if (this.#silent.size <= MAX_SILENT) break;
      this.#silent.delete(name);
    }
    return returned;
  }
}

function speaks({ place, isPlaceKnown }: SeenReplica): boolean {
  return isPlaceKnown && place.links.length > 0;
}
