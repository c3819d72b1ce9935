import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { Pool } from '../domain/pool.ts';
import type { Assignment, Service } from '../domain/service.ts';
import { aPool, aService, range } from '../domain/testing/builders.ts';
import { Ledger } from './ledger.ts';
import { believedClaims } from './claims.ts';
import { plan, type AllocateView, type Plan } from './plan.ts';
import { PoolSet } from './pool-set.ts';
import { byServiceAge } from './waiting.ts';

const DEFAULT = aPool('default', ['192.0.2.0/24'], { isDefault: true });
const OTHER = aPool('other', ['198.51.100.0/24']);
const SIX = aPool('six', ['2001:db8::/64'], { isDefault: true });

function assignment(text: string): Assignment {
  const [pool = '', ip = ''] = text.split('=');
  return { pool, ip };
}

/** `service` as the API server shows it once the leader has written these assignments. */
function holding(service: Service, ...records: string[]): Service {
  const recorded = records.map(assignment);
  return {
    ...service,
    recorded,
    ingressIPs: recorded.map(({ ip }) => ip),
    claims: recorded.length > 0,
    hasFinalizer: recorded.length > 0,
  };
}

const WEB = aService('shop/web');

const NOW = 1_000_000_000;

/** `pool` as its status says it, by the word of the leader that gave these Services their addresses. */
function inUse(base: Pool, services: readonly Service[]): Pool {
  const users = services.filter(({ claims, recorded }) => claims && recorded.some(({ pool }) => pool === base.name));
  const ips = users.flatMap(({ recorded }) => recorded.filter(({ pool }) => pool === base.name).map(({ ip }) => ip));
  const heldNamespaces = [...new Set(users.map(({ namespace }) => namespace))];
  return { ...base, heldRanges: [...base.ranges, ...ips.map(range)], heldNamespaces };
}

/** What a leader sees that has just made its ledger from the records. */
function view(
  pools: readonly Pool[],
  services: readonly Service[] = [],
  reserved: Readonly<Record<string, string>> = {},
): AllocateView {
  const ledger = new Ledger();
  const ages = new Map(services.map((service) => [service.key, service.createdAt]));
  const seen: AllocateView = {
    pools: new PoolSet(new Map(pools.map((pool) => [pool.name, inUse(pool, services)]))),
    namespaces: new Map([['shop', {}]]),
    ledger,
    now: NOW,
    testimony: {
      adopting: true,
      rules: () => seen.pools,
      recordOf: () => undefined,
      mayOmit: () => true,
      isNamedNow: () => false,
      isNamed: () => false,
      mayOmitNow: () => false,
      inherited: () => undefined,
      isLeaving: () => false,
      createdAt: (key) => ages.get(key),
    },
    mayMove: () => true,
  };
  for (const service of [...services].sort(byServiceAge)) ledger.set(service, believedClaims(service, seen), NOW);
  for (const [key, record] of Object.entries(reserved)) ledger.set(aService(key), [assignment(record)], NOW);
  return seen;
}

function summary(result: Plan): string {
  const records = result.served ? result.assignments.map(({ pool, ip }) => `${pool}=${ip}`) : [];
  return [...records, result.finding.reason].join(' ');
}

function planned(service: Service, pools: readonly Pool[], others: readonly Service[] = []): string {
  return summary(plan(service, view(pools, [service, ...others])));
}

suite('a new Service', () => {
  test('gets an address', () => assert.equal(planned(WEB, [DEFAULT]), 'default=192.0.2.0 Allocated'));
  test('that is not ours has no record', () => {
    assert.equal(planned({ ...WEB, loadBalancerClass: 'example.com/other' }, [DEFAULT]), 'ForeignClass');
    assert.equal(planned({ ...WEB, isLoadBalancer: false }, [DEFAULT]), 'NotLoadBalancer');
  });
  test('without a class is served only while a default pool exists, even a disabled one', () => {
    const plain = { ...WEB, loadBalancerClass: undefined };
    assert.equal(planned(plain, [OTHER]), 'NotOptedIn');
    assert.equal(planned(plain, [DEFAULT]), 'default=192.0.2.0 Allocated');
    assert.equal(planned(plain, [{ ...DEFAULT, disabled: true }]), 'PoolDisabled');
  });
  test('says what is missing', () => assert.equal(planned(WEB, []), 'NoPoolMatches'));
  test('the finding lists the addresses', () => {
    assert.deepEqual(plan(WEB, view([DEFAULT])).finding, { reason: 'Allocated', params: { ips: '192.0.2.0' } });
  });
});

// Scenario A1: an address never changes unless the owner of the Service asks.
suite('a live address stays', () => {
  const held = holding(WEB, 'default=192.0.2.7');
  const kept = 'default=192.0.2.7 Allocated';

  const edits: [what: string, pools: readonly Pool[]][] = [
    ['nothing', [DEFAULT]],
    [
      'a pool bound to the namespace is added',
      [DEFAULT, aPool('shop', ['203.0.113.0/24'], { namespaces: ['shop'], priority: -10 })],
    ],
    ['its pool is disabled', [{ ...DEFAULT, disabled: true }]],
    ['its pool is being deleted', [{ ...DEFAULT, deleting: true }]],
    ['its pool is gone', [OTHER]],
    [
      'its pool is no longer the default',
      [
        { ...DEFAULT, isDefault: false },
        { ...OTHER, isDefault: true },
      ],
    ],
    [
      'its pool falls behind another',
      [
        { ...DEFAULT, priority: 99 },
        { ...OTHER, isDefault: true, priority: 1 },
      ],
    ],
    ['its pool is bound to others', [{ ...DEFAULT, namespaces: ['park'] }, OTHER]],
    ['its pool shrinks', [aPool('default', ['192.0.2.0/30'], { isDefault: true })]],
    ['its pool avoids more addresses', [{ ...DEFAULT, avoidBuggyIPs: true }]],
    ['no pool is left', []],
  ];
  for (const [what, pools] of edits) test(what, () => assert.equal(planned(held, pools), kept));

  test('a Service without a class, whose default pool is gone', () => {
    assert.equal(planned({ ...held, loadBalancerClass: undefined }, [OTHER]), kept);
  });
  test('a lower address became free', () => assert.equal(planned(held, [DEFAULT], []), kept));
  test('the leader starts anew', () => {
    const services = ['a', 'b', 'c'].map((name, i) => holding(aService(`shop/${name}`), `default=192.0.2.${10 - i}`));
    for (const service of services)
      assert.equal(planned(service, [DEFAULT], services), `default=${service.ingressIPs[0]} Allocated`);
  });
});

suite('a changed wish', () => {
  const held = holding(WEB, 'default=192.0.2.7');

  test('another pool: its address instead', () => {
    assert.equal(planned({ ...held, wantedPools: ['other'] }, [DEFAULT, OTHER]), 'other=198.51.100.0 Allocated');
  });
  test('a pool list with the one in use: nothing moves', () => {
    assert.equal(
      planned({ ...held, wantedPools: ['other', 'default'] }, [DEFAULT, OTHER]),
      'default=192.0.2.7 Allocated',
    );
  });
  test('another address: that one instead', () => {
    assert.equal(planned({ ...held, wantedIPs: ['192.0.2.9'] }, [DEFAULT]), 'default=192.0.2.9 Allocated');
  });
  test('the address that it has, in another notation: nothing moves', () => {
    const six = holding({ ...WEB, families: ['ipv6'] }, 'six=2001:db8::7');
    assert.equal(planned({ ...six, wantedIPs: ['2001:DB8:0::7'] }, [SIX]), 'six=2001:db8::7 Allocated');
  });

  const unmet: [what: string, wish: Partial<Service>, pools: readonly Pool[], reason: string][] = [
    ['a full pool', { wantedPools: ['other'] }, [DEFAULT, aPool('other', ['198.51.100.1'])], 'PoolFull'],
    ['a disabled pool', { wantedPools: ['other'] }, [DEFAULT, { ...OTHER, disabled: true }], 'PoolDisabled'],
    ['a missing pool', { wantedPools: ['gone'] }, [DEFAULT], 'PoolNotFound'],
    ['a pool of the other family', { wantedPools: ['six'] }, [DEFAULT, SIX], 'FamilyNotAvailable'],
    ['an address that is taken', { wantedIPs: ['198.51.100.1'] }, [DEFAULT, OTHER], 'WantedAddressTaken'],
    ['an address of no pool', { wantedIPs: ['8.8.8.8'] }, [DEFAULT], 'WantedAddressOutsidePools'],
    ['garbage', { wantedIPs: ['garbage'] }, [DEFAULT], 'WantedAddressInvalid'],
    ['an address of the other family', { wantedIPs: ['2001:db8::7'] }, [DEFAULT, SIX], 'WantedAddressOfOtherFamily'],
  ];
  const neighbour = holding(aService('shop/neighbour'), 'other=198.51.100.1');
  for (const [what, wish, pools, reason] of unmet) {
    test(`for ${what}: the working address stays, and the reason is said`, () => {
      assert.equal(planned({ ...held, ...wish }, pools, [neighbour]), `default=192.0.2.7 ${reason}`);
    });
  }

  test('while its write is under way, what was reserved for it is its own', () => {
    const wish = { ...held, wantedPools: ['other'] };
    const pools = [DEFAULT, aPool('other', ['198.51.100.1'])];
    const world = view(pools, [wish]);
    world.ledger.set(wish, [assignment('other=198.51.100.1'), assignment('default=192.0.2.7')], NOW);
    assert.equal(summary(plan(wish, world)), 'other=198.51.100.1 Allocated');
    // Taken back before it was written: the live address doesn't move.
    assert.equal(summary(plan(held, world)), 'default=192.0.2.7 Allocated');
  });
  test('a new Service keeps what was reserved for it', () => {
    assert.equal(
      summary(plan(WEB, view([DEFAULT], [WEB], { 'shop/web': 'default=192.0.2.50' }))),
      'default=192.0.2.50 Allocated',
    );
  });
  test('what was only reserved is no answer to a wish that came since', () => {
    const world = view([DEFAULT], [WEB], { 'shop/web': 'default=192.0.2.50' });
    assert.equal(summary(plan({ ...WEB, wantedPools: ['gone'] }, world)), 'PoolNotFound');
  });
});

suite('two Services with one address', () => {
  const old = holding(aService('shop/old', { createdAt: 1_000 }), 'default=192.0.2.0');
  const young = holding(aService('shop/young', { createdAt: 2_000 }), 'default=192.0.2.0');
  const twin = holding(aService('shop/twin', { createdAt: 2_000 }), 'default=192.0.2.0');

  test('the older keeps it', () => assert.equal(planned(old, [DEFAULT], [young]), 'default=192.0.2.0 Allocated'));
  test('the younger is given another', () =>
    assert.equal(planned(young, [DEFAULT], [old]), 'default=192.0.2.1 Allocated'));
  test('of one age the first by name keeps it', () => {
    assert.equal(planned(twin, [DEFAULT], [young]), 'default=192.0.2.0 Allocated');
    assert.equal(planned(young, [DEFAULT], [twin]), 'default=192.0.2.1 Allocated');
  });
  test('the younger keeps nothing where nothing is free', () => {
    assert.equal(planned(young, [aPool('default', ['192.0.2.0'], { isDefault: true })], [old]), 'PoolFull');
  });
  test('the younger wants this very address', () => {
    assert.equal(planned({ ...young, wantedIPs: ['192.0.2.0'] }, [DEFAULT], [old]), 'WantedAddressTaken');
  });
});

suite('dual stack', () => {
  const dual = (familyPolicy: Service['familyPolicy']): Service => ({
    ...WEB,
    families: ['ipv4', 'ipv6'],
    familyPolicy,
  });
  const both = 'default=192.0.2.0 six=2001:db8::1 Allocated';

  test('SingleStack takes the first family only', () => {
    assert.equal(planned(dual('SingleStack'), [DEFAULT, SIX]), 'default=192.0.2.0 Allocated');
  });
  test('one address per family, from two pools', () => {
    assert.equal(planned(dual('PreferDualStack'), [DEFAULT, SIX]), both);
    assert.equal(planned(dual('RequireDualStack'), [DEFAULT, SIX]), both);
  });
  test('or from one', () => {
    const pool = aPool('dual', ['192.0.2.0/24', '2001:db8::/64'], { isDefault: true });
    assert.equal(planned(dual('RequireDualStack'), [pool]), 'dual=192.0.2.0 dual=2001:db8::1 Allocated');
  });
  test('the primary family comes first', () => {
    const service: Service = { ...dual('RequireDualStack'), families: ['ipv6', 'ipv4'] };
    assert.equal(planned(service, [DEFAULT, SIX]), 'six=2001:db8::1 default=192.0.2.0 Allocated');
  });
  test('Prefer is content with one', () => {
    assert.equal(planned(dual('PreferDualStack'), [DEFAULT]), 'default=192.0.2.0 Allocated');
    assert.equal(planned(dual('PreferDualStack'), [SIX]), 'six=2001:db8::1 Allocated');
    assert.equal(planned(dual('PreferDualStack'), []), 'NoPoolMatches');
  });
  test('Require takes both or none', () => {
    assert.equal(planned(dual('RequireDualStack'), [DEFAULT]), 'FamilyNotAvailable');
    assert.equal(planned(dual('RequireDualStack'), [SIX]), 'FamilyNotAvailable');
  });
  test('Require keeps the family that it holds, and says what is missing', () => {
    assert.equal(
      planned(holding(dual('RequireDualStack'), 'default=192.0.2.7'), [DEFAULT]),
      'default=192.0.2.7 FamilyNotAvailable',
    );
  });
  test('Require moves from what it holds only to both at once', () => {
    const held = holding({ ...dual('RequireDualStack'), wantedIPs: ['192.0.2.9', '2001:db8::9'] }, 'default=192.0.2.7');
    assert.equal(planned(held, [DEFAULT]), 'default=192.0.2.7 WantedAddressOutsidePools');
    assert.equal(planned(held, [DEFAULT, SIX]), 'default=192.0.2.9 six=2001:db8::9 Allocated');
  });
  test('a family that is added leaves the other where it is', () => {
    const held = holding(dual('PreferDualStack'), 'default=192.0.2.7');
    assert.equal(planned(held, [DEFAULT, SIX]), 'default=192.0.2.7 six=2001:db8::1 Allocated');
  });
  test('a family that is given up is freed', () => {
    const held = holding(WEB, 'default=192.0.2.7', 'six=2001:db8::7');
    assert.equal(planned(held, [DEFAULT, SIX]), 'default=192.0.2.7 Allocated');
  });
  test("Prefer: an unmet wish isn't hidden behind the other family", () => {
    const service: Service = { ...dual('PreferDualStack'), wantedIPs: ['8.8.8.8'] };
    assert.equal(planned(service, [DEFAULT, SIX]), 'six=2001:db8::1 WantedAddressOutsidePools');
  });
});

suite('a record without our mark', () => {
  const restored: Service = { ...WEB, recorded: [assignment('default=192.0.2.77')] };
  test('(a restored backup) is a wish', () =>
    assert.equal(planned(restored, [DEFAULT]), 'default=192.0.2.77 Allocated'));
  test('is nothing where somebody else holds the address by now', () => {
    const neighbour = holding(aService('shop/a', { createdAt: 9_000 }), 'default=192.0.2.77');
    assert.equal(planned(restored, [DEFAULT], [neighbour]), 'default=192.0.2.0 Allocated');
  });
});

const wishes = fc.record({
  families: fc.constantFrom<Service['families']>(['ipv4'], ['ipv6'], ['ipv4', 'ipv6'], ['ipv6', 'ipv4']),
  familyPolicy: fc.constantFrom<Service['familyPolicy']>('SingleStack', 'PreferDualStack', 'RequireDualStack'),
  wantedPools: fc.subarray(['default', 'other', 'six', 'gone']),
  wantedIPs: fc.subarray(['192.0.2.1', '198.51.100.1', '2001:db8::1', '8.8.8.8']),
  createdAt: fc.integer({ min: 1, max: 3 }),
});
const pool = (base: Pool): fc.Arbitrary<Pool> =>
  fc
    .record({
      disabled: fc.boolean(),
      isDefault: fc.boolean(),
      priority: fc.nat(2),
      namespaces: fc.subarray(['shop', 'park']),
    })
    .map((rest) => ({ ...base, ...rest }));
const world = fc.tuple(
  fc.array(wishes, { minLength: 1, maxLength: 5 }),
  fc.tuple(pool(aPool('default', ['192.0.2.1-192.0.2.2'])), pool(aPool('other', ['198.51.100.1'])), pool(SIX)),
);

/** Plans and writes every Service in turn, as the leader does. */
function settle(services: readonly Service[], pools: readonly Pool[]): Service[] {
  let current = [...services];
  for (const { key } of services) {
    current = current.map((service) => {
      if (service.key !== key) return service;
      const result = plan(service, view(pools, current));
      return holding(service, ...(result.served ? result.assignments.map((each) => `${each.pool}=${each.ip}`) : []));
    });
  }
  return current;
}

suite('for any cluster', () => {
  const services = (all: readonly Partial<Service>[]): Service[] => all.map((each, i) => aService(`shop/s${i}`, each));

  test('a plan that was written plans itself again', () => {
    fc.assert(
      fc.property(world, ([all, pools]) => {
        const settled = settle(services(all), pools);
        assert.deepEqual(settle(settled, pools), settled);
      }),
    );
  });

  test('no address is given twice, and none from outside of its pool', () => {
    fc.assert(
      fc.property(world, ([all, pools]) => {
        const given = settle(services(all), pools).flatMap(({ ingressIPs }) => ingressIPs);
        assert.equal(new Set(given).size, given.length);
      }),
    );
  });

  test('no edit of a pool takes or moves a live address', () => {
    fc.assert(
      fc.property(world, world, ([all, before], [, after]) => {
        const settled = settle(services(all), before);
        for (const [i, service] of settle(settled, after).entries()) {
          const had = settled[i]?.ingressIPs ?? [];
          assert.deepEqual(
            had.filter((ip) => !service.ingressIPs.includes(ip)),
            [],
          );
        }
      }),
    );
  });
});
