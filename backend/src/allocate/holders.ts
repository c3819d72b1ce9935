import type { Assignment } from '../domain/service.ts';
import { sharingProblem, type SharingTerms } from '../domain/sharing.ts';
import { Circle, inOrder } from './circle.ts';
import { addTo, count, has, MANY, removeFrom, type Multimap, type Values } from './multimap.ts';
import { sharingClass, sharingGroup, Sharers } from '../domain/sharers.ts';

/** What a Service holds, and on which terms. */
export interface Holding {
  readonly sharing: SharingTerms;
  readonly assignments: readonly Assignment[];
}

/** Someone who has an address or asks for one. */
interface Asker {
  readonly key: string;
  readonly sharing: SharingTerms;
}

const NOTHING: readonly string[] = [];

/**
 * Who holds which address, and beside whom others fit. Of an address that few have these are looked at one by one; for one that many share,
 * and for a group of many, there are indexes beside: tenants may make thousands of them, and each is planned.
 */
export class Holders {
  readonly #byIp: Multimap = new Map();
  readonly #byGroup: Multimap = new Map();
  /** Of the addresses that many have. */
  readonly #sharers = new Map<string, Sharers>();
  /** Of the groups of many, by what goes together in them. */
  readonly #circles = new Map<string, Map<string, Circle>>();
  /** By Service. */
  readonly #holdings: ReadonlyMap<string, Holding>;

  constructor(holdings: ReadonlyMap<string, Holding>) {
    this.#holdings = holdings;
  }

  has(ip: string): boolean {
    return this.#byIp.has(ip);
  }

  of(ip: string): Values {
    return this.#byIp.get(ip) ?? NOTHING;
  }

  isHolder(ip: string, key: string): boolean {
    return has(this.#byIp.get(ip), key);
  }

  /** A Service has these from now on, as `holdings` say. */
  add(key: string, { sharing, assignments }: Holding): void {
    for (const ip of ipsOf(assignments)) {
      const known = this.#sharers.get(ip);
      addTo(this.#byIp, ip, key);
      if (known !== undefined) known.add(sharing);
      else if (count(this.of(ip)) > MANY) this.#sharers.set(ip, this.#gather(ip));
    }
    const group = sharingGroup(sharing);
    if (group === undefined) return;
    const circles = this.#circles.get(group);
    addTo(this.#byGroup, group, key);
    if (circles !== undefined) enter(circles, { sharing, assignments });
    else if (count(this.#byGroup.get(group)) > MANY) this.#circles.set(group, this.#gatherGroup(group));
  }

  /** It has them no more; returns those that nobody has now. */
  remove(key: string, { sharing, assignments }: Holding): string[] {
    const free = ipsOf(assignments).filter((ip) => {
      this.#sharers.get(ip)?.remove(sharing);
      const isFree = removeFrom(this.#byIp, ip, key);
      if (count(this.of(ip)) <= MANY) this.#sharers.delete(ip);
      return isFree;
    });
    const group = sharingGroup(sharing);
    if (group !== undefined) this.#leaveGroup(group, key, { sharing, assignments });
    return free;
  }

  /** Whether one of those who have an address shares with nobody. */
  isAlone(ip: string): boolean {
    const sharers = this.#sharers.get(ip);
    return sharers?.isAlone ?? this.#few(ip).some((key) => this.#holdings.get(key)?.sharing.key === undefined);
  }

  /** Whether a Service shares an address with all others that have it, if any do. */
  fit(ip: string, { key, sharing }: Asker): boolean {
    const sharers = this.#sharers.get(ip);
    if (sharers === undefined) return !this.#few(ip).some((other) => this.#isRival(other, { key, sharing }));
    return sharers.fit(sharing, this.isHolder(ip, key) ? this.#holdings.get(key)?.sharing : undefined);
  }

  /** Those with whom it doesn't, in no particular order. */
  rivals(ip: string, asker: Asker): string[] {
    return this.fit(ip, asker) ? [] : [...this.of(ip)].filter((other) => this.#isRival(other, asker));
  }

  /** The addresses that others of the same sharing group have, in order; of many only those where it may fit. */
  *shared(asker: Asker): Iterable<string> {
    const group = sharingGroup(asker.sharing);
    if (group === undefined) return;
    const circles = this.#circles.get(group);
    if (circles === undefined) yield* inOrder(this.#sharedByFew(group, asker.key));
    else yield* this.#sharedByMany(circles, asker);
  }

  #sharedByFew(group: string, key: string): string[] {
    const others = [...(this.#byGroup.get(group) ?? NOTHING)].filter((member) => member !== key);
    return others.flatMap((member) => this.#holdings.get(member)?.assignments.map(({ ip }) => ip) ?? []);
  }

  *#sharedByMany(circles: ReadonlyMap<string, Circle>, { key, sharing }: Asker): Generator<string> {
    const id = sharingClass(sharing);
    const circle = id === undefined ? undefined : circles.get(id);
    if (circle === undefined) return;
    const holding = this.#holdings.get(key);
    const isMember = holding !== undefined && sharingClass(holding.sharing) === id;
    yield* circle.without(sharing.ports, new Set(isMember ? holding.assignments.map(({ ip }) => ip) : []));
  }

  #few(ip: string): readonly string[] {
    return (this.#byIp.get(ip) ?? NOTHING) as readonly string[];
  }

  #isRival(other: string, { key, sharing }: Asker): boolean {
    const theirs = other === key ? undefined : this.#holdings.get(other)?.sharing;
    return theirs !== undefined && sharingProblem(sharing, theirs) !== undefined;
  }

  #gather(ip: string): Sharers {
    const sharers = new Sharers();
    for (const key of this.of(ip)) {
      const terms = this.#holdings.get(key)?.sharing;
      if (terms !== undefined) sharers.add(terms);
    }
    return sharers;
  }

  #gatherGroup(group: string): Map<string, Circle> {
    const circles = new Map<string, Circle>();
    for (const key of this.#byGroup.get(group) ?? NOTHING) {
      const holding = this.#holdings.get(key);
      if (holding !== undefined) enter(circles, holding);
    }
    return circles;
  }

  #leaveGroup(group: string, key: string, { sharing, assignments }: Holding): void {
    removeFrom(this.#byGroup, group, key);
    if (count(this.#byGroup.get(group)) <= MANY) this.#circles.delete(group);
    const id = sharingClass(sharing) ?? '';
    const circles = this.#circles.get(group);
    const circle = circles?.get(id);
    if (circle === undefined) return;
    for (const ip of ipsOf(assignments)) circle.remove(ip, sharing.ports);
    if (circle.isEmpty) circles?.delete(id);
  }
}

function enter(circles: Map<string, Circle>, { sharing, assignments }: Holding): void {
  const id = sharingClass(sharing);
  if (id === undefined) return;
  const circle = circles.get(id) ?? new Circle();
  circles.set(id, circle);
  for (const ip of ipsOf(assignments)) circle.add(ip, sharing.ports);
}

/** Each once. */
function ipsOf(assignments: readonly Assignment[]): string[] {
  const ips = assignments.map(({ ip }) => ip);
  return ips.length < 2 ? ips : [...new Set(ips)];
}
