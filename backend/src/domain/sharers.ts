import type { SharingTerms } from './sharing.ts';

/** Who may share at all: one key in one namespace. */
export function sharingGroup({ namespace, key }: SharingTerms): string | undefined {
  return key === undefined ? undefined : `${namespace}/${key}`;
}

/** Of a group those whose traffic policies go together; undefined: shares with nobody. The texts in it are the tenants'. */
export function sharingClass(terms: SharingTerms): string | undefined {
  const group = sharingGroup(terms);
  if (group === undefined) return undefined;
  if (terms.trafficPolicy === 'Cluster') return JSON.stringify([group]);
  return terms.selector === undefined ? undefined : JSON.stringify([group, terms.trafficPolicy, terms.selector]);
}

/** How often each of some texts was counted. */
class Counts {
  readonly #counts = new Map<string, number>();

  of(text: string): number {
    return this.#counts.get(text) ?? 0;
  }

  add(text: string, by: 1 | -1): void {
    const count = this.of(text) + by;
    if (count === 0) this.#counts.delete(text);
    else this.#counts.set(text, count);
  }
}

/** All who have one address, in numbers: whether one more fits beside them costs its ports, however many they are. */
export class Sharers {
  readonly #classes = new Counts();
  readonly #ports = new Counts();
  #size = 0;
  #loners = 0;

  /** Whether one of them shares with nobody, as its terms are by now. */
  get isAlone(): boolean {
    return this.#loners > 0;
  }

  add(terms: SharingTerms): void {
    this.#count(terms, 1);
  }

  remove(terms: SharingTerms): void {
    this.#count(terms, -1);
  }

  /** Whether `sharingProblem` finds none with any of them; `own`: the terms of one of them who asks, and is none of the others. */
  fit(terms: SharingTerms, own?: SharingTerms): boolean {
    const others = this.#size - (own === undefined ? 0 : 1);
    if (others === 0) return true;
    const id = sharingClass(terms);
    if (id === undefined) return false;
    const alike = this.#classes.of(id) - (own !== undefined && sharingClass(own) === id ? 1 : 0);
    if (alike !== others) return false;
    const owns = new Set(own?.ports);
    return terms.ports.every((port) => this.#ports.of(port) === (owns.has(port) ? 1 : 0));
  }

  #count(terms: SharingTerms, by: 1 | -1): void {
    this.#size += by;
    if (terms.key === undefined) this.#loners += by;
    this.#classes.add(sharingClass(terms) ?? '', by);
    for (const port of new Set(terms.ports)) this.#ports.add(port, by);
  }
}
