import type { Assignment, Service } from '../domain/service.ts';
import type { AllocatorDeps } from './allocator-deps.ts';
import { poolsOf, sameAssignments, without } from './assignments.ts';
import { believedClaims, sameTerms } from './claims.ts';
import { Crowds } from './crowds.ts';
import { NO_POOLS, type Effects } from './effects.ts';
import { Freed } from './freed.ts';
import { HeldBack } from './held-back.ts';
import { Inheritance } from './inheritance.ts';
import { Leaving } from './leaving.ts';
import { Ledger } from './ledger.ts';
import { plan, said, type AllocateView, type Plan } from './plan.ts';
import { PoolSet } from './pool-set.ts';
import type { Remembered } from './released.ts';
import { each, finished } from './steps.ts';
import { KnownTestimony } from './testimony.ts';
import { Turns } from './turns.ts';
import { Unproven } from './unproven.ts';
import { byServiceAge, oldestFirst, Waiting } from './waiting.ts';
import { openWishes, Wishes, wishesOf } from './wishes.ts';

/**
 * Gives addresses, one Service at a time: `plan` says what a Service should have, `take` keeps it for the Service while that is written,
 * `settle` frees what it had before. No clock and no I/O: the time comes in, in milliseconds since the epoch.
 */
export class Allocator {
  readonly ledger = new Ledger();
  readonly #deps: AllocatorDeps;
  readonly #waiting = new Waiting();
  readonly #wishes = new Wishes();
  readonly #unserved = new Set<string>();
  readonly #freed = new Freed(this.ledger);
  readonly #leaving = new Leaving(this.ledger);
  #pools = new PoolSet(new Map());
  readonly #inheritance = new Inheritance();
  readonly #testimony: KnownTestimony;
  readonly #unproven = new Unproven(this.ledger);
  readonly heldBack = new HeldBack();
  readonly #given = { ledger: this.ledger, heldBack: this.heldBack, leaving: this.#leaving };
  readonly #turns: Turns;

  constructor(deps: AllocatorDeps) {
    this.#deps = deps;
    const own = { inheritance: this.#inheritance, pools: () => this.#pools };
    this.#testimony = new KnownTestimony({ ...deps, ...this.#given, ...own });
    this.#turns = new Turns({
      services: deps.services,
      ledger: this.ledger,
      waiting: this.#waiting,
      heldBack: this.heldBack,
      freed: this.#freed,
      unproven: this.#unproven,
      pools: () => this.#pools,
      plan: (service, now) => this.plan(service, now),
      observe: (service) => this.observe(service),
    });
  }

  get pools(): PoolSet {
    return this.#pools;
  }

  /** The Services whose wishes are not all met. */
  get waiting(): Pick<Waiting, 'size' | 'lacking'> {
    return this.#waiting;
  }

  /** When an address will have rested, in milliseconds since the epoch: call `elapsed` then. */
  get nextRested(): number | undefined {
    return this.#freed.nextRested;
  }

  /** All of `adopting` at once. */
  adopt(pools: PoolSet, remembered: Remembered, now: number): string[] {
    return finished(this.adopting(pools, remembered, now));
  }

  /** Begins with what stands in the Services, oldest first, and in the pools' statuses; returns the keys to plan, in this order. */
  *adopting(pools: PoolSet, remembered: Remembered, now: number): Generator<void, string[]> {
    this.#setPools(pools);
    const services = [...this.#deps.services.values()].sort(byServiceAge);
    this.#inheritance.begin(remembered, services);
    const view = this.#view(now);
    yield* each(services, (service) => {
      if (!service.claims) return;
      const believed = believedClaims(service, view);
      this.#turns.set(service, believed, now);
      this.ledger.confirm(service.key, believed);
    });
    yield* each(services, (service) => {
      this.#inheritance.find(service.key, this.ledger.assignments(service.key));
      this.observe(service);
    });
    this.#freed.begin(remembered.released, now);
    yield* each(services, (service) => {
      if (service.familyPolicy === 'RequireDualStack') this.#turns.holdBack(service, this.plan(service, now), now);
    });
    this.#turns.clear();
    return services.map(({ key }) => key);
  }

  /** From now on nobody else can have given addresses: what turns up in a status and is not in the ledger is no longer believed. */
  endAdoption(): void {
    this.#inheritance.end();
  }

  /** A Service was seen for the first time, or anew: others shouldn't get what it asks for. */
  observe(service: Service): void {
    this.ledger.touch(service.key);
    const own = this.ledger.assignments(service.key);
    const wishes = wishesOf(service, own);
    this.#wishes.set(service.key, wishes);
    const labels = this.#deps.namespaces.get(service.namespace);
    // Nobody keeps an address from others by asking for what no pool would give.
    const open = openWishes(service, { wishes, own }, this.#pools, labels);
    const held = this.heldBack.of(service.key).map(({ ip }) => ip);
    this.ledger.wish(service.key, held.length === 0 ? open : [...new Set([...open, ...held])]);
  }

  #observeAll(keys: readonly string[]): void {
    for (const service of keys.flatMap((key) => this.#deps.services.get(key) ?? [])) this.observe(service);
  }

  plan(service: Service, now: number): Plan {
    return plan(service, this.#view(now));
  }

  /**
   * Keeps for a Service what it is planned to have, beside all that it has or was to get: nobody else gets an address that is still
   * announced, or that a write may have given whose answer was lost.
   */
  take(service: Service, planned: Plan, now: number): Effects {
    this.#note(service, planned);
    const { key } = service;
    const given = planned.served ? planned.assignments : [];
    const evicted = given.flatMap(({ ip }) => this.#leaving.conflicting(service, ip).map((rival) => ({ rival, ip })));
    for (const { rival, ip } of evicted) this.ledger.evict(rival, ip, now);
    const isGiven = ({ ip }: Assignment): boolean => given.some((assignment) => assignment.ip === ip);
    const byStatus = service.recorded.every(isGiven) ? [] : believedClaims(service, this.#view(now));
    const leaving = [...this.ledger.assignments(key), ...byStatus].filter((assignment) => !isGiven(assignment));
    const isToStay = this.#leaving.set(key, leaving);
    const pools = this.#hold(service, [...given, ...leaving], now);
    this.observe(service);
    this.#turns.holdBack(service, planned, now);
    if (isToStay) this.#turns.shareAnew(service.sharing);
    return this.#turns.effects(
      now,
      evicted.map(({ rival }) => rival),
      pools,
    );
  }

  /** The plan is written: what the Service had before is free. */
  settle(service: Service, planned: Plan, now: number): Effects {
    // Not simply what was planned: since then it may have lost some to an older Service, or been offered more.
    const left = this.ledger.assignments(service.key).filter(({ ip }) => !this.#leaving.has(service.key, ip));
    const pools = this.#hold(service, left, now);
    this.#leaving.delete(service.key);
    const given = planned.served ? planned.assignments : [];
    const news = without(given, this.ledger.written(service.key));
    this.ledger.confirm(service.key, given);
    // Not before they are written do the pools forget who had them last.
    return this.#turns.effects(now, [], news.length > 0 ? new Set([...pools, ...poolsOf(news)]) : pools);
  }

  /** The Service is gone. */
  forget(key: string, now: number): Effects {
    this.#waiting.delete(key);
    this.#unserved.delete(key);
    this.#wishes.set(key, []);
    this.ledger.wish(key, []);
    const before = this.ledger.assignments(key);
    this.#leaving.set(key, before);
    this.#turns.forget(key, now);
    this.#leaving.delete(key);
    this.#unproven.forget(key);
    return this.#turns.effects(now, [], poolsOf(before));
  }

  /** The pools changed: whoever waits may be served now, oldest first, and who is not served yet may be. */
  configure(pools: PoolSet, now: number): Effects {
    const before = this.#pools;
    const edited = pools.editedSince(before);
    this.#setPools(pools);
    const judged = this.#unproven.prove(this.#deps.services, this.#view(now));
    // Before anybody is planned: who comes first must not get what another one has asked for all along.
    this.#observeAll(this.#wishes.concernedBy(before, pools));
    const unserved = before.hasDefault === pools.hasDefault ? [] : this.#unserved;
    const disturbed = pools.strangersSince(before).flatMap((ip) => [...this.ledger.holders(ip)]);
    const { services } = this.#deps;
    const waiting = edited === undefined ? this.#waiting.keys() : this.#waiting.helpedBy(edited);
    // Who has lost what it was found with waits from now on, and who is to leave an address to a stranger looks for another one.
    const others = [...judged.again, ...disturbed];
    const concerned = others.length === 0 ? waiting : oldestFirst([...waiting, ...others], services);
    const crowds = pools.isForTheSame(before) ? this.#crowds() : undefined;
    const effects = this.#turns.reconsider(concerned, now, crowds);
    const later = [...judged.again, ...oldestFirst([...unserved, ...disturbed], services)];
    return { again: [...effects.again, ...later], pools: new Set([...effects.pools, ...judged.pools]) };
  }

  /** The labels of a namespace changed: who waits there may be let into other pools. */
  reconsider(now: number, namespace: string): Effects {
    const isThere = (key: string): boolean => this.#deps.services.get(key)?.namespace === namespace;
    this.#observeAll(this.#wishes.keys().filter(isThere));
    const concerned = this.#waiting.keys().filter(isThere);
    return this.#turns.reconsider(concerned, now);
  }

  /** Time has passed: addresses that have rested go to who waits. */
  elapsed(now: number): Effects {
    const due = this.#freed.due(now);
    const pools = poolsOf(due);
    this.#turns.open(due);
    const given = this.#turns.effects(now, [], pools);
    for (const { pool } of due) this.#freed.trim(pool, now);
    // Who was told of a rest that is over, and got nothing by it, hears what it waits for now.
    const others = this.#turns.reconsider(this.#waiting.toldOfRest(pools), now, this.#crowds());
    return { again: [...given.again, ...others.again], pools: new Set([...given.pools, ...others.pools]) };
  }

  #view(now: number): AllocateView {
    const { namespaces, moves } = this.#deps;
    const mayMove = (key: string): boolean => moves === undefined || moves.nextAt(key) <= now;
    return { ...this.#given, pools: this.#pools, namespaces, now, testimony: this.#testimony, mayMove };
  }

  #crowds(): Crowds {
    return new Crowds({ ...this.#given, waiting: this.#waiting, pools: () => this.#pools });
  }

  #setPools(pools: PoolSet): void {
    this.#pools = pools;
    this.#freed.configure(pools);
  }

  #note(service: Service, planned: Plan): void {
    const { key } = service;
    if (!planned.served && service.isLoadBalancer) this.#unserved.add(key);
    else this.#unserved.delete(key);
    const waitsFor = planned.served ? planned.waitsFor : undefined;
    if (waitsFor === undefined) this.#waiting.delete(key);
    else this.#turns.wait(service, waitsFor, said(planned));
  }

  /** Returns the pools of which it has something else than before. */
  #hold(service: Service, assignments: readonly Assignment[], now: number): ReadonlySet<string> {
    const unique = assignments.filter(({ ip }, i) => assignments.findIndex((other) => other.ip === ip) === i);
    const before = this.ledger.assignments(service.key);
    const terms = this.ledger.sharing(service.key);
    // As a rule nothing is new: the watch shows what was written.
    if (sameAssignments(unique, before) && (unique.length === 0 || sameTerms(service.sharing, terms))) return NO_POOLS;
    this.#turns.set(service, unique, now);
    this.#turns.shareAnew(terms);
    this.#turns.shareAnew(service.sharing);
    this.#turns.retell([...unique, ...before].map(({ ip }) => ip));
    return poolsOf([...without(unique, before), ...without(before, unique)]);
  }
}
