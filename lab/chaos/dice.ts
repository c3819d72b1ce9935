/** Chance that can be had again: the same seed gives the same throws, on every machine. */
export class Dice {
  #state: number;

  /** @param seed an integer */
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 up to, not including, 1: mulberry32, whose period of 2^32 is far more than a run throws. */
  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.#next() * (most - least + 1));
  }

  /** @throws {RangeError} if there is nothing to choose from */
  pick<T>(choices: readonly T[]): T {
    const chosen = choices[this.between(0, choices.length - 1)];
    if (chosen === undefined) throw new RangeError('nothing to choose from');
    return chosen;
  }

  /** So many different ones of them, in their order. */
  some<T>(choices: readonly T[], count: number): T[] {
    const left = [...choices];
    while (left.length > count) left.splice(this.between(0, left.length - 1), 1);
    return left;
  }

  /** All of them, in another order (Fisher and Yates). */
  shuffled<T>(cards: readonly T[]): T[] {
    const left = [...cards];
    return cards.flatMap(() => left.splice(this.between(0, left.length - 1), 1));
  }
}
