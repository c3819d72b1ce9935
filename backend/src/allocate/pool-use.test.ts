import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pool } from '../domain/pool.ts';
import { aPool, aService, range, sharingTerms } from '../domain/testing/builders.ts';
import { Allocator } from './allocator.ts';
import { Ledger } from './ledger.ts';
import { poolUse, type PoolUse } from './pool-use.ts';
import { PoolSet } from './pool-set.ts';
import { Reserved } from './reserved.ts';
import { Waiting } from './waiting.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');

function use(pools: readonly Pool[], ledger = new Ledger(), waiting = new Waiting()): PoolUse[] {
  const reserved = new Reserved({ nodes: new Map(), serviceRanges: [range('192.0.2.128/25')], subnets: [] });
  const set = new PoolSet(new Map(pools.map((pool) => [pool.name, pool])), reserved);
  return poolUse({ pools: set, ledger, waiting }, NOW);
}

const NOTHING = { used: 0, resting: 0, waiting: 0 };

test('by family; what the cluster needs itself is not given; the size of an IPv6 pool is near enough', () => {
  assert.deepEqual(use([aPool('p', ['192.0.2.0/24', '2001:db8::/64'])]), [
    { pool: 'p', family: 'ipv4', size: 256, allocatable: 128, ...NOTHING },
    { pool: 'p', family: 'ipv6', size: 2 ** 64, allocatable: 2 ** 64, ...NOTHING },
  ]);
});

test('what is held, once however many share it, also if it is from before an edit', () => {
  const ledger = new Ledger();
  const hold = (key: string, ip: string): void => {
    const sharing = sharingTerms({ namespace: 'a', key: 'k' });
    ledger.set({ key, sharing }, [{ pool: 'p', ip }], NOW);
  };
  hold('a/1', '192.0.2.1');
  hold('a/2', '192.0.2.1');
  hold('a/3', '2001:db8::1');
  const found = use([aPool('p', ['192.0.2.0/25'])], ledger);
  assert.deepEqual(
    found.map(({ family, size, used }) => [family, size, used]),
    [
      ['ipv4', 128, 1],
      ['ipv6', 0, 1],
    ],
  );
});

test('what rests until others may have it, and no longer', () => {
  const ledger = new Ledger();
  const free = (n: number, at: number): void => {
    const holder = { key: `a/${n}`, sharing: sharingTerms() };
    ledger.set(holder, [{ pool: 'p', ip: `192.0.2.${n}` }], at);
    ledger.delete(holder.key, at);
  };
  free(1, NOW - 60_000);
  free(2, NOW - 59_000);
  free(3, NOW);
  const [found] = use([aPool('p', ['192.0.2.0/25'], { reuseAfterSeconds: 60 })], ledger);
  assert.deepEqual([found?.used, found?.resting], [0, 2]);
});

test('who would take an address of it', () => {
  const waiting = new Waiting();
  const lacks = (key: string, ...pools: readonly string[]): void =>
    waiting.set({ key, createdAt: 1 }, { pools, full: pools.map((pool) => ({ pool, family: 'ipv4' })), ips: [] });
  lacks('a/1', 'p', 'q');
  lacks('a/2', 'p');
  waiting.set({ key: 'a/3', createdAt: 1 }, { pools: ['p'], full: [], ips: [] });
  const pools = [aPool('p', ['192.0.2.0/25', '2001:db8::/64']), aPool('q', ['198.51.100.0/24'])];
  assert.deepEqual(
    use(pools, new Ledger(), waiting).map(({ pool, family, waiting: count }) => `${pool} ${family} ${count}`),
    ['p ipv4 2', 'p ipv6 0', 'q ipv4 1'],
  );
});

test('of who needs both families, where it lacks one, and not where there is plenty of the other', () => {
  const pools = [
    aPool('four', ['192.0.2.0/25'], { isDefault: true }),
    aPool('six', ['2001:db8::1'], { isDefault: true }),
  ];
  const both = { families: ['ipv4', 'ipv6'], familyPolicy: 'RequireDualStack' } as const;
  const services = [
    aService('a/first', { createdAt: 0, families: ['ipv6'] }),
    ...[1, 2, 3].map((i) => aService(`a/${i}`, { createdAt: i, ...both })),
  ];
  const allocator = new Allocator({
    services: new Map(services.map((service) => [service.key, service])),
    namespaces: new Map([['a', {}]]),
  });
  const set = new PoolSet(new Map(pools.map((pool) => [pool.name, pool])));
  allocator.adopt(set, { released: new Map(), used: new Map() }, NOW);
  for (const service of services) allocator.take(service, allocator.plan(service, NOW), NOW);
  assert.deepEqual(
    poolUse({ pools: set, ledger: allocator.ledger, waiting: allocator.waiting }, NOW).map(
      ({ pool, family, waiting: count }) => `${pool} ${family} ${count}`,
    ),
    ['four ipv4 0', 'six ipv6 3'],
  );
});
