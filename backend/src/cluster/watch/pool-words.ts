import { recordOf } from '../../allocate/inheritance.ts';
import { PoolSet } from '../../allocate/pool-set.ts';
import type { Release, Remembered } from '../../allocate/released.ts';
import { Reserved } from '../../allocate/reserved.ts';
import type { AddressRange } from '../../domain/address.ts';
import { nodesByAddress, type Node } from '../../domain/node.ts';
import { MAX_EXCEPTIONS, type Pool } from '../../domain/pool.ts';
import type { Assignment, Service } from '../../domain/service.ts';
import { holderDigest, readHolders, type Holders } from '../../resources/holders.ts';
import type { Eip } from '../custom-kinds.ts';

export interface PoolWordsDeps {
  readonly poolsInForce: () => ReadonlyMap<string, Pool>;
  readonly poolObject: (name: string) => Eip | undefined;
  /** Whether the pool could never be read, so that its status stands in for its spec. */
  readonly standsIn: (name: string) => boolean;
  readonly services: ReadonlyMap<string, Service>;
  readonly nodes: ReadonlyMap<string, Node>;
  /** Those of the cluster's own Services, as far as they are known; the same array until they change. */
  readonly serviceRanges: () => readonly AddressRange[];
}

/** What the pools' rules and their statuses, none of which tenants can write, say of addresses that Services claim to hold. */
export class PoolWords {
  readonly #deps: PoolWordsDeps;
  #set: PoolSet | undefined;
  #madeOf: { readonly pools: ReadonlyMap<string, Pool>; readonly serviceRanges: readonly AddressRange[] } | undefined;
  #reserved: Reserved | undefined;
  readonly #holders = new WeakMap<Eip, Holders>();

  constructor(deps: PoolWordsDeps) {
    this.#deps = deps;
  }

  nodesChanged(): void {
    this.#reserved = undefined;
  }

  /** The pools in force; made when it is asked for, as new holdings are much rarer than changes of pools and nodes. */
  poolSet(): PoolSet {
    const pools = this.#deps.poolsInForce();
    const serviceRanges = this.#deps.serviceRanges();
    const { pools: before, serviceRanges: rangesBefore } = this.#madeOf ?? {};
    const isSame = this.#reserved !== undefined && rangesBefore === serviceRanges;
    if (isSame && before === pools && this.#set !== undefined) return this.#set;
    // Not the subnets of links: which of them are known changes with the replicas, and what was given by others stays.
    const reserved = isSame && this.#reserved ? this.#reserved : this.#reservedBy(serviceRanges);
    this.#reserved = reserved;
    this.#madeOf = { pools, serviceRanges };
    this.#set = new PoolSet(pools, reserved, this.#set);
    return this.#set;
  }

  /** What the pool's status says of a Service and an address. */
  recordOf(pool: string, key: string, ip: string): ReturnType<typeof recordOf> {
    const uid = this.#deps.services.get(key)?.uid;
    if (uid !== undefined && this.#holdersOf(pool).digests.has(holderDigest(ip, uid))) return 'named';
    const selector = this.#deps.poolsInForce().get(pool)?.serviceSelector;
    return recordOf(this.#usersOf(pool, ip), { key, ip, selector }, this.#deps.services);
  }

  /**
   * Whether the pool's status may not name all who keep what its rules as they are now would not give: there are too many of them, the
   * rules are not known, or were edited since the leader wrote.
   */
  mayOmit(pool: string): boolean {
    const { standsIn, poolObject } = this.#deps;
    const isFull = Object.keys(poolObject(pool)?.status?.used ?? {}).length >= MAX_EXCEPTIONS;
    if (standsIn(pool) || (isFull && !this.#holdersOf(pool).isComplete)) return true;
    const others = this.poolSet()
      .overlaps(pool)
      .flatMap((overlap) => (overlap.kind === 'pool' ? overlap.other : []));
    return [pool, ...others].some((name) => isBehind(poolObject(name)));
  }

  /**
   * The same of what a replica finds when it starts, or begins to lead: there may also be a status that no leader of ours has written,
   * or none, as an Eip is restored without. Later on such an Eip is a new one, of which nobody can have anything yet.
   */
  mayOmitAtFirst(pool: string): boolean {
    return !isOurs(this.#deps.poolObject(pool)) || this.mayOmit(pool);
  }

  /** Whether the pool's status names the Service for an address that it has. */
  isNamed(key: string, { pool, ip }: Assignment): boolean {
    return this.recordOf(pool, key, ip) === 'named';
  }

  /** All that the statuses say to a replica that begins to lead, or that tells what it would do. */
  remembered(): Remembered {
    const names = [...this.#deps.poolsInForce().keys()];
    return {
      released: new Map(names.map((name) => [name, this.#releasedOf(name)])),
      used: names.flatMap((name) => this.#usedOf(name)),
      isHolder: this.#isHolder(names),
      omitting: new Set(names.filter((name) => this.mayOmitAtFirst(name))),
    };
  }

  /** As the statuses are now: what this leader writes into them later says nothing of the time before. */
  #isHolder(pools: readonly string[]): (ip: string, uid: string) => boolean {
    const digests = new Set(pools.flatMap((pool) => [...this.#holdersOf(pool).digests]));
    return (ip, uid) => digests.size > 0 && digests.has(holderDigest(ip, uid));
  }

  #holdersOf(pool: string): Holders {
    const object = this.#deps.poolObject(pool);
    const known = object === undefined ? undefined : this.#holders.get(object);
    if (known !== undefined) return known;
    const holders = readHolders(object?.status?.holders);
    if (object !== undefined) this.#holders.set(object, holders);
    return holders;
  }

  #releasedOf(pool: string): Release[] {
    const released = this.#deps.poolObject(pool)?.status?.released ?? [];
    return released.map(({ ip, service, time }) => ({ ip, service, at: Date.parse(time) || 0 }));
  }

  #usedOf(pool: string): [ip: string, services: readonly string[]][] {
    const ips = Object.keys(this.#deps.poolObject(pool)?.status?.used ?? {});
    return ips.map((ip) => [ip, this.#usersOf(pool, ip)]);
  }

  #usersOf(pool: string, ip: string): readonly string[] {
    // A status can be anything: OpenELB wrote some of it, and people can.
    const users: unknown = this.#deps.poolObject(pool)?.status?.used?.[ip];
    return typeof users === 'string' ? users.split(';') : [];
  }

  #reservedBy(serviceRanges: readonly AddressRange[]): Reserved {
    return new Reserved({ nodes: nodesByAddress(this.#deps.nodes.values()), serviceRanges, subnets: [] });
  }
}

type Condition = NonNullable<NonNullable<Eip['status']>['conditions']>[number];

function readyOf(object: Eip | undefined): Condition | undefined {
  return object?.status?.conditions?.find(({ type }) => type === 'Ready');
}

/** `Ready` with a generation is the mark of a status in our form: it comes with the first `used`, and nobody else writes it. */
function isOurs(object: Eip | undefined): boolean {
  return readyOf(object)?.observedGeneration !== undefined;
}

/** The leader has written of an earlier version of the spec. */
function isBehind(object: Eip | undefined): boolean {
  const ready = readyOf(object);
  return ready !== undefined && ready.observedGeneration !== object?.metadata?.generation;
}
