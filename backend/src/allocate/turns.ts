import type { Assignment, Service } from '../domain/service.ts';
import type { SharingTerms } from '../domain/sharing.ts';
import type { AllocatorDeps } from './allocator-deps.ts';
import { familyOf, without } from './assignments.ts';
import { Crowds, plainWish } from './crowds.ts';
import type { Effects } from './effects.ts';
import type { Freed } from './freed.ts';
import type { HeldBack } from './held-back.ts';
import { inTurn } from './interest.ts';
import { sharingGroup, type Holder, type Ledger } from './ledger.ts';
import { said, type Plan } from './plan.ts';
import type { PoolSet } from './pool-set.ts';
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

const NO_POOLS: ReadonlySet<string> = new Set();

/** So many in turn are asked whether something is to be held back for them; that none of them has a use for it is rare. */
const MAX_ASKED = 10;

/** While Services are planned anew, the oldest first. */
interface Turn {
  readonly crowds: Crowds | undefined;
  /** Here come those that hold back less than before: others who are older may still have their turns. */
  readonly giving: Service[];
}

/**
 * Who comes next: whatever becomes free, or can be shared, is kept at once for those who wait, the oldest first. What that means for
 * others is gathered until `effects` is asked for it.
 */
export class Turns {
  readonly #deps: TurnsDeps;
  /** Pools that were drawn on for those who wait, since a step began. */
  readonly #drawn = new Set<string>();
  /** Services to plan anew as something else is held back than before, since a step began. */
  readonly #unsettled = new Set<string>();
  /** Where something was held back that its Service or an older one has got, since a step began. */
  readonly #vacated = new Map<string, Lack>();

  constructor(deps: TurnsDeps) {
    this.#deps = deps;
  }

  /** Everybody is planned anew anyway. */
  clearUnsettled(): void {
    this.#unsettled.clear();
  }

  /** What a step means, with the pools that others were given something from on the way. */
  effects(now: number, again: readonly string[], pools: ReadonlySet<string> = NO_POOLS): Effects {
    // Not before everybody was asked for whom something is free: of them others may be older.
    for (const [id, place] of this.#vacated) {
      this.#vacated.delete(id);
      this.#passOn(place, now);
    }
    // As a rule it means nothing for others.
    const all = this.#drawn.size === 0 ? pools : new Set([...pools, ...this.#drawn]);
    const keys = this.#unsettled.size === 0 ? again : [...new Set([...again, ...this.#unsettled])];
    this.#drawn.clear();
    this.#unsettled.clear();
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

  /** What a Service has from now on; what it has no more goes to who waits, with what is free besides. */
  set(holder: Holder, assignments: readonly Assignment[], now: number, free: readonly Assignment[] = []): string[] {
    const { key } = holder;
    const { ledger, heldBack, unproven, pools } = this.#deps;
    unproven.note(key, assignments, pools());
    const taken = assignments.flatMap(({ ip }) => heldBack.take(ip) ?? []);
    for (const { key: other, place } of taken) {
      this.#vacated.set(lackId(place), place);
      if (other !== key) this.#unsettled.add(other);
    }
    const written = ledger.written(key);
    const lost = ledger.assignments(key).filter(({ ip }) => assignments.every((other) => other.ip !== ip));
    const freed = ledger.set(holder, assignments, now);
    this.#discard(freed, written);
    // Beside those who have it still there may be room, whatever the terms of the one that left have become.
    const sharers = lost.flatMap(({ ip }) => ledger.holders(ip).slice(0, 1));
    const groups = sharers.flatMap((sharer) => groupOf(ledger.sharing(sharer)) ?? []);
    const resting: string[] = [];
    const rested = freed.flatMap((assignment) => {
      const home = this.#deps.freed.take(assignment, now);
      if (home === undefined) resting.push(assignment.ip);
      return home ?? [];
    });
    // Who wants one that rests hears that, and that it is nobody's any more.
    return [...this.offer([...free, ...rested], now, groups), ...this.retell(resting, now)];
  }

  /** A Service is gone: what it had, and what was held back for it, goes to who waits. */
  forget(key: string, now: number): string[] {
    const { ledger, heldBack } = this.#deps;
    const held = heldBack.of(key);
    for (const { ip } of held) heldBack.take(ip);
    const sharing = ledger.sharing(key);
    return sharing === undefined ? this.offer(held, now) : this.set({ key, sharing }, [], now, held);
  }

  /**
   * Keeps addresses for the oldest Services that wait for them, so that no younger one comes first; of those who share in these groups
   * whoever fits beside the others by now gets its address, too. All in one: somebody who needs two would get both with the first one,
   * although an older one waits for the second.
   */
  offer(free: readonly Assignment[], now: number, groups: readonly string[] = []): string[] {
    const { services, ledger, heldBack, waiting, pools } = this.#deps;
    const again: string[] = [];
    const open = new Map(free.map((assignment) => [assignment.ip, assignment]));
    for (const { key, ips, isMember } of inTurn({ open, groups: new Set(groups) }, pools(), waiting)) {
      const service = services.get(key);
      // Of those who share only some fit beside the first: the others get nothing by being planned.
      const fits = (one: Service): boolean => isMember || ips.some((ip) => ledger.rivals(ip, one).length === 0);
      if (service === undefined || !fits(service)) continue;
      if (this.#serve(service, now)) again.push(key);
      for (const ip of open.keys()) if (heldBack.has(ip) || ledger.isHeldAlone(ip)) open.delete(ip);
    }
    return free.length === 0 ? again : [...again, ...this.retell(new Set(free.map(({ ip }) => ip)), now)];
  }

  /** One of a group has other addresses or terms than before: those of the group that wait may fit beside it now. */
  shareAnew(terms: SharingTerms | undefined, now: number): string[] {
    const group = groupOf(terms);
    return group === undefined ? [] : this.offer([], now, [group]);
  }

  /** Who wants an address that somebody else has got, or has on other terms, and is told of another one or of other terms. */
  retell(ips: Iterable<string>, now: number): string[] {
    const { services, waiting, plan } = this.#deps;
    const wanting = [...ips].flatMap((ip) => waiting.wantersOf(ip));
    const concerned = wanting.filter(({ key }) => {
      const service = services.get(key);
      return service !== undefined && said(plan(service, now)) !== waiting.heard(key);
    });
    return concerned.map(({ key }) => key);
  }

  /** Who waits is planned anew, oldest first; returned are those that get something or hear something new. */
  reconsider(keys: readonly string[], now: number, crowds?: Crowds): Effects {
    const giving: Service[] = [];
    const again = keys.filter((key) => {
      const service = this.#deps.services.get(key);
      if (service === undefined || crowds?.isHopeless(service) === true) return false;
      return this.#isHelped(service, now, { crowds, giving });
    });
    this.#giveUp(giving, now);
    return this.effects(now, again);
  }

  /** Holds back what a Service is to have with what it lacks; what is not held back any more is for who waits. */
  holdBack(service: Service, planned: Plan, now: number): void {
    this.#setHolds(service, holdsOf(planned), now);
  }

  /** Everybody has had his turn: what these hold back no more is for those who wait. */
  #giveUp(services: readonly Service[], now: number): void {
    for (const service of services) this.holdBack(service, this.#deps.plan(service, now), now);
  }

  #setHolds(service: Service, holds: readonly Assignment[], now: number): void {
    const { ledger, heldBack, observe } = this.#deps;
    if (holds.length === 0 && heldBack.of(service.key).length === 0) return;
    const dropped = heldBack.set(service, holds);
    observe(service);
    for (const { service: former } of dropped) if (former.key !== service.key) this.#unsettled.add(former.key);
    const free = dropped
      .map(({ assignment }) => assignment)
      .filter(({ ip }) => !ledger.isHeld(ip) && !heldBack.has(ip));
    for (const key of this.offer(free, now)) this.#unsettled.add(key);
  }

  #isHelped(service: Service, now: number, { crowds, giving }: Turn): boolean {
    const planned = this.#deps.plan(service, now);
    // What others give up after the turns is for who waits for it by now, be there news for it or not.
    if (planned.served) this.wait(service, planned.waitsFor);
    if (this.#reserve(service, planned, now)) {
      crowds?.clear();
      return true;
    }
    const holds = holdsOf(planned);
    const former = elsewhere(this.#deps.heldBack.of(service.key), holds);
    if (former.length > 0) giving.push(service);
    this.#setHolds(service, [...holds, ...former], now);
    if (said(planned) !== this.#deps.waiting.heard(service.key)) return true;
    crowds?.add(service);
    return false;
  }

  /** What was only kept for a Service and never written need not rest, and is no address to get back. */
  #discard(freed: readonly Assignment[], written: readonly Assignment[]): void {
    const { ledger } = this.#deps;
    for (const { ip } of freed) if (!written.some((assignment) => assignment.ip === ip)) ledger.neverUsed(ip);
  }

  /** Nothing is held back any more of a family of a pool: now something may be for the next one that needs both families. */
  #passOn(place: Lack, now: number): void {
    const { services, waiting, heldBack } = this.#deps;
    const crowds = new Crowds(this.#deps);
    const giving: Service[] = [];
    let asked = 0;
    for (const { key } of waiting.needingBoth(place)) {
      if (heldBack.isTaken(place) || asked >= MAX_ASKED) break;
      const service = services.get(key);
      if (service === undefined || crowds.isHopeless(service)) continue;
      asked += 1;
      if (this.#isHelped(service, now, { crowds, giving })) this.#unsettled.add(key);
    }
    this.#giveUp(giving, now);
  }

  /** Keeps for a Service that waits what it can have by now; returns whether it gets something. */
  #serve(service: Service, now: number): boolean {
    const planned = this.#deps.plan(service, now);
    const gets = this.#reserve(service, planned, now);
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
    for (const { pool } of added) this.#drawn.add(pool);
    return true;
  }
}

function holdsOf(planned: Plan): readonly Assignment[] {
  return planned.served ? planned.holds : [];
}

/** Of what was held back what is not in the place of something that is: of a family of a pool there is one. */
function elsewhere(former: readonly Assignment[], holds: readonly Assignment[]): Assignment[] {
  return former.filter((one) => holds.every((hold) => hold.pool !== one.pool || familyOf(hold) !== familyOf(one)));
}

function groupOf(terms: SharingTerms | undefined): string | undefined {
  return terms === undefined ? undefined : sharingGroup(terms);
}
