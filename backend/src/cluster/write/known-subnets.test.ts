import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Pool } from '../../domain/pool.ts';
import { formatRange } from '../../domain/ranges.ts';
import { aPool } from '../../domain/testing/builders.ts';
import { FakeClock } from '../../platform/fake/clock.ts';
import { FakeLogger } from '../../platform/fake/logger.ts';
import { KnownSubnets } from './known-subnets.ts';

const HOUR_MS = 3_600_000;
const AB = '192.0.2.0-192.0.2.255';
const CD = '198.51.100.0-198.51.100.255';

/** A replica on `n1`, whose link is in 192.0.2.0/24. */
class Bench {
  readonly clock: FakeClock;
  readonly nodes = new Map<string, unknown>();
  pools: readonly Pool[] = [];
  /** Undefined: they can't be read. */
  prefixes: string[] | undefined = ['192.0.2.1/24', 'fe80::1/64'];
  changes = 0;
  readonly subnets: KnownSubnets;

  constructor(clock = new FakeClock(), node = 'n1') {
    this.clock = clock;
    for (const name of ['n1', 'n2', 'n3']) this.nodes.set(name, {});
    this.subnets = new KnownSubnets(
      {
        clock,
        links: { connectedPrefixes: () => this.prefixes ?? assert.fail('too many open files') },
        logger: new FakeLogger(),
        nodes: () => this.nodes,
        pools: () => new Map(this.pools.map((pool) => [pool.name, pool])),
        onChange: () => (this.changes += 1),
      },
      { node },
    );
  }

  get known(): string[] {
    return this.subnets.ranges().map(formatRange);
  }

  /** As a renewal of the lease does it. */
  renew(): string {
    const text = this.subnets.note();
    this.subnets.recall(text);
    return text;
  }
}

suite('the subnets that nobody gets the network and broadcast address of', () => {
  test("are those of this host and of all replicas that answer, not a link's own", () => {
    const bench = new Bench();
    assert.deepEqual(bench.known, [AB]);
    bench.subnets.hear(new Map([['n2', ['198.51.100.0/24']]]));
    assert.deepEqual([bench.known, bench.changes], [[AB, CD], 1]);
    bench.subnets.hear(new Map([['n2', ['198.51.100.0/24']]]));
    assert.equal(bench.changes, 1);
  });

  test('are those that this host had last, while its links cannot be read', () => {
    const bench = new Bench();
    bench.renew();
    bench.prefixes = undefined;
    bench.subnets.hear(new Map([['n2', ['198.51.100.0/24']]]));
    assert.deepEqual(bench.known, [AB, CD]);
    assert.deepEqual(JSON.parse(bench.renew()), { '192.0.2.0/24': ['n1'], '198.51.100.0/24': ['n2'] });
  });

  test('are the same ones for whoever leads next, though its host has other links and hears nobody', () => {
    const bench = new Bench();
    bench.subnets.hear(new Map([['n2', ['198.51.100.0/24']]]));
    const next = new Bench(bench.clock, 'n3');
    next.prefixes = ['203.0.113.3/24'];
    next.subnets.recall(bench.renew());
    assert.deepEqual(next.known, [AB, CD, '203.0.113.0-203.0.113.255']);
    assert.deepEqual(JSON.parse(next.renew()), {
      '192.0.2.0/24': ['n1'],
      '198.51.100.0/24': ['n2'],
      '203.0.113.0/24': ['n3'],
    });
  });

  test('are remembered of a replica that is away, until its Node is gone', () => {
    const bench = new Bench();
    bench.subnets.hear(new Map([['n2', ['198.51.100.0/24']]]));
    bench.renew();
    bench.subnets.hear(new Map());
    bench.clock.advance(100 * HOUR_MS);
    bench.renew();
    assert.deepEqual(bench.known, [AB, CD]);
    bench.nodes.delete('n2');
    assert.deepEqual(bench.known, [AB]);
    assert.deepEqual(JSON.parse(bench.renew()), { '192.0.2.0/24': ['n1'] });
  });

  test('are remembered when a link is down for a while, and forgotten when its replica has done without for an hour', () => {
    const bench = new Bench();
    bench.subnets.hear(new Map([['n2', ['198.51.100.0/24', '203.0.113.0/24']]]));
    bench.renew();
    bench.subnets.hear(new Map([['n2', ['203.0.113.0/24']]]));
    bench.renew();
    bench.clock.advance(HOUR_MS - 1);
    bench.renew();
    assert.ok(bench.known.includes(CD));
    // Who comes back in between begins anew.
    bench.subnets.hear(new Map([['n2', ['198.51.100.0/24', '203.0.113.0/24']]]));
    bench.renew();
    bench.subnets.hear(new Map([['n2', ['203.0.113.0/24']]]));
    bench.renew();
    bench.clock.advance(HOUR_MS - 1);
    bench.renew();
    assert.ok(bench.known.includes(CD));
    bench.clock.advance(1);
    bench.renew();
    assert.deepEqual(bench.known, [AB, '203.0.113.0-203.0.113.255']);
  });

  test('are what can be read of what stands beside the lease', () => {
    const bench = new Bench();
    for (const text of [
      '',
      '{',
      'null',
      '[]',
      '"x"',
      '{"198.51.100.0/24":"n2"}',
      '{"x":["n2"],"198.51.100.1":["n2"]}',
    ]) {
      bench.subnets.recall(text);
      assert.deepEqual(bench.known, [AB], text);
    }
    bench.subnets.recall('{"198.51.100.7/24":["n2",7],"fe80::/64":["n2"],"203.0.113.0/24":["gone"]}');
    assert.deepEqual(bench.known, [AB, CD]);
    bench.subnets.recall(undefined);
    assert.deepEqual(bench.known, [AB]);
  });

  test('are those that were read last, when what stands beside the lease can be read no more', () => {
    for (const broken of ['{', '[]', `{"203.0.113.0/24":["n2"]}${' '.repeat(32_768)}`]) {
      const bench = new Bench();
      bench.subnets.recall('{"198.51.100.0/24":["n2"]}');
      bench.subnets.recall(broken);
      assert.deepEqual(bench.known, [AB, CD], broken.slice(0, 9));
      assert.deepEqual(JSON.parse(bench.renew()), { '192.0.2.0/24': ['n1'], '198.51.100.0/24': ['n2'] });
    }
  });

  test('are remembered of the nodes that there are, however many others stand before them, and however a subnet is spelled', () => {
    const bench = new Bench();
    const gone = Array.from({ length: 8 }, (_, i) => `gone${i}`);
    bench.subnets.recall(JSON.stringify({ '198.51.100.0/24': [...gone, 'n2'] }));
    assert.deepEqual(bench.known, [AB, CD]);
    bench.subnets.recall('{"198.51.100.0/24":["n2"],"198.51.100.9/24":["gone0","n3","n2"]}');
    assert.deepEqual(JSON.parse(bench.renew()), { '192.0.2.0/24': ['n1'], '198.51.100.0/24': ['n2', 'n3'] });
  });

  test('of this host are remembered as long as its links could not be read once', () => {
    const bench = new Bench();
    bench.prefixes = undefined;
    bench.subnets.recall('{"192.0.2.0/24":["n1"]}');
    bench.renew();
    bench.clock.advance(2 * HOUR_MS);
    bench.renew();
    assert.deepEqual(bench.known, [AB]);
    bench.prefixes = ['203.0.113.1/24'];
    bench.renew();
    bench.clock.advance(HOUR_MS);
    assert.deepEqual(JSON.parse(bench.renew()), { '203.0.113.0/24': ['n1'] });
  });

  test('are noted within 32 KiB however many there are, first those of pools on links, each with eight nodes', () => {
    const bench = new Bench();
    const many = Array.from({ length: 3_000 }, (_, i) => `10.${i >> 8}.${i & 255}.0/24`);
    for (let i = 0; i < 20; i++) bench.nodes.set(`w${i}`, {});
    const everywhere = Array.from({ length: 20 }, (_, i): [string, string[]] => [`w${i}`, ['198.51.100.0/24']]);
    bench.subnets.hear(new Map([...everywhere, ['n2', [...many, '203.0.113.0/24']]]));
    bench.pools = [aPool('lan', ['203.0.113.16/28'], { protocol: 'layer2' }), aPool('routed', ['198.51.100.0/28'])];
    const text = bench.renew();
    assert.ok(text.length <= 32_768 && text.length > 30_000, String(text.length));
    const noted = JSON.parse(text) as Record<string, string[]>;
    assert.deepEqual(noted['203.0.113.0/24'], ['n2']);
    assert.equal(new Set(bench.known).size, 3_003, 'of those that answer all are known in any case');
    bench.subnets.hear(new Map(everywhere));
    assert.deepEqual((JSON.parse(bench.renew()) as Record<string, string[]>)['198.51.100.0/24']?.length, 8);
  });
});
