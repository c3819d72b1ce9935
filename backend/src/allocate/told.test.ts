import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Pool } from '../domain/pool.ts';
import type { Service } from '../domain/service.ts';
import { aPool, aService, sharingTerms } from '../domain/testing/builders.ts';
import { Allocator } from './allocator.ts';
import { PoolSet } from './pool-set.ts';

const IP = '192.0.2.1';
const RESTING = aPool('p', [IP], { isDefault: true, reuseAfterSeconds: 30 });
const PLAIN = aPool('p', [IP], { isDefault: true });

/** A leader whose plans are written at once, with what the Services are told by them. */
class Desk {
  readonly services = new Map<string, Service>();
  readonly namespaces = new Map([['shop', {}]]);
  readonly #told = new Map<string, string>();
  readonly #allocator = new Allocator(this);
  #now = 1_000_000_000;

  constructor(...pools: readonly Pool[]) {
    const set = new PoolSet(new Map(pools.map((pool) => [pool.name, pool])));
    this.#allocator.adopt(set, { released: new Map(), used: new Map() }, this.#now);
  }

  put(...services: readonly Service[]): void {
    for (const service of services) this.services.set(service.key, service);
    this.#work(services.map(({ key }) => key));
  }

  remove(key: string): void {
    this.services.delete(key);
    this.#work(this.#allocator.forget(key, this.#now).again);
  }

  pass(seconds: number): void {
    this.#now += seconds * 1_000;
    this.#work(this.#allocator.elapsed(this.#now).again);
  }

  /** The addresses, the reason, and who holds what is wanted. */
  told(key: string): string {
    return this.#told.get(key) ?? 'nothing';
  }

  #work(keys: readonly string[]): void {
    const queue = [...keys];
    for (let key = queue.shift(); key !== undefined; key = queue.shift()) {
      const service = this.services.get(key);
      if (service === undefined) continue;
      const planned = this.#allocator.plan(service, this.#now);
      queue.push(...this.#allocator.take(service, planned, this.#now).again);
      const recorded = planned.served ? planned.assignments : [];
      const ingressIPs = recorded.map(({ ip }) => ip);
      const { reason, params } = planned.finding;
      this.#told.set(key, [...ingressIPs, reason, params['holder'] ?? params['ports'] ?? ''].join(' ').trim());
      this.services.set(key, { ...service, recorded, ingressIPs, claims: recorded.length > 0, hasCondition: true });
      queue.push(...this.#allocator.settle(service, planned, this.#now).again);
    }
  }
}

function web(name: string, createdAt: number, overrides: Partial<Service> = {}): Service {
  return aService(`shop/${name}`, { createdAt, ...overrides });
}

suite('what a Service that waits is told', () => {
  const wants = { wantedIPs: [IP] };

  test('follows who holds the address that it wants', () => {
    const desk = new Desk(PLAIN);
    desk.put(web('a', 1, wants), web('b', 2, wants), web('c', 3, wants));
    assert.deepEqual(
      [desk.told('shop/b'), desk.told('shop/c')].join(),
      ['shop/a', 'shop/a'].map((h) => `WantedAddressTaken ${h}`).join(),
    );
    desk.remove('shop/a');
    assert.deepEqual([desk.told('shop/b'), desk.told('shop/c')], [`${IP} Allocated`, 'WantedAddressTaken shop/b']);
  });

  test('is that it rests, from when its holder is gone, and who has got it then', () => {
    const desk = new Desk(RESTING);
    desk.put(web('a', 1), web('b', 2, wants), web('c', 3, wants));
    desk.remove('shop/a');
    assert.deepEqual(
      [desk.told('shop/b'), desk.told('shop/c')],
      ['b', 'c'].map(() => 'WantedAddressResting shop/a'),
    );
    desk.pass(30);
    assert.deepEqual([desk.told('shop/b'), desk.told('shop/c')], [`${IP} Allocated`, 'WantedAddressTaken shop/b']);
  });

  test('is that nothing is left, once all that rested has been given', () => {
    const desk = new Desk(RESTING);
    desk.put(web('a', 1));
    desk.remove('shop/a');
    desk.put(web('b', 2), web('c', 3), web('d', 4));
    assert.deepEqual([desk.told('shop/b'), desk.told('shop/d')], ['PoolResting', 'PoolResting']);
    desk.pass(30);
    assert.deepEqual(
      ['b', 'c', 'd'].map((name) => desk.told(`shop/${name}`)),
      [`${IP} Allocated`, 'PoolFull', 'PoolFull'],
    );
  });

  test('follows the ports of who holds the address', () => {
    const desk = new Desk(PLAIN);
    const sharing = (...ports: string[]): Partial<Service> => ({
      sharing: sharingTerms({ namespace: 'shop', key: 'k', ports }),
    });
    desk.put(web('a', 1, sharing('TCP/80', 'TCP/443')), web('b', 2, { ...wants, ...sharing('TCP/80', 'TCP/443') }));
    assert.equal(desk.told('shop/b'), 'SharingPortsOverlap shop/a');
    const a = desk.services.get('shop/a');
    assert.ok(a);
    desk.put({ ...a, ...sharing('TCP/8080') });
    assert.equal(desk.told('shop/b'), `${IP} Allocated`);
  });
});

suite('a Service that shares and is created again', () => {
  const sharing = (...ports: string[]): Partial<Service> => ({
    sharing: sharingTerms({ namespace: 'shop', key: 'k', ports }),
  });
  const FOUR = aPool('p', ['192.0.2.1-192.0.2.4'], { isDefault: true });

  test('has its own address again, though the others of its group have a lower one', () => {
    const desk = new Desk(FOUR);
    desk.put(web('a', 1, sharing('TCP/80')), web('b', 2, sharing('TCP/80')));
    assert.equal(desk.told('shop/b'), '192.0.2.2 Allocated');
    desk.remove('shop/b');
    desk.put(web('b', 3, sharing('TCP/81')));
    assert.equal(desk.told('shop/b'), '192.0.2.2 Allocated');
  });

  test('has the address again that others went on sharing', () => {
    const desk = new Desk(FOUR);
    desk.put(
      web('a', 1, sharing('TCP/80')),
      web('b', 2, sharing('TCP/80')),
      web('c', 3, { ...sharing('TCP/81'), wantedIPs: ['192.0.2.2'] }),
    );
    assert.equal(desk.told('shop/c'), '192.0.2.2 Allocated');
    desk.remove('shop/c');
    desk.put(web('c', 4, sharing('TCP/81')));
    assert.equal(desk.told('shop/c'), '192.0.2.2 Allocated');
  });
});
