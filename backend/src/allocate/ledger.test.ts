import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { formatAddress, rangeSize } from '../domain/address.ts';
import type { Pool } from '../domain/pool.ts';
import { aPool } from '../domain/testing/builders.ts';
import { Ledger } from './ledger.ts';

const SMALL = aPool('small', ['192.0.2.1-192.0.2.3']);

function free(ledger: Ledger, pool: Pool, family: 'ipv4' | 'ipv6' = 'ipv4'): string | undefined {
  const address = ledger.lowestFree(pool, family);
  return address === undefined ? undefined : formatAddress(address);
}

function holding(entries: Readonly<Record<string, string>>, pool = 'small'): Ledger {
  const ledger = new Ledger();
  for (const [service, ip] of Object.entries(entries)) ledger.set(service, [{ pool, ip }]);
  return ledger;
}

suite('the lowest free address', () => {
  test('of an empty pool is its first', () => assert.equal(free(new Ledger(), SMALL), '192.0.2.1'));
  test('skips what is held', () => assert.equal(free(holding({ a: '192.0.2.1', b: '192.0.2.2' }), SMALL), '192.0.2.3'));
  test('fills gaps', () => assert.equal(free(holding({ a: '192.0.2.1', b: '192.0.2.3' }), SMALL), '192.0.2.2'));
  test('there is none in a full pool', () => {
    assert.equal(free(holding({ a: '192.0.2.1', b: '192.0.2.2', c: '192.0.2.3' }), SMALL), undefined);
  });
  test("skips what is held by another pool's record: the address is what counts", () => {
    assert.equal(free(holding({ a: '192.0.2.1' }, 'other'), SMALL), '192.0.2.2');
  });

  test('a freed address is given again before higher ones', () => {
    const ledger = holding({ a: '192.0.2.1', b: '192.0.2.2' });
    assert.equal(free(ledger, SMALL), '192.0.2.3');
    ledger.delete('a');
    assert.equal(free(ledger, SMALL), '192.0.2.1');
  });

  test('an address that its Service changed for another is free', () => {
    const ledger = holding({ a: '192.0.2.1' });
    assert.equal(free(ledger, SMALL), '192.0.2.2');
    ledger.set('a', [{ pool: 'small', ip: '192.0.2.3' }]);
    assert.equal(free(ledger, SMALL), '192.0.2.1');
  });

  test('ranges in the order of the pool, not of their addresses', () => {
    const pool = aPool('two', ['198.51.100.7', '192.0.2.7']);
    assert.equal(free(new Ledger(), pool), '198.51.100.7');
    assert.equal(free(holding({ a: '198.51.100.7' }), pool), '192.0.2.7');
  });

  test('each family from ranges of its own', () => {
    const pool = aPool('dual', ['192.0.2.1', '2001:db8::/64']);
    assert.equal(free(new Ledger(), pool, 'ipv6'), '2001:db8::');
    assert.equal(free(new Ledger(), pool, 'ipv4'), '192.0.2.1');
    assert.equal(free(new Ledger(), SMALL, 'ipv6'), undefined);
  });

  test('an IPv6 /64 costs no more than what is held of it', () => {
    const pool = aPool('six', ['2001:db8::/64']);
    const ledger = new Ledger();
    for (let i = 0; i < 1_000; i++) {
      const ip = free(ledger, pool, 'ipv6');
      assert.ok(ip);
      ledger.set(`s${i}`, [{ pool: 'six', ip }]);
    }
    assert.equal(free(ledger, pool, 'ipv6'), '2001:db8::3e8');
  });

  test('avoidBuggyIPs skips .0 and .255 of IPv4', () => {
    const pool = aPool('wide', ['192.0.2.254-192.0.3.1'], { avoidBuggyIPs: true });
    assert.equal(free(new Ledger(), pool), '192.0.2.254');
    assert.equal(free(holding({ a: '192.0.2.254' }), pool), '192.0.3.1');
    assert.equal(free(holding({ a: '192.0.2.254', b: '192.0.3.1' }), pool), undefined);
    assert.equal(free(holding({ a: '192.0.2.254' }), aPool('wide', ['192.0.2.254-192.0.3.1'])), '192.0.2.255');
    assert.equal(free(new Ledger(), aPool('six', ['2001:db8::/64'], { avoidBuggyIPs: true }), 'ipv6'), '2001:db8::');
  });

  test('turning avoidBuggyIPs off brings the skipped ones back', () => {
    const ledger = new Ledger();
    assert.equal(free(ledger, aPool('p', ['192.0.2.0/24'], { avoidBuggyIPs: true })), '192.0.2.1');
    assert.equal(free(ledger, aPool('p', ['192.0.2.0/24'])), '192.0.2.0');
  });
});

suite('holders', () => {
  test('two Services may hold one address; it is free when both are gone', () => {
    const ledger = holding({ a: '192.0.2.1', b: '192.0.2.1' });
    assert.deepEqual([...ledger.holders('192.0.2.1')].sort(), ['a', 'b']);
    assert.equal(ledger.delete('a'), false);
    assert.equal(free(ledger, SMALL), '192.0.2.2');
    assert.equal(ledger.delete('b'), true);
    assert.equal(free(ledger, SMALL), '192.0.2.1');
  });

  test('a Service that nobody knows frees nothing', () => assert.equal(new Ledger().delete('a'), false));

  test('the held addresses of a pool', () => {
    const ledger = new Ledger();
    ledger.set('a', [
      { pool: 'small', ip: '192.0.2.1' },
      { pool: 'six', ip: '2001:db8::1' },
    ]);
    ledger.set('b', [{ pool: 'small', ip: '192.0.2.1' }]);
    assert.deepEqual(ledger.heldOf('small'), new Map([['192.0.2.1', new Set(['a', 'b'])]]));
    assert.deepEqual(ledger.heldOf('six'), new Map([['2001:db8::1', new Set(['a'])]]));
    ledger.set('a', []);
    assert.deepEqual(ledger.heldOf('six'), new Map());
    assert.deepEqual(ledger.assignments('a'), []);
  });
});

test('answers as a plain list of records would, whatever came before', () => {
  const pools = [
    aPool('p', ['192.0.2.3-192.0.2.6', '192.0.2.0-192.0.2.1']),
    aPool('q', ['192.0.2.254-192.0.3.1'], { avoidBuggyIPs: true }),
  ];
  const ips = [
    '192.0.2.0',
    '192.0.2.1',
    '192.0.2.3',
    '192.0.2.4',
    '192.0.2.5',
    '192.0.2.6',
    '192.0.2.254',
    '192.0.3.1',
  ];
  const step = fc.record({
    service: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    held: fc.subarray(ips, { maxLength: 3 }),
    pool: fc.constantFrom('p', 'q'),
  });
  const naive = (records: ReadonlyMap<string, readonly string[]>, pool: Pool): string | undefined => {
    const taken = new Set([...records.values()].flat());
    const all = pool.ranges.flatMap((range) =>
      Array.from({ length: Number(rangeSize(range)) }, (_, i) =>
        formatAddress({ family: 'ipv4', value: range.first + BigInt(i) }),
      ),
    );
    return all.find((ip) => !taken.has(ip) && !(pool.avoidBuggyIPs && /\.(0|255)$/.test(ip)));
  };
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const ledger = new Ledger();
      const records = new Map<string, readonly string[]>();
      for (const { service, held, pool } of steps) {
        const before = [...records.values()].flat();
        records.set(service, held);
        const after = new Set([...records.values()].flat());
        if (held.length > 0)
          ledger.set(
            service,
            held.map((ip) => ({ pool, ip })),
          );
        else
          assert.equal(
            ledger.delete(service),
            before.some((ip) => !after.has(ip)),
          );
        for (const each of pools) assert.equal(free(ledger, each), naive(records, each));
        for (const ip of ips) {
          const expected = [...records].filter(([, list]) => list.includes(ip)).map(([name]) => name);
          assert.deepEqual([...ledger.holders(ip)].sort(), expected.sort());
        }
      }
    }),
    { numRuns: 300 },
  );
});
