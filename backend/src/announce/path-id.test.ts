import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { parseAddress, type Address } from '../domain/address.ts';
import { pathIds } from './path-id.ts';

function address(text: string): Address {
  const parsed = parseAddress(text);
  assert.ok(parsed, text);
  return parsed;
}

function idsOf(...texts: string[]): (number | undefined)[] {
  const hops = texts.map(address);
  const ids = pathIds(hops);
  return hops.map((hop) => ids.get(hop));
}

function hops(family: Address['family'], bits: bigint): fc.Arbitrary<Address[]> {
  const value = fc.bigInt(0n, 2n ** bits - 1n);
  return fc.uniqueArray(
    value.map((number): Address => ({ family, value: number })),
    { maxLength: 40, selector: ({ value: number }) => number },
  );
}

suite('path identifiers', () => {
  test('an IPv4 next hop is its own identifier', () => {
    assert.deepEqual(idsOf('192.0.2.1', '10.0.0.1'), [0xc0000201, 0x0a000001]);
    assert.deepEqual(idsOf('255.255.255.255'), [0xffffffff]);
  });

  // FNV-1a, 32 bits, over the 16 octets, computed in Python.
  test('IPv6 next hops are folded; golden', () => {
    assert.deepEqual(idsOf('2001:db8::1', '2001:db8::2', 'fd00::a'), [0x6e5b04f4, 0x715b09ad, 0x8d0251c6]);
    assert.deepEqual(idsOf('fe80::1', '::1'), [0xe08432e8, 0x68691772]);
  });

  // A pair found by a birthday search in Python: both fold to 0x10f1f27c.
  test('two IPv6 next hops that fold alike get two identifiers, the lower address the fold', () => {
    const [low, high] = ['2001:db8::f11:8a20:42b5:bdd7', '2001:db8::211e:f128:f934:cb05'] as const;
    assert.deepEqual(idsOf(low, high), [0x10f1f27c, 0x10f1f27d]);
    assert.deepEqual(idsOf(high, low), [0x10f1f27d, 0x10f1f27c]);
    assert.deepEqual(idsOf(high), [0x10f1f27c]);
  });

  test('zero is not used', () => assert.deepEqual(idsOf('0.0.0.0', '0.0.0.1'), [1, 2]));

  test('unique, of 32 bits, never zero, whatever the order', () => {
    fc.assert(
      fc.property(fc.oneof(hops('ipv4', 32n), hops('ipv6', 128n), hops('ipv6', 8n)), (some) => {
        const ids = pathIds(some);
        const values = some.map((hop) => ids.get(hop) ?? 0);
        assert.equal(new Set(values).size, some.length);
        for (const id of values) assert.ok(Number.isInteger(id) && id > 0 && id <= 0xffffffff, `${id}`);
        const reversed = pathIds([...some].reverse());
        for (const hop of some) assert.equal(reversed.get(hop), ids.get(hop));
      }),
    );
  });

  test('an IPv4 path keeps its identifier whoever comes or goes', () => {
    fc.assert(
      fc.property(hops('ipv4', 32n), fc.nat(), (some, pick) => {
        fc.pre(some.every(({ value }) => value !== 0n));
        const gone = some[pick % Math.max(1, some.length)];
        const rest = some.filter((hop) => hop !== gone);
        const before = pathIds(some);
        const after = pathIds(rest);
        for (const hop of rest) assert.equal(after.get(hop), before.get(hop));
      }),
    );
  });
});
