import type { Family } from '../domain/address.ts';
import type { Reason } from '../domain/reason.ts';
import type { Service } from '../domain/service.ts';

export type Aged = Pick<Service, 'key' | 'createdAt'>;

/** The older first; of one age the first by name, as timestamps have whole seconds. */
export function byServiceAge(a: Aged, b: Aged): number {
  return a.createdAt - b.createdAt || (a.key < b.key ? -1 : a.key === b.key ? 0 : 1);
}

/** The keys of those of these Services that there are, each once. */
export function oldestFirst(keys: Iterable<string>, services: ReadonlyMap<string, Service>): string[] {
  const all = [...new Set(keys)].flatMap((key) => services.get(key) ?? []);
  return all.sort(byServiceAge).map(({ key }) => key);
}

/** Services in order of age; a change costs a binary search. */
class Queue {
  readonly #services: Aged[] = [];

  get size(): number {
    return this.#services.length;
  }

  [Symbol.iterator](): IterableIterator<Aged> {
    return this.#services[Symbol.iterator]();
  }

  add(service: Aged): void {
    this.#services.splice(this.#position(service), 0, service);
  }

  remove(service: Aged): void {
    const at = this.#position(service);
    if (this.#services[at]?.key === service.key) this.#services.splice(at, 1);
  }

  #position(service: Aged): number {
    let low = 0;
    let high = this.#services.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#services[middle];
      if (other !== undefined && byServiceAge(other, service) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const RESTING: Reason = 'PoolResting';
const ALLOCATED: Reason = 'Allocated';

interface Entry {
  readonly service: Aged;
  readonly pools: readonly string[];
  readonly full: readonly Lack[];
  readonly better: readonly Lack[];
  readonly ips: readonly string[];
  /** The only family that the Service needs an address of; not given if it needs two. */
  readonly family?: Family | undefined;
  readonly group: string | undefined;
  /** Any edit of pools may help. */
  readonly byAny: boolean;
  readonly heard: string | undefined;
  readonly crowd: Crowd | undefined;
  /** How many addresses it has beside what it waits for, if it is in a crowd. */
  readonly has: number;
}

/** What a Service asks for of which nothing but its pools decides what it gets. */
export interface PlainWish {
  /** The same for all that ask for the same, and have addresses of the same families. */
  readonly text: string;
  /** How many addresses it has already. */
  readonly has: number;
}

/**
 * Services that get the same answer by any edit that leaves alone who may use the pools. All that the answer to a plain Service
 * depends on is the same for them: what it asks for, its pools (their order follows from these), which of them let it in, and which
 * lack addresses only; and all of them last heard the same, so that what is no news for one is none for the others. Whatever `choose`
 * comes to look at besides has to become part of the id.
 */
export interface Crowd {
  readonly id: string;
  size: number;
}

export interface Bonds {
  /** The Services that it may share an address with. */
  readonly group?: string | undefined;
  /** Any edit of pools may help it. */
  readonly byAny?: boolean;
  /** What was last said of it: if it is to hear the same again, nothing need be written. */
  readonly heard?: string | undefined;
  /** Given if nothing but its pools decides what it gets. */
  readonly plain?: PlainWish | undefined;
}

/** A pool that would give an address of a family if it had one. */
export interface Lack {
  readonly pool: string;
  readonly family: Family;
}

/**
 * What a waiting Service would take: an address that becomes free in what is `full`, which it waits for, or one of `ips`. `pools` are all
 * that it looks to, those that give it nothing until they are edited as well.
 */
export interface Interest extends Pick<Entry, 'pools' | 'full' | 'ips' | 'family'> {
  /** Where it finds an address of the family that it doesn't lack, or might find one that it prefers. */
  readonly better?: readonly Lack[];
  /** Those of `pools` that don't let the Service in, whatever else becomes of them. */
  readonly closed?: readonly string[];
}

/** One text for each. */
export function lackId({ pool, family }: Lack): string {
  return `${family} ${pool}`;
}

/** The Services whose wishes are not all met, oldest first, by what could help them. */
export class Waiting {
  readonly #entries = new Map<string, Entry>();
  readonly #all = new Queue();
  readonly #byLack = new Map<string, Queue>();
  readonly #lacking = new Map<string, number>();
  readonly #byHalf = new Map<string, Queue>();
  readonly #byIp = new Map<string, Queue>();
  readonly #byGroup = new Map<string, Queue>();
  readonly #byPool = new Map<string, Queue>();
  readonly #byAny = new Queue();
  readonly #crowds = new Map<string, Crowd>();

  get size(): number {
    return this.#all.size;
  }

  set(
    { key, createdAt }: Aged,
    { pools, full, better = [], closed = [], ips, family }: Interest,
    { group, byAny, heard, plain }: Bonds = {},
  ): void {
    this.delete(key);
    const service = { key, createdAt };
    const crowd = plain === undefined ? undefined : this.#join(crowdId(plain, { pools, closed, full, better }, heard));
    // Who wants one address, or no pool that there is, may be helped by any as well.
    const entry = {
      service,
      pools,
      full,
      better,
      ips,
      family,
      group,
      byAny: byAny === true || ips.length > 0 || pools.length === 0,
      heard,
      crowd,
      has: plain?.has ?? 0,
    };
    this.#entries.set(key, entry);
    for (const queue of this.#queuesOf(entry)) queue.add(service);
    this.#count(full, 1);
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#leave(entry.crowd);
    this.#count(entry.full, -1);
    for (const queue of this.#queuesOf(entry)) queue.remove(entry.service);
    for (const [queues, name] of this.#namesOf(entry)) if (queues.get(name)?.size === 0) queues.delete(name);
  }

  /** How many would take an address of a family from a pool if it had one; not those who find one there, and wait for the other family. */
  lacking(lack: Lack): number {
    return this.#lacking.get(lackId(lack)) ?? 0;
  }

  /** All keys, oldest Service first. */
  keys(): string[] {
    return [...this.#all].map(({ key }) => key);
  }

  /** Whom an edit of these pools may help, oldest first. */
  helpedBy(pools: Iterable<string>): string[] {
    const queues = [this.#byAny, ...[...pools].flatMap((pool) => this.#byPool.get(pool) ?? [])];
    const concerned = queues.filter(({ size }) => size > 0);
    const services = concerned.flatMap((queue) => [...queue]);
    // Each queue is in order of age and has nobody twice: one alone, as a rule, is the answer.
    if (concerned.length < 2) return services.map(({ key }) => key);
    return [...new Set(services.sort(byServiceAge).map(({ key }) => key))];
  }

  /** Who looks to any of these pools and was told that an address rests, oldest first. */
  toldOfRest(pools: ReadonlySet<string>): string[] {
    return this.#lookingTo(pools).filter((key) => this.heard(key)?.includes(RESTING) === true);
  }

  #lookingTo(pools: ReadonlySet<string>): string[] {
    const services = [...pools].flatMap((pool) => [...(this.#byPool.get(pool) ?? [])]);
    return [...new Set(services.sort(byServiceAge).map(({ key }) => key))];
  }

  /** Who would take an address of a family from a pool, oldest first. Like the lists below, as it is now. */
  takersOf(lack: Lack): readonly Aged[] {
    return [...(this.#byLack.get(lackId(lack)) ?? [])];
  }

  /** Those of them who need an address of the other family with it. */
  needingBoth(lack: Lack): readonly Aged[] {
    return [...(this.#byHalf.get(lackId(lack)) ?? [])];
  }

  /** Who wants this very address, oldest first. */
  wantersOf(ip: string): readonly Aged[] {
    return [...(this.#byIp.get(ip) ?? [])];
  }

  /** Who would share an address with others of this group, oldest first. */
  membersOf(group: string): readonly Aged[] {
    return [...(this.#byGroup.get(group) ?? [])];
  }

  /** What was last said of a Service that waits. */
  heard(key: string): string | undefined {
    return this.#entries.get(key)?.heard;
  }

  /** The crowd of a Service, one object for all that are in it, the pools that it looks to, and what it has. */
  standing(key: string): Pick<Entry, 'pools' | 'crowd' | 'has'> | undefined {
    return this.#entries.get(key);
  }

  #count(lacks: readonly Lack[], by: number): void {
    for (const id of lacks.map(lackId)) {
      const count = (this.#lacking.get(id) ?? 0) + by;
      if (count === 0) this.#lacking.delete(id);
      else this.#lacking.set(id, count);
    }
  }

  #join(id: string): Crowd {
    const crowd = this.#crowds.get(id) ?? { id, size: 0 };
    crowd.size++;
    this.#crowds.set(id, crowd);
    return crowd;
  }

  #leave(crowd: Crowd | undefined): void {
    if (crowd === undefined) return;
    crowd.size--;
    if (crowd.size === 0) this.#crowds.delete(crowd.id);
  }

  #queuesOf(entry: Entry): Queue[] {
    const named = this.#namesOf(entry).map(([queues, name]) => queueOf(queues, name));
    return [this.#all, ...(entry.byAny ? [this.#byAny] : []), ...named];
  }

  #namesOf({ pools, full, better, ips, group, family }: Entry): [Map<string, Queue>, string][] {
    const taking = [...full, ...better];
    const halves = family === undefined ? taking : [];
    return [
      ...pools.map((pool): [Map<string, Queue>, string] => [this.#byPool, pool]),
      ...taking.map((lack): [Map<string, Queue>, string] => [this.#byLack, lackId(lack)]),
      ...halves.map((lack): [Map<string, Queue>, string] => [this.#byHalf, lackId(lack)]),
      ...ips.map((ip): [Map<string, Queue>, string] => [this.#byIp, ip]),
      ...(group === undefined ? [] : [[this.#byGroup, group] as [Map<string, Queue>, string]]),
    ];
  }
}

function queueOf(queues: Map<string, Queue>, name: string): Queue {
  const queue = queues.get(name) ?? new Queue();
  queues.set(name, queue);
  return queue;
}

function crowdId(
  { text }: PlainWish,
  { pools, closed, full, better }: Required<Pick<Interest, 'pools' | 'closed' | 'full' | 'better'>>,
  heard: string | undefined,
): string {
  // Who has an address of one family and would have the other one as well hears of his own alone.
  const news = heard?.startsWith(`["${ALLOCATED}"`) === true ? ALLOCATED : heard;
  return JSON.stringify([text, pools.toSorted(), closed.toSorted(), [...full, ...better].map(lackId).sort(), news]);
}
