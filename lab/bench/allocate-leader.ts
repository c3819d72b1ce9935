import { Allocator } from '../../backend/src/allocate/allocator.ts';
import type { Effects } from '../../backend/src/allocate/effects.ts';
import { PoolSet } from '../../backend/src/allocate/pool-set.ts';
import { Reserved } from '../../backend/src/allocate/reserved.ts';
import type { Pool } from '../../backend/src/domain/pool.ts';
import type { Labels } from '../../backend/src/domain/selector.ts';
import type { Service } from '../../backend/src/domain/service.ts';
import type { World } from './allocate-world.ts';

/** After all Services of the world were created. */
export const startOfTime = Date.UTC(2040, 0, 1);

/** A leader without an API: it does with each key what `cluster/write/address-assigner.ts` does, and each write is there at once. */
export class Leader {
  readonly allocator: Allocator;
  readonly #world: World;
  readonly #reserved: Reserved;
  #now = startOfTime;

  constructor(world: World) {
    this.#world = world;
    this.allocator = new Allocator(world);
    const nodes = new Map(Array.from({ length: 500 }, (_, i) => [`10.224.${i >> 8}.${i & 255}`, `node-${i}`]));
    this.#reserved = new Reserved({ nodes, serviceRanges: world.serviceRanges, subnets: [] });
  }

  /** Takes office: believes what stands in the Services, and plans them all. */
  start(): void {
    this.#process(
      this.allocator.adopt(this.#poolSet(this.#world.pools), { released: new Map(), used: new Map() }, this.#now),
    );
  }

  changed(service: Service): void {
    this.#world.services.set(service.key, service);
    this.allocator.observe(service);
    this.#process([service.key]);
  }

  deleted(key: string): void {
    this.#world.services.delete(key);
    this.#follow(this.allocator.forget(key, this.#now));
  }

  poolChanged(pool: Pool): void {
    this.#world.pools.set(pool.name, pool);
    this.#follow(this.allocator.configure(this.#poolSet(this.#world.pools), this.#now));
  }

  namespaceChanged(name: string, labels: Labels): void {
    this.#world.namespaces.set(name, labels);
    this.#follow(this.allocator.reconsider(this.#now, name));
  }

  #poolSet(pools: ReadonlyMap<string, Pool>): PoolSet {
    return new PoolSet(new Map(pools), this.#reserved, this.allocator.pools);
  }

  #follow({ again }: Effects): void {
    this.#process(again);
  }

  /** These keys and whatever follows from them, as a queue that has no key twice. */
  #process(keys: Iterable<string>): void {
    const queue = new Set(keys);
    for (const key of queue) {
      queue.delete(key);
      for (const again of this.#processOne(key)) queue.add(again);
    }
  }

  #processOne(key: string): string[] {
    const service = this.#world.services.get(key);
    if (service === undefined) return [];
    this.#now += 1;
    const planned = this.allocator.plan(service, this.#now);
    const taken = this.allocator.take(service, planned, this.#now);
    this.#write(service, planned.served ? planned.assignments.map(({ ip }) => ip) : []);
    const settled = this.allocator.settle(service, planned, this.#now);
    return [...taken.again, ...settled.again];
  }

  /** The Service as the watch would show it. */
  #write(service: Service, ips: readonly string[]): void {
    if (ips.join() === service.ingressIPs.join()) return;
    const recorded = this.allocator.ledger.assignments(service.key).filter(({ ip }) => ips.includes(ip));
    const isGiven = recorded.length > 0;
    const written = {
      ...service,
      recorded,
      ingressIPs: ips,
      claims: isGiven,
      hasCondition: true,
      hasFinalizer: isGiven,
    };
    this.#world.services.set(service.key, written);
    this.allocator.observe(written);
  }
}
