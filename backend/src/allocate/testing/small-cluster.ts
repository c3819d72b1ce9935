import assert from 'node:assert/strict';
import { cover } from '../../domain/ranges.ts';
import { parseAddress, type AddressRange } from '../../domain/address.ts';
import type { Pool } from '../../domain/pool.ts';
import type { Labels } from '../../domain/selector.ts';
import type { Assignment, Service } from '../../domain/service.ts';
import { Allocator } from '../allocator.ts';
import type { Effects } from '../effects.ts';
import { said, type Plan } from '../plan.ts';
import { PoolSet } from '../pool-set.ts';
import type { Release, Remembered } from '../released.ts';
import { Reserved } from '../reserved.ts';
import { patched } from './patched.ts';
import { lies, type Freed, type World } from './rules.ts';

/** More than any history of a few Services needs: work that never ends is a bug. */
const MAX_PLANS_PER_STEP = 2_000;

/** So few that a history has more: the first addresses of a pool, and of each the first Services. */
const MAX_NAMED = 1;

interface Write {
  readonly service: Service;
  readonly planned: Plan;
}

/** What a test looks at while the leader works. */
export interface Witness {
  /** A plan was made, and is about to be written. */
  planned(service: Service, planned: Plan): void;
  /** A write has changed a Service. */
  written(before: Service, after: Service): void;
  /** The leader did a bit of its work. */
  worked?(): void;
}

/**
 * A cluster as small as can be, with a leader that works as `AddressAssigner` does: it plans from the queue, writes, and lets go of what
 * was replaced. Writes take their time, and fail where the Service was changed meanwhile.
 */
export class SmallCluster implements World {
  readonly services = new Map<string, Service>();
  readonly pools = new Map<string, Pool>();
  readonly namespaces = new Map<string, Labels>();
  readonly freed = new Map<string, Freed>();
  /** Services whose next write is refused. */
  readonly refused = new Set<string>();
  /** Services whose status somebody wrote by hand, and the leader not yet again. */
  readonly forged = new Set<string>();
  /** By Service, addresses that it was found with when a leader began, and that no pool has come to judge since. */
  readonly unjudged = new Map<string, ReadonlySet<string>>();
  /** What was said of each Service last. */
  readonly told = new Map<string, string>();
  /** The last address that turned up for one Service when a new leader had given it to another. */
  twice: { readonly ip: string; readonly late: string; readonly rival: string } | undefined;
  /** When the leader began, the pools' statuses were not up to date: they may not have named all who keep what the rules don't give. */
  mayOmit = false;
  nodes: ReadonlySet<string> = new Set();
  now = 1_000_000_000;
  allocator = this.#leader();
  #adopting = true;
  #reserved = reservedOf(this.nodes);
  readonly #released = new Map<string, readonly Release[]>();
  readonly #used = new Map<string, ReadonlyMap<string, readonly string[]>>();
  readonly #holders = new Map<string, ReadonlySet<string>>();
  /** Pools that were edited since their statuses were written. */
  readonly #behind = new Set<string>();
  #queue = new Set<string>();
  readonly #later = new Set<string>();
  #writes: Write[] = [];
  #version = 0;
  readonly #witness: Witness;

  constructor(witness: Witness) {
    this.#witness = witness;
    this.restart();
  }

  /** A number that was never given before. */
  count(): number {
    return ++this.#version;
  }

  /** As the API server gives them: nobody else has it, nor ever had. */
  newUid(): string {
    return `uid-${this.count()}`;
  }

  /** Keys whose last write failed. */
  get unwritten(): ReadonlySet<string> {
    return this.#later;
  }

  get isAdopting(): boolean {
    return this.#adopting;
  }

  /** A new leader: it knows what stands in the objects, and nothing else. */
  restart(): void {
    this.#writes = [];
    this.#later.clear();
    this.#adopting = true;
    this.allocator = this.#leader();
    const released = new Map([...this.#released].filter(([name]) => this.pools.has(name)));
    // What the last leader did not come to write into the pools' statuses any more.
    const known = new Set([...released.values()].flat().map(({ ip }) => ip));
    for (const ip of this.freed.keys()) if (!known.has(ip)) this.#mayForget(ip);
    // What overlaps with an edited one is as uncertain.
    this.mayOmit = this.#behind.size > 0;
    const omitting = new Set(this.mayOmit ? this.pools.keys() : []);
    this.#queue = new Set(
      this.allocator.adopt(this.#poolSet(), { released, ...this.remembered(), omitting }, this.now),
    );
  }

  #leader(): Allocator {
    const isNamed = (key: string, { pool, ip }: Assignment): boolean =>
      this.#used.get(pool)?.get(ip)?.includes(key) === true ||
      this.#holders.get(pool)?.has(holderOf(ip, this.services.get(key)?.uid)) === true;
    const words = { poolSet: () => leader.pools, isNamed, mayOmit: () => this.#behind.size > 0 };
    const leader: Allocator = new Allocator({ services: this.services, namespaces: this.namespaces, words });
    return leader;
  }

  /** What the statuses of the pools say of who held which address when they were last written: they name some, and know all. */
  remembered(): Pick<Remembered, 'used' | 'isHolder'> {
    const holders = new Set([...this.#holders.values()].flatMap((all) => [...all]));
    return {
      used: [...this.#used.values()].flatMap((used) => [...used]),
      isHolder: (ip, uid) => holders.has(holderOf(ip, uid)),
    };
  }

  endAdoption(): void {
    this.#adopting = false;
    this.allocator.endAdoption();
  }

  put(service: Service): void {
    this.services.set(service.key, { ...service, resourceVersion: String(++this.#version) });
    this.#seen(service.key);
  }

  /** As the API server does it: whoever has a finalizer stays until it is taken off. */
  delete(key: string): void {
    const service = this.services.get(key);
    if (service === undefined) return;
    if (service.hasFinalizer) this.put({ ...service, deleting: true });
    else this.#gone(service);
  }

  putPool(pool: Pool): void {
    this.#behind.add(pool.name);
    this.pools.set(pool.name, pool);
    this.#configure();
  }

  deletePool(name: string): void {
    const pool = this.pools.get(name);
    if (pool === undefined) return;
    this.pools.set(name, { ...pool, deleting: true });
    this.#configure();
  }

  label(namespace: string, labels: Labels): void {
    this.namespaces.set(namespace, labels);
    this.#apply(this.allocator.reconsider(this.now, namespace));
  }

  setNodes(nodes: readonly string[]): void {
    this.nodes = new Set(nodes);
    this.#reserved = reservedOf(this.nodes);
    this.#configure();
  }

  doubt(key: string, ips: readonly string[]): void {
    this.unjudged.set(key, new Set([...(this.unjudged.get(key) ?? []), ...ips]));
  }

  /** What a pool has by now, and its Service still, is the Service's for good. */
  judge(): void {
    for (const [key, ips] of this.unjudged) {
      const held = this.allocator.ledger.assignments(key).map(({ ip }) => ip);
      const left = [...ips].filter(
        (ip) => !held.includes(ip) || ![...this.pools.values()].some((pool) => lies(ip, pool)),
      );
      if (left.length > 0) this.unjudged.set(key, new Set(left));
      else this.unjudged.delete(key);
    }
  }

  pass(seconds: number): void {
    this.now += seconds * 1_000;
    if ((this.allocator.nextRested ?? Infinity) <= this.now) this.#apply(this.allocator.elapsed(this.now));
  }

  /** Does a bit of the leader's work: begins one Service, or ends the oldest write. */
  tick(begin: boolean): void {
    const [key] = [...this.#queue].filter((each) => !this.#writes.some(({ service }) => service.key === each));
    if (key !== undefined && (begin || this.#writes.length === 0)) this.#begin(key);
    else this.#end();
    this.#witness.worked?.();
  }

  /** Works until nothing is left to do; `coins` decide in which order. */
  settle(coins: readonly boolean[]): void {
    this.work(coins);
    this.#writeStatuses();
  }

  /** The same, with the pools' statuses still to be written: they follow a second and more later. */
  work(coins: readonly boolean[]): void {
    for (const key of this.#later) this.#queue.add(key);
    this.#later.clear();
    for (let i = 0; this.#queue.size > 0 || this.#writes.length > 0; i++) {
      assert.ok(i < MAX_PLANS_PER_STEP, `the leader never comes to rest: ${[...this.#queue].join()}`);
      this.tick(coins[i % coins.length] ?? true);
    }
  }

  #poolSet(): PoolSet {
    return new PoolSet(new Map(this.pools), this.#reserved, this.allocator.pools);
  }

  #configure(): void {
    this.#apply(this.allocator.configure(this.#poolSet(), this.now));
  }

  #apply({ again }: Effects): void {
    for (const key of again) this.#queue.add(key);
  }

  #seen(key: string): void {
    const service = this.services.get(key);
    if (service === undefined) this.#apply(this.allocator.forget(key, this.now));
    else {
      this.allocator.observe(service);
      this.#queue.add(key);
    }
  }

  #gone(service: Service): void {
    const { key } = service;
    const kept = this.allocator.ledger.written(key);
    this.services.delete(key);
    this.told.delete(key);
    this.forged.delete(key);
    this.#seen(key);
    this.#note(key, kept);
  }

  #begin(key: string): void {
    this.#queue.delete(key);
    const service = this.services.get(key);
    if (service === undefined) {
      this.#apply(this.allocator.forget(key, this.now));
      return;
    }
    const planned = this.allocator.plan(service, this.now);
    this.#witness.planned(service, planned);
    this.told.set(key, said(planned));
    this.#apply(this.allocator.take(service, planned, this.now));
    // What is kept for a Service, if only until its write fails, is not remembered as another one's any more.
    for (const { ip } of planned.served ? planned.assignments : []) this.#mayForget(ip);
    this.#writes.push({ service, planned });
  }

  #end(): void {
    const write = this.#writes.shift();
    if (write === undefined) return;
    const { service, planned } = write;
    const current = this.services.get(service.key);
    if (current === undefined) this.#apply(this.allocator.forget(service.key, this.now));
    else if (current.resourceVersion !== service.resourceVersion) this.#queue.add(service.key);
    else if (!this.#isTaken(service, planned)) this.#later.add(service.key);
    else this.#succeed(write);
  }

  /** By the API server and `PoolGuard`; where there is nothing to write, neither of them is asked. */
  #isTaken(service: Service, planned: Plan): boolean {
    if (patched(service, planned) === undefined) return true;
    return !this.refused.delete(service.key) && this.#guard(service, planned);
  }

  #succeed({ service, planned }: Write): void {
    const { key } = service;
    this.#patch(service, planned);
    this.forged.delete(key);
    const kept = this.allocator.ledger.written(key);
    this.#apply(this.allocator.settle(service, planned, this.now));
    this.#note(key, kept);
    // Whoever claimed them and is believed has them, without a write.
    for (const { ip } of this.allocator.ledger.written(key)) this.freed.delete(ip);
    // The watch brings what was written.
    if (this.services.get(key) !== service) this.#seen(key);
    if (service.deleting && this.services.get(key)?.hasFinalizer === false) this.#gone(service);
  }

  /** `PoolGuard`: the pool's status says first what is given, and a pool that is being deleted gives nothing. */
  #guard(service: Service, planned: Plan): boolean {
    const given = planned.served ? planned.assignments : [];
    const added = given.filter(({ ip }) => !service.claims || !service.recorded.some((record) => record.ip === ip));
    for (const { pool: name, ip } of added) {
      const pool = this.pools.get(name);
      if (pool === undefined || pool.deleting) return false;
      this.saysFirst(pool, ip, service.namespace);
    }
    return true;
  }

  /** What a pool's status says before an address is given. */
  saysFirst(pool: Pool, ip: string, namespace: string): void {
    const heldNamespaces = [...new Set([...pool.heldNamespaces, namespace])];
    this.pools.set(pool.name, { ...pool, heldRanges: [...pool.heldRanges, ...single(ip)], heldNamespaces });
  }

  #patch(service: Service, planned: Plan): void {
    const after = patched(service, planned);
    if (after === undefined) return;
    this.services.set(service.key, { ...after, resourceVersion: String(++this.#version) });
    for (const { ip } of after.claims ? after.recorded : []) this.freed.delete(ip);
    this.#witness.written(service, after);
  }

  /** A Service let go of what it holds no more. What others wrote into its status was never its own. */
  #note(key: string, before: readonly Assignment[]): void {
    const all = [...this.services.values()].filter((one) => one.claims && !this.forged.has(one.key));
    const held = new Set(all.flatMap(({ recorded }) => recorded.map(({ ip }) => ip)));
    for (const { ip, pool } of before) {
      // What was in no pool is in the memory of none.
      const isForgotten = !this.pools.has(pool);
      if (!held.has(ip)) this.freed.set(ip, { service: key, pool, at: this.now, isForgotten });
    }
  }

  #mayForget(ip: string): void {
    const freed = this.freed.get(ip);
    if (freed !== undefined) this.freed.set(ip, { ...freed, isForgotten: true });
  }

  /** What a pool remembers goes with it, but for what another one has got meanwhile. */
  #forgetFreedOf(pool: Pool): void {
    for (const [ip, freed] of this.freed) {
      if (lies(ip, pool) || freed.pool === pool.name) this.#mayForget(ip);
    }
  }

  /** As `LeaderStatuses`: what is held and was released; a deleted pool goes with its last address. */
  #writeStatuses(): void {
    this.#behind.clear();
    for (const pool of [...this.pools.values()]) {
      const { name } = pool;
      const held = this.allocator.ledger.heldOf(name);
      if (pool.deleting && held.size === 0) {
        this.pools.delete(name);
        this.#released.delete(name);
        this.#used.delete(name);
        this.#holders.delete(name);
        this.#forgetFreedOf(pool);
        this.#configure();
        this.settle([true]);
        return;
      }
      const outside = cover(
        [...held.keys()].flatMap((ip) => parseAddress(ip) ?? []),
        32,
      );
      const heldNamespaces = [...new Set([...held.values()].flatMap((keys) => [...keys]))].map(
        (key) => key.split('/')[0] ?? '',
      );
      this.pools.set(name, { ...pool, heldRanges: [...pool.ranges, ...outside], heldNamespaces });
      this.#released.set(name, [...this.allocator.ledger.releasedOf(name)]);
      const all = [...held].map(([ip, keys]) => [ip, [...keys].sort()] as const).sort();
      this.#used.set(name, new Map(all.slice(0, MAX_NAMED).map(([ip, keys]) => [ip, keys.slice(0, MAX_NAMED)])));
      const holders = all.flatMap(([ip, keys]) => keys.map((key) => holderOf(ip, this.services.get(key)?.uid)));
      this.#holders.set(name, new Set(holders));
    }
  }
}

function holderOf(ip: string, uid: string | undefined): string {
  return `${ip} ${uid ?? ''}`;
}

function single(ip: string): AddressRange[] {
  return cover(
    [parseAddress(ip)].flatMap((address) => address ?? []),
    2,
  );
}

function reservedOf(nodes: ReadonlySet<string>): Reserved {
  return new Reserved({ nodes: new Map([...nodes].map((ip) => [ip, `node-${ip}`])), serviceRanges: [], subnets: [] });
}
