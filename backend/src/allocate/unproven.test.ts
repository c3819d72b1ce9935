import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Pool } from '../domain/pool.ts';
import type { Service } from '../domain/service.ts';
import { aPool, aService } from '../domain/testing/builders.ts';
import { Allocator } from './allocator.ts';
import type { AllocatorDeps } from './allocator-deps.ts';
import { PoolSet } from './pool-set.ts';

const NOW = 1_000_000_000;
const IP = '192.0.2.1';
const FOR_B = aPool('p', [IP], { namespaces: ['b'] });

function holding(key: string, pool: string, ip = IP): Service {
  const recorded = [{ pool, ip }];
  return aService(key, { claims: true, recorded, ingressIPs: [ip], hasCondition: true, hasFinalizer: true });
}

/** A leader that began with these Services while no pool had their addresses. */
class Term {
  readonly services = new Map<string, Service>();
  /** Whom the pools' statuses name, and whether they may not name all. */
  named: readonly string[] = [];
  mayOmit = false;
  readonly allocator: Allocator;
  #pools: readonly Pool[] = [];

  constructor(services: readonly Service[], ...pools: readonly Pool[]) {
    for (const service of services) this.services.set(service.key, service);
    const words: AllocatorDeps['words'] = {
      poolSet: () => this.#set(),
      isNamed: (key) => this.named.includes(key),
      mayOmit: () => this.mayOmit,
    };
    this.allocator = new Allocator({ services: this.services, namespaces: new Map(), words });
    this.#pools = pools;
    this.#work(this.allocator.adopt(this.#set(), { released: new Map(), used: [] }, NOW));
    this.allocator.endAdoption();
  }

  configure(...pools: readonly Pool[]): this {
    this.#pools = pools;
    const { again } = this.allocator.configure(this.#set(), NOW);
    // What would be written now, before anybody is planned anew.
    for (const { name } of pools) this.said.set(name, this.users(name));
    this.#work(again);
    return this;
  }

  /** By pool, whom its status would name when it is there. */
  readonly said = new Map<string, readonly string[]>();

  users(pool: string): string[] {
    return [...this.allocator.ledger.heldOf(pool)].flatMap(([ip, keys]) => [...keys].map((key) => `${key} ${ip}`));
  }

  /** What the Service would have. */
  has(key: string): string {
    const service = this.services.get(key);
    assert.ok(service);
    const planned = this.allocator.plan(service, NOW);
    return planned.served ? planned.assignments.map(({ pool, ip }) => `${pool}=${ip}`).join() : 'not served';
  }

  #set(): PoolSet {
    return new PoolSet(new Map(this.#pools.map((pool) => [pool.name, pool])));
  }

  #work(keys: readonly string[]): void {
    for (const key of keys) {
      const service = this.services.get(key);
      if (service === undefined) continue;
      const planned = this.allocator.plan(service, NOW);
      this.allocator.take(service, planned, NOW);
      this.allocator.settle(service, planned, NOW);
    }
  }
}

suite('an address that was in no pool when a leader found it', () => {
  for (const record of ['p', 'ghost']) {
    test(`is no word of a pool that would not give it to the Service, and kept from nobody there: recorded of ${record}`, () => {
      const rightful = aService('b/mine', { wantedPools: ['p'] });
      const term = new Term([holding('d/forged', record), rightful]).configure(FOR_B);
      assert.deepEqual(term.said.get('p'), ['b/mine 192.0.2.1'], 'kept for who waited, whose plan comes next');
      assert.deepEqual([term.has('b/mine'), term.has('d/forged')], ['p=192.0.2.1', '']);
    });
  }
  test('does not rest when its claim turns out as false: nobody had it', () => {
    const rightful = aService('b/mine', { wantedPools: ['p'] });
    const term = new Term([holding('d/forged', 'p'), rightful]).configure({ ...FOR_B, reuseAfterSeconds: 3_600 });
    assert.equal(term.has('b/mine'), 'p=192.0.2.1');
  });
  test('is nothing that the pool of the record has by that, where that comes with others', () => {
    const term = new Term([holding('d/forged', 'p')]).configure(aPool('p', ['198.51.100.0/24']));
    assert.deepEqual([term.users('p'), term.has('d/forged')], [[], '']);
  });
  test('is lost where that comes with others, whose addresses go to the oldest, who had it or who waits', () => {
    for (const [age, first] of [
      [1, 'd/found'],
      [3, 'd/waits'],
    ] as const) {
      const found = { ...holding('d/found', 'p'), createdAt: age };
      const waits = aService('d/waits', { createdAt: 2, wantedPools: ['p'] });
      const term = new Term([found, waits]).configure(aPool('p', ['198.51.100.6'], { isDefault: true }));
      assert.deepEqual(term.users('p'), [`${first} 198.51.100.6`]);
    }
  });
  test('stays as long as no pool has it, whichever others come', () => {
    const term = new Term([holding('b/s', 'p')]).configure(aPool('q', ['198.51.100.0/24']));
    assert.equal(term.has('b/s'), 'p=192.0.2.1');
  });
  test('is kept where the pool is created again and would give it', () => {
    const term = new Term([holding('b/s', 'p')]).configure(FOR_B);
    assert.deepEqual([term.said.get('p'), term.has('b/s')], [['b/s 192.0.2.1'], 'p=192.0.2.1']);
    assert.equal(term.configure({ ...FOR_B, namespaces: ['c'] }).has('b/s'), 'p=192.0.2.1', 'once and for all');
  });
  test('is kept where the pool is restored with a status that names the Service, or may not name all', () => {
    const gone = { ...FOR_B, ranges: aPool('p', ['192.0.2.2']).ranges, heldRanges: FOR_B.ranges };
    for (const named of [['b/s'], []]) {
      const term = new Term([holding('b/s', 'p')]);
      term.named = named;
      term.mayOmit = named.length === 0;
      assert.equal(term.configure(gone).has('b/s'), 'p=192.0.2.1');
    }
    assert.equal(new Term([holding('b/s', 'p')]).configure(gone).has('b/s'), 'p=192.0.2.2');
  });
  test('has one owner from the beginning where two claim it: the older, whomever the pool names that comes', () => {
    const [old, young] = [holding('b/old', 'p'), { ...holding('a/young', 'p'), createdAt: 20 }];
    const term = new Term([young, { ...old, createdAt: 10 }]);
    assert.deepEqual([term.has('b/old'), term.has('a/young')], ['p=192.0.2.1', '']);
    term.named = ['a/young'];
    term.mayOmit = true;
    term.configure({ ...FOR_B, namespaces: ['a', 'b'] });
    assert.deepEqual([term.users('p'), term.has('a/young')], [['b/old 192.0.2.1'], '']);
  });
  test('is of the younger of two where the pool that comes would not give it to the older', () => {
    const [old, young] = [holding('d/old', 'p'), { ...holding('b/young', 'p'), createdAt: 20 }];
    const term = new Term([young, { ...old, createdAt: 10 }]).configure(FOR_B);
    assert.deepEqual([term.has('b/young'), term.has('d/old')], ['p=192.0.2.1', '']);
  });
  test('is of the pool that has it, where that is another one than recorded', () => {
    const term = new Term([holding('b/s', 'ghost')]).configure(FOR_B);
    assert.deepEqual([term.users('p'), term.has('b/s')], [['b/s 192.0.2.1'], 'p=192.0.2.1']);
  });
});

test('an address whose pool was there when the leader found it stays when the pool is gone and comes again for others', () => {
  const term = new Term([holding('a/s', 'p')], { ...FOR_B, namespaces: ['a'] }).configure().configure(FOR_B);
  assert.deepEqual([term.users('p'), term.has('a/s')], [['a/s 192.0.2.1'], 'p=192.0.2.1']);
});
