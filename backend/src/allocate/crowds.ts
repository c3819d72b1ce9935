import type { Service } from '../domain/service.ts';
import type { Ledger } from './ledger.ts';
import { addTo } from './multimap.ts';
import type { Waiting } from './waiting.ts';

export interface CrowdsView {
  readonly waiting: Waiting;
  readonly ledger: Ledger;
  /** By key of the Service. */
  readonly said: ReadonlyMap<string, string>;
}

/** Nothing but its pools decides what such a Service gets: it has nothing, had nothing, and asks for no address of its own. */
function isPlain({ key, held, recorded, wantedIPs, sharing }: Service, ledger: Ledger): boolean {
  const hasWishes = held || recorded.length > 0 || wantedIPs.length > 0 || sharing.key !== undefined;
  return !hasWishes && ledger.assignments(key).length === 0;
}

/** What a Service waits for and what it heard, as texts to look up. */
interface Situation {
  readonly interest: string;
  readonly reason: string;
}

/**
 * Services that wait for the same pools for the same reason, while an edit of pools is followed that leaves alone who may use them:
 * what doesn't help one helps none of the others, so that of a crowd as many are planned as get an address, and one more.
 */
export class Crowds {
  readonly #view: CrowdsView;
  /** The reasons, by what is waited for: looking up two texts costs less than making one of them. */
  readonly #hopeless = new Map<string, Set<string>>();

  constructor(view: CrowdsView) {
    this.#view = view;
  }

  /** The edit gives this Service nothing, nor has it anything new to hear. */
  add(service: Service): void {
    const situation = this.#situation(service);
    if (situation !== undefined) addTo(this.#hopeless, situation.interest, situation.reason);
  }

  /** Whether that is so of another one in its situation. */
  isHopeless(service: Service): boolean {
    if (this.#hopeless.size === 0) return false;
    const situation = this.#situation(service);
    return situation !== undefined && this.#hopeless.get(situation.interest)?.has(situation.reason) === true;
  }

  /** Somebody got an address: others may have to hear that there is one less. */
  clear(): void {
    this.#hopeless.clear();
  }

  /** Undefined for a Service that is like no other. */
  #situation(service: Service): Situation | undefined {
    const { waiting, ledger, said } = this.#view;
    const interest = waiting.interestOf(service.key);
    const reason = said.get(service.key);
    if (interest?.family === undefined || reason === undefined || !isPlain(service, ledger)) return undefined;
    const hadOne = interest.pools.some((pool) => ledger.hasReleased(pool, service.key));
    return hadOne ? undefined : { interest: interest.text, reason };
  }
}
