import type { Assignment, Service } from '../domain/service.ts';
import type { SharingTerms } from '../domain/sharing.ts';
import type { AllocatorDeps } from './allocator-deps.ts';
import { without } from './assignments.ts';
import { plainWish, type Crowds } from './crowds.ts';
import type { Effects } from './effects.ts';
import type { Freed } from './freed.ts';
import type { HeldBack } from './held-back.ts';
import { interestedIn } from './interest.ts';
import { sharingGroup, type Holder, type Ledger } from './ledger.ts';
import { said, type Plan } from './plan.ts';
import type { PoolSet } from './pool-set.ts';
import type { Unproven } from './unproven.ts';
import type { Interest, Waiting } from './waiting.ts';

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

  constructor(deps: TurnsDeps) {
    this.#deps = deps;
  }

  /** Everybody is planned anew anyway. */
  clearUnsettled(): void {
    this.#unsettled.clear();
  }

  /** What a step means, with the pools that others were given something from on the way. */
  effects(again: readonly string[], pools: Iterable<string> = []): Effects {
    const all = new Set([...pools, ...this.#drawn]);
    this.#drawn.clear();
    const keys = this.#unsettled.size === 0 ? again : [...new Set([...again, ...this.#unsettled])];
    this.#unsettled.clear();
    return { again: keys, pools: all };
  }

  /** A Service waits from now on. `heard`: what is said of it; not given: what was. */
  wait(service: Service, waitsFor: Interest | undefined, heard = this.#deps.waiting.heard(service.key)): void {
    if (waitsFor === undefined) return;
    // A record of addresses that a Service has not is a wish for these, whichever pools they are in.
    const byAny = service.recorded.length > 0;
    const others = { group: sharingGroup(service.sharing), byAny, named: plainWish(service) };
    this.#deps.waiting.set(service, waitsFor, { heard, ...others });
  }

  /**
   * What a Service has from now on. What it has no more goes to who waits, one after the other: somebody who needs two would get both
   * with the first, although an older one waits for the second.
   */
  set(holder: Holder, assignments: readonly Assignment[], now: number): string[] {
    const { key } = holder;
    const { ledger, heldBack, unproven, pools } = this.#deps;
    unproven.note(key, assignments, pools());
    for (const { ip } of assignments) {
      const other = heldBack.take(ip) ?? key;
      if (other !== key) this.#unsettled.add(other);
    }
    const written = ledger.written(key);
    const lost = ledger.assignments(key).filter(({ ip }) => assignments.every((other) => other.ip !== ip));
    const steps = lost.length === 0 ? [[]] : lost.map((_, i) => lost.slice(i + 1));
    return steps.flatMap((rest, i) => {
      const freed = ledger.set(holder, [...assignments, ...rest], now);
      this.#discard(freed, written);
      // Beside those who have it still there may be room, whatever the terms of the one that left have become.
      const [sharer = ''] = ledger.holders(lost[i]?.ip ?? '');
      return [...this.#free(freed, now), ...this.shareAnew(ledger.sharing(sharer), now)];
    });
  }

  /** Keeps an address for the oldest Service that waits for it, so that no younger one comes first. */
  offer({ pool, ip }: Assignment, now: number): string[] {
    const { services, ledger, heldBack, waiting, pools } = this.#deps;
    const again: string[] = [];
    for (const key of interestedIn({ pool, ip }, pools(), waiting)) {
      const service = services.get(key);
      // Of those who share only some fit beside the first: the others get nothing by being planned.
      if (service === undefined || ledger.rivals(ip, service).length > 0) continue;
      if (this.#serve(service, now)) again.push(key);
      if (heldBack.has(ip) || ledger.isHeldAlone(ip)) break;
    }
    return [...again, ...this.retell([ip], now)];
  }

  /** One of a group has other addresses or terms than before: those of the group that wait may fit beside it now. */
  shareAnew(terms: SharingTerms | undefined, now: number): string[] {
    const group = terms === undefined ? undefined : sharingGroup(terms);
    if (group === undefined) return [];
    return this.#deps.waiting.inGroup(group).filter((key) => {
      const service = this.#deps.services.get(key);
      return service !== undefined && this.#serve(service, now);
    });
  }

  /** Who wants an address that somebody else has got, or has on other terms, and is told of another one or of other terms. */
  retell(ips: Iterable<string>, now: number): string[] {
    const { services, waiting, plan } = this.#deps;
    const wanting = [...ips].flatMap((ip) => waiting.wanting(ip));
    return wanting.filter((key) => {
      const service = services.get(key);
      return service !== undefined && said(plan(service, now)) !== waiting.heard(key);
    });
  }

  /** Who waits is planned anew, oldest first; returned are those that get something or hear something new. */
  reconsider(keys: readonly string[], now: number, crowds?: Crowds): Effects {
    const again = keys.filter((key) => {
      if (crowds?.isHopeless(key) === true) return false;
      const service = this.#deps.services.get(key);
      return service !== undefined && this.#isHelped(service, now, crowds);
    });
    return this.effects(again);
  }

  /** Holds back what a Service is to have with what it lacks; what is not held back any more is for who waits. */
  holdBack(service: Service, planned: Plan, now: number): void {
    const { ledger, heldBack, observe } = this.#deps;
    const holds = planned.served ? planned.holds : [];
    if (holds.length === 0 && heldBack.of(service.key).length === 0) return;
    const dropped = heldBack.set(service, holds);
    observe(service);
    for (const { service: former, assignment } of dropped) {
      if (former.key !== service.key) this.#unsettled.add(former.key);
      if (ledger.isHeld(assignment.ip) || heldBack.has(assignment.ip)) continue;
      for (const key of this.offer(assignment, now)) this.#unsettled.add(key);
    }
  }

  #isHelped(service: Service, now: number, crowds: Crowds | undefined): boolean {
    const planned = this.#deps.plan(service, now);
    if (this.#reserve(service, planned, now)) {
      crowds?.clear();
      return true;
    }
    this.holdBack(service, planned, now);
    if (said(planned) !== this.#deps.waiting.heard(service.key)) return true;
    // Who hears nothing new may still wait for other pools than before.
    if (planned.served) this.wait(service, planned.waitsFor);
    crowds?.add(service.key);
    return false;
  }

  /** What was only kept for a Service and never written need not rest, and is no address to get back. */
  #discard(freed: readonly Assignment[], written: readonly Assignment[]): void {
    const { ledger } = this.#deps;
    for (const { ip } of freed) if (!written.some((assignment) => assignment.ip === ip)) ledger.neverUsed(ip);
  }

  #free(freed: readonly Assignment[], now: number): string[] {
    return freed.flatMap((assignment) => {
      const free = this.#deps.freed.take(assignment, now);
      // Who wants it hears that it rests, and is nobody's any more.
      return free === undefined ? this.retell([assignment.ip], now) : this.offer(free, now);
    });
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
