import { sameRanges } from '../domain/ranges.ts';
import type { Assignment } from '../domain/service.ts';
import { restsUntil } from './free.ts';
import type { Ledger } from './ledger.ts';
import { PoolSet } from './pool-set.ts';
import type { Release } from './released.ts';
import { Resting } from './resting.ts';

/** The addresses that were given back: which pool can give each, and from when on. No clock: the time comes in. */
export class Freed {
  readonly #ledger: Ledger;
  readonly #resting = new Resting();
  /** Pools that remember addresses which no pool has any more, and another may have after the next edit. */
  readonly #withHomeless = new Set<string>();
  #pools = new PoolSet(new Map());

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** When the next address will have rested, in milliseconds since the epoch. */
  get nextRested(): number | undefined {
    return this.#resting.next;
  }

  /** What the pools' statuses remember, at the beginning of a term of office. */
  begin(released: ReadonlyMap<string, readonly Release[]>, now: number): void {
    for (const [pool, releases] of released) this.#ledger.remember(pool, releases);
    for (const pool of released.keys()) this.#refile(pool);
    for (const pool of this.#pools.pools.keys()) {
      this.#rest(pool);
      this.trim(pool, now);
    }
  }

  configure(pools: PoolSet): void {
    const before = this.#pools;
    this.#pools = pools;
    const names = [...pools.pools.keys()];
    this.#ledger.retain(
      new Set(names),
      names.flatMap((name) => pools.allocatable(name)),
    );
    if (before.reserved !== pools.reserved) this.#ledger.resetFloors();
    this.#ledger.reopen(before.strangersSince(pools));
    for (const name of names) {
      if (!sameRanges(before.allocatable(name), pools.allocatable(name)) || this.#withHomeless.has(name))
        this.#refile(name);
    }
    for (const [name, { reuseAfterSeconds }] of pools.pools) {
      if (before.get(name)?.reuseAfterSeconds !== reuseAfterSeconds) this.#rest(name);
    }
  }

  /** An address was given back: returns it with the pool that can give it to others now, or undefined if it has to rest first. */
  take({ pool: from, ip }: Assignment, now: number): Assignment | undefined {
    const home = this.#pools.homeOf({ pool: from, ip });
    if (home === undefined) this.#withHomeless.add(from);
    else if (home !== from) this.#ledger.rehome(ip, home);
    const name = home ?? from;
    const pool = this.#pools.get(name);
    const release = this.#ledger.lastHolder(ip);
    this.trim(name, now);
    const until = pool === undefined || release === undefined ? now : restsUntil(release, pool);
    if (until <= now) return { pool: name, ip };
    this.#resting.add({ pool: name, ip, until });
    return undefined;
  }

  /** Those that have rested by now, each once, as far as nobody has got them meanwhile. */
  due(now: number): Assignment[] {
    const rested = this.#resting.due(now);
    return rested.filter(({ ip }) => !this.#ledger.isHeld(ip)).map(({ pool, ip }) => ({ pool, ip }));
  }

  /** Forgets what exceeds the bound of a pool, those that still rest apart. */
  trim(pool: string, now: number): void {
    this.#ledger.trim(pool, now - (this.#pools.get(pool)?.reuseAfterSeconds ?? 0) * 1_000);
  }

  #refile(pool: string): void {
    const homes = this.#ledger.refile(pool, (assignment) => this.#pools.homeOf(assignment));
    if (homes.has(undefined)) this.#withHomeless.add(pool);
    else this.#withHomeless.delete(pool);
    for (const home of homes) if (home !== undefined && home !== pool) this.#rest(home);
  }

  /** Computes anew until when the freed addresses of a pool rest. */
  #rest(name: string): void {
    const pool = this.#pools.get(name);
    if (pool === undefined || pool.reuseAfterSeconds === 0) return;
    for (const release of this.#ledger.oldestReleased(name)) {
      this.#resting.add({ pool: name, ip: release.ip, until: restsUntil(release, pool) });
    }
  }
}
