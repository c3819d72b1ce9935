import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Pool } from '../domain/pool.ts';
import type { Labels } from '../domain/selector.ts';
import type { Assignment, Service } from '../domain/service.ts';
import type { SharingTerms } from '../domain/sharing.ts';
import { aPool, aService, sharingTerms } from '../domain/testing/builders.ts';
import { Allocator } from './allocator.ts';
import { PoolSet } from './pool-set.ts';
import type { Release } from './released.ts';

const NOW = 1_000_000_000;

function poolSet(pools: readonly Pool[]): PoolSet {
  return new PoolSet(new Map(pools.map((pool) => [pool.name, pool])));
}

function holding(service: Service, ...ips: string[]): Service {
  const recorded = ips.map((ip): Assignment => ({ pool: 'p', ip }));
  return { ...service, recorded, ingressIPs: ips, claims: true, hasCondition: true, hasFinalizer: true };
}

/** An allocator with its Services, whose plans are written at once unless a test does it by hand. */
class Desk {
  readonly services = new Map<string, Service>();
  readonly namespaces = new Map<string, Labels>([['shop', {}]]);
  readonly allocator = new Allocator(this);
  now = NOW;

  constructor(pools: readonly Pool[], services: readonly Service[] = [], released: readonly Release[] = []) {
    for (const service of services) this.services.set(service.key, service);
    this.work(
      this.allocator.adopt(poolSet(pools), { released: new Map([['p', released]]), used: new Map() }, this.now),
    );
  }

  /** The Services that were given one address or another are shown as the API server shows them. */
  work(keys: readonly string[]): void {
    const queue = [...keys];
    for (let key = queue.shift(); key !== undefined; key = queue.shift()) {
      const service = this.services.get(key);
      if (service === undefined) continue;
      const planned = this.allocator.plan(service, this.now);
      queue.push(...this.allocator.take(service, planned, this.now).again);
      const ips = planned.served ? planned.assignments.map(({ ip }) => ip) : [];
      const shown = ips.length > 0 ? holding(service, ...ips) : { ...service, claims: false, ingressIPs: [] };
      this.services.set(key, shown);
      this.allocator.observe(shown);
      queue.push(...this.allocator.settle(service, planned, this.now).again);
    }
  }

  put(...services: Service[]): void {
    for (const service of services) {
      this.services.set(service.key, service);
      this.allocator.observe(service);
    }
    this.work(services.map(({ key }) => key));
  }

  delete(key: string): void {
    this.services.delete(key);
    this.work(this.allocator.forget(key, this.now).again);
  }

  configure(...pools: Pool[]): void {
    this.work(this.allocator.configure(poolSet(pools), this.now).again);
  }

  ips(key: string): string {
    const service = this.services.get(key);
    return service?.claims === true ? service.ingressIPs.join() : 'none';
  }
}

const ONE = aPool('p', ['192.0.2.1'], { isDefault: true });
const TWO = aPool('p', ['192.0.2.1-192.0.2.2'], { isDefault: true });

function web(name: string, createdAt = 1_000, overrides: Partial<Service> = {}): Service {
  return aService(`shop/${name}`, { createdAt, ...overrides });
}

function sharer(name: string, ports: string[], terms: Partial<SharingTerms> = {}): Service {
  return web(name, 1_000, { sharing: sharingTerms({ namespace: 'shop', key: 'k', ports, ...terms }) });
}

suite('who waits', () => {
  test('gets what is freed, the oldest first', () => {
    const desk = new Desk([ONE], [web('a', 1_000), web('young', 3_000), web('old', 2_000)]);
    assert.deepEqual([desk.ips('shop/a'), desk.allocator.waiting.size], ['192.0.2.1', 2]);
    desk.delete('shop/a');
    assert.deepEqual([desk.ips('shop/old'), desk.ips('shop/young')], ['192.0.2.1', 'none']);
  });
  test('has it kept, though a younger one is planned before', () => {
    const desk = new Desk([ONE], [web('a'), web('old', 2_000)]);
    desk.services.delete('shop/a');
    const { again } = desk.allocator.forget('shop/a', desk.now);
    desk.put(web('young', 3_000));
    assert.equal(desk.ips('shop/young'), 'none');
    desk.work(again);
    assert.equal(desk.ips('shop/old'), '192.0.2.1');
  });
  test('is served once a pool grows, is enabled or is for it', () => {
    for (const closed of [
      { ...ONE, ranges: [] },
      { ...ONE, disabled: true },
      { ...ONE, namespaces: ['park'] },
    ]) {
      const desk = new Desk([closed], [web('a')]);
      assert.equal(desk.ips('shop/a'), 'none');
      desk.configure(ONE);
      assert.equal(desk.ips('shop/a'), '192.0.2.1');
    }
  });
  test('is served by age where a pool grows by less than all want, and the others hear nothing', () => {
    const crowd = Array.from({ length: 5 }, (_, i) => web(`s${i}`, 1_000 + i));
    const desk = new Desk([ONE], [web('first', 1), ...crowd]);
    const grown = aPool('p', ['192.0.2.1-192.0.2.3'], { isDefault: true });
    const { again } = desk.allocator.configure(poolSet([grown]), desk.now);
    assert.deepEqual(again, ['shop/s0', 'shop/s1']);
    desk.work(again);
    const all = crowd.map(({ key }) => desk.ips(key));
    assert.deepEqual(all, ['192.0.2.2', '192.0.2.3', 'none', 'none', 'none']);
  });
  test('that looks to another pool besides is not taken for one of a crowd', () => {
    const other = aPool('q', ['198.51.100.1'], { isDefault: true, priority: 1 });
    const both = web('both', 3_000);
    const named = web('named', 2_000, { wantedPools: ['p'] });
    const desk = new Desk([ONE, other], [web('a', 1), web('b', 2), named, both]);
    desk.configure(ONE, aPool('q', ['198.51.100.1-198.51.100.2'], { isDefault: true, priority: 1 }));
    assert.deepEqual([desk.ips('shop/named'), desk.ips('shop/both')], ['none', '198.51.100.2']);
  });
  test('for an address that it had itself is not passed over with those that had none', () => {
    const pool = (...addresses: string[]): Pool => aPool('p', addresses, { isDefault: true, reuseAfterSeconds: 60 });
    const released = ['192.0.2.9', '192.0.2.8'].map((ip, i) => ({
      ip,
      service: ['shop/mine', 'shop/gone'][i] ?? '',
      at: NOW,
    }));
    const services = [web('first', 1), web('plain', 2_000), web('mine', 3_000)];
    const desk = new Desk([pool('192.0.2.1', '192.0.2.8')], services, released);
    desk.configure(pool('192.0.2.1', '192.0.2.8', '192.0.2.9'));
    assert.deepEqual([desk.ips('shop/plain'), desk.ips('shop/mine')], ['none', '192.0.2.9']);
  });
  test('is served once its namespace is labelled', () => {
    const desk = new Desk([{ ...ONE, namespaceSelector: { tier: 'gold' } }], [web('a')]);
    desk.namespaces.set('shop', { tier: 'gold' });
    desk.work(desk.allocator.reconsider(desk.now, 'park').again);
    assert.equal(desk.ips('shop/a'), 'none');
    desk.work(desk.allocator.reconsider(desk.now, 'shop').again);
    assert.equal(desk.ips('shop/a'), '192.0.2.1');
  });
  test('hears of another pool that could help it, though its reason stays the same', () => {
    const closed = { ...ONE, disabled: true };
    const other = aPool('q', ['198.51.100.1'], { isDefault: true, priority: 1 });
    const desk = new Desk([closed], [web('a', 2_000)]);
    desk.put(web('b', 1_000));
    desk.configure(closed, other);
    assert.deepEqual([desk.ips('shop/a'), desk.ips('shop/b')], ['none', '198.51.100.1']);
    desk.delete('shop/b');
    assert.equal(desk.ips('shop/a'), '198.51.100.1');
  });
  test('without a class is asked when a default pool appears', () => {
    const desk = new Desk([{ ...ONE, isDefault: false }], [web('a', 1_000, { loadBalancerClass: undefined })]);
    desk.configure(ONE);
    assert.equal(desk.ips('shop/a'), '192.0.2.1');
  });
});

suite('a deleted Service', () => {
  const pool = aPool('p', ['192.0.2.1-192.0.2.9'], { isDefault: true });
  test('gets its address again when it is created again', () => {
    const desk = new Desk([pool], [web('a'), web('b')]);
    desk.delete('shop/b');
    desk.delete('shop/a');
    desk.put(web('c'), web('b', 5_000), web('a', 5_000));
    assert.deepEqual(
      [desk.ips('shop/a'), desk.ips('shop/b'), desk.ips('shop/c')],
      ['192.0.2.1', '192.0.2.2', '192.0.2.3'],
    );
  });
  test('gets it from a pool that would not be its first any more', () => {
    const desk = new Desk([pool], [web('a')]);
    const better = aPool('q', ['198.51.100.1'], { isDefault: true, priority: -1 });
    desk.configure(pool, better);
    desk.delete('shop/a');
    desk.put(web('a', 5_000));
    assert.equal(desk.ips('shop/a'), '192.0.2.1');
  });
  test('gets it from the next leader, by the pool’s status', () => {
    const desk = new Desk([pool], [], [{ ip: '192.0.2.7', service: 'shop/a', at: NOW - 1_000 }]);
    desk.put(web('b'), web('a'));
    assert.deepEqual([desk.ips('shop/a'), desk.ips('shop/b')], ['192.0.2.7', '192.0.2.1']);
  });
  test('gets another one where that is taken', () => {
    const desk = new Desk([pool], [web('a')]);
    desk.delete('shop/a');
    desk.put(web('b', 1_000, { wantedIPs: ['192.0.2.1'] }), web('a', 5_000));
    assert.equal(desk.ips('shop/a'), '192.0.2.2');
  });
});

suite('a record that came with a Service', () => {
  const pool = aPool('p', ['192.0.2.1-192.0.2.9'], { isDefault: true });
  const restored = (name: string, ip: string): Service => web(name, 5_000, { recorded: [{ pool: 'p', ip }] });
  test('is respected before others choose freely', () => {
    const desk = new Desk([pool]);
    const [b, a] = [restored('b', '192.0.2.1'), web('a', 1_000)];
    for (const service of [a, b]) desk.services.set(service.key, service);
    for (const service of [a, b]) desk.allocator.observe(service);
    desk.work([a.key, b.key]);
    assert.deepEqual([desk.ips('shop/a'), desk.ips('shop/b')], ['192.0.2.2', '192.0.2.1']);
  });
  test('keeps nobody waiting', () => {
    const desk = new Desk([ONE]);
    desk.put(web('a'), restored('b', '192.0.2.1'));
    assert.deepEqual([desk.ips('shop/a'), desk.ips('shop/b')], ['192.0.2.1', 'none']);
  });
});

suite('rest', () => {
  const pool = { ...ONE, reuseAfterSeconds: 60 };
  test('whoever waits gets the address when it has rested', () => {
    const desk = new Desk([pool], [web('a'), web('b', 2_000)]);
    desk.delete('shop/a');
    assert.equal(desk.ips('shop/b'), 'none');
    assert.equal(desk.allocator.nextRested, NOW + 60_000);
    desk.now = NOW + 60_000;
    desk.work(desk.allocator.elapsed(desk.now).again);
    assert.equal(desk.ips('shop/b'), '192.0.2.1');
    assert.equal(desk.allocator.nextRested, undefined);
  });
  test('the former holder at once', () => {
    const desk = new Desk([pool], [web('a')]);
    desk.delete('shop/a');
    desk.put(web('a', 5_000));
    assert.equal(desk.ips('shop/a'), '192.0.2.1');
  });
  test('goes on under the next leader', () => {
    const desk = new Desk([pool], [web('b')], [{ ip: '192.0.2.1', service: 'shop/a', at: NOW - 20_000 }]);
    assert.equal(desk.ips('shop/b'), 'none');
    assert.equal(desk.allocator.nextRested, NOW + 40_000);
  });
  test('a pool that asks for less gives at once', () => {
    const desk = new Desk([pool], [web('a'), web('b', 2_000)]);
    desk.delete('shop/a');
    desk.configure(ONE);
    assert.equal(desk.ips('shop/b'), '192.0.2.1');
  });
  test('counts by the pool that has the address now', () => {
    const desk = new Desk([ONE], [web('a')]);
    const moved = { ...ONE, ranges: aPool('p', ['192.0.2.9']).ranges };
    desk.configure(moved, { ...pool, name: 'q' });
    desk.delete('shop/a');
    desk.put(web('b', 2_000, { wantedPools: ['q'] }));
    assert.equal(desk.ips('shop/b'), 'none');
    desk.now = NOW + 60_000;
    desk.work(desk.allocator.elapsed(desk.now).again);
    assert.equal(desk.ips('shop/b'), '192.0.2.1');
  });
});

suite('sharing', () => {
  test('who waits joins when a port is given back', () => {
    const desk = new Desk([ONE], [sharer('a', ['TCP/80']), sharer('b', ['TCP/443']), sharer('c', ['TCP/80'])]);
    assert.deepEqual(
      ['a', 'b', 'c'].map((name) => desk.ips(`shop/${name}`)),
      ['192.0.2.1', '192.0.2.1', 'none'],
    );
    desk.delete('shop/a');
    assert.equal(desk.ips('shop/c'), '192.0.2.1');
  });
  test('who waits joins when another one agrees', () => {
    const desk = new Desk([ONE], [web('a'), sharer('b', ['TCP/443'])]);
    assert.equal(desk.ips('shop/b'), 'none');
    const a = desk.services.get('shop/a');
    assert.ok(a);
    desk.put({ ...a, sharing: sharer('a', ['TCP/80']).sharing });
    assert.equal(desk.ips('shop/b'), '192.0.2.1');
  });
  test('whoever changes its ports is the one that moves', () => {
    const desk = new Desk([TWO], [sharer('a', ['TCP/80']), sharer('b', ['TCP/443'])]);
    const a = desk.services.get('shop/a');
    assert.ok(a);
    desk.put({ ...a, sharing: sharer('a', ['TCP/443']).sharing });
    assert.deepEqual([desk.ips('shop/a'), desk.ips('shop/b')], ['192.0.2.2', '192.0.2.1']);
  });
});

test('whoever changed its ports is the one that moves, though its write has to be tried again', () => {
  const desk = new Desk([TWO], [sharer('a', ['TCP/80']), sharer('b', ['TCP/443'])]);
  const b = desk.services.get('shop/b');
  assert.ok(b);
  const changed = { ...b, sharing: sharer('b', ['TCP/80', 'TCP/443']).sharing };
  desk.services.set(b.key, changed);
  desk.allocator.take(changed, desk.allocator.plan(changed, desk.now), desk.now);
  desk.work(['shop/b', 'shop/a']);
  assert.deepEqual([desk.ips('shop/a'), desk.ips('shop/b')], ['192.0.2.1', '192.0.2.2']);
});

suite('what stands in a status', () => {
  const wide = aPool('p', ['192.0.2.1-192.0.2.9'], { isDefault: true });
  test('is adopted, where the pool lets the namespace in', () => {
    const desk = new Desk([wide], [holding(web('a'), '192.0.2.7')]);
    assert.equal(desk.ips('shop/a'), '192.0.2.7');
  });
  test('is adopted after an edit that shuts the namespace out, by the word of the pool’s status', () => {
    const shut = { ...wide, namespaces: ['park'] };
    assert.equal(
      new Desk([{ ...shut, heldNamespaces: ['shop'] }], [holding(web('a'), '192.0.2.7')]).ips('shop/a'),
      '192.0.2.7',
    );
    assert.equal(new Desk([shut], [holding(web('a'), '192.0.2.7')]).ips('shop/a'), 'none');
  });
  test('twice: the older keeps it, the younger gets another', () => {
    const desk = new Desk([wide], [holding(web('young', 2_000), '192.0.2.7'), holding(web('old', 1_000), '192.0.2.7')]);
    assert.deepEqual([desk.ips('shop/old'), desk.ips('shop/young')], ['192.0.2.7', '192.0.2.1']);
  });
  test('twice, when a late write of the last leader shows up: the older has it, and the younger is planned again', () => {
    const desk = new Desk([wide]);
    desk.put(holding(web('young', 2_000), '192.0.2.7'));
    desk.put(holding(web('old', 1_000), '192.0.2.7'));
    assert.deepEqual([desk.ips('shop/old'), desk.ips('shop/young')], ['192.0.2.7', '192.0.2.1']);
  });
  test('is not believed once nobody else can have given it', () => {
    const desk = new Desk([wide], [web('a', 2_000)]);
    desk.allocator.endAdoption();
    desk.put(holding(web('old', 1_000, { wantedIPs: ['192.0.2.1'] }), '192.0.2.1'));
    assert.deepEqual([desk.ips('shop/a'), desk.ips('shop/old')], ['192.0.2.1', 'none']);
  });
  test('is put right where somebody wrote over it, though the pool is disabled', () => {
    const desk = new Desk([wide], [web('a')]);
    desk.allocator.endAdoption();
    desk.configure({ ...wide, disabled: true });
    desk.put(holding(web('a'), '192.0.2.9'));
    assert.equal(desk.ips('shop/a'), '192.0.2.1');
  });
});

suite('writes under way', () => {
  test('what is given up stays its own until the write is known', () => {
    const desk = new Desk([TWO], [web('a')]);
    const a = desk.services.get('shop/a');
    assert.ok(a);
    const moving = { ...a, wantedIPs: ['192.0.2.2'] };
    desk.services.set(a.key, moving);
    const planned = desk.allocator.plan(moving, desk.now);
    desk.allocator.take(moving, planned, desk.now);
    assert.deepEqual(
      ['192.0.2.1', '192.0.2.2'].map((ip) => desk.allocator.ledger.holders(ip)),
      [[a.key], [a.key]],
    );
    desk.allocator.settle(moving, planned, desk.now);
    assert.deepEqual(
      ['192.0.2.1', '192.0.2.2'].map((ip) => desk.allocator.ledger.holders(ip)),
      [[], [a.key]],
    );
  });
  test('an address that was never written goes back if its pool is closed before', () => {
    const desk = new Desk([ONE]);
    const a = web('a');
    desk.services.set(a.key, a);
    desk.allocator.take(a, desk.allocator.plan(a, desk.now), desk.now);
    const other = aPool('q', ['198.51.100.1'], { isDefault: true });
    desk.configure({ ...ONE, deleting: true }, other);
    desk.work([a.key]);
    assert.equal(desk.ips('shop/a'), '198.51.100.1');
    assert.equal(desk.allocator.ledger.heldOf('p').size, 0);
  });
  test('what an older Service took meanwhile does not come back with the answer', () => {
    const young = holding(web('young', 2_000), '192.0.2.1');
    const desk = new Desk([TWO]);
    desk.put(young);
    const planned = desk.allocator.plan(young, desk.now);
    desk.allocator.take(young, planned, desk.now);
    desk.put(holding(web('old', 1_000), '192.0.2.1'));
    desk.allocator.settle(young, planned, desk.now);
    assert.deepEqual(desk.allocator.ledger.holders('192.0.2.1'), ['shop/old']);
  });
});
