import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Pool } from '../domain/pool.ts';
import type { Labels } from '../domain/selector.ts';
import type { Service } from '../domain/service.ts';
import { aPool, aService } from '../domain/testing/builders.ts';
import { Allocator } from './allocator.ts';
import { PoolSet } from './pool-set.ts';

const NOW = 1_000_000_000;
const NOTHING = { released: new Map(), used: new Map() };

function setOf(...pools: readonly Pool[]): PoolSet {
  return new PoolSet(new Map(pools.map((pool) => [pool.name, pool])));
}

class Bench {
  readonly services = new Map<string, Service>();
  readonly namespaces = new Map<string, Labels>();
  readonly allocator = new Allocator({ services: this.services, namespaces: this.namespaces });

  constructor(services: readonly Service[], ...pools: readonly Pool[]) {
    for (const service of services) this.services.set(service.key, service);
    const keys = this.allocator.adopt(setOf(...pools), NOTHING, NOW);
    this.#serve(keys);
  }

  configure(...pools: readonly Pool[]): void {
    this.#serve(this.allocator.configure(setOf(...pools), NOW).again);
  }

  reconsider(namespace: string): void {
    this.#serve(this.allocator.reconsider(NOW, namespace).again);
  }

  ipsOf(key: string): string[] {
    return this.allocator.ledger.assignments(key).map(({ ip }) => ip);
  }

  #serve(keys: readonly string[]): void {
    const left = [...keys];
    for (let key = left.shift(); key !== undefined; key = left.shift()) {
      const service = this.services.get(key);
      if (service === undefined) continue;
      const planned = this.allocator.plan(service, NOW);
      left.push(...this.allocator.take(service, planned, NOW).again);
      left.push(...this.allocator.settle(service, planned, NOW).again);
    }
  }
}

const X = '192.0.2.1';
const POOL = aPool('p', ['192.0.2.1-192.0.2.3'], { isDefault: true });
const OTHERS = [aPool('q', ['198.51.100.1']), aPool('six', ['2001:db8::1-2001:db8::9'])];

const TWO: Partial<Service> = { families: ['ipv4', 'ipv6'], familyPolicy: 'RequireDualStack' };

suite('who asks in vain for an address keeps it from nobody', () => {
  const vain: readonly (readonly [string, Partial<Service>])[] = [
    ['names a pool that does not exist', { wantedIPs: [X], wantedPools: ['gone'] }],
    ['names a pool that has it not', { wantedIPs: [X], wantedPools: ['q'] }],
    ['is of the other family', { wantedIPs: [X], families: ['ipv6'] }],
    ['uses the other family alone of its two', { wantedIPs: [X], families: ['ipv6', 'ipv4'] }],
    ['asks for something unreadable as well', { wantedIPs: [X, 'web'] }],
    ['asks for another one first', { wantedIPs: ['198.51.100.7', X] }],
    [
      'has it in its record, and asks for another one',
      { wantedIPs: ['198.51.100.7'], recorded: [{ pool: 'p', ip: X }] },
    ],
    ['has it in its record, and names another pool', { wantedPools: ['q'], recorded: [{ pool: 'p', ip: X }] }],
    [
      'asks for one of the other family, and has it in its record',
      { wantedIPs: ['2001:db8::5'], recorded: [{ pool: 'p', ip: X }] },
    ],
    [
      'needs one of the other family as well, and names pools without any',
      { ...TWO, wantedIPs: [X], wantedPools: ['p', 'q'] },
    ],
    ['asks for one of the other family as well that no pool has', { ...TWO, wantedIPs: [X, '2001:db9::1'] }],
    ['needs both, and the pool of the other one is bound to others', { ...TWO, wantedIPs: [X] }],
  ];
  for (const [what, asks] of vain) {
    test(`it ${what}`, () => {
      const bench = new Bench([aService('a/web'), aService('evil/e', { createdAt: 2_000, ...asks })], POOL, ...OTHERS);
      assert.deepEqual(bench.ipsOf('a/web'), [X]);
    });
  }
  test('it has an address, and another one was written into its record', () => {
    const held = { claims: true, ingressIPs: ['192.0.2.3'], hasCondition: true };
    const recorded = [X, '192.0.2.3'].map((ip) => ({ pool: 'p', ip }));
    const evil = aService('evil/e', { createdAt: 1, ...held, recorded });
    const bench = new Bench([], { ...POOL, heldRanges: POOL.ranges });
    const seen = { ...evil, recorded: recorded.slice(1) };
    bench.services.set('evil/e', seen);
    const planned = bench.allocator.plan(seen, NOW);
    bench.allocator.take(seen, planned, NOW);
    bench.allocator.settle(seen, planned, NOW);
    bench.services.set('evil/e', evil);
    bench.allocator.endAdoption();
    bench.allocator.observe(evil);
    const web = bench.allocator.plan(aService('a/web'), NOW);
    assert.deepEqual(web.served && web.assignments, [{ pool: 'p', ip: X }]);
    assert.deepEqual(bench.ipsOf('evil/e'), ['192.0.2.3']);
  });
  test('an overlap is asked for of the pool that gives nothing of it', () => {
    const younger = aPool('younger', ['192.0.2.0/24'], { createdAt: 9_000 });
    const asks = aService('evil/e', { createdAt: 2_000, wantedIPs: [X], wantedPools: ['younger'] });
    assert.deepEqual(new Bench([aService('a/web'), asks], POOL, younger).ipsOf('a/web'), [X]);
  });
});

suite('an address is kept for who asks for it', () => {
  const asking: readonly (readonly [string, Partial<Service>])[] = [
    ['by address', { wantedIPs: [X] }],
    ['by address and pool', { wantedIPs: [X], wantedPools: ['q', 'p'] }],
    ['by its record', { recorded: [{ pool: 'p', ip: X }] }],
  ];
  for (const [how, asks] of asking) {
    const restored = [aService('a/older'), aService('a/younger', { createdAt: 2_000, ...asks })];
    const got = (bench: Bench): string[][] => [bench.ipsOf('a/older'), bench.ipsOf('a/younger')];

    test(`${how}, when the pools come first`, () => {
      assert.deepEqual(got(new Bench(restored, POOL, ...OTHERS)), [['192.0.2.2'], [X]]);
    });
    test(`${how}, when the pools come last`, () => {
      const bench = new Bench(restored);
      bench.configure(POOL, ...OTHERS);
      assert.deepEqual(got(bench), [['192.0.2.2'], [X]]);
    });
    test(`${how}, when the pool grows`, () => {
      const bench = new Bench(restored, { ...aPool('p', ['203.0.113.9']), disabled: true, isDefault: true });
      bench.configure(POOL, ...OTHERS);
      assert.deepEqual(got(bench), [['192.0.2.2'], [X]]);
    });
    test(`${how}, when its namespace is let in`, () => {
      const closed = { ...POOL, isDefault: false, namespaceSelector: { team: 'a' } };
      const bench = new Bench(restored, closed, ...OTHERS);
      bench.namespaces.set('a', { team: 'a' });
      bench.reconsider('a');
      assert.deepEqual(got(bench), [['192.0.2.2'], [X]]);
    });
    test(`${how}, when the pool is opened for its namespace`, () => {
      const bench = new Bench(restored, { ...POOL, isDefault: false, namespaces: ['b'] }, ...OTHERS);
      bench.configure({ ...POOL, isDefault: false, namespaces: ['a'] }, ...OTHERS);
      assert.deepEqual(got(bench), [['192.0.2.2'], [X]]);
    });
  }
  test('of whom it needs both families, from when on there is a pool of the other one', () => {
    const asks = aService('a/both', { ...TWO, wantedIPs: [X], wantedPools: ['p', 'six'] });
    const bench = new Bench([asks], POOL, { ...aPool('six', ['2001:db8::1']), disabled: true });
    const web = aService('a/web', { createdAt: 3_000 });
    const ipFor = (): string => {
      const planned = bench.allocator.plan(web, NOW);
      return planned.served ? planned.assignments.map(({ ip }) => ip).join() : '';
    };
    assert.equal(ipFor(), X);
    bench.services.set('a/six', aService('a/six', { createdAt: 1, families: ['ipv6'], wantedPools: ['six'] }));
    bench.configure(POOL, aPool('six', ['2001:db8::1']));
    assert.equal(ipFor(), '192.0.2.2');
  });
  test('no longer when the pool is closed to it', () => {
    const taken = aService('a/web', { createdAt: 3_000 });
    const asks = aService('evil/e', { createdAt: 2_000, wantedIPs: [X], wantedPools: ['p', 'q'] });
    const bench = new Bench([asks], { ...POOL, disabled: true });
    bench.configure({ ...POOL, namespaces: ['a'] });
    bench.services.set('a/web', taken);
    const planned = bench.allocator.plan(taken, NOW);
    assert.deepEqual(planned.served && planned.assignments, [{ pool: 'p', ip: X }]);
  });
});
