import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { rank, weight } from './rendezvous.ts';

/*
 * Replicas of different versions must agree, so these never change. Computed in Python, from the published definitions and not from
 * this code: FNV-1a, 32 bits (offset basis 0x811c9dc5, prime 0x01000193) over the ASCII bytes of "<address>#<node>", checked with
 * Noll's vector fnv1a("foobar") = 0xbf9cf968, then MurmurHash3's fmix32 (shifts 16, 13, 16; 0x85ebca6b, 0xc2b2ae35), all mod 2^32.
 */
const GOLDEN: readonly [address: string, node: string, weight: number][] = [
  ['', '', 0x40d07c57],
  ['192.0.2.1', 'n1', 0xae56ee9a],
  ['192.0.2.1', 'n2', 0x63d622ff],
  ['192.0.2.1', 'n3', 0x687bdb3f],
  ['192.0.2.2', 'n1', 0x5bbaaa37],
  ['192.0.2.2', 'n2', 0xf1bc6f6b],
  ['192.0.2.2', 'n3', 0x0faf43ca],
  ['198.51.100.255', 'worker-0.example.com', 0x229923c4],
  ['2001:db8::1', 'n1', 0x72ff3695],
  ['2001:db8::1', 'n2', 0x053fa8c9],
  ['2001:db8::1', 'n3', 0x833199f8],
  ['fd00::ffff', 'ip-10-0-0-1.eu-west-1.compute.internal', 0x0812b7cf],
];

const GOLDEN_RANKS: readonly [address: string, nodes: readonly string[]][] = [
  ['192.0.2.1', ['n1', 'n3', 'n2', 'n4', 'n5']],
  ['192.0.2.2', ['n2', 'n4', 'n5', 'n1', 'n3']],
  ['2001:db8::1', ['n3', 'n4', 'n1', 'n5', 'n2']],
];

const nodeNames = fc.uniqueArray(
  fc.string({ unit: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz0123456789-.'), minLength: 1, maxLength: 20 }),
  { minLength: 1, maxLength: 30 },
);
const address = fc.ipV4();

suite('rendezvous hashing', () => {
  for (const [ip, node, expected] of GOLDEN) {
    test(`golden weight of ${JSON.stringify(`${ip}#${node}`)}`, () => assert.equal(weight(ip, node), expected));
  }

  for (const [ip, expected] of GOLDEN_RANKS) {
    test(`golden rank for ${ip}`, () => assert.deepEqual(rank(ip, ['n1', 'n2', 'n3', 'n4', 'n5']), expected));
  }

  test('of equal weight the first by name comes first', () => {
    const names = new Map<number, string>();
    for (let i = 0; ; i++) {
      const name = `n${i}`;
      const other = names.get(weight('192.0.2.1', name));
      names.set(weight('192.0.2.1', name), name);
      if (other === undefined) continue;
      const expected = [name, other].sort();
      assert.deepEqual(rank('192.0.2.1', expected), expected);
      assert.deepEqual(rank('192.0.2.1', expected.toReversed()), expected);
      return;
    }
  });

  test('the rank holds each node once and does not depend on the order of the input', () => {
    fc.assert(
      fc.property(address, nodeNames, fc.infiniteStream(fc.nat()), (ip, nodes, keys) => {
        const ranked = rank(ip, nodes);
        assert.deepEqual([...ranked].sort(), [...nodes].sort());
        const shuffled = nodes.map((node) => ({ node, key: keys.next().value })).sort((a, b) => a.key - b.key);
        assert.deepEqual(
          rank(
            ip,
            shuffled.map(({ node }) => node),
          ),
          ranked,
        );
      }),
    );
  });

  test('a node that goes moves nobody else', () => {
    fc.assert(
      fc.property(address, nodeNames, fc.nat(), (ip, nodes, pick) => {
        const gone = nodes[pick % nodes.length];
        const before = rank(ip, nodes);
        const after = rank(
          ip,
          nodes.filter((node) => node !== gone),
        );
        assert.deepEqual(
          after,
          before.filter((node) => node !== gone),
        );
      }),
    );
  });

  test('of 10,000 addresses on 10 nodes each node wins about a tenth, and of similar names none is favoured', () => {
    const nodes = Array.from({ length: 10 }, (_, i) => `worker-${i}`);
    const won = new Map(nodes.map((node) => [node, 0]));
    for (let i = 0; i < 10_000; i++) {
      const [winner = ''] = rank(`10.0.${i >> 8}.${i & 255}`, nodes);
      won.set(winner, (won.get(winner) ?? 0) + 1);
    }
    // A fair draw has a standard deviation of 30 here; five of them are 150.
    for (const [node, count] of won) assert.ok(Math.abs(count - 1_000) < 150, `${node} won ${count}`);
  });
});
