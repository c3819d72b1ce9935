import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Family } from '../domain/address.ts';
import type { Pool } from '../domain/pool.ts';
import type { Labels } from '../domain/selector.ts';
import type { Service } from '../domain/service.ts';
import { aPool, aService, sharingTerms } from '../domain/testing/builders.ts';
import { choose, type ChooseView } from './choose.ts';
import { Ledger } from './ledger.ts';
import { PoolSet, isAllowed } from './pool-set.ts';

interface World {
  readonly pools: readonly Pool[];
  readonly held?: Readonly<Record<string, string>>;
  readonly namespaces?: Readonly<Record<string, Labels>>;
}

const NOW = 1_000_000_000;

function view({ pools, held = {}, namespaces = { shop: {} } }: World): ChooseView {
  const ledger = new Ledger();
  for (const [key, ip] of Object.entries(held)) {
    const [namespace = ''] = key.split('/');
    ledger.set({ key, sharing: sharingTerms({ namespace }) }, [{ pool: 'any', ip }], NOW);
  }
  return {
    pools: new PoolSet(new Map(pools.map((pool) => [pool.name, pool]))),
    namespaces: new Map(Object.entries(namespaces)),
    ledger,
    now: NOW,
  };
}

/** `pool=ip`, or the reason why not. */
function chosen(service: Partial<Service>, world: World, family: Family = 'ipv4'): string {
  const choice = choose(aService('shop/web', service), family, view(world));
  return choice.ok ? `${choice.assignment.pool}=${choice.assignment.ip}` : choice.finding.reason;
}

const DEFAULT = aPool('default', ['192.0.2.0/24'], { isDefault: true });
const NAMED = aPool('named', ['198.51.100.0/24']);
const SHOP = aPool('shop', ['203.0.113.0/24'], { namespaces: ['shop'] });
const SIX = aPool('six', ['2001:db8::/64']);

suite('which pool', () => {
  test('the default pool, if nothing else is said', () =>
    assert.equal(chosen({}, { pools: [NAMED, DEFAULT] }), 'default=192.0.2.0'));
  test('a pool without selector and mark is never chosen by itself', () =>
    assert.equal(chosen({}, { pools: [NAMED] }), 'NoPoolMatches'));
  test('no pools', () => assert.equal(chosen({}, { pools: [] }), 'NoPoolMatches'));
  test('the named pool', () => {
    assert.equal(chosen({ wantedPools: ['named'] }, { pools: [DEFAULT, NAMED, SHOP] }), 'named=198.51.100.0');
  });
  test('named pools in the order of the names, the next where one is full', () => {
    const tiny = aPool('tiny', ['192.0.2.200']);
    assert.equal(chosen({ wantedPools: ['tiny', 'named'] }, { pools: [NAMED, tiny] }), 'tiny=192.0.2.200');
    const world = { pools: [NAMED, tiny], held: { 'shop/other': '192.0.2.200' } };
    assert.equal(chosen({ wantedPools: ['tiny', 'named'] }, world), 'named=198.51.100.0');
  });
  test('a named pool that is missing is no reason to take another', () => {
    assert.equal(chosen({ wantedPools: ['gone'] }, { pools: [DEFAULT, SHOP] }), 'PoolNotFound');
  });
  test('a named pool that is there and cannot be read is not called missing', () => {
    const pools = new PoolSet(new Map(), undefined, undefined, new Set(['broken']));
    const choice = choose(aService('shop/web', { wantedPools: ['broken'] }), 'ipv4', { ...view({ pools: [] }), pools });
    assert.deepEqual(choice.ok ? {} : choice.finding, { reason: 'PoolInvalid', params: { pool: 'broken' } });
  });
  test('bound to the namespace before the default', () => {
    assert.equal(chosen({}, { pools: [DEFAULT, SHOP] }), 'shop=203.0.113.0');
  });
  test('bound by the labels of the namespace', () => {
    const pool = aPool('gold', ['203.0.113.0/24'], { namespaceSelector: { tier: 'gold' } });
    assert.equal(chosen({}, { pools: [DEFAULT, pool], namespaces: { shop: { tier: 'gold' } } }), 'gold=203.0.113.0');
    assert.equal(chosen({}, { pools: [DEFAULT, pool], namespaces: { shop: { tier: 'tin' } } }), 'default=192.0.2.0');
    assert.equal(chosen({}, { pools: [DEFAULT, pool], namespaces: {} }), 'default=192.0.2.0');
  });
  test('bound by the labels of the Service', () => {
    const serviceSelector = { matchLabels: { app: 'web' }, matchExpressions: [] };
    const pool = aPool('web', ['203.0.113.0/24'], { serviceSelector });
    assert.equal(chosen({ labels: { app: 'web' } }, { pools: [DEFAULT, pool] }), 'web=203.0.113.0');
    assert.equal(chosen({ labels: {} }, { pools: [DEFAULT, pool] }), 'default=192.0.2.0');
  });
  test('namespaces and namespaceSelector: either will do; the serviceSelector must hold as well', () => {
    const serviceSelector = { matchLabels: { app: 'web' }, matchExpressions: [] };
    const pool = aPool('p', ['203.0.113.0/24'], {
      namespaces: ['shop'],
      namespaceSelector: { tier: 'gold' },
      serviceSelector,
    });
    const allowed = (namespace: string, labels: Labels): boolean =>
      isAllowed(pool, aService(`${namespace}/web`, { labels }), namespace === 'mall' ? { tier: 'gold' } : undefined);
    assert.equal(allowed('shop', { app: 'web' }), true);
    assert.equal(allowed('mall', { app: 'web' }), true);
    assert.equal(allowed('park', { app: 'web' }), false);
    assert.equal(allowed('shop', {}), false);
  });
  test('among bound pools the lower priority value', () => {
    const second = aPool('a-second', ['192.0.2.0/28'], { namespaces: ['shop'], priority: 20 });
    const first = aPool('b-first', ['192.0.2.16/28'], { namespaces: ['shop'], priority: 10 });
    assert.equal(chosen({}, { pools: [second, first] }), 'b-first=192.0.2.16');
  });
  test('of equal priority the older, then by name', () => {
    const young = aPool('a', ['192.0.2.0/28'], { namespaces: ['shop'], createdAt: 9_000 });
    const old = aPool('b', ['192.0.2.16/28'], { namespaces: ['shop'], createdAt: 2_000 });
    const twin = aPool('c', ['192.0.2.32/28'], { namespaces: ['shop'], createdAt: 2_000 });
    assert.equal(chosen({}, { pools: [twin, young, old] }), 'b=192.0.2.16');
  });
  test('where the preferred pool is full or closed the next one helps', () => {
    const full = {
      pools: [DEFAULT, aPool('shop', ['203.0.113.1'], { namespaces: ['shop'] })],
      held: { 'a/b': '203.0.113.1' },
    };
    assert.equal(chosen({}, full), 'default=192.0.2.0');
    assert.equal(chosen({}, { pools: [DEFAULT, { ...SHOP, disabled: true }] }), 'default=192.0.2.0');
    assert.equal(chosen({}, { pools: [DEFAULT, { ...SHOP, deleting: true }] }), 'default=192.0.2.0');
  });
});

suite('a refusal says why', () => {
  const only = (pool: Pool): World => ({ pools: [pool] });
  const named: Partial<Service> = { wantedPools: ['named'] };

  test('disabled', () => assert.equal(chosen(named, only({ ...NAMED, disabled: true })), 'PoolDisabled'));
  test('being deleted', () => assert.equal(chosen(named, only({ ...NAMED, deleting: true })), 'PoolDeleting'));
  test('not for this namespace, though it was named', () => {
    assert.equal(chosen(named, only({ ...NAMED, namespaces: ['park'] })), 'PoolNotAllowed');
  });
  test('not for this Service, though it was named', () => {
    const serviceSelector = { matchLabels: { app: 'db' }, matchExpressions: [] };
    assert.equal(chosen(named, only({ ...NAMED, serviceSelector })), 'PoolNotAllowed');
  });
  test('the default pool is bound to others', () => {
    assert.equal(chosen({}, only({ ...DEFAULT, namespaces: ['park'] })), 'NoPoolMatches');
  });
  test('no address of the family', () =>
    assert.equal(chosen({ wantedPools: ['six'] }, only(SIX)), 'FamilyNotAvailable'));
  test('full', () => {
    const world = { pools: [aPool('named', ['198.51.100.1'])], held: { 'a/b': '198.51.100.1' } };
    assert.equal(chosen(named, world), 'PoolFull');
  });
  test('of pools for both families the one that could have helped is named', () => {
    const world = { pools: [NAMED, aPool('six', ['2001:db8::1'])], held: { 'a/b': '2001:db8::1' } };
    assert.equal(chosen({ wantedPools: ['named', 'six'], families: ['ipv4', 'ipv6'] }, world, 'ipv6'), 'PoolFull');
  });
  test('with the names in it', () => {
    const choice = choose(aService('shop/web', named), 'ipv4', view(only({ ...NAMED, disabled: true })));
    assert.deepEqual(choice.ok ? undefined : choice.finding, { reason: 'PoolDisabled', params: { pool: 'named' } });
  });
});

suite('a wanted address', () => {
  const wants = (...wantedIPs: string[]): Partial<Service> => ({ wantedIPs });

  test('is given, from whichever pool has it', () => {
    assert.equal(chosen(wants('198.51.100.77'), { pools: [DEFAULT, NAMED] }), 'named=198.51.100.77');
  });
  test('its own address is not taken by itself', () => {
    assert.equal(
      chosen(wants('192.0.2.7'), { pools: [DEFAULT], held: { 'shop/web': '192.0.2.7' } }),
      'default=192.0.2.7',
    );
  });
  test('may be one that automatic choice avoids', () => {
    assert.equal(chosen(wants('192.0.2.0'), { pools: [{ ...DEFAULT, avoidBuggyIPs: true }] }), 'default=192.0.2.0');
  });
  test('is written in canonical form', () => {
    assert.equal(
      chosen({ ...wants('2001:DB8::0:7'), families: ['ipv6'] }, { pools: [SIX] }, 'ipv6'),
      'six=2001:db8::7',
    );
  });

  // Never answered with another address: each of these pools has plenty.
  test('is no address', () => assert.equal(chosen(wants('garbage'), { pools: [DEFAULT] }), 'WantedAddressInvalid'));
  test('is octal', () => assert.equal(chosen(wants('192.0.2.010'), { pools: [DEFAULT] }), 'WantedAddressInvalid'));
  test('lies in no pool', () =>
    assert.equal(chosen(wants('8.8.8.8'), { pools: [DEFAULT] }), 'WantedAddressOutsidePools'));
  test('lies outside of the named pool', () => {
    assert.equal(
      chosen({ ...wants('192.0.2.7'), wantedPools: ['named'] }, { pools: [DEFAULT, NAMED] }),
      'WantedAddressOutsidePools',
    );
  });
  test('is taken', () => {
    assert.equal(chosen(wants('192.0.2.7'), { pools: [DEFAULT], held: { 'a/b': '192.0.2.7' } }), 'WantedAddressTaken');
  });
  test('lies in a pool of others', () => {
    assert.equal(chosen(wants('192.0.2.7'), { pools: [{ ...DEFAULT, namespaces: ['park'] }] }), 'PoolNotAllowed');
  });
  test('lies in a disabled pool', () => {
    assert.equal(chosen(wants('192.0.2.7'), { pools: [{ ...DEFAULT, disabled: true }] }), 'PoolDisabled');
  });
  test("is of a family that isn't the Service's", () => {
    assert.equal(chosen(wants('2001:db8::7'), { pools: [DEFAULT, SIX] }), 'WantedAddressOfOtherFamily');
  });
  test('one per family', () => {
    const dual: Partial<Service> = { ...wants('192.0.2.7', '2001:db8::7'), families: ['ipv4', 'ipv6'] };
    assert.equal(chosen(dual, { pools: [DEFAULT, SIX] }, 'ipv4'), 'default=192.0.2.7');
    assert.equal(chosen(dual, { pools: [DEFAULT, SIX] }, 'ipv6'), 'six=2001:db8::7');
  });
  test('of one family only leaves the other one free to choose', () => {
    const dual: Partial<Service> = { ...wants('2001:db8::7'), families: ['ipv4', 'ipv6'] };
    assert.equal(chosen(dual, { pools: [DEFAULT, SIX] }, 'ipv4'), 'default=192.0.2.0');
  });
  test('in two pools that overlap: the older one gives it', () => {
    const pools = [
      aPool('young', ['192.0.2.0/24'], { priority: -1, createdAt: 9_000 }),
      aPool('old', ['192.0.2.0/25']),
    ];
    assert.equal(chosen(wants('192.0.2.7'), { pools }), 'old=192.0.2.7');
    assert.equal(chosen({ ...wants('192.0.2.7'), wantedPools: ['young'] }, { pools }), 'WantedAddressInOlderPool');
    assert.equal(chosen({ ...wants('192.0.2.200'), wantedPools: ['young'] }, { pools }), 'young=192.0.2.200');
  });
});

suite('a record that came with the object', () => {
  const restored = (ip: string, pool = 'default'): Partial<Service> => ({ recorded: [{ pool, ip }] });

  test('is honoured where it is free', () =>
    assert.equal(chosen(restored('192.0.2.77'), { pools: [DEFAULT] }), 'default=192.0.2.77'));
  test('is honoured by the pool that has the address now', () => {
    assert.equal(chosen(restored('192.0.2.77', 'old'), { pools: [DEFAULT] }), 'default=192.0.2.77');
  });
  test('is ignored where another holds it', () => {
    assert.equal(
      chosen(restored('192.0.2.0'), { pools: [DEFAULT], held: { 'a/b': '192.0.2.0' } }),
      'default=192.0.2.1',
    );
  });
  test('is ignored where no pool has it', () =>
    assert.equal(chosen(restored('8.8.8.8'), { pools: [DEFAULT] }), 'default=192.0.2.0'));
  test('is ignored where the pool is for others', () => {
    const pools = [DEFAULT, aPool('vip', ['198.51.100.0/24'], { namespaces: ['park'] })];
    assert.equal(chosen(restored('198.51.100.9', 'vip'), { pools }), 'default=192.0.2.0');
  });
  test('is outranked by a wish', () => {
    assert.equal(
      chosen({ ...restored('192.0.2.77'), wantedIPs: ['192.0.2.5'] }, { pools: [DEFAULT] }),
      'default=192.0.2.5',
    );
  });
  test('counts per family', () => {
    assert.equal(
      chosen(
        { ...restored('192.0.2.77'), families: ['ipv6'], wantedPools: ['six'] },
        { pools: [DEFAULT, SIX] },
        'ipv6',
      ),
      'six=2001:db8::1',
    );
  });
});
