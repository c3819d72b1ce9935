import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Conflict, Pool } from '../domain/pool.ts';
import type { Assignment, Service } from '../domain/service.ts';
import { aPool, aService, sharingTerms } from '../domain/testing/builders.ts';
import { Allocator } from './allocator.ts';
import { isFull } from './free.ts';
import type { Plan } from './plan.ts';
import { PoolSet } from './pool-set.ts';

const NOW = 1_000_000_000;
const IP = '192.0.2.1';

function stranger(ip: string, overrides: Partial<Conflict> = {}): Conflict {
  return { ip, mac: '02:00:5e:10:00:0a', node: undefined, announced: false, ...overrides };
}

/** A pool of these addresses, for everybody. */
function pool(addresses: string, ...conflicts: readonly Conflict[]): Pool {
  return aPool('p', [addresses], { protocol: 'layer2', isDefault: true, conflicts });
}

function holding(service: Service, assignments: readonly Assignment[]): Service {
  const held = assignments.length > 0;
  return {
    ...service,
    recorded: assignments,
    ingressIPs: assignments.map(({ ip }) => ip),
    claims: held,
    hasCondition: true,
  };
}

/** A leader whose plans are written at once. */
class Desk {
  readonly services = new Map<string, Service>();
  readonly namespaces = new Map([['shop', {}]]);
  readonly allocator = new Allocator(this);

  constructor(...pools: readonly Pool[]) {
    this.allocator.adopt(setOf(pools), { released: new Map(), used: new Map() }, NOW);
  }

  configure(...pools: readonly Pool[]): void {
    this.#work(this.allocator.configure(setOf(pools), NOW).again);
  }

  put(...services: readonly Service[]): void {
    for (const service of services) {
      this.services.set(service.key, service);
      this.allocator.observe(service);
    }
    this.#work(services.map(({ key }) => key));
  }

  edit(key: string, change: Partial<Service>): void {
    const service = this.services.get(key);
    if (service !== undefined) this.put({ ...service, ...change });
  }

  /** The addresses of a Service and the reason of its plan. */
  said(key: string): string {
    const service = this.services.get(key);
    assert.ok(service);
    return [...service.recorded.map(({ ip }) => ip), this.plan(service).finding.reason].join(' ');
  }

  plan(service: Service): Plan {
    return this.allocator.plan(service, NOW);
  }

  #work(keys: readonly string[]): void {
    const queue = [...keys];
    for (let key = queue.shift(); key !== undefined; key = queue.shift()) {
      const service = this.services.get(key);
      if (service === undefined) continue;
      const planned = this.plan(service);
      queue.push(...this.allocator.take(service, planned, NOW).again);
      this.services.set(key, holding(service, planned.served ? planned.assignments : []));
      queue.push(...this.allocator.settle(service, planned, NOW).again);
    }
  }
}

function setOf(pools: readonly Pool[]): PoolSet {
  return new PoolSet(new Map(pools.map((one) => [one.name, one])));
}

const WEB = aService('shop/web');
const DB = aService('shop/db', { createdAt: 2_000 });

suite('an address that a stranger uses', () => {
  test('is given to nobody, and the pool is full without it', () => {
    const desk = new Desk(pool('192.0.2.1-192.0.2.2', stranger(IP)));
    desk.put(WEB, DB);
    assert.deepEqual([desk.said('shop/web'), desk.said('shop/db')], ['192.0.2.2 Allocated', 'PoolFull']);
    const { ledger, pools } = desk.allocator;
    assert.ok(isFull(pool('192.0.2.1-192.0.2.2'), { ledger, pools }));
  });

  test('is refused to one who asks for it, with the MAC, and given when the stranger is gone', () => {
    const desk = new Desk(pool('192.0.2.1-192.0.2.2', stranger(IP, { announced: true })));
    desk.put({ ...WEB, wantedIPs: [IP] });
    assert.equal(desk.said('shop/web'), 'WantedAddressConflict');
    const planned = desk.plan({ ...WEB, wantedIPs: [IP] });
    assert.deepEqual(planned.finding.params, { ip: IP, mac: '02:00:5e:10:00:0a', pool: 'p' });
    desk.configure(pool('192.0.2.1-192.0.2.2'));
    assert.equal(desk.said('shop/web'), `${IP} Allocated`);
  });

  test('goes to who has waited longest once the stranger is gone, and else to the next one', () => {
    const desk = new Desk(pool(IP, stranger(IP)));
    desk.put(DB, WEB);
    desk.configure(pool(IP));
    assert.deepEqual([desk.said('shop/web'), desk.said('shop/db')], [`${IP} Allocated`, 'PoolFull']);
    const other = new Desk(pool('192.0.2.1-192.0.2.3', stranger(IP)));
    other.put(WEB);
    other.configure(pool('192.0.2.1-192.0.2.3'));
    other.put(DB);
    assert.equal(other.said('shop/db'), `${IP} Allocated`);
  });

  test('is one of any pool that has it, whichever the conflict was heard for', () => {
    const bgp = aPool('q', [IP], { isDefault: true, createdAt: 1 });
    const desk = new Desk(bgp, pool('192.0.2.1-192.0.2.2', stranger(IP)));
    desk.put({ ...WEB, wantedPools: ['q'] });
    assert.equal(desk.said('shop/web'), 'PoolFull');
  });

  test('goes to who waits for it once the stranger is gone, though the conflict was heard for another pool', () => {
    const bgp = aPool('q', [IP], { isDefault: true, createdAt: 1 });
    const desk = new Desk(bgp, pool('198.51.100.1-198.51.100.2', stranger(IP)));
    desk.put({ ...WEB, wantedPools: ['q'] });
    assert.equal(desk.said('shop/web'), 'PoolFull');
    desk.configure(bgp, pool('198.51.100.1-198.51.100.2'));
    assert.equal(desk.said('shop/web'), `${IP} Allocated`);
  });

  test('is not what a created Service gets again, nor what it shares with others that have it', () => {
    const desk = new Desk(pool('192.0.2.1-192.0.2.3'));
    const sharing = (port: string) => sharingTerms({ namespace: 'shop', key: 'k', ports: [port] });
    desk.put({ ...WEB, sharing: sharing('TCP/80') });
    desk.configure(pool('192.0.2.1-192.0.2.3', stranger(IP, { announced: true })));
    desk.put({ ...DB, sharing: sharing('TCP/81') });
    assert.deepEqual([desk.said('shop/web'), desk.said('shop/db')], [`${IP} Allocated`, '192.0.2.2 Allocated']);
    desk.services.delete('shop/web');
    desk.allocator.forget('shop/web', NOW);
    desk.put(WEB);
    assert.equal(desk.said('shop/web'), '192.0.2.3 Allocated');
  });
});

suite('a Service at an address that turns out to be used', () => {
  test('gets another one where nobody has reached it yet', () => {
    const desk = new Desk(pool('192.0.2.1-192.0.2.2'));
    desk.put(WEB);
    desk.configure(pool('192.0.2.1-192.0.2.2', stranger(IP)));
    assert.equal(desk.said('shop/web'), '192.0.2.2 Allocated');
    assert.equal(desk.allocator.ledger.isHeld(IP), false);
  });

  test('stays where it was announced before, by whichever replica', () => {
    const desk = new Desk(pool('192.0.2.1-192.0.2.2'));
    desk.put(WEB);
    desk.configure(pool('192.0.2.1-192.0.2.2', stranger(IP, { announced: true }), stranger(IP, { mac: 'other' })));
    assert.equal(desk.said('shop/web'), `${IP} Allocated`);
  });

  test('stays where a node of ours answers', () => {
    const desk = new Desk(pool('192.0.2.1-192.0.2.2'));
    desk.put(WEB);
    desk.configure(pool('192.0.2.1-192.0.2.2', stranger(IP, { node: 'n1' })));
    assert.equal(desk.said('shop/web'), `${IP} Allocated`);
    desk.put({ ...DB, wantedIPs: ['192.0.2.2'] });
    assert.equal(desk.said('shop/db'), '192.0.2.2 Allocated');
  });

  test('stays and waits where it asks for this very address, until it asks no more', () => {
    const desk = new Desk(pool('192.0.2.1-192.0.2.2'));
    desk.put({ ...WEB, wantedIPs: [IP] });
    desk.configure(pool('192.0.2.1-192.0.2.2', stranger(IP)));
    assert.equal(desk.said('shop/web'), `${IP} Allocated`);
    desk.edit('shop/web', { wantedIPs: [] });
    assert.equal(desk.said('shop/web'), '192.0.2.2 Allocated');
  });

  test('keeps it as long as there is no other, and moves as soon as there is', () => {
    const desk = new Desk(pool('192.0.2.1-192.0.2.2'));
    desk.put(WEB, DB);
    desk.configure(pool('192.0.2.1-192.0.2.2', stranger(IP)));
    assert.equal(desk.said('shop/web'), `${IP} PoolFull`);
    desk.configure(pool('192.0.2.1-192.0.2.3', stranger(IP)));
    assert.equal(desk.said('shop/web'), '192.0.2.3 Allocated');
    assert.equal(desk.said('shop/db'), '192.0.2.2 Allocated');
  });

  test('is content again when the stranger is gone before there was another address', () => {
    const desk = new Desk(pool(IP));
    desk.put(WEB);
    desk.configure(pool(IP, stranger(IP)));
    desk.configure(pool(IP));
    assert.equal(desk.said('shop/web'), `${IP} Allocated`);
  });

  test('does not wait for a second family that there is none of', () => {
    const desk = new Desk(pool('192.0.2.1-192.0.2.2'));
    desk.put(WEB);
    desk.edit('shop/web', { families: ['ipv4', 'ipv6'], familyPolicy: 'RequireDualStack' });
    assert.equal(desk.said('shop/web'), `${IP} FamilyNotAvailable`);
    desk.configure(pool('192.0.2.1-192.0.2.2', stranger(IP)));
    assert.equal(desk.said('shop/web'), '192.0.2.2 FamilyNotAvailable');
  });

  test('moves together with those that it shares with', () => {
    const desk = new Desk(pool('192.0.2.1-192.0.2.3'));
    const sharing = (port: string) => sharingTerms({ namespace: 'shop', key: 'k', ports: [port] });
    desk.put({ ...WEB, sharing: sharing('TCP/80') }, { ...DB, sharing: sharing('TCP/81') });
    assert.equal(desk.said('shop/db'), `${IP} Allocated`);
    desk.configure(pool('192.0.2.1-192.0.2.3', stranger(IP)));
    assert.deepEqual([desk.said('shop/web'), desk.said('shop/db')], ['192.0.2.2 Allocated', '192.0.2.2 Allocated']);
  });
});
