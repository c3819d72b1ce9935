import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { formatAddress } from '../domain/address.ts';
import type { Pool } from '../domain/pool.ts';
import type { Service } from '../domain/service.ts';
import type { SharingTerms } from '../domain/sharing.ts';
import { aPool, aService, sharingTerms } from '../domain/testing/builders.ts';
import { findFree, isFull, type FreeView } from './free.ts';
import { Ledger } from './ledger.ts';
import { PoolSet } from './pool-set.ts';
import { Reserved } from './reserved.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const WEB = aService('shop/web');

function view(pools: readonly Pool[], nodes: ReadonlyMap<string, string> = new Map()): FreeView {
  const reserved = new Reserved({ nodes, serviceRanges: [], subnets: [] });
  return {
    pools: new PoolSet(new Map(pools.map((pool) => [pool.name, pool])), reserved),
    ledger: new Ledger(),
    now: NOW,
  };
}

/** The address, or why there is none. */
function found(pool: Pool, seen: FreeView, service: Service = WEB, family: 'ipv4' | 'ipv6' = 'ipv4'): string {
  const free = findFree(service, family, pool, seen);
  return free.ok ? free.ip : free.finding.reason;
}

function hold(seen: FreeView, key: string, ip: string, sharing: Partial<SharingTerms> = {}): void {
  const [namespace = ''] = key.split('/');
  seen.ledger.set({ key, sharing: sharingTerms({ namespace, ...sharing }) }, [{ pool: 'p', ip }], NOW);
}

suite('order', () => {
  const pool = aPool('p', ['192.0.2.1-192.0.2.3']);
  test('never used before', () => {
    const seen = view([pool]);
    hold(seen, 'shop/a', '192.0.2.1');
    seen.ledger.delete('shop/a', NOW - 10);
    assert.equal(found(pool, seen), '192.0.2.2');
  });
  test('then the one that was freed longest ago', () => {
    const seen = view([pool]);
    for (const n of [1, 2, 3]) hold(seen, `shop/${n}`, `192.0.2.${n}`);
    for (const [i, n] of [2, 3, 1].entries()) seen.ledger.delete(`shop/${n}`, NOW - 10 + i);
    assert.equal(found(pool, seen), '192.0.2.2');
  });
  test('its own before any other', () => {
    const seen = view([pool]);
    hold(seen, WEB.key, '192.0.2.3');
    seen.ledger.delete(WEB.key, NOW);
    assert.equal(found(pool, seen), '192.0.2.3');
    assert.equal(found(pool, seen, aService('shop/other')), '192.0.2.1');
  });
  test('what others ask for comes last', () => {
    const seen = view([pool]);
    seen.ledger.wish('shop/a', ['192.0.2.1', '192.0.2.2']);
    assert.equal(found(pool, seen), '192.0.2.3');
    hold(seen, 'shop/b', '192.0.2.3');
    assert.equal(found(pool, seen), '192.0.2.1');
  });
  test('ranges as the pool lists them', () => {
    const two = aPool('p', ['198.51.100.7', '192.0.2.7']);
    const seen = view([two]);
    assert.equal(found(two, seen), '198.51.100.7');
    hold(seen, 'shop/a', '198.51.100.7');
    assert.equal(found(two, seen), '192.0.2.7');
  });
  test('a full pool says so', () => {
    const seen = view([pool]);
    for (const n of [1, 2, 3]) hold(seen, `shop/${n}`, `192.0.2.${n}`);
    assert.equal(found(pool, seen), 'PoolFull');
    assert.equal(isFull(pool, seen), true);
  });
});

suite('rest', () => {
  const pool = aPool('p', ['192.0.2.1'], { reuseAfterSeconds: 60 });
  const at = (ageSeconds: number): FreeView => {
    const seen = view([pool]);
    hold(seen, 'shop/a', '192.0.2.1');
    seen.ledger.delete('shop/a', NOW - ageSeconds * 1_000);
    return seen;
  };
  test('a freed address is nobody’s for the while that the pool says', () => {
    assert.equal(found(pool, at(59)), 'PoolResting');
    assert.equal(found(pool, at(60)), '192.0.2.1');
  });
  test('the reason says that they rest', () => {
    const free = findFree(WEB, 'ipv4', pool, at(20));
    assert.deepEqual(free.ok ? {} : free.finding.params, { pool: 'p', family: 'ipv4' });
  });
  test('but for the Service that had it', () => assert.equal(found(pool, at(0), aService('shop/a')), '192.0.2.1'));
  test('even where another one asks for it', () => {
    const seen = at(0);
    seen.ledger.wish('shop/b', ['192.0.2.1']);
    assert.equal(found(pool, seen, aService('shop/a')), '192.0.2.1');
    assert.equal(found(pool, seen, aService('shop/c')), 'PoolResting');
  });
  test('a pool with nothing but resting addresses is not full', () => assert.equal(isFull(pool, at(0)), false));
});

suite('addresses that are never chosen', () => {
  test('.0 and .255 with avoidBuggyIPs, of IPv4 alone', () => {
    const pool = aPool('p', ['192.0.2.255-192.0.3.1', '2001:db8::ff-2001:db8::100'], { avoidBuggyIPs: true });
    const seen = view([pool]);
    assert.equal(found(pool, seen), '192.0.3.1');
    assert.equal(found(pool, seen, WEB, 'ipv6'), '2001:db8::ff');
    const plain = { ...pool, avoidBuggyIPs: false };
    assert.equal(found(plain, { ...seen, pools: view([plain]).pools }), '192.0.2.255');
  });
  test("nodes'", () => {
    const pool = aPool('p', ['192.0.2.1-192.0.2.2']);
    assert.equal(found(pool, view([pool], new Map([['192.0.2.1', 'n1']]))), '192.0.2.2');
  });
  test('those of an older pool', () => {
    const pool = aPool('p', ['192.0.2.0/30'], { createdAt: 9_000 });
    assert.equal(found(pool, view([pool, aPool('old', ['192.0.2.0/31'])])), '192.0.2.2');
  });
});

suite('sharing', () => {
  const pool = aPool('p', ['192.0.2.0/29']);
  const sharer = (ports: string[], key = 'k'): Service =>
    aService('shop/web', { sharing: sharingTerms({ namespace: 'shop', key, ports }) });
  const seen = view([pool]);
  hold(seen, 'shop/a', '192.0.2.5', { key: 'k', ports: ['TCP/80'] });
  hold(seen, 'shop/b', '192.0.2.4', { key: 'k', ports: ['TCP/80', 'TCP/443'] });

  test('an address of the group, where the ports are free', () => {
    assert.equal(found(pool, seen, sharer(['TCP/443'])), '192.0.2.5');
    assert.equal(found(pool, seen, sharer(['UDP/53'])), '192.0.2.4');
  });
  test('else one of its own', () => assert.equal(found(pool, seen, sharer(['TCP/80'])), '192.0.2.0'));
  test('not of another key', () => assert.equal(found(pool, seen, sharer(['UDP/53'], 'l')), '192.0.2.0'));
});

test('thousands of addresses of an IPv6 /64 cost as many looks as those of an IPv4 pool of that size', () => {
  const looksAt = (pool: Pool, family: 'ipv4' | 'ipv6'): number => {
    let looks = 0;
    const nodes = new (class extends Map<string, string> {
      override get(key: string): string | undefined {
        looks++;
        return super.get(key);
      }
    })([['203.0.113.1', 'n1']]);
    const seen = view([pool], nodes);
    for (let i = 0; i < 3_000; i++) {
      const free = findFree(aService(`shop/s${i}`), family, pool, seen);
      assert.ok(free.ok);
      hold(seen, `shop/s${i}`, free.ip);
    }
    return looks;
  };
  const last = formatAddress({ family: 'ipv4', value: 0x0a000001n + 2_999n });
  const four = looksAt(aPool('p', [`10.0.0.1-${last}`]), 'ipv4');
  assert.ok(looksAt(aPool('p', ['2001:db8::/64']), 'ipv6') <= four);
});
