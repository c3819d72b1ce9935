/** At one question each 20 ms these are those of more than a second. */
const MAX_OPEN = 64;

/** The questions to one replica that it has not answered. Any of them may still be answered, however many were asked after it. */
export class OpenQuestions {
  /** In the order in which they were asked. */
  #open: { readonly nonce: bigint; readonly at: number }[] = [];
  #since: number | undefined;

  /** Clock time of the oldest one: more questions after it don't make the silence shorter. */
  get since(): number | undefined {
    return this.#since;
  }

  add(nonce: bigint, at: number): void {
    this.#since ??= at;
    this.#open.push({ nonce, at });
    if (this.#open.length > MAX_OPEN) this.#open.shift();
  }

  /** Whether this answers one of them. What was asked before it is not waited for any more: its answer would be older. */
  answer(nonce: bigint): boolean {
    const index = this.#open.findIndex((question) => question.nonce === nonce);
    if (index === -1) return false;
    this.#open = this.#open.slice(index + 1);
    this.#since = this.#open[0]?.at;
    return true;
  }
}
