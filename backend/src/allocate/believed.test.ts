import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { MAX_HELD_NAMESPACES, poolOf, type Pool } from '../domain/pool.ts';
import { aPool, aService, range } from '../domain/testing/builders.ts';
import type { Service } from '../domain/service.ts';
import { isBelieved, type Evidence } from './believed.ts';
import { PoolSet } from './pool-set.ts';
import { Reserved } from './reserved.ts';

const PARK = aPool('p', ['192.0.2.0/24'], { namespaces: ['park'] });

interface Case {
  readonly service?: Partial<Service>;
  readonly evidence?: Partial<Evidence>;
  readonly ip?: string;
  readonly reserved?: Reserved;
}

/** Whether `shop/web` is believed to hold an address (192.0.2.7). */
function isIts(
  record: string,
  pools: readonly Pool[],
  { service, evidence, ip = '192.0.2.7', reserved }: Case,
): boolean {
  const byName = new Map(pools.map((pool) => [pool.name, pool]));
  const claim = { service: aService('shop/web', service), ip, pool: poolOf({ pool: record, ip }, byName) };
  const labels = { tier: 'gold' };
  return isBelieved(claim, {
    ...{ pools: new PoolSet(byName, reserved), labels, isNamed: false, mayOmit: false },
    ...evidence,
  });
}

/** The same by the rules alone. */
function believed(record: string, ...pools: Pool[]): boolean {
  return isIts(record, pools, {});
}

suite('an address in a status is believed', () => {
  test('where its pool lets the namespace in, by name or by labels', () => {
    assert.equal(believed('p', { ...PARK, namespaces: [] }), true);
    assert.equal(believed('p', { ...PARK, namespaces: ['shop'] }), true);
    assert.equal(believed('p', { ...PARK, namespaceSelector: { tier: 'gold' } }), true);
  });
  test('where the pool let it in, by the word of its status', () => {
    assert.equal(believed('p', { ...PARK, heldNamespaces: ['shop'] }), true);
  });
  test('not where the pool is for others', () => assert.equal(believed('p', PARK), false));
  test('of a pool that gives nothing new only by the word of its status, as far as that has room for all', () => {
    for (const closed of [{ disabled: true }, { deleting: true }]) {
      const pool = { ...PARK, namespaces: [], heldRanges: PARK.ranges, ...closed };
      const full = Array.from({ length: MAX_HELD_NAMESPACES }, (_, i) => `n${i}`);
      assert.equal(believed('p', pool), false);
      assert.equal(believed('p', { ...pool, heldNamespaces: ['park'] }), false);
      assert.equal(believed('p', { ...pool, heldNamespaces: ['park', 'shop'] }), true);
      assert.equal(believed('p', { ...pool, heldNamespaces: full }), true);
    }
  });
  test('of a disabled pool whose status says nothing yet: restored, or written by an earlier version', () => {
    assert.equal(believed('p', { ...PARK, namespaces: [], disabled: true }), true);
    assert.equal(believed('p', { ...PARK, disabled: true }), false);
  });
  test('not by a record that names a pool without the address', () => {
    const open = aPool('open', ['198.51.100.0/24']);
    assert.equal(believed('open', open, PARK), false);
    assert.equal(believed('', open, PARK), false);
    assert.equal(believed('gone', open, PARK), false);
  });

  const OPEN = aPool('p', ['192.0.2.0/24']);
  const nodes = new Map([['192.0.2.7', 'n1']]);
  const gold = { matchLabels: { tier: 'gold' }, matchExpressions: [] };
  const forbidden: [string, readonly Pool[], Case][] = [
    ['has lost it by an edit', [{ ...OPEN, ranges: [], heldRanges: OPEN.ranges }], {}],
    ['selects other Services', [{ ...OPEN, serviceSelector: gold }], {}],
    ['avoids it', [{ ...OPEN, avoidBuggyIPs: true }], { ip: '192.0.2.255' }],
    ['shares it with an older one', [OPEN, aPool('older', ['192.0.2.7'], { createdAt: 1, namespaces: ['a'] })], {}],
    ['shares it with a node', [OPEN], { reserved: new Reserved({ nodes, serviceRanges: [], subnets: [] }) }],
    [
      'shares it with the cluster’s Services',
      [OPEN],
      { reserved: new Reserved({ nodes: new Map(), serviceRanges: [range('192.0.2.0/28')], subnets: [] }) },
    ],
    [
      'would give it to no host: it means any router',
      [aPool('p', ['2001:db8::/64'])],
      { ip: '2001:db8::', service: { families: ['ipv6'] } },
    ],
  ];
  for (const [what, pools, given] of forbidden) {
    test(`of a pool that ${what} only if its status names the Service, or may not name all`, () => {
      assert.equal(isIts('p', pools, given), false);
      assert.equal(isIts('p', pools, { ...given, evidence: { isNamed: true } }), true);
      assert.equal(isIts('p', pools, { ...given, evidence: { mayOmit: true } }), true);
    });
  }
  test('of a pool that lets the namespace in no more not even then', () => {
    for (const evidence of [{ isNamed: true }, { mayOmit: true }])
      assert.equal(isIts('p', [PARK], { evidence }), false);
  });
  test('that the pool avoids, where it is asked for by name', () => {
    const given = { ip: '192.0.2.255', service: { wantedIPs: ['192.0.2.255'] } };
    assert.equal(isIts('p', [{ ...OPEN, avoidBuggyIPs: true }], given), true);
  });
  test('of a Service that the pool selects', () => {
    assert.equal(isIts('p', [{ ...OPEN, serviceSelector: gold }], { service: { labels: { tier: 'gold' } } }), true);
  });
});
