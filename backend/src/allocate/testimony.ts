import type { Assignment } from '../domain/service.ts';
import type { AllocatorDeps } from './allocator-deps.ts';
import type { Testimony } from './claims.ts';
import type { Inheritance } from './inheritance.ts';
import type { Leaving } from './leaving.ts';
import type { Ledger } from './ledger.ts';
import type { PoolSet } from './pool-set.ts';

interface KnownTestimonyDeps extends Pick<AllocatorDeps, 'services' | 'words'> {
  readonly ledger: Pick<Ledger, 'assignments'>;
  readonly inheritance: Inheritance;
  readonly pools: () => PoolSet;
  readonly leaving: Pick<Leaving, 'has'>;
}

/** What an allocator knows of claims: from the pools' statuses, then and now, and from what it has found and done since. */
export class KnownTestimony implements Testimony {
  readonly #deps: KnownTestimonyDeps;

  constructor(deps: KnownTestimonyDeps) {
    this.#deps = deps;
  }

  get adopting(): boolean {
    return this.#deps.inheritance.counts;
  }

  rules(): PoolSet {
    return this.#deps.words?.poolSet() ?? this.#deps.pools();
  }

  recordOf(key: string, { pool, ip }: Assignment): ReturnType<Testimony['recordOf']> {
    const selector = this.#deps.pools().get(pool)?.serviceSelector;
    return this.#deps.inheritance.recordOf({ key, ip, selector }, this.#deps.services);
  }

  mayOmit(pool: string): boolean {
    return this.#deps.inheritance.mayOmit(pool);
  }

  isNamed(key: string, assignment: Assignment): boolean {
    return this.#deps.words?.isNamed(key, assignment) === true;
  }

  isNamedNow(key: string, ip: string): boolean {
    const own = this.#deps.ledger.assignments(key).find((assignment) => assignment.ip === ip);
    return own !== undefined && this.isNamed(key, own);
  }

  mayOmitNow(pool: string): boolean {
    return this.#deps.words?.mayOmit(pool) === true;
  }

  inherited(key: string, ip: string): ReturnType<Testimony['inherited']> {
    return this.#deps.inheritance.inherited(key, ip, this.#deps.services);
  }

  isLeaving(key: string, ip: string): boolean {
    return this.#deps.leaving.has(key, ip);
  }

  createdAt(key: string): number | undefined {
    return this.#deps.services.get(key)?.createdAt;
  }
}
