import type { Assignment, Service } from '../domain/service.ts';
import type { SharingTerms } from '../domain/sharing.ts';
import type { AllocatorDeps } from './allocator-deps.ts';
import { without } from './assignments.ts';
import { Crowds, plainWish } from './crowds.ts';
import { NO_POOLS, type Effects } from './effects.ts';
import { hasIdle, keeperOfAny, type FreeView } from './free.ts';
import type { Freed } from './freed.ts';
import { placeOf, type HeldBack, type Hold } from './held-back.ts';
import type { Holder, Ledger } from './ledger.ts';
import { Openings, type Taker } from './openings.ts';
import { said, type Plan } from './plan.ts';
import type { PoolSet } from './pool-set.ts';
import { sharingGroup } from '../domain/sharers.ts';
import type { Unproven } from './unproven.ts';
import { lackId, type Interest, type Lack, type Waiting } from './waiting.ts';

interface TurnsDeps extends Pick<AllocatorDeps, 'services'> {
  readonly ledger: Ledger;
  readonly waiting: Waiting;
  readonly heldBack: HeldBack;
  readonly freed: Freed;
  readonly unproven: Unproven;
  readonly pools: () => PoolSet;
  readonly plan: (service: Service, now: number) => Plan;
  readonly observe: (service: Service) => void;
}

/** So many in turn are asked whether something is to be held back for them, and more only as long as there is anything. */
const MAX_ASKED = 10;

/**
 * Who comes next. Whatever becomes free in a step, or can be shared, is gathered; then, in `effects`, those who wait have their turns, the
 * oldest first, and what is for them is kept for them at once. What opens by that joins the rest: no turn comes within another one.
 *
 * An address *opens* when nobody has it any more; to a Service that waits it is *offered*. Other Services are *concerned*: what they can have
 * or are told may be different by now. What a Service gets is *kept* for it until that is written; what it needs with one of the other
 * family, and that is not to be had yet, is *held back* for it from younger ones.
 */
export class Turns {
  readonly #deps: TurnsDeps;
  readonly #openings: Openings;
  /** Pools that were drawn on for those who wait, since a step began. */
  readonly #drawn = new Set<string>();
  /** Services to plan anew, as they get or hear something, since a step began. */
  readonly #again = new Set<string>();
  /** Addresses of which those that want them may have to hear something else, since a step began. */
  readonly #retold = new Set<string>();
  /** Where something was held back that its Service or another one has got, since a step began. */
  readonly #vacated = new Map<string, Lack>();
  /** Of those whom an edit of pools concerns. */
  #crowds: Crowds | undefined;
  /** Of those who have no use for all that is open. */
  readonly #unhelped: Crowds;

  constructor(deps: TurnsDeps) {
    this.#deps = deps;
    this.#openings = new Openings(deps);
    this.#unhelped = new Crowds(deps);
  }

  /** Everybody is planned anew anyway. */
  clear(): void {
    this.#openings.clear();
    this.#drawn.clear();
    this.#again.clear();
    this.#retold.clear();
    this.#vacated.clear();
    this.#crowds = undefined;
    this.#unhelped.clear();
  }

  /** Ends a step: all have their turns. `again`, `pools`: what it means for others besides. */
  effects(now: number, again: readonly string[] = [], pools: ReadonlySet<string> = NO_POOLS): Effects {
    do this.#letAllHaveTheirTurns(now);
    while (this.#passOn(now));
    this.#retell(now);
    // As a rule it means nothing for others.
    const keys = this.#again.size === 0 ? again : [...new Set([...again, ...this.#again])];
    const all = this.#drawn.size === 0 ? pools : new Set([...pools, ...this.#drawn]);
    this.clear();
    return { again: keys, pools: all };
  }

  /** A Service waits from now on. `heard`: what is said of it; not given: what was. */
  wait(service: Service, waitsFor: Interest | undefined, heard = this.#deps.waiting.heard(service.key)): void {
    if (waitsFor === undefined) return;
    // A record of addresses that a Service has not is a wish for these, whichever pools they are in.
    const byAny = without(service.recorded, this.#deps.ledger.assignments(service.key)).length > 0;
    const others = { group: sharingGroup(service.sharing), byAny, plain: plainWish(service) };
    this.#deps.waiting.set(service, waitsFor, { heard, ...others });
  }

  /** What a Service has from now on; what it has no more is for who waits. */
  set(holder: Holder, assignments: readonly Assignment[], now: number): void {
    const { key } = holder;
    const { ledger, unproven, pools } = this.#deps;
    unproven.note(key, assignments, pools());
    this.#takeHeldBack(key, assignments);
    const before = ledger.assignments(key);
    const written = ledger.written(key);
    const lost = before.filter(({ ip }) => assignments.every((other) => other.ip !== ip));
    const freed = ledger.set(holder, assignments, now);
    for (const { ip } of assignments) if (ledger.isHeldAlone(ip)) this.#openings.close(ip);
    // Who had nothing lets go of nothing.
    if (before.length === 0) return;
    this.#discard(freed, written);
    // Beside those who have it still there may be room, whatever the terms of the one that left have become.
    for (const { ip } of lost) {
      const [sharer] = ledger.holders(ip);
      if (sharer !== undefined) this.shareAnew(ledger.sharing(sharer));
    }
    for (const assignment of freed) {
      const home = this.#deps.freed.take(assignment, now);
      // Who wants one that rests hears that, and that it is nobody's any more.
      if (home === undefined) this.retell([assignment.ip]);
      else this.open([home]);
    }
  }

  /** A Service is gone: what it had, and what was held back for it, is for who waits. */
  forget(key: string, now: number): void {
    const { ledger, heldBack } = this.#deps;
    const held = heldBack.of(key);
    for (const { ip } of held) heldBack.take(ip);
    this.open(held);
    const sharing = ledger.sharing(key);
    if (sharing !== undefined) this.set({ key, sharing }, [], now);
  }

  /** These are free: they are for those who wait for them. */
  open(free: readonly Assignment[]): void {
    if (free.length > 0) this.#unhelped.clear();
    for (const assignment of free) this.#openings.open(assignment);
    this.retell(free.map(({ ip }) => ip));
  }

  /** One of a group has other addresses or terms than before: those of the group that wait may fit beside it now. */
  shareAnew(terms: SharingTerms | undefined): void {
    const group = terms === undefined ? undefined : sharingGroup(terms);
    if (group === undefined) return;
    this.#unhelped.clear();
    this.#openings.openGroup(group);
  }

  /** Who wants an address that somebody else has got, or has on other terms, may have to be told of another one or of other terms. */
  retell(ips: Iterable<string>): void {
    for (const ip of ips) this.#retold.add(ip);
  }

  /** These are planned anew, in order of age; with the others that get something, those of them get a write that hear something new. */
  reconsider(keys: readonly string[], now: number, crowds?: Crowds): Effects {
    this.#crowds = crowds;
    this.#openings.concern(keys.flatMap((key) => this.#deps.services.get(key) ?? []));
    return this.effects(now);
  }

  /** Holds back what a Service is to have with what it lacks; what is not held back any more is for who waits. */
  holdBack(service: Service, planned: Plan, now: number): void {
    const { heldBack, waiting, observe } = this.#deps;
    const holds = planned.served ? planned.holds : [];
    const before = heldBack.of(service.key);
    if (holds.length === 0 && before.length === 0) return;
    const asked = before.filter(({ ip }) => heldBack.holdOf(ip)?.isAskedFor === true);
    const dropped = heldBack.set(service, holds);
    observe(service);
    // Where another one would do as well it is still for who asks for it.
    const isForIt = (ip: string): boolean => heldBack.has(ip) && keeperOfAny(ip, this.#view(now)) === undefined;
    for (const { ip } of holds) if (isForIt(ip)) this.#openings.close(ip);
    // Another one may do for it by now.
    for (const { ip } of asked) {
      if (heldBack.holdOf(ip)?.isAskedFor === false) this.#openings.concern(waiting.wantersOf(ip));
    }
    this.#giveUp(service, dropped);
  }

  #giveUp(service: Service, dropped: readonly Hold[]): void {
    const { ledger, heldBack } = this.#deps;
    // Who had to leave its place to an older one may find another.
    for (const { service: former } of dropped) if (former.key !== service.key) this.#openings.concern([former]);
    const all = dropped.map(({ assignment }) => assignment);
    const isFree = ({ ip }: Assignment): boolean => !ledger.isHeld(ip) && !heldBack.has(ip);
    for (const one of all.filter((assignment) => !isFree(assignment))) this.#vacate(placeOf(one));
    this.open(all.filter(isFree));
  }

  #vacate(place: Lack): void {
    this.#vacated.set(lackId(place), place);
  }

  /** What is held back for somebody else is taken from him: he is to look for another one. */
  #takeHeldBack(key: string, assignments: readonly Assignment[]): void {
    const { services, heldBack } = this.#deps;
    for (const { key: other, place } of assignments.flatMap(({ ip }) => heldBack.take(ip) ?? [])) {
      this.#vacate(place);
      const service = other === key ? undefined : services.get(other);
      if (service !== undefined) this.#openings.concern([service]);
    }
  }

  /**
   * That comes to an end. Something opens only where a Service gives up what was held back for it: as it gets an address, which it keeps; as
   * it prefers another one that it can have held back by now; or as somebody else has it, for good, or because he is older. A younger one
   * never pushes an older one's hold, so the oldest comes to rest first, then the next (`at-once.test.ts` counts the turns).
   */
  #letAllHaveTheirTurns(now: number): void {
    for (let taker = this.#openings.next(); taker !== undefined; taker = this.#openings.next()) {
      const service = this.#deps.services.get(taker.key);
      if (service === undefined) continue;
      if (taker.isConcerned) this.#reconsider(service, this.#crowds, now);
      else if (this.#mayFit(service, taker) && !this.#unhelped.isHopeless(service)) this.#offer(service, now);
    }
  }

  #offer(service: Service, now: number): void {
    if (this.#serve(service, this.#planAnew(service, now), now)) this.#unhelped.clear();
    else this.#unhelped.add(service);
  }

  /** Of those who share only some fit beside the first: the others get nothing by being planned. */
  #mayFit(service: Service, { isMember, ips }: Taker): boolean {
    const { ledger } = this.#deps;
    const isFitting = (ip: string): boolean => ledger.fits(ip, service);
    for (const ip of ips) if (isFitting(ip)) return true;
    if (!isMember) return false;
    // Who needs both families and fits beside the others no more has one held back instead.
    if (service.familyPolicy === 'RequireDualStack') return true;
    for (const ip of ledger.sharedWith(service)) if (isFitting(ip)) return true;
    return false;
  }

  #reconsider(service: Service, crowds: Crowds | undefined, now: number): void {
    if (crowds?.isHopeless(service) === true) return;
    const planned = this.#planAnew(service, now);
    if (this.#serve(service, planned, now)) crowds?.clear();
    else if (said(planned) === this.#deps.waiting.heard(service.key)) crowds?.add(service);
    else this.#again.add(service.key);
  }

  /** What opens later is for who waits for it by now, be there news for it or not. */
  #planAnew(service: Service, now: number): Plan {
    const planned = this.#deps.plan(service, now);
    if (planned.served) this.wait(service, planned.waitsFor);
    return planned;
  }

  /** What was only kept for a Service and never written need not rest, and is no address to get back. */
  #discard(freed: readonly Assignment[], written: readonly Assignment[]): void {
    const { ledger } = this.#deps;
    for (const { ip } of freed) if (!written.some((assignment) => assignment.ip === ip)) ledger.neverUsed(ip);
  }

  /**
   * Of a family of a pool nothing is held back any more, and all have had their turns: now something may be for the next one that needs
   * both families. Returns whether there was such a place.
   */
  #passOn(now: number): boolean {
    const [first] = this.#vacated;
    if (first === undefined) return false;
    const [id, place] = first;
    this.#vacated.delete(id);
    const { services, waiting, heldBack } = this.#deps;
    const crowds = new Crowds(this.#deps);
    let asked = 0;
    for (const { key } of waiting.needingBoth(place)) {
      if (heldBack.isTaken(place) || (asked >= MAX_ASKED && !hasIdle(place, this.#view(now)))) break;
      const service = services.get(key);
      if (service === undefined || crowds.isHopeless(service)) continue;
      asked += 1;
      this.#reconsider(service, crowds, now);
      this.#letAllHaveTheirTurns(now);
    }
    return true;
  }

  #view(now: number): FreeView {
    return { ...this.#deps, pools: this.#deps.pools(), now };
  }

  /** Keeps for a Service that waits what it can have by now; returns whether it gets something. */
  #serve(service: Service, planned: Plan, now: number): boolean {
    const gets = this.#reserve(service, planned, now);
    if (gets) this.#again.add(service.key);
    this.holdBack(service, planned, now);
    return gets;
  }

  /** Returns whether the Service gets something that it had not. */
  #reserve(service: Service, planned: Plan, now: number): boolean {
    const before = this.#deps.ledger.assignments(service.key);
    const given = planned.served ? planned.assignments : [];
    const added = without(given, before);
    if (added.length === 0) return false;
    // The same address from another pool comes instead, any other address beside what it has.
    const others = before.filter(({ ip }) => added.every((assignment) => assignment.ip !== ip));
    this.set(service, [...others, ...added], now);
    // What was held back for it until now was open to none of those that it may share with.
    this.shareAnew(service.sharing);
    for (const { pool } of added) this.#drawn.add(pool);
    return true;
  }

  #retell(now: number): void {
    const { services, waiting, plan } = this.#deps;
    for (const { key } of [...this.#retold].flatMap((ip) => waiting.wantersOf(ip))) {
      const service = services.get(key);
      if (service !== undefined && said(plan(service, now)) !== waiting.heard(key)) this.#again.add(key);
    }
  }
}
