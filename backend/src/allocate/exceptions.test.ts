import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { Pool } from '../domain/pool.ts';
import type { Service } from '../domain/service.ts';
import { aPool, aService, range } from '../domain/testing/builders.ts';
import { Exceptions } from './exceptions.ts';
import { Ledger } from './ledger.ts';
import { PoolSet } from './pool-set.ts';
import { Reserved } from './reserved.ts';

const NOW = 1_000_000_000;
const IPS = ['192.0.2.0', '192.0.2.1', '192.0.2.2', '192.0.2.3'];
const GOLD = { matchLabels: { tier: 'gold' }, matchExpressions: [] };
const KEYS = ['a/1', 'a/2', 'b/1'];

/** A cluster whose exceptions are asked for again and again. */
class Desk {
  readonly ledger = new Ledger();
  readonly services = new Map(KEYS.map((key): [string, Service] => [key, aService(key)]));
  pools = new PoolSet(new Map([['p', aPool('p', ['192.0.2.0/30'])]]));
  readonly exceptions = new Exceptions(this.#deps());

  #deps(): ConstructorParameters<typeof Exceptions>[0] {
    return { ledger: this.ledger, services: this.services, pools: () => this.pools };
  }

  asked(): string[] {
    return [...this.exceptions.of('p')].sort();
  }

  /** What one who has never been asked before says. */
  anew(): string[] {
    return [...new Exceptions(this.#deps()).of('p')].sort();
  }

  set(pools: readonly Pool[], node?: string): void {
    const nodes = new Map(node === undefined ? [] : [[node, 'n1'] as const]);
    const reserved = new Reserved({ nodes, serviceRanges: [], subnets: [] });
    this.pools = new PoolSet(new Map(pools.map((pool) => [pool.name, pool])), reserved, this.pools);
  }

  hold(key: string, ips: readonly string[]): void {
    this.ledger.set(
      aService(key),
      ips.map((ip) => ({ pool: 'p', ip })),
      NOW,
    );
  }

  label(key: string, labels: Service['labels']): void {
    this.services.set(key, aService(key, { labels }));
    this.ledger.touch(key);
  }
}

suite('addresses that Services keep although their pool would not give them', () => {
  test('follow the pool, the Services, and whoever else comes to have an address', () => {
    const desk = new Desk();
    desk.hold('a/1', ['192.0.2.1']);
    desk.hold('b/1', ['192.0.2.2']);
    assert.deepEqual(desk.asked(), []);
    desk.set([aPool('p', ['192.0.2.2'])]);
    assert.deepEqual(desk.asked(), ['192.0.2.1']);
    desk.set([aPool('p', ['192.0.2.0/30'], { serviceSelector: GOLD })]);
    assert.deepEqual(desk.asked(), ['192.0.2.1', '192.0.2.2']);
    desk.label('a/1', { tier: 'gold' });
    assert.deepEqual(desk.asked(), ['192.0.2.2']);
    desk.hold('b/1', []);
    assert.deepEqual(desk.asked(), []);
    desk.set([aPool('p', ['192.0.2.0/30'])], '192.0.2.1');
    assert.deepEqual(desk.asked(), ['192.0.2.1']);
  });

  test('follow what a subnet keeps for itself: by the protocol of the pool, and by the links of the nodes', () => {
    const desk = new Desk();
    desk.hold('a/1', ['192.0.2.3']);
    assert.deepEqual(desk.asked(), []);
    const pool = aPool('p', ['192.0.2.0/30'], { protocol: 'layer2' });
    desk.set([pool]);
    assert.deepEqual(desk.asked(), ['192.0.2.3']);
    const wide = aPool('p', ['192.0.2.0-192.0.2.9'], { protocol: 'layer2' });
    desk.hold('b/1', ['192.0.2.7']);
    desk.set([wide]);
    assert.deepEqual(desk.asked(), []);
    for (const [subnet, own] of [
      ['192.0.2.0/29', '192.0.2.7'],
      ['192.0.2.0/30', '192.0.2.3'],
    ] as const) {
      const reserved = new Reserved({ nodes: new Map(), serviceRanges: [], subnets: [range(subnet)] });
      desk.pools = new PoolSet(new Map([['p', wide]]), reserved, desk.pools);
      assert.deepEqual(desk.asked(), [own]);
    }
  });

  test('are the same whenever they were asked for last', () => {
    const step = fc.oneof(
      fc.tuple(fc.constantFrom(...KEYS), fc.subarray(IPS)).map(
        ([key, ips]) =>
          (desk: Desk) =>
            desk.hold(key, ips),
      ),
      fc.tuple(fc.constantFrom(...KEYS), fc.constantFrom({}, { tier: 'gold' })).map(
        ([key, labels]) =>
          (desk: Desk) =>
            desk.label(key, labels),
      ),
      fc
        .record({
          addresses: fc.constantFrom('192.0.2.0/30', '192.0.2.1', '192.0.2.2-192.0.2.9'),
          serviceSelector: fc.constantFrom(undefined, GOLD),
          avoidBuggyIPs: fc.boolean(),
          protocol: fc.constantFrom<Pool['protocol']>('bgp', 'layer2'),
          older: fc.constantFrom([], ['192.0.2.3']),
          node: fc.constantFrom(undefined, '192.0.2.1'),
        })
        .map(({ addresses, older, node, ...rest }) => (desk: Desk) => {
          desk.set([aPool('p', [addresses], rest), ...older.map((ip) => aPool('o', [ip], { createdAt: 1 }))], node);
        }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(step, fc.boolean()), { maxLength: 30 }), (steps) => {
        const desk = new Desk();
        for (const [does, asks] of steps) {
          does(desk);
          if (asks) desk.asked();
        }
        // In this order: whoever asks takes along what was touched.
        const kept = desk.asked();
        assert.deepEqual(kept, desk.anew());
      }),
      { numRuns: 500 },
    );
  });
});
