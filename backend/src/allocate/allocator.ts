import type { Assignment, Service } from '../domain/service.ts';
import type { SharingTerms } from '../domain/sharing.ts';
import type { AllocatorDeps } from './allocator-deps.ts';
import { poolsOf, sameAssignments, without } from './assignments.ts';
import { believedClaims, sameTerms } from './claims.ts';
import { NO_EFFECTS, type Effects } from './effects.ts';
import { Freed } from './freed.ts';
import { HeldBack } from './held-back.ts';
import { Inheritance } from './inheritance.ts';
import { interestedIn } from './interest.ts';
import { Leaving } from './leaving.ts';
import { Ledger, sharingGroup, type Holder } from './ledger.ts';
import { plan, said, type AllocateView, type Plan } from './plan.ts';
import { PoolSet } from './pool-set.ts';
import type { Remembered } from './released.ts';
import { Crowds, plainWish } from './crowds.ts';
import { each, finished } from './steps.ts';
import { KnownTestimony } from './testimony.ts';
import { Unproven } from './unproven.ts';
import { byServiceAge, oldestFirst, Waiting, type Interest } from './waiting.ts';
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
  /** Pools that were drawn on for those who wait, since a step began. */
  readonly #drawn = new Set<string>();
  readonly #leaving = new Leaving(this.ledger);
  #pools = new PoolSet(new Map());
  readonly #inheritance = new Inheritance();
  readonly #testimony: KnownTestimony;
  readonly #unproven = new Unproven(this.ledger);
  readonly heldBack = new HeldBack();
  readonly #given = { ledger: this.ledger, heldBack: this.heldBack, leaving: this.#leaving };
  /** Services to plan anew as something else is held back than before, since a step began. */
  readonly #unsettled = new Set<string>();

  constructor(deps: AllocatorDeps) {
    this.#deps = deps;
    const own = { inheritance: this.#inheritance, pools: () => this.#pools };
    this.#testimony = new KnownTestimony({ ...deps, ...this.#given, ...own });
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
      this.#set(service, believed, now);
      this.ledger.confirm(service.key, believed);
    });
    yield* each(services, (service) => {
      this.#inheritance.find(service.key, this.ledger.assignments(service.key));
      this.observe(service);
    });
    this.#freed.begin(remembered.released, now);
    yield* each(services, (service) => {
      if (service.familyPolicy === 'RequireDualStack') this.#holdBack(service, this.plan(service, now), now);
    });
    this.#unsettled.clear();
    return services.map(({ key }) => key);
  }

  /** From now on nobody else can have given addresses: what turns up in a status and is not in the ledger is no longer believed. */
  endAdoption(): void {
    this.#inheritance.end();
  }

  /** A Service was seen for the first time, or anew: others shouldn't get what it asks for. */
  observe(service: Service): void {
    this.ledger.touch(service.key);
    const wishes = wishesOf(service, this.ledger.assignments(service.key));
    this.#wishes.set(service.key, wishes);
    const labels = this.#deps.namespaces.get(service.namespace);
    // Nobody keeps an address from others by asking for what no pool would give.
    const open = openWishes(service, wishes, this.#pools, labels);
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
    const effects = this.#hold(service, [...given, ...leaving], now);
    this.observe(service);
    this.#holdBack(service, planned, now);
    const joining = isToStay ? this.#shareAnew(service.sharing, now) : [];
    return this.#effects([...evicted.map(({ rival }) => rival), ...effects.again, ...joining], effects.pools);
  }

  /** The plan is written: what the Service had before is free. */
  settle(service: Service, planned: Plan, now: number): Effects {
    // Not simply what was planned: since then it may have lost some to an older Service, or been offered more.
    const left = this.ledger.assignments(service.key).filter(({ ip }) => !this.#leaving.has(service.key, ip));
    const effects = this.#hold(service, left, now);
    this.#leaving.delete(service.key);
    const given = planned.served ? planned.assignments : [];
    const isNew = without(given, this.ledger.written(service.key)).length > 0;
    this.ledger.confirm(service.key, given);
    const joining = isNew ? this.#shareAnew(service.sharing, now) : [];
    return this.#effects([...effects.again, ...joining], effects.pools);
  }

  /** The Service is gone. */
  forget(key: string, now: number): Effects {
    this.#waiting.delete(key);
    this.#unserved.delete(key);
    this.#wishes.set(key, []);
    this.ledger.wish(key, []);
    const before = this.ledger.assignments(key);
    this.#leaving.set(key, before);
    const sharing = this.ledger.sharing(key);
    const held = this.heldBack.of(key);
    for (const { ip } of held) this.heldBack.take(ip);
    const again = held.flatMap((assignment) => this.#offer(assignment, now));
    if (sharing !== undefined) again.push(...this.#set({ key, sharing }, [], now));
    this.#leaving.delete(key);
    this.#unproven.forget(key);
    return this.#effects(again, poolsOf(before));
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
    const disturbed = pools.strangersSince(before).flatMap((ip) => this.ledger.holders(ip));
    const { services } = this.#deps;
    const waiting = edited === undefined ? this.#waiting.keys() : this.#waiting.helpedBy(edited);
    // Who has lost what it was found with waits from now on.
    const concerned = judged.again.length === 0 ? waiting : oldestFirst([...waiting, ...judged.again], services);
    const crowds = pools.isForTheSame(before) ? new Crowds(this.#waiting, this.ledger) : undefined;
    const effects = this.#reconsider(concerned, now, crowds);
    const later = [...judged.again, ...oldestFirst([...unserved, ...disturbed], services)];
    return this.#effects([...effects.again, ...later], [...effects.pools, ...judged.pools]);
  }

  /** The labels of a namespace changed: who waits there may be let into other pools. */
  reconsider(now: number, namespace: string): Effects {
    const isThere = (key: string): boolean => this.#deps.services.get(key)?.namespace === namespace;
    this.#observeAll(this.#wishes.keys().filter(isThere));
    const concerned = this.#waiting.keys().filter(isThere);
    return this.#reconsider(concerned, now);
  }

  /** Who waits is planned anew, oldest first; returned are those that get something or hear something new. */
  #reconsider(keys: readonly string[], now: number, crowds?: Crowds): Effects {
    const again = keys.filter((key) => {
      if (crowds?.isHopeless(key) === true) return false;
      const service = this.#deps.services.get(key);
      return service !== undefined && this.#isHelped(service, now, crowds);
    });
    return this.#effects(again);
  }

  #isHelped(service: Service, now: number, crowds: Crowds | undefined): boolean {
    const planned = this.plan(service, now);
    if (this.#reserve(service, planned, now)) {
      crowds?.clear();
      return true;
    }
    this.#holdBack(service, planned, now);
    if (said(planned) !== this.#waiting.heard(service.key)) return true;
    // Who hears nothing new may still wait for other pools than before.
    if (planned.served) this.#await(service, planned.waitsFor);
    crowds?.add(service.key);
    return false;
  }

  /** Time has passed: addresses that have rested go to who waits. */
  elapsed(now: number): Effects {
    const again: string[] = [];
    const due = this.#freed.due(now);
    for (const { pool, ip } of due) {
      // One address may be due twice, after an edit of the time.
      if (!this.ledger.isHeld(ip)) again.push(...this.#offer({ pool, ip }, now));
      this.#freed.trim(pool, now);
    }
    const pools = poolsOf(due);
    // Who was told of a rest that is over, and got nothing by it, hears what it waits for now.
    const others = this.#reconsider(this.#waiting.toldOfRest(pools), now, new Crowds(this.#waiting, this.ledger));
    return this.#effects([...again, ...others.again], [...pools, ...others.pools]);
  }

  #view(now: number): AllocateView {
    const { namespaces, moves } = this.#deps;
    const mayMove = (key: string): boolean => moves === undefined || moves.nextAt(key) <= now;
    return { ...this.#given, pools: this.#pools, namespaces, now, testimony: this.#testimony, mayMove };
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
    else this.#await(service, waitsFor, said(planned));
  }

  /** `heard`: what is said of it from now on; not given: what was. */
  #await(service: Service, waitsFor: Interest | undefined, heard = this.#waiting.heard(service.key)): void {
    if (waitsFor === undefined) return;
    // A record of addresses that a Service has not is a wish for these, whichever pools they are in.
    const byAny = service.recorded.length > 0;
    const others = { group: sharingGroup(service.sharing), byAny, named: plainWish(service) };
    this.#waiting.set(service, waitsFor, { heard, ...others });
  }

  #hold(service: Service, assignments: readonly Assignment[], now: number): Effects {
    const unique = assignments.filter(({ ip }, i) => assignments.findIndex((other) => other.ip === ip) === i);
    const before = this.ledger.assignments(service.key);
    // As a rule nothing is new: the watch shows what was written.
    if (sameAssignments(unique, before) && sameTerms(service.sharing, this.ledger.sharing(service.key)))
      return NO_EFFECTS;
    const terms = this.ledger.sharing(service.key);
    const offered = this.#set(service, unique, now);
    const changed = [...without(unique, before), ...without(before, unique)];
    const again = [
      ...offered,
      ...this.#shareAnew(terms, now),
      ...this.#shareAnew(service.sharing, now),
      ...this.#retell(new Set([...unique, ...before].map(({ ip }) => ip)), now),
    ];
    return this.#effects(again, poolsOf(changed));
  }

  /**
   * What a Service has from now on. What it has no more goes to who waits, one after the other: somebody who needs two would get both
   * with the first, although an older one waits for the second.
   */
  #set(holder: Holder, assignments: readonly Assignment[], now: number): string[] {
    const { key } = holder;
    this.#unproven.note(key, assignments, this.#pools);
    for (const { ip } of assignments) {
      const other = this.heldBack.take(ip) ?? key;
      if (other !== key) this.#unsettled.add(other);
    }
    const written = this.ledger.written(key);
    const lost = this.ledger.assignments(key).filter(({ ip }) => assignments.every((other) => other.ip !== ip));
    const steps = lost.length === 0 ? [[]] : lost.map((_, i) => lost.slice(i + 1));
    return steps.flatMap((rest, i) => {
      const freed = this.ledger.set(holder, [...assignments, ...rest], now);
      this.#discard(freed, written);
      // Beside those who have it still there may be room, whatever the terms of the one that left have become.
      const [sharer = ''] = this.ledger.holders(lost[i]?.ip ?? '');
      return [...this.#free(freed, now), ...this.#shareAnew(this.ledger.sharing(sharer), now)];
    });
  }

  /** One of a group has other addresses or terms than before: those of the group that wait may fit beside it now. */
  #shareAnew(terms: SharingTerms | undefined, now: number): string[] {
    const group = terms === undefined ? undefined : sharingGroup(terms);
    if (group === undefined) return [];
    return this.#waiting.inGroup(group).filter((key) => {
      const service = this.#deps.services.get(key);
      return service !== undefined && this.#serve(service, now);
    });
  }

  /** What a step means, with the pools that others were given something from on the way. */
  #effects(again: readonly string[], pools: Iterable<string> = []): Effects {
    const all = new Set([...pools, ...this.#drawn]);
    this.#drawn.clear();
    const keys = this.#unsettled.size === 0 ? again : [...new Set([...again, ...this.#unsettled])];
    this.#unsettled.clear();
    return { again: keys, pools: all };
  }

  /** What was only kept for a Service and never written need not rest, and is no address to get back. */
  #discard(freed: readonly Assignment[], written: readonly Assignment[]): void {
    for (const { ip } of freed) if (!written.some((assignment) => assignment.ip === ip)) this.ledger.neverUsed(ip);
  }

  #free(freed: readonly Assignment[], now: number): string[] {
    return freed.flatMap((assignment) => {
      const free = this.#freed.take(assignment, now);
      // Who wants it hears that it rests, and is nobody's any more.
      return free === undefined ? this.#retell([assignment.ip], now) : this.#offer(free, now);
    });
  }

  /** Keeps an address for the oldest Service that waits for it, so that no younger one comes first. */
  #offer({ pool, ip }: Assignment, now: number): string[] {
    const again: string[] = [];
    for (const key of interestedIn({ pool, ip }, this.#pools, this.#waiting)) {
      const service = this.#deps.services.get(key);
      // Of those who share only some fit beside the first: the others get nothing by being planned.
      if (service === undefined || this.ledger.rivals(ip, service).length > 0) continue;
      if (this.#serve(service, now)) again.push(key);
      if (this.heldBack.has(ip) || this.ledger.isHeldAlone(ip)) break;
    }
    return [...again, ...this.#retell([ip], now)];
  }

  /** Holds back what a Service is to have with what it lacks; what is not held back any more is for who waits. */
  #holdBack(service: Service, planned: Plan, now: number): void {
    const holds = planned.served ? planned.holds : [];
    if (holds.length === 0 && this.heldBack.of(service.key).length === 0) return;
    const dropped = this.heldBack.set(service, holds);
    this.observe(service);
    for (const { service: former, assignment } of dropped) {
      if (former.key !== service.key) this.#unsettled.add(former.key);
      if (this.ledger.isHeld(assignment.ip) || this.heldBack.has(assignment.ip)) continue;
      for (const key of this.#offer(assignment, now)) this.#unsettled.add(key);
    }
  }

  /** Who wants an address that somebody else has got, or has on other terms, and is told of another one or of other terms. */
  #retell(ips: Iterable<string>, now: number): string[] {
    const wanting = [...ips].flatMap((ip) => this.#waiting.wanting(ip));
    return wanting.filter((key) => {
      const service = this.#deps.services.get(key);
      return service !== undefined && said(this.plan(service, now)) !== this.#waiting.heard(key);
    });
  }

  /** Keeps for a Service that waits what it can have by now; returns whether it gets something. */
  #serve(service: Service, now: number): boolean {
    const planned = this.plan(service, now);
    const gets = this.#reserve(service, planned, now);
    this.#holdBack(service, planned, now);
    return gets;
  }

  /** Returns whether the Service gets something that it had not. */
  #reserve(service: Service, planned: Plan, now: number): boolean {
    const before = this.ledger.assignments(service.key);
    const given = planned.served ? planned.assignments : [];
    const added = without(given, before);
    if (added.length === 0) return false;
    // The same address from another pool comes instead, any other address beside what it has.
    const others = before.filter(({ ip }) => added.every((assignment) => assignment.ip !== ip));
    this.#set(service, [...others, ...added], now);
    for (const { pool } of added) this.#drawn.add(pool);
    return true;
  }
}
