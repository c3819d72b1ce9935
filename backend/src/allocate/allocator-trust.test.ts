import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Pool } from '../domain/pool.ts';
import type { Service } from '../domain/service.ts';
import { aPool, aService, range, sharingTerms } from '../domain/testing/builders.ts';
import { Allocator } from './allocator.ts';
import { PoolSet } from './pool-set.ts';
import { Reserved } from './reserved.ts';

const NOW = 1_000_000_000;

suite('what a new leader believes of the statuses that it finds', () => {
  const POOL = aPool('p', ['192.0.2.0/29'], { isDefault: true });
  const holding = (key: string, ip: string, createdAt: number): Service =>
    aService(key, { createdAt, claims: true, recorded: [{ pool: 'p', ip }], ingressIPs: [ip], hasCondition: true });

  function led(
    services: readonly Service[],
    used: Readonly<Record<string, string>>,
    reserved?: Reserved,
    pool = POOL,
  ): Allocator {
    const known = new Map(services.map((service) => [service.key, service]));
    const allocator = new Allocator({ services: known, namespaces: new Map() });
    const named = new Map(Object.entries(used).map(([ip, keys]) => [ip, keys.split(';')]));
    allocator.adopt(new PoolSet(new Map([['p', pool]]), reserved), { released: new Map(), used: named }, NOW);
    return allocator;
  }

  test('an address that its pool never had is a forgery', () => {
    assert.deepEqual(led([holding('a/z', '8.8.8.8', 1)], {}).ledger.assignments('a/z'), []);
  });
  test('of two that claim one address the one that the pool names, whichever is older', () => {
    const services = [holding('b/old', '192.0.2.1', 1), holding('a/victim', '192.0.2.1', 2)];
    assert.deepEqual(led(services, { '192.0.2.1': 'a/victim' }).ledger.holders('192.0.2.1'), ['a/victim']);
    assert.deepEqual(led(services, { '192.0.2.1': 'a/gone' }).ledger.holders('192.0.2.1'), ['b/old']);
    assert.deepEqual(led(services, {}).ledger.holders('192.0.2.1'), ['b/old']);
  });
  test('one whom the pool still names, and whose annotation alone has the address, takes it from nobody', () => {
    const thief = aService('a/thief', { createdAt: 1, recorded: [{ pool: 'p', ip: '192.0.2.1' }] });
    const services = [thief, holding('b/holder', '192.0.2.1', 2)];
    assert.deepEqual(led(services, { '192.0.2.1': 'a/thief' }).ledger.holders('192.0.2.1'), ['b/holder']);
  });
  test("a node's address only if the pool says that it was given before", () => {
    const reserved = new Reserved({ nodes: new Map([['192.0.2.1', 'n1']]), serviceRanges: [], subnets: [] });
    const services = [holding('a/web', '192.0.2.1', 1)];
    assert.deepEqual(led(services, {}, reserved).ledger.holders('192.0.2.1'), []);
    assert.deepEqual(led(services, { '192.0.2.1': 'a/web' }, reserved).ledger.holders('192.0.2.1'), ['a/web']);
  });

  suite('an address that the pool would not give to the Service', () => {
    const OLDER = aPool('older', ['192.0.2.1'], { createdAt: 1, namespaces: ['b'] });
    const gold = { matchLabels: { tier: 'gold' }, matchExpressions: [] };
    const serviceRanges = [range('192.0.2.0/30')];
    for (const [what, pools, reserved] of [
      ['selects others', [{ ...POOL, serviceSelector: gold }], undefined],
      ['has lost it', [{ ...POOL, ranges: [range('192.0.2.4')], heldRanges: POOL.ranges }], undefined],
      ['has it from an older one', [POOL, OLDER], undefined],
      ['has it from the cluster', [POOL], new Reserved({ nodes: new Map(), serviceRanges, subnets: [] })],
    ] as const) {
      const services = new Map([['a/web', holding('a/web', '192.0.2.1', 1)]]);
      const set = new PoolSet(new Map(pools.map((each) => [each.name, each as Pool])), reserved);
      const holders = (used: [string, string[]][], omitting: string[] = []): readonly string[] => {
        const allocator = new Allocator({ services, namespaces: new Map() });
        allocator.adopt(set, { released: new Map(), used, omitting: new Set(omitting) }, NOW);
        return [...allocator.ledger.holders('192.0.2.1')];
      };
      test(`is a forgery, unless the status names it or may not name all: the pool ${what}`, () => {
        assert.deepEqual(holders([]), []);
        assert.deepEqual(holders([['192.0.2.1', ['a/web']]]), ['a/web']);
        assert.deepEqual(holders([], ['p']), ['a/web']);
      });
    }
  });

  test('of two that the pool names both the older', () => {
    const services = [holding('b/old', '192.0.2.1', 1), holding('a/young', '192.0.2.1', 2)];
    assert.deepEqual(led(services, { '192.0.2.1': 'a/young;b/old' }).ledger.holders('192.0.2.1'), ['b/old']);
  });

  suite('where more share an address than the pool names', () => {
    const IP = '192.0.2.1';
    const KEYS = Array.from({ length: 11 }, (_, i) => `a/s${String(i).padStart(2, '0')}`);
    const used = { [IP]: KEYS.slice(0, 8).join(';') };
    const sharing = (key: string, port: number, createdAt: number, terms = 'web'): Service => {
      const namespace = key.slice(0, key.indexOf('/'));
      return {
        ...holding(key, IP, createdAt),
        sharing: sharingTerms({ namespace, key: terms, ports: [`TCP/${port}`] }),
      };
    };
    const sharers = KEYS.map((key, i) => sharing(key, 80 + i, 100 + i));
    const gives = { heldRanges: [range('192.0.2.0/29')], heldNamespaces: ['a'] };

    for (const [what, pool] of [
      ['as it was', { ...POOL, ...gives }],
      ['disabled', { ...POOL, ...gives, disabled: true }],
      ['shrunk', { ...POOL, ...gives, ranges: aPool('p', ['192.0.2.4-192.0.2.7']).ranges }],
      ['being deleted', { ...POOL, ...gives, deleting: true }],
    ] as const) {
      test(`all of them keep it: the pool is ${what}`, () => {
        assert.deepEqual([...led(sharers, used, undefined, pool).ledger.holders(IP)].sort(), KEYS);
      });
    }
    test('also if a node has the address by now', () => {
      const reserved = new Reserved({ nodes: new Map([[IP, 'n1']]), serviceRanges: [], subnets: [] });
      assert.deepEqual([...led(sharers, used, reserved).ledger.holders(IP)].sort(), KEYS);
    });
    test('nobody else gets in, however old: not from another namespace, with another key or with none', () => {
      const forgers = [
        sharing('b/other', 9000, 1),
        sharing('a/key', 9001, 1, 'mine'),
        { ...holding('a/none', IP, 1), sharing: sharingTerms({ namespace: 'a', ports: ['TCP/9002'] }) },
      ];
      assert.deepEqual([...led([...sharers, ...forgers], used).ledger.holders(IP)].sort(), KEYS);
    });
    suite('and the pool selects Services by their labels', () => {
      const gold = { labels: { tier: 'gold' } };
      const selecting = { ...POOL, ...gives, serviceSelector: { matchLabels: gold.labels, matchExpressions: [] } };
      const labelled = (count: number): Service[] =>
        sharers.map((service, i) => (i < count ? { ...service, ...gold } : service));
      const forged = sharing('a/forged', 9000, 1);

      test('whom it does not select, and does not name, was not given it: a status of the group is soon forged', () => {
        const services = [...labelled(11), forged];
        assert.deepEqual([...led(services, used, undefined, selecting).ledger.holders(IP)].sort(), KEYS);
      });
      test('since: whom it names keeps it, selected or not', () => {
        const named = { [IP]: [...KEYS.slice(0, 7), 'a/forged'].join(';') };
        const kept = [...KEYS, 'a/forged'].sort();
        assert.deepEqual(
          [...led([...labelled(11), forged], named, undefined, selecting).ledger.holders(IP)].sort(),
          kept,
        );
      });
      test('since: where all whom it names are such, which come first, there may be more of them than there is room for', () => {
        assert.deepEqual([...led(labelled(0), used, undefined, selecting).ledger.holders(IP)].sort(), KEYS);
        const oneSelected = sharers.map((service, i) => (i === 3 ? { ...service, ...gold } : service));
        const holders = led(oneSelected, used, undefined, selecting).ledger.holders(IP);
        assert.deepEqual([...holders].sort(), KEYS.slice(0, 8));
      });
      test('who is beyond the list and selected keeps it, though a node has the address by now', () => {
        const reserved = new Reserved({ nodes: new Map([[IP, 'n1']]), serviceRanges: [], subnets: [] });
        assert.deepEqual([...led(labelled(11), used, reserved, selecting).ledger.holders(IP)].sort(), KEYS);
      });
    });
    suite('and the list is not full', () => {
      const short = { [IP]: KEYS.slice(0, 7).join(';') };
      test('who joined since it was written keeps it as well', () => {
        assert.deepEqual([...led(sharers, short).ledger.holders(IP)].sort(), KEYS);
      });
      test('who could not have joined does not: it can not share with them, or the pool would not give it', () => {
        const forgers = [sharing('b/other', 9000, 1), sharing('a/key', 9001, 1, 'mine'), sharing('a/port', 80, 1)];
        const named = sharers.slice(0, 7);
        assert.deepEqual([...led([...named, ...forgers], short).ledger.holders(IP)].sort(), KEYS.slice(0, 7));
        const reserved = new Reserved({ nodes: new Map([[IP, 'n1']]), serviceRanges: [], subnets: [] });
        assert.deepEqual([...led(sharers, short, reserved).ledger.holders(IP)].sort(), KEYS.slice(0, 7));
      });
    });
  });
});

/** Served once, served until its own spec changes: from a forged status that can't be told. Its owner could as well opt in. */
suite('a Service without a class where no pool is the default', () => {
  const PLAIN = aPool('p', ['192.0.2.0/29'], { namespaces: ['a'] });
  const IP = '192.0.2.1';
  const bare = (key: string): Service => aService(key, { loadBalancerClass: undefined });
  const claiming = (key: string): Service => {
    return { ...bare(key), claims: true, recorded: [{ pool: 'p', ip: IP }], ingressIPs: [IP], hasCondition: true };
  };
  /** What the leader says of the Service as it is, which it found so or, before, `first`. */
  function told(service: Service, first = service): readonly [reason: string, ips: readonly string[]] {
    const services = new Map([[service.key, first]]);
    const allocator = new Allocator({ services, namespaces: new Map([['a', {}]]) });
    allocator.adopt(new PoolSet(new Map([['p', PLAIN]])), { released: new Map(), used: [] }, NOW);
    if (first !== service) allocator.endAdoption();
    services.set(service.key, service);
    allocator.observe(service);
    const planned = allocator.plan(service, NOW);
    return [planned.finding.reason, planned.served ? planned.assignments.map(({ ip }) => ip) : planned.ours];
  }

  test('keeps what it is found with, as it may have it from the time when one was', () => {
    assert.deepEqual(told(claiming('a/web')), ['Allocated', [IP]]);
  });
  test('keeps nothing that the pool would not give: what was written there is taken back', () => {
    assert.deepEqual(told(claiming('b/evil')), ['NotOptedIn', [IP]]);
  });
  test('has nothing by a status that turns up under a leader: that is taken back, too', () => {
    assert.deepEqual(told(claiming('a/web'), bare('a/web')), ['NotOptedIn', [IP]]);
  });
  test('is left alone with the address of another load balancer', () => {
    assert.deepEqual(told({ ...bare('a/web'), ingressIPs: [IP] }), ['NotOptedIn', []]);
  });
});

suite('what a new leader believes of a status that turns up with the address of another Service', () => {
  const IP = '192.0.2.1';
  const POOL = aPool('p', ['192.0.2.0/29'], { isDefault: true });
  const without = (key: string, createdAt: number): Service => aService(key, { createdAt, wantedPools: ['p'] });
  const having = (service: Service): Service =>
    aService(service.key, {
      ...service,
      ...{ claims: true, recorded: [{ pool: 'p', ip: IP }], ingressIPs: [IP], hasCondition: true },
    });

  interface Case {
    /** Whom the pool's status named for the address at first, and by now. */
    readonly named?: readonly string[];
    readonly namedNow?: readonly string[];
    /** The other Service's: when it was made, and whether it had the address when the term began. */
    readonly since: number;
    readonly hadIt: boolean;
  }

  /** Who has the address after `a/late`, made at 10, has turned up with it. */
  function holders({ named = [], namedNow = named, since, hadIt }: Case): readonly string[] {
    const services = new Map<string, Service>();
    const put = (service: Service): void => void services.set(service.key, service);
    const set = new PoolSet(new Map([['p', POOL]]));
    const words = { poolSet: () => set, isNamed: (key: string) => namedNow.includes(key), mayOmit: () => false };
    const allocator = new Allocator({ services, namespaces: new Map(), words });
    const other = { ...without('b/other', since), wantedIPs: [IP] };
    put(without('a/late', 10));
    put(hadIt ? having(other) : other);
    const used = new Map(named.length > 0 ? [[IP, named]] : []);
    allocator.adopt(set, { released: new Map(), used }, NOW);
    for (const key of ['b/other', 'a/late']) {
      if (key === 'a/late') put(having(without(key, 10)));
      const service = services.get(key) ?? aService('none');
      const planned = allocator.plan(service, NOW);
      allocator.take(service, planned, NOW);
      allocator.settle(service, planned, NOW);
    }
    return [...allocator.ledger.holders(IP)];
  }

  for (const since of [1, 20]) {
    test(`nothing if that one had it when the term began: made ${since}`, () => {
      assert.deepEqual(holders({ since, hadIt: true }), ['b/other']);
      assert.deepEqual(holders({ since, hadIt: true, named: ['b/other'] }), ['b/other']);
    });
    test(`that it has it if the pool names it alone: made ${since}`, () => {
      assert.deepEqual(holders({ since, hadIt: true, named: ['a/late'] }), ['a/late']);
    });
  }

  test('that it has it if it is the older, and the pool names both', () => {
    assert.deepEqual(holders({ since: 20, hadIt: true, named: ['a/late', 'b/other'] }), ['a/late']);
    assert.deepEqual(holders({ since: 1, hadIt: true, named: ['a/late', 'b/other'] }), ['b/other']);
  });

  test('that it has it if it is the older, and this leader gave it to the other one', () => {
    assert.deepEqual(holders({ since: 20, hadIt: false }), ['a/late']);
    assert.deepEqual(holders({ since: 1, hadIt: false }), ['b/other']);
    assert.deepEqual(holders({ since: 20, hadIt: false, named: ['a/late'], namedNow: ['b/other'] }), ['a/late']);
    assert.deepEqual(holders({ since: 1, hadIt: false, named: ['a/late'] }), ['b/other']);
  });

  test('nothing if the pool has named the other one meanwhile', () => {
    assert.deepEqual(holders({ since: 20, hadIt: false, namedNow: ['b/other'] }), ['b/other']);
  });
});

test('what is kept for who waits is told of its pool as well', () => {
  const pools = [aPool('four', ['192.0.2.1']), aPool('six', ['2001:db8::1-2001:db8::2'])];
  const first = aService('a/first', { createdAt: 1, wantedPools: ['four'] });
  const dual = aService('a/dual', {
    createdAt: 2,
    wantedPools: ['four', 'six'],
    families: ['ipv4', 'ipv6'],
    familyPolicy: 'RequireDualStack',
  });
  const services = new Map([first, dual].map((service) => [service.key, service]));
  const allocator = new Allocator({ services, namespaces: new Map() });
  allocator.adopt(
    new PoolSet(new Map(pools.map((each) => [each.name, each]))),
    { released: new Map(), used: new Map() },
    NOW,
  );
  for (const service of services.values()) {
    const planned = allocator.plan(service, NOW);
    allocator.take(service, planned, NOW);
    allocator.settle(service, planned, NOW);
  }
  services.delete('a/first');
  const { again, pools: drawn } = allocator.forget('a/first', NOW);
  assert.deepEqual([again, [...drawn].sort()], [['a/dual'], ['four', 'six']]);
});

test('a wish that no pool would grant keeps no address from others', () => {
  const pool = aPool('p', ['192.0.2.1-192.0.2.2'], { namespaces: ['s'] });
  const services = new Map([aService('evil/e', { wantedIPs: ['192.0.2.1'] }), aService('s/a')].map((s) => [s.key, s]));
  const allocator = new Allocator({ services, namespaces: new Map() });
  allocator.adopt(new PoolSet(new Map([['p', pool]])), { released: new Map(), used: new Map() }, NOW);
  const planned = allocator.plan(aService('s/a'), NOW);
  assert.deepEqual(planned.served && planned.assignments, [{ pool: 'p', ip: '192.0.2.1' }]);
});
