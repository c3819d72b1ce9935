import type { Service } from '../domain/service.ts';
import type { Ledger } from './ledger.ts';
import { neededFamilies } from './plan.ts';
import type { Waiting } from './waiting.ts';

export interface CrowdsView {
  readonly waiting: Waiting;
  readonly ledger: Ledger;
  /** By key of the Service. */
  readonly said: ReadonlyMap<string, string>;
}

/** Nothing but its pools decides what such a Service gets: it has nothing, had nothing, and asks for no address of its own. */
function isPlain(service: Service, ledger: Ledger): boolean {
  const { key, held, recorded, wantedIPs, sharing } = service;
  const hasWishes = held || recorded.length > 0 || wantedIPs.length > 0 || sharing.key !== undefined;
  return !hasWishes && neededFamilies(service).length === 1 && ledger.assignments(key).length === 0;
}

/**
 * Services that wait for the same pools for the same reason, while an edit of pools is followed that leaves alone who may use them:
 * what doesn't help one helps none of the others, so that of a crowd as many are planned as get an address, and one more.
 */
export class Crowds {
  readonly #view: CrowdsView;
  readonly #hopeless = new Set<string>();

  constructor(view: CrowdsView) {
    this.#view = view;
  }

  /** The edit gives this Service nothing, nor has it anything new to hear. */
  add(service: Service): void {
    const situation = this.#situation(service);
    if (situation !== undefined) this.#hopeless.add(situation);
  }

  /** Whether that is so of another one in its situation. */
  isHopeless(service: Service): boolean {
    if (this.#hopeless.size === 0) return false;
    const situation = this.#situation(service);
    return situation !== undefined && this.#hopeless.has(situation);
  }

  /** Somebody got an address: others may have to hear that there is one less. */
  clear(): void {
    this.#hopeless.clear();
  }

  /** Undefined for a Service that is like no other. */
  #situation(service: Service): string | undefined {
    const { waiting, ledger, said } = this.#view;
    const interest = waiting.interestOf(service.key);
    const reason = said.get(service.key);
    if (interest === undefined || reason === undefined || !isPlain(service, ledger)) return undefined;
    if (interest.pools.some((pool) => ledger.ownReleased(pool, service.key).length > 0)) return undefined;
    return `${neededFamilies(service).join()} ${interest.text} ${reason}`;
  }
}
