import type { Pool } from '../../domain/pool.ts';
import type { Finding } from '../../domain/reason.ts';
import type { Service } from '../../domain/service.ts';
import type { Condition } from '../schemas/condition.ts';

/** Who holds an address. */
export interface Holder {
  readonly service: Service;
  /** Since when the Service has the addresses that it has; RFC 3339. */
  readonly since: string | null;
}

/** What is known of one Service of type LoadBalancer. */
export interface Entry {
  readonly service: Service;
  /** Why it is not ours; undefined: it is. */
  readonly notServed: Finding | undefined;
  readonly allocated: Condition | null;
  readonly announced: Condition | null;
  /** Its addresses with the pools that they lie in. */
  readonly held: readonly { readonly ip: string; readonly pool: string | undefined }[];
}

/** What is said of all Services that are ours. */
export interface Served {
  readonly all: number;
  readonly withAddress: number;
  readonly announced: number;
  /** Those with a condition that is False. */
  readonly troubled: readonly Entry[];
}

/** Which keys have changed since when. */
export interface Changes {
  /** A higher number after each change. */
  readonly revision: number;
  /** Undefined: nobody knows any more, and everything is to be looked at. */
  since(revision: number): ReadonlySet<string> | undefined;
}

export interface IndexSource {
  readonly services: ReadonlyMap<string, Service>;
  /** By key; what it doesn't tell of has the same value as before. */
  readonly serviceChanges: Changes;
  /** The same map as long as no pool changes. */
  poolsInForce(): ReadonlyMap<string, Pool>;
  entryOf(service: Service): Entry;
}

/**
 * What follows from all Services together, kept up by looking at those that changed: the view has another value for each of these. Going
 * through 10,000 anew for each request would cost more than the rest of it.
 */
export class ServiceIndex {
  readonly #source: IndexSource;
  readonly #entries = new Map<string, Entry>();
  readonly #holders = new Map<string, Map<string, Holder[]>>();
  #pools: ReadonlyMap<string, Pool> | undefined;
  /** Up to which revision of the journal. */
  #seen = -1;
  #sorted: readonly Service[] = [];
  #isSorted = false;
  /** Keys that have another Service, or were not there, when it was sorted last. */
  readonly #unsorted = new Set<string>();
  #served: Served | undefined;
  #byNamespace: ReadonlyMap<string, readonly Service[]> | undefined;
  #revision = 0;

  constructor(source: IndexSource) {
    this.#source = source;
  }

  /** Another number as soon as anything is different. */
  get revision(): number {
    return this.#revision;
  }

  /** Whether these pools are those that it was made by. */
  isMadeBy(pools: ReadonlyMap<string, Pool>): boolean {
    return this.#pools === pools;
  }

  /** Those of type LoadBalancer. */
  get entries(): ReadonlyMap<string, Entry> {
    return this.#entries;
  }

  /** Pool -> address -> who holds it, oldest first. */
  get holders(): ReadonlyMap<string, ReadonlyMap<string, readonly Holder[]>> {
    return this.#holders;
  }

  /** Those of type LoadBalancer, by name, then by namespace. */
  get sorted(): readonly Service[] {
    if (this.#isSorted) return this.#sorted;
    // Most stand where they stood, and an order that is almost right is put right in a fraction of the time.
    const stayed = this.#sorted.filter(({ key }) => this.#entries.has(key) && !this.#unsorted.has(key));
    const added = [...this.#unsorted].flatMap((key) => this.#entries.get(key)?.service ?? []);
    this.#sorted = [...stayed, ...added.sort(byName)].sort(byName);
    this.#unsorted.clear();
    this.#isSorted = true;
    return this.#sorted;
  }

  /** The same of one namespace. */
  inNamespace(namespace: string): readonly Service[] {
    this.#byNamespace ??= Map.groupBy(this.sorted, (service) => service.namespace);
    return this.#byNamespace.get(namespace) ?? [];
  }

  get served(): Served {
    this.#served ??= summary([...this.#entries.values()].filter(({ notServed }) => notServed === undefined));
    return this.#served;
  }

  refresh(): void {
    const { services, serviceChanges } = this.#source;
    const pools = this.#source.poolsInForce();
    const changed = this.#pools === pools ? serviceChanges.since(this.#seen) : undefined;
    if (changed === undefined) this.#clear();
    for (const key of changed ?? services.keys()) this.#look(key);
    this.#pools = pools;
    this.#seen = serviceChanges.revision;
  }

  #look(key: string): void {
    const service = this.#source.services.get(key);
    const known = this.#entries.get(key);
    if (known !== undefined && known.service !== service) this.#remove(key);
    if (service?.isLoadBalancer === true && known?.service !== service) this.#add(service);
  }

  #changed(): void {
    this.#revision += 1;
    this.#isSorted = false;
    this.#byNamespace = undefined;
    this.#served = undefined;
  }

  #clear(): void {
    this.#changed();
    this.#entries.clear();
    this.#holders.clear();
    this.#unsorted.clear();
  }

  #add(service: Service): void {
    const entry = this.#source.entryOf(service);
    this.#entries.set(service.key, entry);
    this.#unsorted.add(service.key);
    this.#changed();
    const holder = { service, since: entry.allocated?.since ?? null };
    for (const { ip, pool } of entry.held) {
      if (pool === undefined) continue;
      const held = this.#holders.get(pool) ?? new Map<string, Holder[]>();
      this.#holders.set(pool, held);
      held.set(ip, [...(held.get(ip) ?? []), holder].sort(byAge));
    }
  }

  #remove(key: string): void {
    const entry = this.#entries.get(key);
    this.#entries.delete(key);
    // Where nobody asks for the order, those that are gone must not be remembered for it.
    this.#unsorted.delete(key);
    this.#changed();
    for (const { ip, pool = '' } of entry?.held ?? []) {
      const held = this.#holders.get(pool) ?? new Map<string, Holder[]>();
      const left = (held.get(ip) ?? []).filter(({ service }) => service.key !== key);
      if (left.length > 0) held.set(ip, left);
      else held.delete(ip);
    }
  }
}

function summary(served: readonly Entry[]): Served {
  const withAddress = served.filter(({ service }) => service.claims);
  return {
    all: served.length,
    withAddress: withAddress.length,
    announced: withAddress.filter(({ announced }) => announced?.status === 'True').length,
    troubled: served.filter(({ allocated, announced }) =>
      [allocated, announced].some((each) => each?.status === 'False'),
    ),
  };
}

function byName(a: Service, b: Service): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return a.namespace < b.namespace ? -1 : 1;
}

function byAge({ service: a }: Holder, { service: b }: Holder): number {
  return a.createdAt - b.createdAt || (a.key < b.key ? -1 : 1);
}
