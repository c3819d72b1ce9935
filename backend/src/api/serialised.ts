/**
 * Answers as JSON that many are given, each an object that stays the same and is put into text once. Not for others: a text that is kept with its
 * object outlives V8's young generation.
 */
export class Serialised {
  readonly #texts = new WeakMap<object, string>();

  /** @throws {TypeError} if it is nothing that JSON can have */
  of(answer: object): string {
    const known = this.#texts.get(answer);
    if (known !== undefined) return known;
    const text = JSON.stringify(answer);
    this.#texts.set(answer, text);
    return text;
  }
}
