import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { formatAddress, type AddressRange } from '../domain/address.ts';
import type { Pool } from '../domain/pool.ts';
import type { SharingTerms } from '../domain/sharing.ts';
import { aPool, range, sharingTerms } from '../domain/testing/builders.ts';
import { Ledger, type Holder } from './ledger.ts';
import { MAX_RELEASED } from '../domain/pool.ts';

const SMALL = aPool('small', ['192.0.2.1-192.0.2.3']);
const NOW = 1_000_000;

function holder(key: string, sharing: Partial<SharingTerms> = {}): Holder {
  return { key, sharing: sharingTerms(sharing) };
}

function fresh(ledger: Ledger, pool: Pool): string | undefined {
  for (const each of pool.ranges) {
    const ip = ledger.lowestFresh(pool, each, () => false);
    if (ip !== undefined) return ip;
  }
  return undefined;
}

function holding(entries: Readonly<Record<string, string>>, pool = 'small'): Ledger {
  const ledger = new Ledger();
  for (const [service, ip] of Object.entries(entries)) ledger.set(holder(service), [{ pool, ip }], NOW);
  return ledger;
}

suite('the lowest address that nobody had yet', () => {
  test('of an empty pool is its first', () => assert.equal(fresh(new Ledger(), SMALL), '192.0.2.1'));
  test('is not one that is held, by whichever pool', () => {
    assert.equal(fresh(holding({ a: '192.0.2.1', b: '192.0.2.2' }), SMALL), '192.0.2.3');
    assert.equal(fresh(holding({ a: '192.0.2.1' }, 'other'), SMALL), '192.0.2.2');
  });
  test('fills gaps', () => assert.equal(fresh(holding({ a: '192.0.2.1', b: '192.0.2.3' }), SMALL), '192.0.2.2'));
  test('there is none where all are held, were held or are wished for', () => {
    const ledger = holding({ a: '192.0.2.1', b: '192.0.2.2' });
    ledger.wish('c', ['192.0.2.3']);
    ledger.delete('a', NOW);
    assert.equal(fresh(ledger, SMALL), undefined);
  });
  test('a wish that is withdrawn leaves its address fresh', () => {
    const ledger = new Ledger();
    ledger.wish('a', ['192.0.2.1']);
    assert.equal(fresh(ledger, SMALL), '192.0.2.2');
    ledger.wish('a', []);
    assert.equal(fresh(ledger, SMALL), '192.0.2.1');
  });
  test('a freed address whose pool is not known is as good as new', () => {
    const ledger = holding({ a: '192.0.2.1' }, '');
    assert.equal(fresh(ledger, SMALL), '192.0.2.2');
    ledger.delete('a', NOW);
    assert.equal(fresh(ledger, SMALL), '192.0.2.1');
  });
  test('is asked for once per address, however often one is needed', () => {
    const wide = aPool('wide', ['10.0.0.0/16']);
    const ledger = new Ledger();
    let looks = 0;
    for (let i = 0; i < 2_000; i++) {
      const found = ledger.lowestFresh(wide, range('10.0.0.0/16'), () => ++looks < 0);
      assert.ok(found);
      ledger.set(holder(`s${i}`), [{ pool: 'wide', ip: found }], NOW);
    }
    assert.equal(looks, 2_000);
  });
  test('of a pool that grows at its end is not looked for from its beginning', () => {
    const wide = aPool('wide', ['10.0.0.0/16']);
    const ledger = new Ledger();
    let looks = 0;
    for (let last = 1_000n; last < 1_100n; last++) {
      const grown: AddressRange = { family: 'ipv4', first: 0x0a000000n, last: 0x0a000000n + last };
      ledger.retain(new Set(['wide']), [grown]);
      assert.equal(
        ledger.lowestFresh(wide, grown, () => ++looks > 0),
        undefined,
      );
    }
    assert.equal(looks, 1_100);
  });
  test('is one that becomes fresh again in the part by which a pool has grown', () => {
    const ledger = holding({ a: '192.0.2.1', b: '192.0.2.2', c: '192.0.2.3' });
    for (const last of ['2', '3', '4', '3']) {
      const ip = fresh(ledger, aPool('small', [`192.0.2.1-192.0.2.${last}`]));
      assert.equal(ip, last === '4' ? '192.0.2.4' : undefined);
    }
    ledger.delete('c', NOW);
    ledger.neverUsed('192.0.2.3');
    assert.equal(fresh(ledger, SMALL), '192.0.2.3');
  });
});

suite('holders', () => {
  test('two Services may hold one address; it is free when both are gone', () => {
    const ledger = holding({ a: '192.0.2.1', b: '192.0.2.1' });
    assert.deepEqual([...ledger.holders('192.0.2.1')].sort(), ['a', 'b']);
    assert.deepEqual(ledger.delete('a', NOW), []);
    assert.equal(ledger.isHeld('192.0.2.1'), true);
    assert.deepEqual(ledger.delete('b', NOW), [{ pool: 'small', ip: '192.0.2.1' }]);
    assert.equal(ledger.isHeld('192.0.2.1'), false);
  });

  test('a Service that nobody knows frees nothing', () => assert.deepEqual(new Ledger().delete('a', NOW), []));

  test('what a Service holds is replaced as a whole; the rest is free', () => {
    const ledger = holding({ a: '192.0.2.1' });
    assert.deepEqual(ledger.set(holder('a'), [{ pool: 'small', ip: '192.0.2.3' }], NOW), [
      { pool: 'small', ip: '192.0.2.1' },
    ]);
    assert.deepEqual(ledger.assignments('a'), [{ pool: 'small', ip: '192.0.2.3' }]);
  });

  test('the held addresses of a pool', () => {
    const ledger = new Ledger();
    const both = [
      { pool: 'small', ip: '192.0.2.1' },
      { pool: 'six', ip: '2001:db8::1' },
    ];
    ledger.set(holder('a'), both, NOW);
    ledger.set(holder('b'), [{ pool: 'small', ip: '192.0.2.1' }], NOW);
    assert.deepEqual(ledger.heldOf('small'), new Map([['192.0.2.1', ['a', 'b']]]));
    assert.deepEqual(ledger.heldOf('six'), new Map([['2001:db8::1', ['a']]]));
    ledger.set(holder('a'), [], NOW);
    assert.deepEqual(ledger.heldOf('six'), new Map());
    assert.deepEqual(ledger.assignments('a'), []);
  });

  test('rivals are the holders that a Service can not share with, itself apart', () => {
    const ledger = new Ledger();
    ledger.set(holder('a', { key: 'k', ports: ['TCP/80'] }), [{ pool: 'small', ip: '192.0.2.1' }], NOW);
    ledger.set(holder('b', { key: 'k', ports: ['TCP/443'] }), [{ pool: 'small', ip: '192.0.2.1' }], NOW);
    assert.deepEqual(ledger.rivals('192.0.2.1', holder('c', { key: 'k', ports: ['TCP/80'] })), ['a']);
    assert.deepEqual(ledger.rivals('192.0.2.1', holder('c', { key: 'k', ports: ['UDP/80'] })), []);
    assert.deepEqual(ledger.rivals('192.0.2.1', holder('c')).sort(), ['a', 'b']);
    assert.deepEqual(ledger.rivals('192.0.2.1', holder('a', { key: 'k', ports: ['TCP/80'] })), []);
    assert.deepEqual(ledger.rivals('192.0.2.2', holder('c')), []);
  });

  test('the addresses of a sharing group are those of one key in one namespace', () => {
    const ledger = new Ledger();
    const ip = (n: number): { pool: string; ip: string }[] => [{ pool: 'small', ip: `192.0.2.${n}` }];
    ledger.set(holder('a', { key: 'k' }), ip(1), NOW);
    ledger.set(holder('b', { key: 'k', namespace: 'park' }), ip(2), NOW);
    ledger.set(holder('c'), ip(3), NOW);
    assert.deepEqual([...ledger.sharedWith(holder('d', { key: 'k' }))], ['192.0.2.1']);
    assert.deepEqual([...ledger.sharedWith(holder('d', { key: 'other' }))], []);
    assert.deepEqual([...ledger.sharedWith(holder('d'))], []);
    assert.deepEqual([...ledger.sharedWith(holder('a', { key: 'k' }))], []);
  });
});

suite('freed addresses', () => {
  test('are remembered with their Service, youngest first, until somebody has them again', () => {
    const ledger = holding({ a: '192.0.2.1', b: '192.0.2.2' });
    ledger.delete('a', NOW + 1);
    ledger.delete('b', NOW + 2);
    const [a, b] = [
      { ip: '192.0.2.1', service: 'a', at: NOW + 1 },
      { ip: '192.0.2.2', service: 'b', at: NOW + 2 },
    ];
    assert.deepEqual(ledger.releasedOf('small'), [b, a]);
    assert.deepEqual([...ledger.oldestReleased('small')], [a, b]);
    assert.deepEqual(ledger.lastHolder('192.0.2.1'), a);
    assert.deepEqual(ledger.ownReleased('small', 'a'), ['192.0.2.1']);
    const again = [{ pool: 'small', ip: '192.0.2.1' }];
    ledger.set(holder('c'), again, NOW + 3);
    // As long as that is not written, a leader that comes instead of this one is to know of the former owner.
    assert.deepEqual(ledger.releasedOf('small'), [b, a]);
    ledger.confirm('c', again);
    assert.deepEqual(ledger.releasedOf('small'), [b]);
    assert.equal(ledger.lastHolder('192.0.2.1'), undefined);
    assert.deepEqual(ledger.ownReleased('small', 'a'), []);
  });

  test('of a status come back in the same order, without those that are held', () => {
    const ledger = holding({ c: '192.0.2.3' });
    const before = [3, 2, 1].map((n) => ({ ip: `192.0.2.${n}`, service: 'a', at: n }));
    ledger.remember('small', before);
    assert.deepEqual(ledger.releasedOf('small'), before.slice(1));
  });

  test('are forgotten beyond the bound, oldest first, and are fresh again; those that rest stay', () => {
    const wide = aPool('wide', ['10.0.0.0/16']);
    const ledger = new Ledger();
    const ip = (i: number): string => formatAddress({ family: 'ipv4', value: 0x0a000000n + BigInt(i) });
    for (let i = 0; i < MAX_RELEASED + 5; i++) ledger.set(holder(`s${i}`), [{ pool: 'wide', ip: ip(i) }], NOW);
    assert.equal(fresh(ledger, wide), ip(MAX_RELEASED + 5));
    for (let i = 0; i < MAX_RELEASED + 5; i++) ledger.delete(`s${i}`, NOW + i);
    ledger.trim('wide', NOW - 1);
    assert.equal([...ledger.oldestReleased('wide')].length, MAX_RELEASED + 5);
    assert.equal(ledger.releasedOf('wide').length, MAX_RELEASED);
    ledger.trim('wide', NOW + 1);
    assert.equal([...ledger.oldestReleased('wide')].length, MAX_RELEASED + 3);
    ledger.trim('wide', NOW + 10_000);
    assert.equal([...ledger.oldestReleased('wide')].length, MAX_RELEASED);
    assert.equal(ledger.lastHolder(ip(4)), undefined);
    assert.equal(ledger.lastHolder(ip(5))?.service, 's5');
    assert.equal(fresh(ledger, wide), ip(0));
  });

  test('of a pool that is gone are forgotten', () => {
    const ledger = holding({ a: '192.0.2.1' });
    assert.equal(fresh(ledger, SMALL), '192.0.2.2');
    ledger.delete('a', NOW);
    ledger.retain(new Set(['other']), SMALL.ranges);
    assert.equal(ledger.lastHolder('192.0.2.1'), undefined);
    assert.equal(fresh(ledger, SMALL), '192.0.2.1');
  });
});

suite('wishes', () => {
  test("are others' until they are met or withdrawn", () => {
    const ledger = new Ledger();
    ledger.wish('a', ['192.0.2.1', '192.0.2.2']);
    assert.equal(ledger.isWishedByOthers('192.0.2.1', ['b']), true);
    assert.equal(ledger.isWishedByOthers('192.0.2.1', ['a']), false);
    ledger.wish('b', ['192.0.2.1']);
    assert.equal(ledger.isWishedByOthers('192.0.2.1', ['a']), true);
    ledger.wish('b', []);
    assert.equal(ledger.isWishedByOthers('192.0.2.1', ['a']), false);
  });

  test('the free ones among them', () => {
    const ledger = holding({ x: '192.0.2.1' });
    ledger.wish('a', ['192.0.2.1', '192.0.2.2']);
    assert.deepEqual([...ledger.wishedFree()], ['192.0.2.2']);
    ledger.delete('x', NOW);
    assert.deepEqual([...ledger.wishedFree()].sort(), ['192.0.2.1', '192.0.2.2']);
    ledger.set(holder('a'), [{ pool: 'small', ip: '192.0.2.2' }], NOW);
    ledger.wish('a', []);
    assert.deepEqual([...ledger.wishedFree()], []);
  });
});

test('answers as a plain list of records would, whatever came before', () => {
  const pool = aPool('p', ['192.0.2.3-192.0.2.6', '192.0.2.0-192.0.2.1']);
  const ips = ['192.0.2.3', '192.0.2.4', '192.0.2.5', '192.0.2.6', '192.0.2.0', '192.0.2.1'];
  const services = ['a', 'b', 'c', 'd', 'e'];
  const step = fc.record({
    service: fc.constantFrom(...services),
    held: fc.subarray(ips, { maxLength: 3 }),
    wishes: fc.subarray(ips, { maxLength: 2 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const ledger = new Ledger();
      const records = new Map<string, readonly string[]>();
      const wished = new Map<string, readonly string[]>();
      const released = new Map<string, string>();
      for (const [at, { service, held, wishes }] of steps.entries()) {
        const before = new Set([...records.values()].flat());
        records.set(service, held);
        wished.set(service, wishes);
        const taken = new Set([...records.values()].flat());
        const freed = [...before].filter((ip) => !taken.has(ip));
        for (const ip of freed) released.set(ip, service);
        for (const ip of taken) released.delete(ip);

        const assignments = held.map((ip) => ({ pool: 'p', ip }));
        const result = held.length > 0 ? ledger.set(holder(service), assignments, at) : ledger.delete(service, at);
        ledger.wish(service, wishes);
        assert.deepEqual(result.map(({ ip }) => ip).sort(), freed.sort());
        const asked = new Set([...wished.values()].flat());
        assert.equal(
          fresh(ledger, pool),
          ips.find((ip) => !taken.has(ip) && !released.has(ip) && !asked.has(ip)),
        );
        assert.deepEqual([...ledger.wishedFree()].sort(), [...asked].filter((ip) => !taken.has(ip)).sort());
        for (const ip of ips) {
          assert.deepEqual(
            [...ledger.holders(ip)].sort(),
            services.filter((key) => records.get(key)?.includes(ip)),
          );
          assert.equal(ledger.lastHolder(ip)?.service, released.get(ip));
        }
      }
    }),
    { numRuns: 300 },
  );
});
