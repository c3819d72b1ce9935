import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { parseAddress, type Address } from '../domain/address.ts';
import type { Pool } from '../domain/pool.ts';
import { formatRange } from '../domain/ranges.ts';
import { aPool, aService, range } from '../domain/testing/builders.ts';
import { PoolSet } from './pool-set.ts';
import { Reserved, type ReservedInput } from './reserved.ts';

function poolSet(pools: readonly Pool[], reserved: Partial<ReservedInput> = {}): PoolSet {
  const input = { nodes: new Map(), serviceRanges: [], subnets: [], ...reserved };
  return new PoolSet(new Map(pools.map((pool) => [pool.name, pool])), new Reserved(input));
}

function at(ip: string): Address {
  const address = parseAddress(ip);
  assert.ok(address);
  return address;
}

/** What a pool gives, ranges as text. */
function gives(set: PoolSet, name: string): string {
  return set.allocatable(name).map(formatRange).join(' ');
}

function why(set: PoolSet, name: string, ip: string): string | undefined {
  const pool = set.get(name);
  assert.ok(pool);
  return set.reservation(pool, at(ip))?.reason;
}

suite("a subnet's own addresses", () => {
  const layer2 = { protocol: 'layer2' } as const;
  test('network and broadcast address of a Layer 2 prefix are nobody’s', () => {
    const set = poolSet([aPool('p', ['192.0.2.0/29'], layer2)]);
    assert.equal(gives(set, 'p'), '192.0.2.1-192.0.2.6');
    assert.equal(why(set, 'p', '192.0.2.0'), 'WantedAddressOfSubnet');
    assert.equal(why(set, 'p', '192.0.2.7'), 'WantedAddressOfSubnet');
    assert.equal(why(set, 'p', '192.0.2.3'), undefined);
  });
  test('routed, they are as good as any', () => {
    assert.equal(gives(poolSet([aPool('p', ['192.0.2.0/29'])]), 'p'), '192.0.2.0-192.0.2.7');
  });
  test('/31 and /32 have none (RFC 3021), nor have ranges', () => {
    const set = poolSet([aPool('p', ['192.0.2.0/31', '192.0.2.9/32', '192.0.2.16-192.0.2.31'], layer2)]);
    assert.equal(gives(set, 'p'), '192.0.2.0-192.0.2.1 192.0.2.9 192.0.2.16-192.0.2.31');
  });
  test("of this host's links count on Layer 2, however the pool is written", () => {
    const subnets = [range('192.0.2.0/24'), range('2001:db8::/64')];
    const pool = aPool('p', ['192.0.2.254-192.0.3.1', '2001:db8::-2001:db8::3']);
    assert.equal(
      gives(poolSet([{ ...pool, ...layer2 }], { subnets }), 'p'),
      '192.0.2.254 192.0.3.0-192.0.3.1 2001:db8::1-2001:db8::3',
    );
    assert.equal(gives(poolSet([pool], { subnets }), 'p'), '192.0.2.254-192.0.3.1 2001:db8::-2001:db8::3');
  });
  test('the first of an IPv6 prefix means any router (RFC 4291, 2.6.1), routed or not', () => {
    assert.equal(gives(poolSet([aPool('p', ['2001:db8::/126'])]), 'p'), '2001:db8::1-2001:db8::3');
    assert.equal(gives(poolSet([aPool('p', ['2001:db8::4/127'])]), 'p'), '2001:db8::4-2001:db8::5');
  });
});

suite('overlaps', () => {
  const OLD = aPool('z-old', ['192.0.2.0/28'], { createdAt: 1_000 });
  const YOUNG = aPool('a-young', ['192.0.2.8/29', '192.0.2.64/29'], { createdAt: 2_000 });

  test('the older pool gives what is in both', () => {
    const set = poolSet([YOUNG, OLD]);
    assert.equal(gives(set, 'z-old'), '192.0.2.0-192.0.2.15');
    assert.equal(gives(set, 'a-young'), '192.0.2.64-192.0.2.71');
    assert.equal(why(set, 'a-young', '192.0.2.9'), 'WantedAddressInOlderPool');
    assert.equal(why(set, 'z-old', '192.0.2.9'), undefined);
  });
  test('each pool names the other one', () => {
    const set = poolSet([YOUNG, OLD]);
    const part = range('192.0.2.8-192.0.2.15');
    assert.deepEqual(set.overlaps('z-old'), [{ kind: 'pool', other: 'a-young', otherIsOlder: false, part }]);
    assert.deepEqual(set.overlaps('a-young'), [{ kind: 'pool', other: 'z-old', otherIsOlder: true, part }]);
  });
  test('of one age the first by name gives', () => {
    const set = poolSet([aPool('b', ['192.0.2.0/30']), aPool('a', ['192.0.2.0/31'])]);
    assert.equal(gives(set, 'a'), '192.0.2.0-192.0.2.1');
    assert.equal(gives(set, 'b'), '192.0.2.2-192.0.2.3');
  });
  test('of three pools, where the first begins first and covers both others', () => {
    const wide = aPool('wide', ['10.0.0.0/8'], { createdAt: 3_000 });
    const some = ['10.1.0.0/16', '10.2.0.0/16'].map((text, i) => aPool(`p${i}`, [text]));
    const set = poolSet([wide, ...some]);
    assert.equal(gives(set, 'wide'), '10.0.0.0-10.0.255.255 10.3.0.0-10.255.255.255');
    assert.deepEqual(
      set
        .overlaps('wide')
        .map(({ other }) => other)
        .sort(),
      ['p0', 'p1'],
    );
  });
  test("with the cluster's Service range", () => {
    const set = poolSet([aPool('p', ['10.96.0.0-10.96.0.9', '192.0.2.7'])], { serviceRanges: [range('10.96.0.0/12')] });
    assert.equal(gives(set, 'p'), '192.0.2.7');
    assert.equal(why(set, 'p', '10.96.0.4'), 'WantedAddressInServiceRange');
    const part = range('10.96.0.0-10.96.0.9');
    assert.deepEqual(set.overlaps('p'), [{ kind: 'serviceRange', other: '10.96.0.0-10.111.255.255', part }]);
  });
  test('with nodes', () => {
    const nodes = new Map([
      ['192.0.2.3', 'n1'],
      ['2001:db8::3', 'n1'],
      ['198.51.100.1', 'n2'],
    ]);
    const pool = aPool('p', ['192.0.2.0/24', '2001:db8::/64']);
    const set = poolSet([pool], { nodes });
    assert.deepEqual(
      set.overlaps('p').map(({ kind, other, part }) => [kind, other, formatRange(part)]),
      [
        ['node', 'n1', '192.0.2.3'],
        ['node', 'n1', '2001:db8::3'],
      ],
    );
    assert.equal(set.gives(pool, at('192.0.2.3')), false);
    assert.equal(set.gives(pool, at('192.0.2.4')), true);
    assert.equal(why(set, 'p', '192.0.2.3'), 'WantedAddressOfNode');
  });
});

suite('freed addresses go home', () => {
  const set = poolSet([aPool('p', ['192.0.2.0/30']), aPool('q', ['192.0.2.4/30'])]);
  test('to the pool that they came from', () => assert.equal(set.homeOf({ pool: 'p', ip: '192.0.2.1' }), 'p'));
  test('to the one that has them now', () => {
    assert.equal(set.homeOf({ pool: 'p', ip: '192.0.2.5' }), 'q');
    assert.equal(set.homeOf({ pool: 'gone', ip: '192.0.2.5' }), 'q');
  });
  test('or nowhere', () => assert.equal(set.homeOf({ pool: 'p', ip: '192.0.2.9' }), undefined));
});

suite('candidates', () => {
  const names = (pools: readonly Pool[], labels = {}): string =>
    poolSet(pools)
      .candidates(aService('shop/web', { labels: { app: 'web' } }), labels)
      .map(({ name }) => name)
      .join(' ');
  test('bound ones by priority, then default ones', () => {
    const bound = aPool('bound', [], { namespaces: ['shop'], priority: 5 });
    const gold = aPool('gold', [], { namespaceSelector: { tier: 'gold' }, priority: 3 });
    const web = aPool('web', [], {
      serviceSelector: { matchLabels: { app: 'web' }, matchExpressions: [] },
      priority: 4,
    });
    const rest = aPool('rest', [], { isDefault: true, priority: 1 });
    assert.equal(names([rest, bound, web, gold], { tier: 'gold' }), 'gold web bound rest');
    assert.equal(names([rest, bound, web, gold]), 'web bound rest');
  });
  test('a default pool that is bound comes once', () => {
    assert.equal(names([aPool('p', [], { namespaces: ['shop'], isDefault: true })]), 'p');
  });
  test('an empty namespaceSelector binds nobody', () =>
    assert.equal(names([aPool('p', [], { namespaceSelector: {} })]), ''));
});

test('made from an earlier set, it is what it is made anew', () => {
  const address = fc.nat({ max: 15 }).map((last) => `192.0.2.${last}`);
  const spec = fc.record({
    name: fc.constantFrom('a', 'b', 'c'),
    from: address,
    size: fc.nat({ max: 6 }),
    createdAt: fc.nat({ max: 3 }),
  });
  const state = fc.record({ pools: fc.array(spec, { maxLength: 3 }), reserve: fc.boolean() });
  const reserved = [new Reserved({ nodes: new Map([['192.0.2.3', 'n1']]), serviceRanges: [], subnets: [] })];
  reserved.push(new Reserved({ nodes: new Map(), serviceRanges: [range('192.0.2.8/30')], subnets: [] }));
  const known = new Map<string, Pool>();
  const poolOf = ({ name, from, size, createdAt }: typeof spec extends fc.Arbitrary<infer T> ? T : never): Pool => {
    const id = JSON.stringify([name, from, size, createdAt]);
    const last = Number(from.split('.')[3]) + size;
    // One object as long as nothing is edited, as in the view of the cluster.
    const pool = known.get(id) ?? aPool(name, [`${from}-192.0.2.${last}`], { createdAt });
    known.set(id, pool);
    return pool;
  };
  const tell = (set: PoolSet): unknown =>
    [...set.pools.keys()].map((name) => [
      name,
      gives(set, name),
      set.overlaps(name).map(({ kind, other }) => [kind, other]),
    ]);
  fc.assert(
    fc.property(fc.array(state, { minLength: 2, maxLength: 6 }), (states) => {
      let before: PoolSet | undefined;
      for (const { pools, reserve } of states) {
        const all = new Map(pools.map((one) => [one.name, poolOf(one)]));
        const held = reserved[reserve ? 1 : 0];
        const made = new PoolSet(all, held, before);
        assert.deepEqual(tell(made), tell(new PoolSet(all, held)));
        before = made;
      }
    }),
  );
});
