import type { AnsweringReplica } from '../health/tracked-replica.ts';
import type { RivalObservation } from '../speakers/layer2/speaker.ts';

type Seen = Pick<AnsweringReplica, 'name' | 'node' | 'isPlaceKnown' | 'behind'>;

/**
 * The replicas that answer, but have not said where they speak: they don't know us, and won't yield to us. Whether they speak for an
 * address shows on the link alone, where their kernels may answer for it as well.
 */
export class UnplacedReplicas {
  /** By node: whether all of them there are behind, by their own account. */
  #behind = new Map<string | undefined, boolean>();
  /** Of all others that answer. */
  #names: ReadonlySet<string> = new Set();
  /** Of those that have not said where they speak. */
  #unplaced: ReadonlySet<string> = new Set();
  /** By address: the nodes that it was left to once for a mere answer. */
  readonly #believed = new Map<string, Set<string>>();

  get size(): number {
    return this.#behind.size;
  }

  has(node: string): boolean {
    return this.#behind.has(node);
  }

  /**
   * All others that answer.
   *
   * @returns whether there is one more that has not said where it speaks; whether there is one less, or one less that answers: what
   * it spoke for may be free now; and those that say it now and have not before: they hear of us only now
   */
  update(others: readonly Seen[]): {
    readonly isOneMore: boolean;
    readonly isOneLess: boolean;
    readonly placed: ReadonlySet<string>;
  } {
    const unplaced = new Map<string | undefined, boolean>();
    for (const { node, behind } of others.filter(({ isPlaceKnown }) => !isPlaceKnown))
      unplaced.set(node, behind === true && unplaced.get(node) !== false);
    const names = new Set(others.map(({ name }) => name));
    const isOneLess =
      [...this.#names].some((name) => !names.has(name)) || [...this.#behind.keys()].some((node) => !unplaced.has(node));
    const isOneMore = [...unplaced.keys()].some((node) => !this.#behind.has(node));
    const isPlaced = ({ name, isPlaceKnown }: Seen): boolean => isPlaceKnown && this.#unplaced.has(name);
    const placed = new Set(others.filter(isPlaced).map(({ name }) => name));
    this.#unplaced = new Set(others.flatMap(({ name, isPlaceKnown }) => (isPlaceKnown ? [] : [name])));
    this.#names = names;
    this.#behind = unplaced;
    for (const nodes of this.#believed.values()) for (const node of nodes) if (!unplaced.has(node)) nodes.delete(node);
    return { isOneMore, isOneLess, placed };
  }

  /**
   * Whether an address of ours is left to such a replica. What it announces is its own. For an answer it is believed once: after that we
   * announce the address, whereupon a replica that speaks for it says so at once, and a kernel nothing. One that is behind has left
   * everything to others.
   *
   * @param announces it has announced the address of its own accord, lately
   * @param selfIsBehind we are no better then
   */
  mayYieldTo({ ip, node }: RivalObservation, announces: boolean, selfIsBehind: boolean): boolean {
    if (this.#behind.get(node) === true && !selfIsBehind) return false;
    if (announces) return true;
    const believed = this.#believed.get(ip) ?? new Set();
    if (believed.has(node)) return false;
    this.#believed.set(ip, believed.add(node));
    return true;
  }

  /** The address is not ours any more. */
  delete(ip: string): void {
    this.#believed.delete(ip);
  }
}
