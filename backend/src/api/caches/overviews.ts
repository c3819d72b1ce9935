import type { Admitted } from '../identity/gate.ts';
import { EVERYBODY, type Audience } from '../model/audience.ts';
import type { Word } from '../replicas/gather.ts';
import { seenOf } from '../visibility.ts';

type Words = readonly Word[];

interface Built<T> {
  readonly answer: T;
  /** The namespaces that it would name Services of to who sees them. */
  readonly named: ReadonlySet<string>;
}

/** Sets of namespaces that answers are kept for; each is a tenant, as a rule. */
const MAX_KEPT = 200;

/**
 * An answer about all Services that names those only that the caller may see. It goes through thousands of them, and for as long as replicas'
 * words count it is the same for all who see the same namespaces: kept by exactly these.
 */
export class Overviews<T extends object> {
  readonly #build: (words: Words, audience: Audience) => T;
  #words: Words | undefined;
  #forAll: T | undefined;
  #forNobody: Built<T> | undefined;
  /** By the namespaces that are seen. */
  readonly #kept = new Map<string, T>();

  constructor(build: (words: Words, audience: Audience) => T) {
    this.#build = build;
  }

  /** The answer of now for this caller; the same object as long as it can be. */
  async of(words: Words, admitted: Admitted): Promise<T> {
    const seesAll = await admitted.seesAll();
    this.#begin(words);
    if (seesAll) return (this.#forAll ??= this.#build(words, EVERYBODY));
    const { answer, named } = (this.#forNobody ??= this.#blind(words));
    const seen = await seenOf(admitted, named);
    if (seen.size === 0) return answer;
    // Others may have been answered by newer words meanwhile, which are not for these.
    this.#begin(words);
    return this.#seeing(words, seen);
  }

  #begin(words: Words): void {
    if (this.#words === words) return;
    [this.#words, this.#forAll, this.#forNobody] = [words, undefined, undefined];
    this.#kept.clear();
  }

  #blind(words: Words): Built<T> {
    const named = new Set<string>();
    const sees = (namespace: string): boolean => {
      named.add(namespace);
      return false;
    };
    return { answer: this.#build(words, { sees }), named };
  }

  #seeing(words: Words, seen: ReadonlySet<string>): T {
    const key = JSON.stringify([...seen].sort());
    const known = this.#kept.get(key);
    if (known !== undefined) return known;
    const answer = this.#build(words, { sees: (namespace) => seen.has(namespace) });
    if (this.#kept.size >= MAX_KEPT) this.#kept.delete(this.#kept.keys().next().value ?? '');
    this.#kept.set(key, answer);
    return answer;
  }
}
