import assert from 'node:assert/strict';
import type { Pool } from '../../domain/pool.ts';
import type { Service } from '../../domain/service.ts';
import { aService } from '../../domain/testing/builders.ts';
import { Allocator } from '../allocator.ts';
import { PoolSet } from '../pool-set.ts';

export function setOf(pools: readonly Pool[]): PoolSet {
  return new PoolSet(new Map(pools.map((pool) => [pool.name, pool])));
}

/** A leader whose writes succeed, as a rule at once. */
export class Desk {
  readonly services = new Map<string, Service>();
  readonly allocator = new Allocator({ services: this.services, namespaces: new Map() });
  now = 1_000_000_000;
  #age = 0;

  constructor(...pools: readonly Pool[]) {
    this.allocator.adopt(setOf(pools), { released: new Map(), used: [] }, this.now);
  }

  pools(...pools: readonly Pool[]): void {
    this.#work(this.allocator.configure(setOf(pools), this.now).again);
  }

  pass(seconds: number): void {
    this.beginPass(seconds)();
  }

  /** The same with what it brings still to be written; what is returned writes that. */
  beginPass(seconds: number): () => void {
    this.now += seconds * 1_000;
    const { again } = this.allocator.elapsed(this.now);
    return () => {
      this.#work(again);
    };
  }

  /** Younger than all before, unless it says when it was created. */
  create(name: string, spec: Partial<Service>): void {
    this.#put(aService(`d/${name}`, { createdAt: this.now + ++this.#age, ...spec }));
    this.#work([`d/${name}`]);
  }

  edit(name: string, spec: Partial<Service>): void {
    this.beginEdit(name, spec)();
  }

  /** The same with its write under way; what is returned ends it. */
  beginEdit(name: string, spec: Partial<Service>): () => void {
    const before = this.services.get(`d/${name}`);
    assert.ok(before !== undefined);
    const service = { ...before, ...spec };
    this.#put(service);
    const planned = this.allocator.plan(service, this.now);
    this.#work(this.allocator.take(service, planned, this.now).again.filter((key) => key !== service.key));
    return () => {
      this.#work(this.allocator.settle(service, planned, this.now).again);
    };
  }

  remove(name: string): void {
    this.beginRemove(name)();
  }

  /** The same with what it brings others still to be written; what is returned writes that. */
  beginRemove(name: string): () => void {
    const key = `d/${name}`;
    this.services.delete(key);
    const { again } = this.allocator.forget(key, this.now);
    return () => {
      this.#work(again);
    };
  }

  ips(name: string): string {
    return this.allocator.ledger
      .written(`d/${name}`)
      .map(({ ip }) => ip)
      .join();
  }

  #put(service: Service): void {
    this.services.set(service.key, service);
    this.allocator.observe(service);
  }

  #work(keys: readonly string[]): void {
    const queue = [...keys];
    for (let i = 0; queue.length > 0; i++) {
      assert.ok(i < 1_000, 'it comes to rest');
      const service = this.services.get(queue.shift() ?? '');
      if (service === undefined) continue;
      const planned = this.allocator.plan(service, this.now);
      const taken = this.allocator.take(service, planned, this.now);
      const settled = this.allocator.settle(service, planned, this.now);
      queue.push(...taken.again, ...settled.again);
    }
  }
}
