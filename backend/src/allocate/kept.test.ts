/** What is kept for a Service while the write that gives it, or takes it away, has not succeeded yet. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Service } from '../domain/service.ts';
import { aPool, aService } from '../domain/testing/builders.ts';
import { Allocator } from './allocator.ts';
import { PoolSet } from './pool-set.ts';
import { Desk } from './testing/desk.ts';

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

suite('an address that rests, and is kept for its last owner', () => {
  const [four, six] = [aPool('four', [IP], { reuseAfterSeconds: 60 }), aPool('six', ['2001:db8::1'])];
  const both = {
    families: ['ipv4', 'ipv6'],
    familyPolicy: 'RequireDualStack',
    wantedPools: ['four', 'six'],
  } as const;

  /** `d/former` waits for an address of `d/six`, and gets it beside the one that it had before. */
  function keeping(spec: Partial<Service> = {}, ...more: readonly ReturnType<typeof aPool>[]): Desk {
    const desk = new Desk(...more, four, six);
    desk.create('former', { ...both, ...spec });
    desk.remove('former');
    desk.create('six', { families: ['ipv6'], wantedPools: ['six'] });
    desk.create('former', { ...both, ...spec });
    desk.services.delete('d/six');
    desk.allocator.forget('d/six', desk.now);
    const kept = desk.allocator.ledger.assignments('d/former').map(({ ip }) => ip);
    assert.deepEqual([desk.ips('former'), kept], ['', [IP, '2001:db8::1']]);
    return desk;
  }

  test('rests on if that one is gone before it is written, and is not forgotten', () => {
    const desk = keeping();
    desk.remove('former');
    desk.create('other', { families: ['ipv4'], wantedPools: ['four'] });
    assert.equal(desk.ips('other'), '');
    desk.create('former', both);
    assert.equal(desk.ips('former'), `${IP},2001:db8::1`);
    desk.remove('former');
    desk.pass(60);
    assert.equal(desk.ips('other'), IP);
  });

  test('is remembered by the next leader, if this one dies before it is written, and not once it is', () => {
    const desk = keeping();
    const remembered = (): string[] =>
      desk.allocator.ledger.releasedOf('four').map(({ ip, service }) => `${ip} ${service}`);
    assert.deepEqual(remembered(), [`${IP} d/former`]);
    desk.edit('former', {});
    assert.deepEqual([desk.ips('former'), remembered()], [`${IP},2001:db8::1`, []]);
  });

  test('is the one that is written, though by now it could have another one of a pool that it prefers', () => {
    const better = aPool('better', ['192.0.2.9'], { disabled: true });
    const desk = keeping({ wantedPools: ['better', 'four', 'six'] }, better);
    desk.pools({ ...better, disabled: false }, four, six);
    desk.edit('former', {});
    assert.equal(desk.ips('former'), `${IP},2001:db8::1`);
  });
});
