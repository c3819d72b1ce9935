import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { parseAddress, rangeContains, type Address, type AddressRange } from './address.ts';
import { cover, formatRange, intersect, size, subtract } from './ranges.ts';
import { range } from './testing/builders.ts';

function texts(ranges: readonly AddressRange[]): string[] {
  return ranges.map(formatRange);
}

function addresses(...ips: string[]): Address[] {
  return ips.flatMap((ip) => parseAddress(ip) ?? []);
}

suite('ranges', () => {
  test('are written as they are read', () => {
    assert.equal(formatRange(range('192.0.2.7')), '192.0.2.7');
    assert.equal(formatRange(range('192.0.2.0/30')), '192.0.2.0-192.0.2.3');
    assert.equal(formatRange(range('2001:DB8:0::1-2001:db8::9')), '2001:db8::1-2001:db8::9');
  });
  test('have in common what lies in both', () => {
    assert.deepEqual(intersect(range('192.0.2.0/29'), range('192.0.2.4/28')), range('192.0.2.0-192.0.2.7'));
    assert.equal(intersect(range('192.0.2.0/30'), range('192.0.2.4/30')), undefined);
    assert.equal(intersect(range('0.0.0.0/0'), range('::/0')), undefined);
  });
  test('without others are cut', () => {
    assert.deepEqual(
      texts(subtract(range('192.0.2.0-192.0.2.9'), [range('192.0.2.3-192.0.2.4'), range('192.0.2.9')])),
      ['192.0.2.0-192.0.2.2', '192.0.2.5-192.0.2.8'],
    );
    assert.deepEqual(subtract(range('192.0.2.0/30'), [range('192.0.2.0/24')]), []);
    assert.deepEqual(texts(subtract(range('192.0.2.7'), [range('::/0')])), ['192.0.2.7']);
  });
  test('have as many addresses as they have', () => {
    assert.equal(size([range('192.0.2.0/24'), range('2001:db8::/64')]), 256n + 2n ** 64n);
  });
});

suite('covering addresses', () => {
  test('joins neighbours', () => {
    assert.deepEqual(texts(cover(addresses('192.0.2.3', '192.0.2.1', '192.0.2.2', '192.0.2.9', '192.0.2.1'), 8)), [
      '192.0.2.1-192.0.2.3',
      '192.0.2.9',
    ]);
  });
  test('closes the narrowest gaps where there are too many', () => {
    const all = addresses('192.0.2.1', '192.0.2.5', '192.0.2.7', '192.0.2.200', '2001:db8::1');
    assert.deepEqual(texts(cover(all, 4)), ['192.0.2.1', '192.0.2.5-192.0.2.7', '192.0.2.200', '2001:db8::1']);
    assert.deepEqual(texts(cover(all, 2)), ['192.0.2.1-192.0.2.200', '2001:db8::1']);
  });
  test('of none is none', () => assert.deepEqual(cover([], 2), []));
});

test('what is left and what is taken are the whole, and never both', () => {
  const part = fc
    .tuple(fc.nat(40), fc.nat(12))
    .map(([first, more]): AddressRange => ({ family: 'ipv4', first: BigInt(first), last: BigInt(first + more) }));
  fc.assert(
    fc.property(part, fc.array(part, { maxLength: 5 }), (whole, taken) => {
      const left = subtract(whole, taken);
      for (let value = 0n; value < 60n; value++) {
        const lies = (one: AddressRange): boolean => rangeContains(one, { family: 'ipv4', value });
        assert.equal(left.filter(lies).length, lies(whole) && !taken.some(lies) ? 1 : 0);
      }
    }),
  );
});

test('a cover has all addresses, in ascending order and no more ranges than allowed', () => {
  const address = fc.tuple(fc.constantFrom<Address['family']>('ipv4', 'ipv6'), fc.nat(60));
  fc.assert(
    fc.property(fc.array(address), fc.integer({ min: 2, max: 6 }), (some, max) => {
      const all = some.map(([family, value]): Address => ({ family, value: BigInt(value) }));
      const ranges = cover(all, max);
      assert.ok(ranges.length <= max);
      for (const one of all) assert.equal(ranges.filter((each) => rangeContains(each, one)).length, 1);
      ranges.slice(1).forEach((each, i) => {
        const before = ranges[i];
        assert.ok(before?.family !== each.family || before.last + 1n < each.first);
      });
    }),
  );
});
