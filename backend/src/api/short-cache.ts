import type { Clock } from '../platform/ports.ts';

/** Answers that count for a short time; bounded, the oldest is dropped first. Who asks while an answer is on its way waits for that one. */
export class ShortCache<T> {
  readonly #clock: Clock;
  readonly #max: number;
  readonly #entries = new Map<string, { readonly value: Promise<T>; until: number }>();

  constructor({ clock }: { readonly clock: Clock }, { max }: { readonly max: number }) {
    this.#clock = clock;
    this.#max = max;
  }

  /** Whether an answer is there, or on its way. */
  has(key: string): boolean {
    return (this.#entries.get(key)?.until ?? 0) > this.#clock.now();
  }

  /**
   * @param ttlMs for how many milliseconds an answer counts, from when it came
   */
  async get(key: string, ttlMs: (value: T) => number, ask: () => Promise<T>): Promise<T> {
    const known = this.#entries.get(key);
    if (known !== undefined && known.until > this.#clock.now()) return await known.value;
    const entry = { value: ask(), until: Number.POSITIVE_INFINITY };
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#entries.size > this.#max) this.#entries.delete(this.#entries.keys().next().value ?? '');
    try {
      const value = await entry.value;
      entry.until = this.#clock.now() + ttlMs(value);
      return value;
    } catch (error) {
      entry.until = 0;
      throw error;
    }
  }
}
