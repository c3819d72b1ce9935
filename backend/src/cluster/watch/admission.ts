import { isDeepStrictEqual } from 'node:util';
import { familyOf } from '../../allocate/assignments.ts';
import { isBelieved } from '../../allocate/believed.ts';
import type { Recorded } from '../../allocate/inheritance.ts';
import type { PoolSet } from '../../allocate/pool-set.ts';
import { notServed } from '../../allocate/served.ts';
import { byServiceAge } from '../../allocate/waiting.ts';
import { poolOf, type Pool } from '../../domain/pool.ts';
import type { Labels } from '../../domain/selector.ts';
import type { Assignment, Service } from '../../domain/service.ts';
import { sharingProblem } from '../../domain/sharing.ts';
import { AddressIndex } from './address-index.ts';
import { askedBy, Contests } from './contests.ts';

export interface AdmissionDeps {
  /** What the pools' rules and statuses say. */
  readonly words: {
    poolSet(): PoolSet;
    recordOf(pool: string, key: string, ip: string): Recorded | undefined;
    mayOmit(pool: string): boolean;
    mayOmitAtFirst(pool: string): boolean;
  };
  readonly namespaces: ReadonlyMap<string, Labels>;
}

/** What became of one address that a Service holds by its status. */
interface Verdict {
  /** As the Service says now, or as it was believed earlier; undefined = refused. */
  readonly passed: Assignment | undefined;
  /** Believed once: it stays, whatever becomes of pools, namespaces and labels. */
  readonly admitted: boolean;
}

interface Standing {
  readonly service: Service;
  readonly asked: readonly Assignment[];
  readonly admitted: readonly Assignment[];
  readonly passed: readonly Assignment[];
}

const REFUSED: Verdict = { passed: undefined, admitted: false };
function admit(assignment: Assignment): Verdict {
  return { passed: assignment, admitted: true };
}

const NOTHING: readonly Assignment[] = [];

/**
 * Which addresses of which Services the engine hears of. Who may write `services/status` can write any address there, so that only what
 * is believed counts; and once it is believed it is admitted until the Service itself lets go of it, so that no edit of a pool, a
 * namespace or its labels withdraws it. A Service that turns up with an address that another one was admitted to, without sharing it,
 * waits until that one has let go, as the leader gives no address twice. Should two leaders ever have done so, the leader there is puts
 * the younger one right, and then the older one's turn has come.
 */
export class Admission {
  readonly #deps: AdmissionDeps;
  readonly #standings = new Map<string, Standing>();
  readonly #holders = new AddressIndex();
  /** Those that asked for an address and did not get exactly that. */
  readonly #waiting = new AddressIndex();
  readonly #contests = new Contests();
  #begun = false;

  constructor(deps: AdmissionDeps) {
    this.#deps = deps;
  }

  /**
   * Admits what is believed of the first full list. Which of two holders came first can't be told from it, while replicas that were
   * there know, and announce the address for that one. So it is admitted for neither, unless a pool's status names one of them, until
   * the leader has put the other one right: an address is never announced for two.
   */
  begin(services: Iterable<Service>): void {
    const all = [...services];
    this.#contests.begin(all);
    for (const service of all) this.#settle(service);
    this.#begun = true;
  }

  /** What the engine may know of a Service's addresses, in the order of the Service. */
  passed(key: string): readonly Assignment[] {
    return this.#standings.get(key)?.passed ?? NOTHING;
  }

  /** A Service changed, or went if there is none; returns the keys of all Services that `passed` may have changed for. */
  serviceChanged(key: string, service: Service | undefined): string[] {
    const before = this.#standings.get(key);
    if (service === undefined) this.#remove(key);
    else this.#settle(service);
    const contested = this.#contests.update(key, service);
    const free = [...this.#freedBy(before, this.#standings.get(key)), ...contested];
    const waiting = free.flatMap((ip) => [...this.#waiting.get(ip)]);
    const others = this.#reexamine(waiting.filter((other) => other !== key));
    // Not before: of all who wait these come first.
    this.#contests.endSettled(contested);
    return [key, ...others];
  }

  /** A pool or its status changed; returns as above. */
  poolsChanged(): string[] {
    return this.#reexamine(this.#waiting.all());
  }

  /** A namespace or its labels changed; returns as above. */
  namespaceChanged(name: string): string[] {
    return this.#reexamine([...this.#waiting.all()].filter((key) => key.startsWith(`${name}/`)));
  }

  /** Addresses that others may be admitted to now: let go of, or kept on other terms of sharing. */
  #freedBy(before: Standing | undefined, after: Standing | undefined): string[] {
    const sameTerms = isDeepStrictEqual(before?.service.sharing, after?.service.sharing);
    const kept = sameTerms ? new Set(after?.admitted.map(({ ip }) => ip)) : new Set();
    return (before?.admitted ?? NOTHING).map(({ ip }) => ip).filter((ip) => !kept.has(ip));
  }

  /** The oldest Service first, so that it gets what several wait for. */
  #reexamine(keys: Iterable<string>): string[] {
    const standings = [...new Set(keys)].flatMap((key) => this.#standings.get(key) ?? []);
    const services = standings.map(({ service }) => service);
    services.sort(byServiceAge);
    for (const service of services) this.#settle(service);
    return services.map(({ key }) => key);
  }

  #remove(key: string): void {
    const { asked = NOTHING, admitted = NOTHING } = this.#standings.get(key) ?? {};
    for (const { ip } of asked) this.#waiting.delete(ip, key);
    for (const { ip } of admitted) this.#holders.delete(ip, key);
    this.#standings.delete(key);
  }

  #settle(service: Service): void {
    const { key, uid } = service;
    const before = this.#standings.get(key);
    const earlier = before?.service.uid === uid ? before.admitted : NOTHING;
    this.#remove(key);
    const asked = askedBy(service);
    if (asked.length === 0) return;
    const possible = this.#possible(service, asked, earlier);
    const verdicts = asked.map((assignment) =>
      possible.includes(assignment) ? this.#judge(service, assignment, earlier) : REFUSED,
    );
    const passed = verdicts.flatMap((verdict) => verdict.passed ?? []);
    const admitted = verdicts.flatMap((verdict) => (verdict.admitted ? (verdict.passed ?? []) : []));
    this.#standings.set(key, { service, asked, admitted, passed });
    for (const { ip } of admitted) this.#holders.add(ip, key);
    for (const { ip, pool } of asked)
      if (!admitted.some((got) => got.ip === ip && got.pool === pool)) this.#waiting.add(ip, key);
  }

  /**
   * What of a status a leader can have written: none where the Service is another one's, and one address of each of its families. If
   * there are more, that which it was admitted to, or which the pool's status names, or else the first is meant.
   */
  #possible(service: Service, asked: readonly Assignment[], earlier: readonly Assignment[]): Assignment[] {
    const had = asked.filter(({ ip }) => earlier.some((admitted) => admitted.ip === ip));
    // Without a default pool as well: whom one served is served on, and it may have gone a moment ago.
    if (notServed({ service, defaultPoolExists: true }) !== undefined) return had;
    const others = service.families.flatMap((family) => {
      const all = asked.filter((assignment) => familyOf(assignment) === family);
      if (all.length < 2) return all;
      return all.some((one) => had.includes(one))
        ? []
        : (all.find((one) => this.#isNamed(service, one)) ?? all[0] ?? []);
    });
    return [...had, ...others];
  }

  #isNamed(service: Service, assignment: Assignment): boolean {
    const pool = poolOf(assignment, this.#deps.words.poolSet().pools);
    return this.#recordOf(service, assignment.ip, pool) === 'named';
  }

  #judge(service: Service, assignment: Assignment, earlier: readonly Assignment[]): Verdict {
    const own = earlier.find(({ ip }) => ip === assignment.ip);
    if (own?.pool === assignment.pool) return admit(own);
    const pool = poolOf(assignment, this.#deps.words.poolSet().pools);
    if (!this.#isBelieved(service, assignment.ip, pool)) return own === undefined ? REFUSED : admit(own);
    if (pool === undefined) {
      // Not announced as long as no pool has it, but it is reported; whether it is believed is for the pool to say that gets it.
      return own === undefined ? { passed: assignment, admitted: false } : admit(own);
    }
    return own === undefined && this.#mayBeAnothers(service, assignment.ip, pool) ? REFUSED : admit(assignment);
  }

  #isBelieved(service: Service, ip: string, pool: Pool | undefined): boolean {
    const { words, namespaces } = this.#deps;
    const record = this.#recordOf(service, ip, pool);
    // Later on another holder is known better by what was admitted than by a status that follows.
    if (record === 'another' && (!this.#begun || this.#contests.has(ip))) return false;
    const labels = namespaces.get(service.namespace);
    const isNamed = record === 'named';
    const mayOmit = !isNamed && pool !== undefined && this.#mayOmit(pool);
    return isBelieved({ service, ip, pool }, { pools: words.poolSet(), labels, isNamed, mayOmit });
  }

  #mayOmit({ name }: Pool): boolean {
    const { words } = this.#deps;
    return this.#begun ? words.mayOmit(name) : words.mayOmitAtFirst(name);
  }

  #recordOf(service: Service, ip: string, pool: Pool | undefined): Recorded | undefined {
    return pool === undefined ? undefined : this.#deps.words.recordOf(pool.name, service.key, ip);
  }

  #mayBeAnothers(service: Service, ip: string, pool: Pool): boolean {
    return this.#isTaken(service, ip) || this.#isContested(service, ip, pool);
  }

  /** Whether it stood at the start in another Service as well, and nothing tells whose it is. */
  #isContested(service: Service, ip: string, pool: Pool): boolean {
    const rivals = this.#contests.rivals(ip, service);
    if (rivals.length === 0 || this.#recordOf(service, ip, pool) === 'named') return false;
    const { pools } = this.#deps.words.poolSet();
    return rivals.some((rival) => {
      // Whatever it is by now: it may have been admitted elsewhere before.
      const claim = askedBy(rival).find((assignment) => assignment.ip === ip);
      return claim !== undefined && this.#isBelieved(rival, ip, poolOf(claim, pools));
    });
  }

  /** Whether it is admitted for a Service that does not share it with this one. */
  #isTaken(service: Service, ip: string): boolean {
    // A pool's status that names both says that they shared it: announcing goes by age, as it does where they were there before.
    if (!this.#begun) return false;
    for (const key of this.#holders.get(ip)) {
      const holder = this.#standings.get(key)?.service;
      if (holder !== undefined && sharingProblem(holder.sharing, service.sharing) !== undefined) return true;
    }
    return false;
  }
}
