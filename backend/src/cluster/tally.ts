/** How many there are of each name; kept with every change, since counting tens of thousands anew would hold up everything else. */
export class Tally {
  readonly #counts = new Map<string, number>();

  /** By name, without those that there are none of. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  /** One has become another; undefined: it was not there before, or is not any more. */
  change(from: string | undefined, to: string | undefined): void {
    if (from === to) return;
    if (from !== undefined) this.#add(from, -1);
    if (to !== undefined) this.#add(to, 1);
  }

  #add(name: string, count: number): void {
    const sum = (this.#counts.get(name) ?? 0) + count;
    if (sum === 0) this.#counts.delete(name);
    else this.#counts.set(name, sum);
  }
}
