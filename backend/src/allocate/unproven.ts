import type { Assignment, Service } from '../domain/service.ts';
import { poolsOf, sameAssignments } from './assignments.ts';
import { proven, type ClaimsView } from './claims.ts';
import type { Effects } from './effects.ts';
import type { Holder, Ledger } from './ledger.ts';
import type { PoolSet } from './pool-set.ts';

/**
 * What Services are said to hold that was in no pool when it was found: nobody could say whether that is true. So the first pool that
 * has the address is asked, before its status says anything. What a leader has given itself, or found in its pool, is none of this,
 * though the pool be gone.
 */
export class Unproven {
  readonly #ledger: Ledger;
  readonly #ips = new Map<string, readonly string[]>();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** A Service holds something else by the ledger from now on, which was believed, or given, with these pools. */
  note(key: string, now: readonly Assignment[], pools: PoolSet): void {
    const before = this.#ledger.assignments(key);
    const known = this.#ips.get(key);
    const isProven = (ip: string): boolean =>
      before.some((assignment) => assignment.ip === ip) && known?.includes(ip) !== true;
    const unproven = now.filter(({ pool, ip }) => pools.get(pool) === undefined && !isProven(ip));
    if (unproven.length === 0) this.#ips.delete(key);
    else {
      const ips = unproven.map(({ ip }) => ip);
      this.#ips.set(key, ips);
    }
  }

  forget(key: string): void {
    this.#ips.delete(key);
  }

  /** There are other pools: what one of them has by now is judged. What it would not say is nobody's any more, and never was. */
  prove(services: ReadonlyMap<string, Service>, view: ClaimsView): Effects {
    const again: string[] = [];
    const pools = new Set<string>();
    for (const key of [...this.#ips.keys()]) {
      const service = services.get(key);
      const after = service === undefined ? undefined : this.#judge(service, view);
      if (after === undefined) continue;
      again.push(key);
      for (const pool of poolsOf(after)) pools.add(pool);
    }
    return { again, pools };
  }

  /** What the Service holds then; undefined: the same as before. */
  #judge(service: Service, view: ClaimsView): readonly Assignment[] | undefined {
    const { key } = service;
    const unproven = this.#ips.get(key);
    const before = this.#ledger.assignments(key);
    const after = before.flatMap((held) => (unproven?.includes(held.ip) ? (proven(service, held, view) ?? []) : held));
    this.note(key, after, view.pools);
    if (sameAssignments(before, after)) return undefined;
    // On the terms that it had, as an edit of these is yet to be planned.
    const freed = this.#ledger.set({ ...service, ...this.#termsOf(key) }, after, view.now);
    for (const { ip } of freed) this.#ledger.neverUsed(ip);
    return after;
  }

  #termsOf(key: string): Partial<Holder> {
    const sharing = this.#ledger.sharing(key);
    return sharing === undefined ? {} : { sharing };
  }
}
