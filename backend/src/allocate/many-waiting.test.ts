/** What an event gives to whom, and how many of all who wait are planned for it: each costs a search of the pools. */
import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import type { Pool } from '../domain/pool.ts';
import type { Service } from '../domain/service.ts';
import { aPool, aService, sharingTerms } from '../domain/testing/builders.ts';
import { Allocator } from './allocator.ts';
import { Openings } from './openings.ts';
import { PoolSet } from './pool-set.ts';
import { Reserved } from './reserved.ts';

const NOW = 1_000_000_000;
const FEW = 12;

/** Two addresses, of which the first two Services get one each. */
const POOL = aPool('p', ['192.0.2.1-192.0.2.2'], { isDefault: true });

class Desk {
  readonly services = new Map<string, Service>();
  readonly allocator = new Allocator({ services: this.services, namespaces: new Map([['shop', {}]]) });
  #pool: Pool;
  #reserved = reservedFor([]);

  /** The older first. */
  constructor(services: readonly Service[], nodes: readonly string[] = [], pool: Pool = POOL) {
    this.#pool = pool;
    this.#reserved = reservedFor(nodes);
    this.allocator.adopt(this.#set(), { released: new Map(), used: new Map() }, NOW);
    for (const service of services) {
      this.services.set(service.key, service);
      this.allocator.observe(service);
    }
    this.#work([...this.services.keys()]);
  }

  nodes(...ips: readonly string[]): void {
    this.#reserved = reservedFor(ips);
    this.#work(this.allocator.configure(this.#set(), NOW).again);
  }

  pool(spec: Partial<Pool>): void {
    this.#pool = { ...this.#pool, ...spec };
    this.#work(this.allocator.configure(this.#set(), NOW).again);
  }

  add(service: Service): void {
    this.services.set(service.key, service);
    this.allocator.observe(service);
    this.#work([service.key]);
  }

  remove(key: string): void {
    this.services.delete(key);
    this.#work(this.allocator.forget(key, NOW).again);
  }

  ips(key: string): string {
    return this.allocator.ledger
      .assignments(key)
      .map(({ ip }) => ip)
      .join();
  }

  #set(): PoolSet {
    return new PoolSet(new Map([[POOL.name, this.#pool]]), this.#reserved, this.allocator.pools);
  }

  #work(keys: readonly string[]): void {
    const queue = [...keys];
    for (let key = queue.shift(); key !== undefined; key = queue.shift()) {
      const service = this.services.get(key);
      if (service === undefined) continue;
      const planned = this.allocator.plan(service, NOW);
      queue.push(...this.allocator.take(service, planned, NOW).again);
      queue.push(...this.allocator.settle(service, planned, NOW).again);
    }
  }
}

function reservedFor(nodes: readonly string[]): Reserved {
  return new Reserved({ nodes: new Map(nodes.map((ip) => [ip, `node-${ip}`])), serviceRanges: [], subnets: [] });
}

/** `s0` and so on, by age. */
function services(count: number, special: Readonly<Record<string, Partial<Service>>> = {}): Service[] {
  return Array.from({ length: count }, (_, i) => aService(`shop/s${i}`, { createdAt: i, ...special[`s${i}`] }));
}

function sharing(port: string): Partial<Service> {
  return { sharing: sharingTerms({ namespace: 'shop', key: 'k', ports: [port] }) };
}

function plansOf(t: TestContext, act: () => void): number {
  const { mock } = t.mock.method(Allocator.prototype, 'plan');
  act();
  mock.restore();
  return mock.callCount();
}

suite('where many wait', () => {
  test('an address of a node that leaves goes to who has waited longest, though a search had passed it', (t) => {
    const desk = new Desk(services(200), ['192.0.2.1']);
    assert.deepEqual([desk.ips('shop/s0'), desk.ips('shop/s1')], ['192.0.2.2', '']);
    const plans = plansOf(t, () => desk.nodes());
    assert.deepEqual([desk.ips('shop/s1'), desk.ips('shop/s2')], ['192.0.2.1', '']);
    assert.ok(plans < FEW, `${plans}`);
  });

  test('a node that has nothing to do with the pools disturbs next to nobody', (t) => {
    const desk = new Desk(services(200));
    const plans = plansOf(t, () => desk.nodes('198.51.100.1'));
    assert.ok(plans < FEW, `${plans}`);
  });

  test('an address whose oldest taker shares it goes to him and to those that fit beside him, and nobody else is asked', (t) => {
    const special = { s2: sharing('TCP/80'), s5: sharing('TCP/80'), s9: sharing('TCP/443') };
    const desk = new Desk(services(200, special));
    const plans = plansOf(t, () => desk.remove('shop/s0'));
    const has = ['s2', 's3', 's5', 's9'].map((name) => desk.ips(`shop/${name}`));
    assert.deepEqual(has, ['192.0.2.1', '', '', '192.0.2.1']);
    assert.ok(plans < FEW, `${plans}`);
  });

  test('of those who would share it at the very port that the first of them takes, none is asked in vain', (t) => {
    const waiting = services(200).map((service, i) => (i < 2 ? service : { ...service, ...sharing('TCP/80') }));
    const desk = new Desk(waiting);
    const plans = plansOf(t, () => desk.remove('shop/s0'));
    assert.deepEqual([desk.ips('shop/s2'), desk.ips('shop/s3')], ['192.0.2.1', '']);
    assert.ok(plans < FEW, `${plans}`);
  });

  test('one more of them, which gets nothing either, or hears something new, gives none of the others a turn', (t) => {
    const desk = new Desk(services(200).map((service) => ({ ...service, ...sharing('TCP/80') })));
    const late = aService('shop/late', { createdAt: 1_000, ...sharing('TCP/80') });
    const { mock } = t.mock.method(Openings.prototype, 'next');
    desk.add(late);
    desk.add({ ...late, labels: { app: 'x' } });
    desk.remove(late.key);
    assert.ok(mock.callCount() < FEW, `${mock.callCount()} turns`);
  });

  test('an address that is freed while a stranger uses it is offered to nobody, and given when the stranger is gone', (t) => {
    const desk = new Desk(services(200));
    desk.pool({ conflicts: [{ ip: '192.0.2.1', mac: '02:00:5e:10:00:0a', node: undefined, announced: true }] });
    const plans = plansOf(t, () => desk.remove('shop/s0'));
    assert.ok(plans < FEW, `${plans}`);
    assert.equal(desk.ips('shop/s2'), '');
    desk.pool({ conflicts: [] });
    assert.equal(desk.ips('shop/s2'), '192.0.2.1');
  });

  test('an address that a pool leaves out goes, once it is freed, to who asks for it, as nobody else could have it', () => {
    const asking = { wantedIPs: ['192.0.2.255'] };
    const desk = new Desk([
      aService('shop/first', { createdAt: 0, ...asking }),
      aService('shop/next', { createdAt: 9, ...asking }),
    ]);
    desk.pool({ ranges: aPool('p', ['192.0.2.1', '192.0.2.255']).ranges, avoidBuggyIPs: true });
    assert.deepEqual([desk.ips('shop/first'), desk.ips('shop/next')], ['192.0.2.255', '']);
    desk.remove('shop/first');
    assert.equal(desk.ips('shop/next'), '192.0.2.255');
  });
});

suite('where many wait for an address of the other family', () => {
  const both: Partial<Service> = { families: ['ipv4', 'ipv6'], familyPolicy: 'RequireDualStack' };
  const mixed = aPool('p', ['192.0.2.0/24', '2001:db8::1'], { isDefault: true });
  const waiting = (): Desk => {
    const first = aService('shop/first', { createdAt: 0, families: ['ipv6'] });
    const others = services(100).map((service) => ({ ...service, ...both, createdAt: service.createdAt + 1 }));
    return new Desk([first, ...others], [], mixed);
  };

  test('one that needs none gets his without disturbing them', (t) => {
    const desk = waiting();
    const plans = plansOf(t, () => desk.add(aService('shop/plain', { createdAt: 1_000 })));
    assert.equal(desk.ips('shop/plain'), '192.0.2.1');
    assert.ok(plans < FEW, `${plans}`);
  });

  test('an edit that helps none of them disturbs next to nobody, and one that helps few these few', (t) => {
    const desk = waiting();
    for (const spec of [{ priority: 3 }, { ranges: aPool('p', ['192.0.2.0/23', '2001:db8::1']).ranges }]) {
      const plans = plansOf(t, () => desk.pool(spec));
      assert.ok(plans < FEW, `${plans}`);
    }
    const more = aPool('p', ['192.0.2.0/23', '2001:db8::1-2001:db8::2']).ranges;
    const plans = plansOf(t, () => desk.pool({ ranges: more }));
    assert.deepEqual([desk.ips('shop/s0'), desk.ips('shop/s1')], ['192.0.2.0,2001:db8::2', '']);
    assert.ok(plans < FEW, `${plans}`);
  });

  test('nor does it disturb those who are content with what they have, and all get it once there is enough', (t) => {
    const prefer: Partial<Service> = { families: ['ipv4', 'ipv6'], familyPolicy: 'PreferDualStack', claims: true };
    const having = services(100).map((service, i): Service => {
      const ip = `192.0.2.${i}`;
      return { ...service, ...prefer, recorded: [{ pool: 'p', ip }], ingressIPs: [ip] };
    });
    const desk = new Desk(having, [], aPool('p', ['192.0.2.0/24'], { isDefault: true }));
    desk.pool({ priority: 1 });
    const plans = plansOf(t, () => desk.pool({ priority: 2 }));
    assert.ok(plans < FEW, `${plans}`);
    desk.pool({ ranges: aPool('p', ['192.0.2.0/24', '2001:db8::/64']).ranges });
    assert.deepEqual(
      having.filter(({ key }) => !desk.ips(key).includes(':')),
      [],
    );
  });

  test('one of the family that there is plenty of, which somebody gives back, disturbs next to nobody', (t) => {
    const desk = waiting();
    desk.add(aService('shop/plain', { createdAt: 1_000 }));
    const plans = plansOf(t, () => desk.remove('shop/plain'));
    assert.ok(plans < FEW, `${plans}`);
  });

  test('one of the family that all lack, which somebody gives back, goes to the oldest, and few others are asked', (t) => {
    const desk = waiting();
    const plans = plansOf(t, () => desk.remove('shop/first'));
    assert.deepEqual([desk.ips('shop/s0').includes('2001:db8::1'), desk.ips('shop/s1')], [true, '']);
    assert.ok(plans < FEW, `${plans}`);
  });
});

test('who needs both families stands once in the line of a pool that has plenty of one', (t) => {
  const mixed = aPool('p', ['192.0.2.0/24', '2001:db8::1'], { isDefault: true });
  const both = { families: ['ipv4', 'ipv6'], familyPolicy: 'RequireDualStack' } as const;
  const waiting = Array.from({ length: 100 }, (_, i) => aService(`d/w${i}`, { createdAt: 10 + i, ...both }));
  const six = aService('d/six', { createdAt: 0, families: ['ipv6'] });
  const desk = new Desk([six, aService('d/four', { createdAt: 1 }), ...waiting], [], mixed);
  const { mock } = t.mock.method(Allocator.prototype, 'plan');
  const [first] = waiting;
  assert.ok(first !== undefined);
  const planned = desk.allocator.plan(first, NOW);
  const { full = [], better = [] } = (planned.served ? planned.waitsFor : undefined) ?? {};
  assert.deepEqual([...full, ...better].map(({ pool, family }) => `${pool} ${family}`).toSorted(), [
    'p ipv4',
    'p ipv6',
  ]);
  const before = mock.callCount();
  desk.remove('d/four');
  assert.ok(mock.callCount() - before <= 100, `${mock.callCount() - before} plans for 100 that wait`);
});
