import type { Dice } from './dice.ts';

/**
 * Cards in an order by chance. Each comes once before any comes again, but for those that nothing can be made of for a while: when no other
 * is left, the whole deck is shuffled anew and put under them.
 */
export class Deck<T> {
  readonly #dice: Dice;
  readonly #cards: readonly T[];
  #left: T[] = [];

  constructor(dice: Dice, cards: readonly T[]) {
    this.#dice = dice;
    this.#cards = cards;
  }

  /**
   * Deals the first card of which something can be made; those before it stay where they are, for the next time.
   *
   * @param play undefined: not now
   */
  deal<R>(play: (card: T) => R | undefined): R | undefined {
    return this.#dealFrom(0, play) ?? this.#dealFrom(this.#shuffle(), play);
  }

  #dealFrom<R>(from: number, play: (card: T) => R | undefined): R | undefined {
    for (let i = from; i < this.#left.length; i++) {
      const played = play(this.#left[i] as T);
      if (played === undefined) continue;
      this.#left.splice(i, 1);
      return played;
    }
    return undefined;
  }

  /** Puts the whole deck under what is left, unless that was done and is not over. Returns where it begins. */
  #shuffle(): number {
    const { length } = this.#left;
    if (length < this.#cards.length) this.#left.push(...this.#dice.shuffled(this.#cards));
    return length;
  }
}
