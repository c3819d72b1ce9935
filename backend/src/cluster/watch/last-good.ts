import type { Notice, Refused, Remarks } from '../../resources/parse.ts';

type Parse<T> = ({ readonly ok: true; readonly value: T } & Remarks) | Refused;

/** What is known of one configuration object. */
export interface Configured<T> {
  /** The configuration in force: of the object as it is, or as it was when it could last be read. */
  readonly value: T | undefined;
  /** Why the object as it is can't be used; empty if it can. */
  readonly problems: readonly Notice[];
  readonly ignoredFields: readonly string[];
  readonly warnings: readonly Notice[];
}

/**
 * Configuration objects by name. An edit that can't be read leaves the last good value in force; an object of another UID starts
 * anew.
 */
export class LastGood<T extends { readonly uid: string }> {
  readonly #configured = new Map<string, Configured<T>>();

  get(name: string): Configured<T> | undefined {
    return this.#configured.get(name);
  }

  /** All objects, also those without a value in force. */
  entries(): IterableIterator<[string, Configured<T>]> {
    return this.#configured.entries();
  }

  /** The values in force. */
  *values(): IterableIterator<[string, T]> {
    for (const [name, { value }] of this.#configured) if (value !== undefined) yield [name, value];
  }

  /**
   * Takes over what was read; returns the value in force from now on.
   *
   * @param refresh of a value that stays in force, what does not depend on the edit that could not be read
   */
  set(name: string, uid: string, parsed: Parse<T>, refresh: (value: T) => T = (value) => value): T | undefined {
    if (parsed.ok) {
      const { value, ignoredFields, warnings } = parsed;
      this.#configured.set(name, { value, problems: [], ignoredFields, warnings });
      return value;
    }
    const before = this.#configured.get(name)?.value;
    const value = before?.uid === uid ? refresh(before) : undefined;
    this.#configured.set(name, { value, problems: parsed.problems, ignoredFields: [], warnings: [] });
    return value;
  }

  delete(name: string): void {
    this.#configured.delete(name);
  }
}
