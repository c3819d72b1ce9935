import { isDeepStrictEqual } from 'node:util';
import { isBelieved } from '../../allocate/believed.ts';
import type { recordOf } from '../../allocate/inheritance.ts';
import type { PoolSet } from '../../allocate/pool-set.ts';
import { byServiceAge } from '../../allocate/waiting.ts';
import { poolOf, type Pool } from '../../domain/pool.ts';
import type { Labels } from '../../domain/selector.ts';
import type { Assignment, Service } from '../../domain/service.ts';
import { sharingProblem } from '../../domain/sharing.ts';
import { AddressIndex } from './address-index.ts';
import { toHoldingService } from './domain/holding.ts';

export interface AdmissionDeps {
  /** What the pools' rules and statuses say. */
  readonly words: {
    poolSet(): PoolSet;
    recordOf(pool: string, key: string, ip: string): ReturnType<typeof recordOf>;
    mayOmit(pool: string): boolean;
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
 * waits until that one has let go: the leader gives no address twice.
 */
export class Admission {
  readonly #deps: AdmissionDeps;
  readonly #standings = new Map<string, Standing>();
  readonly #holders = new AddressIndex();
  /** Those that asked for an address and did not get exactly that. */
  readonly #waiting = new AddressIndex();
  #begun = false;

  constructor(deps: AdmissionDeps) {
    this.#deps = deps;
  }

  /**
   * Admits what is believed of the first full list. Which of two holders came first can't be told from it unless the pool's status
   * names one: otherwise both are admitted, and announcing lets the older one win.
   */
  begin(services: Iterable<Service>): void {
    for (const service of services) this.#settle(service);
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
    const waiting = this.#freedBy(before, this.#standings.get(key)).flatMap((ip) => [...this.#waiting.get(ip)]);
    return [key, ...this.#reexamine(waiting.filter((other) => other !== key))];
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
    const asked = toHoldingService(service)?.assignments ?? NOTHING;
    if (asked.length === 0) return;
    const verdicts = asked.map((assignment) => this.#judge(service, assignment, earlier));
    const passed = verdicts.flatMap((verdict) => verdict.passed ?? []);
    const admitted = verdicts.flatMap((verdict) => (verdict.admitted ? (verdict.passed ?? []) : []));
    this.#standings.set(key, { service, asked, admitted, passed });
    for (const { ip } of admitted) this.#holders.add(ip, key);
    for (const { ip, pool } of asked)
      if (!admitted.some((got) => got.ip === ip && got.pool === pool)) this.#waiting.add(ip, key);
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
    return own === undefined && this.#isTaken(service, assignment.ip) ? REFUSED : admit(assignment);
  }

  #isBelieved(service: Service, ip: string, pool: Pool | undefined): boolean {
    const { words, namespaces } = this.#deps;
    const recorded = pool === undefined ? undefined : words.recordOf(pool.name, service.key, ip);
    // Later on another holder is known better by what was admitted than by a status that follows.
    if (recorded === 'none' && !this.#begun) return false;
    const labels = namespaces.get(service.namespace);
    const isNamed = recorded === 'sole' || recorded === 'one';
    const mayOmit = !isNamed && pool !== undefined && words.mayOmit(pool.name);
    return isBelieved({ service, ip, pool }, { pools: words.poolSet(), labels, isNamed, mayOmit });
  }

  /** Whether it is admitted for a Service that does not share it with this one. */
  #isTaken(service: Service, ip: string): boolean {
    if (!this.#begun) return false;
    for (const key of this.#holders.get(ip)) {
      const holder = this.#standings.get(key)?.service;
      if (holder !== undefined && sharingProblem(holder.sharing, service.sharing) !== undefined) return true;
    }
    return false;
  }
}
