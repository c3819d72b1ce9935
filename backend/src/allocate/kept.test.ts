/** What is kept for a Service while the write that gives it, or takes it away, has not succeeded yet. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Service } from '../domain/service.ts';
import { aPool, aService } from '../domain/testing/builders.ts';
import { Allocator } from './allocator.ts';
import { PoolSet } from './pool-set.ts';

const NOW = 1_000_000_000;
const IP = '192.0.2.1';

function setOf(...pools: readonly ReturnType<typeof aPool>[]): PoolSet {
  return new PoolSet(new Map(pools.map((pool) => [pool.name, pool])));
}

function desk(pools: PoolSet): { allocator: Allocator; services: Map<string, Service> } {
  const services = new Map<string, Service>();
  const allocator = new Allocator({ services, namespaces: new Map() });
  allocator.adopt(pools, { released: new Map(), used: [] }, NOW);
  return { allocator, services };
}

test('an address that is another pool’s by now is kept once, from that pool', () => {
  const { allocator, services } = desk(setOf(aPool('a', [IP], { isDefault: true })));
  const both = { families: ['ipv4', 'ipv6'], familyPolicy: 'PreferDualStack', wantedIPs: [IP] } as const;
  const service = aService('d/s', both);
  services.set(service.key, service);
  allocator.take(service, allocator.plan(service, NOW), NOW);
  assert.deepEqual(allocator.ledger.assignments('d/s'), [{ pool: 'a', ip: IP }]);
  const [a, b] = [aPool('a', ['192.0.2.9'], { isDefault: true }), aPool('b', [IP], { isDefault: true })];
  allocator.configure(setOf(a, b), NOW);
  assert.deepEqual(allocator.ledger.assignments('d/s'), [{ pool: 'b', ip: IP }]);
});

test('an address that is let go of stays with who has got it meanwhile, though its Service has changed its mind', () => {
  const { allocator, services } = desk(setOf(aPool('a', ['192.0.2.1-192.0.2.2'], { isDefault: true })));
  const put = (service: Service): Service => {
    services.set(service.key, service);
    allocator.observe(service);
    return service;
  };
  const take = (service: Service): readonly string[] => {
    const planned = allocator.plan(service, NOW);
    allocator.take(service, planned, NOW);
    return planned.served ? planned.assignments.map(({ ip }) => ip) : [];
  };
  const plain = put(aService('d/s', { createdAt: 2_000 }));
  const planned = allocator.plan(plain, NOW);
  allocator.take(plain, planned, NOW);
  allocator.settle(plain, planned, NOW);
  const marks = { claims: true, hasCondition: true, recorded: [{ pool: 'a', ip: IP }], ingressIPs: [IP] };
  const written = put({ ...plain, ...marks });
  assert.deepEqual(take(put({ ...written, wantedIPs: ['192.0.2.2'] })), ['192.0.2.2']);
  // The last write of the leader before shows up: it gave the address to an older one.
  assert.deepEqual(take(put(aService('d/older', { createdAt: 1_000, ...marks }))), [IP]);
  assert.deepEqual(take(put(written)), ['192.0.2.2']);
});
