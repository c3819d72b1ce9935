import { canonicalAddress } from '../domain/address.ts';
import type { Assignment, Service } from '../domain/service.ts';
import { familyOf, without } from './assignments.ts';
import { byServiceAge, lackId, type Aged, type Lack } from './waiting.ts';

/** An address that nobody has, and that a Service will have once it gets one of the other family as well. */
export interface Hold {
  readonly service: Aged;
  readonly assignment: Assignment;
  /** The Service asks for this very address. */
  readonly isAskedFor: boolean;
}

/** For whom something is held back. */
type Keeper = Aged & Partial<Pick<Service, 'wantedIPs' | 'recorded'>>;

/**
 * What is held back for Services that need an address of each family at once and find one only: where addresses of the two come free
 * in turn, others would take them all. From younger Services alone, so that two that wait for what is held back for the other can't
 * come about; and of a family of a pool one address, for the oldest that waits so, so that not more lies idle.
 */
export class HeldBack {
  readonly #byPlace = new Map<string, Hold>();
  readonly #byIp = new Map<string, Hold>();
  /** Changes with everything that is held back. */
  #version = 0;

  /** For which older Service an address is held back from this one. */
  keptFrom(ip: string, service: Aged): string | undefined {
    const hold = this.#byIp.get(ip);
    return hold !== undefined && byServiceAge(hold.service, service) < 0 ? hold.service.key : undefined;
  }

  has(ip: string): boolean {
    return this.#byIp.has(ip);
  }

  /** What is held back, and for whom, if it is. */
  holdOf(ip: string): Hold | undefined {
    return this.#byIp.get(ip);
  }

  /** What is held back of a family of a pool. */
  holdAt(place: Lack): Hold | undefined {
    return this.#byPlace.get(lackId(place));
  }

  /** The same text for Services that the same is kept from, as long as nothing else is held back than at the time of asking. */
  view(service: Aged): string {
    let older = 0;
    for (const hold of this.#byIp.values()) if (byServiceAge(hold.service, service) < 0) older += 1;
    return `${this.#version} ${older}`;
  }

  /** What is held back for a Service, in no particular order. */
  of(key: string): Assignment[] {
    if (this.#byPlace.size === 0) return [];
    return [...this.#byPlace.values()].filter(({ service }) => service.key === key).map(({ assignment }) => assignment);
  }

  /**
   * Instead of what was held back for a Service, these, as far as no older one waits there; returns whatever is not any more. Of one address
   * that is wanted of two pools, as before and after an edit, the first counts.
   */
  set(keeper: Keeper, wanted: readonly Assignment[]): Hold[] {
    const { key, createdAt } = keeper;
    const service = { key, createdAt };
    const possible = wanted.filter((assignment) => this.#isFirst(service, assignment));
    const granted = possible.filter(({ ip }, i) => possible.findIndex((other) => other.ip === ip) === i);
    const former = without(this.of(key), granted).flatMap(({ ip }) => this.#byIp.get(ip) ?? []);
    const passed = new Set(granted.flatMap((assignment) => this.#holdsAt(assignment)));
    const displaced = [...passed].filter((hold) => hold.service.key !== key);
    for (const { assignment } of [...former, ...displaced]) this.take(assignment.ip);
    this.#version += without(granted, this.of(key)).length;
    // Also what was held back before: the Service may ask for it only since an edit.
    for (const assignment of granted) {
      const hold = { service, assignment, isAskedFor: asksFor(keeper, assignment.ip) };
      this.#byPlace.set(lackId(placeOf(assignment)), hold);
      this.#byIp.set(assignment.ip, hold);
    }
    return [...former, ...displaced];
  }

  /** Somebody has the address now; returns for whom it was held back, and where somebody else's may be from now on. */
  take(ip: string): { readonly key: string; readonly place: Lack } | undefined {
    const hold = this.#byIp.get(ip);
    if (hold === undefined) return undefined;
    const { service, assignment } = hold;
    this.#version += 1;
    this.#byIp.delete(ip);
    this.#byPlace.delete(lackId(placeOf(assignment)));
    return { key: service.key, place: placeOf(assignment) };
  }

  /** Whether an address of a family of a pool is held back. */
  isTaken(place: Lack): boolean {
    return this.#byPlace.has(lackId(place));
  }

  #isFirst(service: Aged, assignment: Assignment): boolean {
    return this.#holdsAt(assignment).every((hold) => byServiceAge(hold.service, service) >= 0);
  }

  /** Those in whose place it would be: an address may be another pool's since it was held back. */
  #holdsAt(assignment: Assignment): Hold[] {
    return [this.#byPlace.get(lackId(placeOf(assignment))), this.#byIp.get(assignment.ip)].filter(
      (hold) => hold !== undefined,
    );
  }
}

function asksFor({ wantedIPs = [], recorded = [] }: Keeper, ip: string): boolean {
  return wantedIPs.some((wanted) => canonicalAddress(wanted) === ip) || recorded.some((record) => record.ip === ip);
}

/** Of what it takes the only place. */
export function placeOf(assignment: Assignment): Lack {
  return { pool: assignment.pool, family: familyOf(assignment) };
}
