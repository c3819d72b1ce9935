/** How many changes are kept; whoever is further behind looks at everything, which costs no more than that many. */
const MAX_CHANGES = 16_384;

/** Which keys have changed since when, for any number of readers who each keep up with what is large: none of them goes through all of it. */
export class Journal {
  readonly #max: number;
  /** The last changes, oldest first. */
  #keys: string[] = [];
  /** How many were forgotten. */
  #forgotten = 0;

  constructor({ max = MAX_CHANGES }: { readonly max?: number } = {}) {
    this.#max = max;
  }

  /** A higher number after each change. */
  get revision(): number {
    return this.#forgotten + this.#keys.length;
  }

  note(key: string): void {
    this.#keys.push(key);
    if (this.#keys.length < 2 * this.#max) return;
    this.#forgotten += this.#max;
    this.#keys = this.#keys.slice(this.#max);
  }

  /** The keys that have changed since the journal had this revision, each once; undefined: too many, or it never had it. */
  since(revision: number): ReadonlySet<string> | undefined {
    if (revision < this.#forgotten || revision > this.revision) return undefined;
    return new Set(this.#keys.slice(revision - this.#forgotten));
  }
}
