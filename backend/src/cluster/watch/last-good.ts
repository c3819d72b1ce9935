import type { Notice, Refused, Remarks } from '../../resources/parse.ts';

export type Parse<T> = ({ readonly ok: true; readonly value: T } & Remarks) | Refused;

/** What is known of one configuration object. */
export interface Configured<T> {
  /** The configuration in force: of the object as it is, or as it was when it could last be read. */
  readonly value: T | undefined;
  /** Why the object as it is can't be used; empty if it can. */
  readonly problems: readonly Notice[];
  readonly ignoredFields: readonly string[];
  readonly warnings: readonly Notice[];
  /** What is in force was never read from a spec: the object's status stands in for it. */
  readonly standsIn?: boolean;
}

/** What to do about an object that can't be read. */
export interface Unread<T> {
  /** The value that stays in force, with what does not depend on the edit that could not be read. */
  readonly refresh?: (value: T) => T;
  /** What is in force of an object that could not be read since this process started. */
  readonly standIn?: () => T | undefined;
}

/**
 * Configuration objects by name. An edit that can't be read leaves the last good value in force, or, where that is not known, what
 * stands in for it; an object of another UID starts anew.
 */
export class LastGood<T extends { readonly uid: string }> {
  readonly #configured = new Map<string, Configured<T>>();
  /** Of the objects that can't be read, how they came. */
  readonly #unreadable = new Map<string, { readonly uid: string } & Unread<T>>();
  /** What an earlier process had in force. */
  #earlier: ReadonlyMap<string, T | null> = new Map();

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

  /** Takes over what was read; returns the value in force from now on. */
  set(name: string, uid: string, parsed: Parse<T>, unread: Unread<T> = {}): T | undefined {
    if (parsed.ok) {
      this.#unreadable.delete(name);
      const { value, ignoredFields, warnings } = parsed;
      this.#configured.set(name, { value, problems: [], ignoredFields, warnings });
      return value;
    }
    const inForce = this.#unread(name, uid, unread);
    this.#unreadable.set(name, { uid, ...unread });
    this.#configured.set(name, { ...inForce, problems: parsed.problems, ignoredFields: [], warnings: [] });
    return inForce.value;
  }

  /**
   * Takes over what an earlier process had in force, for those of the same objects that can't be read as they are, and of which this one knows
   * nothing better. Returns the names of those that it is in force of from now on.
   */
  remember(earlier: ReadonlyMap<string, T | null>): string[] {
    this.#earlier = earlier;
    const names: string[] = [];
    for (const [name, { uid, ...unread }] of this.#unreadable) {
      const before = this.#configured.get(name);
      if (before === undefined || before.value !== undefined) continue;
      const inForce = this.#unread(name, uid, unread);
      if (inForce.value === undefined) continue;
      this.#configured.set(name, { ...before, ...inForce });
      names.push(name);
    }
    return names;
  }

  #unread(
    name: string,
    uid: string,
    { refresh = (value) => value, standIn = () => undefined }: Unread<T>,
  ): Pick<Configured<T>, 'value' | 'standsIn'> {
    const before = this.#configured.get(name);
    if (before?.value?.uid === uid)
      return { value: refresh(before.value), ...(before.standsIn === true ? { standsIn: true } : {}) };
    const earlier = this.#earlier.get(name);
    if (earlier?.uid === uid) return { value: refresh(earlier) };
    const value = standIn();
    return value === undefined ? { value } : { value, standsIn: true };
  }

  delete(name: string): void {
    this.#configured.delete(name);
    this.#unreadable.delete(name);
  }
}
