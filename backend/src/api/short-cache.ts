import type { Clock } from '../platform/ports.ts';

interface Entry<T> {
  readonly value: Promise<T>;
  until: number;
  /** The last answer that came, whether it counts or not. */
  last: T | undefined;
}

/** Answers that count for a short time; bounded, the oldest is dropped first. Who asks while an answer is on its way waits for that one. */
export class ShortCache<T> {
  readonly #clock: Clock;
  readonly #max: number;
  readonly #entries = new Map<string, Entry<T>>();

  constructor({ clock }: { readonly clock: Clock }, { max }: { readonly max: number }) {
    this.#clock = clock;
    this.#max = max;
  }

  /** Whether an answer is there, or on its way. */
  has(key: string): boolean {
    return (this.#entries.get(key)?.until ?? 0) > this.#clock.now();
  }

  /** The last answer that came, which may count no longer: good for guessing alone. */
  last(key: string): T | undefined {
    return this.#entries.get(key)?.last;
  }

  /**
   * @param ttlMs for how many milliseconds an answer counts, from when it came
   */
  async get(key: string, ttlMs: (value: T) => number, ask: () => Promise<T>): Promise<T> {
    const known = this.#entries.get(key);
    if (known !== undefined && known.until > this.#clock.now()) return await known.value;
    const entry: Entry<T> = { value: ask(), until: Number.POSITIVE_INFINITY, last: known?.last };
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    if (this.#entries.size > this.#max) this.#entries.delete(this.#entries.keys().next().value ?? '');
    try {
      const value = await entry.value;
      entry.until = this.#clock.now() + ttlMs(value);
      entry.last = value;
      return value;
    } catch (error) {
      entry.until = 0;
      throw error;
    }
  }
}
