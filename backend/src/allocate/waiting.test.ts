import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { aPool } from '../domain/testing/builders.ts';
import { HeldBack } from './held-back.ts';
import { Openings } from './openings.ts';
import { PoolSet } from './pool-set.ts';
import { byServiceAge, Waiting, type Interest } from './waiting.ts';

const aged = (key: string, createdAt: number): { key: string; createdAt: number } => ({ key, createdAt });

test('older first, of one age by name', () => {
  const all = [aged('b', 2), aged('a', 2), aged('c', 1)];
  assert.deepEqual(
    all.sort(byServiceAge).map(({ key }) => key),
    ['c', 'a', 'b'],
  );
});

/** Waits for IPv4 addresses of these pools, or for these addresses. */
function interest(pools: readonly string[], ips: readonly string[] = []): Interest {
  return { pools, full: pools.map((pool) => ({ pool, family: 'ipv4' })), ips };
}

/** Whom an address of a pool is for that becomes free. */
function freed(waiting: Waiting, pool: string, ip: string): string[] {
  const pools = new PoolSet(new Map([[pool, aPool(pool, ['192.0.2.0/24', '2001:db8::/64'])]]));
  const openings = new Openings({ waiting, heldBack: new HeldBack(), pools: () => pools });
  openings.open({ pool, ip });
  return rest(openings);
}

/** All that are to come, in turn. */
function rest(openings: Openings): string[] {
  const next = openings.next();
  return next === undefined ? [] : [next.key, ...rest(openings)];
}

function membersOf(waiting: Waiting, group: string): string[] {
  return waiting.membersOf(group).map(({ key }) => key);
}

suite('who waits for an address', () => {
  const waiting = new Waiting();
  waiting.set(aged('young', 3), interest(['p']));
  waiting.set(aged('old', 1), interest(['p', 'q']), { group: 'shop/k' });
  waiting.set(aged('middle', 2), interest([], ['192.0.2.1']));

  test('of a pool, or for this one', () => {
    assert.deepEqual(freed(waiting, 'p', '192.0.2.1'), ['old', 'middle', 'young']);
    assert.deepEqual(freed(waiting, 'q', '192.0.2.9'), ['old']);
    assert.deepEqual(freed(waiting, 'r', '192.0.2.9'), []);
  });
  test('of the other family, or of a pool that gives nothing until it is edited: not for this one', () => {
    const dual = new Waiting();
    dual.set(aged('six', 1), { pools: ['p'], full: [{ pool: 'p', family: 'ipv6' }], ips: [] });
    dual.set(aged('shut', 2), { pools: ['p'], full: [], ips: [] });
    assert.deepEqual(freed(dual, 'p', '192.0.2.1'), []);
    assert.deepEqual(freed(dual, 'p', '2001:db8::1'), ['six']);
    assert.deepEqual(dual.helpedBy(['p']), ['six', 'shut']);
    assert.deepEqual(dual.helpedBy(['q']), []);
  });
  test('by both: once', () => {
    const both = new Waiting();
    both.set(aged('a', 1), interest(['p'], ['192.0.2.1']));
    assert.deepEqual(freed(both, 'p', '192.0.2.1'), ['a']);
  });
  test('of a sharing group', () => assert.deepEqual(membersOf(waiting, 'shop/k'), ['old']));
  test('for something else since, or for nothing any more', () => {
    waiting.set(aged('old', 1), interest(['q']));
    waiting.delete('middle');
    assert.deepEqual(freed(waiting, 'p', '192.0.2.1'), ['young']);
    assert.deepEqual(membersOf(waiting, 'shop/k'), []);
    assert.deepEqual([waiting.keys(), waiting.size], [['old', 'young'], 2]);
  });
});

suite('what opens', () => {
  const pools = new PoolSet(new Map([['p', aPool('p', ['192.0.2.0/24'])]]));
  const waiting = new Waiting();
  for (const age of [1, 2, 3]) waiting.set(aged(`${age}`, age), interest(['p']), { group: 'shop/k' });

  function opened(): Openings {
    const openings = new Openings({ waiting, heldBack: new HeldBack(), pools: () => pools });
    for (const ip of ['192.0.2.1', '192.0.2.2']) openings.open({ pool: 'p', ip });
    return openings;
  }

  test('is for each once, whatever it is', () => {
    const openings = opened();
    openings.openGroup('shop/k');
    openings.concern([aged('2', 2), aged('4', 4)]);
    const all = ['1', '2', '3', '4'].map(() => openings.next());
    assert.deepEqual(
      all.map((taker) => [taker?.key, [...(taker?.ips ?? [])].length, taker?.isMember, taker?.isConcerned]),
      [
        ['1', 2, true, false],
        ['2', 2, true, true],
        ['3', 2, true, false],
        ['4', 0, false, true],
      ],
    );
    assert.equal(openings.next(), undefined);
  });

  test('while others have their turns is for who was asked before as well, and the oldest of all comes next', () => {
    const openings = opened();
    assert.deepEqual([openings.next()?.key, openings.next()?.key], ['1', '2']);
    openings.open({ pool: 'p', ip: '192.0.2.3' });
    assert.deepEqual(rest(openings), ['1', '2', '3']);
  });

  test('and nobody asks for is not looked at again with each turn', () => {
    let looks = 0;
    const nobody = new Proxy<ReturnType<Waiting['wantersOf']>>([], {
      get: (list, name) => {
        looks += 1;
        return Reflect.get(list, name) as unknown;
      },
    });
    const takers = Array.from({ length: 100 }, (_, i) => aged(`${i}`, i));
    const openings = new Openings({
      waiting: Object.assign(new Waiting(), { takersOf: () => takers, wantersOf: () => nobody }),
      heldBack: new HeldBack(),
      pools: () => pools,
    });
    for (let i = 1; i <= 200; i++) openings.open({ pool: 'p', ip: `192.0.2.${i}` });
    assert.equal(rest(openings).length, 100);
    assert.ok(looks <= 200, `${looks} looks at 200 lines that nobody stands in`);
  });

  test('is for nobody else once somebody has it, and for those that are left where there is more', () => {
    const openings = opened();
    assert.equal(openings.next()?.key, '1');
    openings.close('192.0.2.1');
    assert.equal(openings.next()?.key, '2');
    openings.close('192.0.2.2');
    assert.deepEqual(rest(openings), []);
  });
});

test('the queues hold who waits, in order of age, whatever came before', () => {
  const step = fc.record({
    key: fc.constantFrom('a', 'b', 'c', 'd'),
    createdAt: fc.nat(2),
    pools: fc.option(fc.subarray(['p', 'q'])),
    ips: fc.subarray(['192.0.2.1', '192.0.2.2']),
  });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const waiting = new Waiting();
      const model = new Map<string, (typeof steps)[number]>();
      for (const each of steps) {
        model.delete(each.key);
        if (each.pools === null) waiting.delete(each.key);
        else {
          waiting.set(each, interest(each.pools, each.ips));
          model.set(each.key, each);
        }
      }
      const sorted = [...model.values()].sort(byServiceAge);
      assert.deepEqual(
        waiting.keys(),
        sorted.map(({ key }) => key),
      );
      const interested = sorted.filter(({ pools, ips }) => pools?.includes('p') === true || ips.includes('192.0.2.1'));
      assert.deepEqual(
        freed(waiting, 'p', '192.0.2.1'),
        interested.map(({ key }) => key),
      );
    }),
  );
});
