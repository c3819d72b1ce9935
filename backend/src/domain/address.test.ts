import assert from 'node:assert/strict';
import { isIPv4, isIPv6 } from 'node:net';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import {
  canonicalAddress,
  formatAddress,
  hostPrefix,
  parseAddress,
  parseRange,
  rangeContains,
  rangesOverlap,
  rangeSize,
  type Address,
  type Family,
} from './address.ts';
import { range } from './testing/builders.ts';

const IPV6_MAX = 2n ** 128n - 1n;

const addresses: fc.Arbitrary<Address> = fc.oneof(
  fc.bigInt(0n, 2n ** 32n - 1n).map((value): Address => ({ family: 'ipv4', value })),
  fc.bigInt(0n, IPV6_MAX).map((value): Address => ({ family: 'ipv6', value })),
  // Runs of zero groups, which random values hardly ever have.
  fc.array(fc.constantFrom(0n, 0n, 1n, 0xabcdn), { minLength: 8, maxLength: 8 }).map((groups): Address => ({
    family: 'ipv6',
    value: groups.reduce<bigint>((value, group) => (value << 16n) | group, 0n),
  })),
);

function messageOf(text: string): string {
  const parsed = parseRange(text);
  assert.equal(parsed.ok, false, `${text} was taken`);
  return parsed.ok ? '' : parsed.message;
}

suite('addresses', () => {
  test('IPv4 has its value', () => {
    assert.deepEqual(parseAddress('192.0.2.255'), { family: 'ipv4', value: 0xc00002ffn });
    assert.deepEqual(parseAddress('0.0.0.0'), { family: 'ipv4', value: 0n });
    assert.deepEqual(parseAddress('255.255.255.255'), { family: 'ipv4', value: 0xffffffffn });
  });

  test('IPv6 has its value', () => {
    assert.deepEqual(parseAddress('::'), { family: 'ipv6', value: 0n });
    assert.deepEqual(parseAddress('2001:db8::ff'), { family: 'ipv6', value: 0x20010db80000000000000000000000ffn });
    assert.deepEqual(parseAddress('ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'), { family: 'ipv6', value: IPV6_MAX });
  });

  // RFC 5952: the notations of sections 1 and 2, and the rules of section 4.
  const canonical = new Map([
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:0db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8::1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8::0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:0db8::1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:0:1::1', '2001:db8::1:0:0:1'],
    ['2001:DB8:0:0:1::1', '2001:db8::1:0:0:1'],
    ['2001:0db8::0001', '2001:db8::1'],
    ['2001:db8:0:0:0:0:2:1', '2001:db8::2:1'],
    ['2001:db8::0:1', '2001:db8::1'],
    ['2001:db8::1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:aaaa:bbbb:cccc:dddd:eeee:AAAA', '2001:db8:aaaa:bbbb:cccc:dddd:eeee:aaaa'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['fe80:0:0:0:0:0:0:0', 'fe80::'],
    ['192.0.2.1', '192.0.2.1'],
  ]);
  for (const [written, expected] of canonical) {
    test(`${written} is written ${expected}`, () => assert.equal(canonicalAddress(written), expected));
  }

  test('an embedded IPv4 address is the last 32 bits, whatever stands before it', () => {
    assert.deepEqual(parseAddress('::1.2.3.4'), { family: 'ipv6', value: 0x01020304n });
    assert.deepEqual(parseAddress('64:ff9b::192.0.2.1'), { family: 'ipv6', value: (0x64ff9bn << 96n) | 0xc0000201n });
    assert.deepEqual(parseAddress('1:2:3:4:5:6:7.8.9.10'), parseAddress('1:2:3:4:5:6:708:90a'));
    assert.equal(parseAddress('1:2:3:4:5:6:7:7.8.9.10'), undefined);
  });

  test('an IPv4-mapped IPv6 address is no IPv4 address', () => {
    assert.equal(parseAddress('::ffff:192.0.2.1')?.family, 'ipv6');
    assert.notDeepEqual(parseAddress('::ffff:192.0.2.1'), parseAddress('192.0.2.1'));
  });

  const refused = new Map([
    ['', 'empty'],
    ['192.0.2', 'three octets'],
    ['192.0.2.1.1', 'five octets'],
    ['192.0.2.256', 'octet out of range'],
    ['192.0.2.01', 'leading zero'],
    ['0300.0.2.1', 'octal'],
    ['0xc0.0.2.1', 'hexadecimal'],
    ['3221225985', 'one number'],
    [' 192.0.2.1', 'space'],
    ['192.0.2.1\n', 'line end'],
    ['192.0.2.-1', 'sign'],
    ['1e1.0.2.1', 'exponent'],
    ['::ffff:192.0.2.01', 'leading zero in an embedded address'],
    ['::ffff:192.0.2.256', 'embedded octet out of range'],
    ['fe80::1%eth0', 'zone'],
    ['[2001:db8::1]', 'brackets'],
    ['2001:db8::1::2', 'two gaps'],
    ['2001:db8:0:0:0:0:0:0:1', 'nine groups'],
    ['2001:db8:0:0:0:0:1', 'seven groups'],
    ['2001:db8::12345', 'five digits'],
    ['2001:db8::g', 'no hexadecimal digit'],
    [':::', 'three colons'],
    ['garbage', 'words'],
    [`2001:db8::${'0'.repeat(60)}1`, 'too long'],
  ]);
  for (const [text, why] of refused) {
    test(`refused (${why}): ${JSON.stringify(text)}`, () => assert.equal(parseAddress(text), undefined));
  }

  test('agrees with inet_pton on what is an address', () => {
    const text = fc.oneof(
      fc.string({ unit: fc.constantFrom(...'0123456789abcfF:.'), maxLength: 24 }),
      fc.string({ unit: fc.constantFrom('0', '1', '255', '256', '01', '.', '.'), maxLength: 9 }),
      fc.string({ unit: fc.constantFrom('0', 'ffff', 'db8', ':', ':', '::', '192.0.2.1'), maxLength: 17 }),
    );
    fc.assert(
      fc.property(text, (candidate) => {
        const expected: Family | undefined = isIPv4(candidate) ? 'ipv4' : isIPv6(candidate) ? 'ipv6' : undefined;
        assert.equal(parseAddress(candidate)?.family, expected);
      }),
      { numRuns: 3_000 },
    );
  });

  test('what is formatted reads back as the same address, and formats as the same text', () => {
    fc.assert(
      fc.property(addresses, (address) => {
        const text = formatAddress(address);
        assert.deepEqual(parseAddress(text), address);
        assert.equal(canonicalAddress(text), text);
      }),
    );
  });

  test('formats IPv6 as the URL standard does, which has the same rules as RFC 5952', () => {
    fc.assert(
      fc.property(addresses, (address) => {
        fc.pre(address.family === 'ipv6');
        assert.equal(`[${formatAddress(address)}]`, new URL(`http://[${formatAddress(address)}]/`).hostname);
      }),
    );
  });

  test('the host prefix is /32 or /128', () => {
    assert.equal(hostPrefix({ family: 'ipv4', value: 0xc0000201n }), '192.0.2.1/32');
    assert.equal(hostPrefix({ family: 'ipv6', value: 1n }), '::1/128');
  });
});

suite('ranges', () => {
  const sizes: [text: string, first: string, last: string, size: bigint][] = [
    ['192.0.2.7', '192.0.2.7', '192.0.2.7', 1n],
    ['192.0.2.0/24', '192.0.2.0', '192.0.2.255', 256n],
    ['192.0.2.77/24', '192.0.2.0', '192.0.2.255', 256n],
    ['192.0.2.1/32', '192.0.2.1', '192.0.2.1', 1n],
    ['0.0.0.0/0', '0.0.0.0', '255.255.255.255', 2n ** 32n],
    ['192.0.2.91-192.0.2.100', '192.0.2.91', '192.0.2.100', 10n],
    ['192.0.2.5-192.0.2.5', '192.0.2.5', '192.0.2.5', 1n],
    ['2001:db8::/64', '2001:db8::', '2001:db8::ffff:ffff:ffff:ffff', 2n ** 64n],
    ['2001:db8::/65', '2001:db8::', '2001:db8::7fff:ffff:ffff:ffff', 2n ** 63n],
    ['2001:db8::1/128', '2001:db8::1', '2001:db8::1', 1n],
    ['::/0', '::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 2n ** 128n],
    ['2001:db8::ff-2001:db8::1:1', '2001:db8::ff', '2001:db8::1:1', 0xff03n],
  ];
  for (const [text, first, last, size] of sizes) {
    test(`${text} has ${size} addresses`, () => {
      const { family, ...bounds } = range(text);
      assert.equal(formatAddress({ family, value: bounds.first }), first);
      assert.equal(formatAddress({ family, value: bounds.last }), last);
      assert.equal(rangeSize(range(text)), size);
    });
  }

  const refused: [text: string, says: RegExp][] = [
    ['', /neither an IP address nor a CIDR prefix nor a first-last range/],
    ['garbage', /"garbage" is neither/],
    ['192.0.2.1 - 192.0.2.5', /"192.0.2.1 " is not an IP address/],
    ['192.0.2.1-', /"" is not an IP address/],
    ['192.0.2.1-192.0.2.2-192.0.2.3', /neither/],
    ['192.0.2.9-192.0.2.1', /reversed/],
    ['2001:db8::9-2001:db8::1', /reversed/],
    ['192.0.2.1-2001:db8::1', /mixes IPv4 and IPv6/],
    ['192.0.2.0/33', /prefix length from 0 to 32/],
    ['2001:db8::/129', /prefix length from 0 to 128/],
    ['192.0.2.0/024', /prefix length/],
    ['192.0.2.0/', /prefix length/],
    ['192.0.2.0/-1', /prefix length/],
    ['192.0.2.0/255.255.255.0', /prefix length/],
    ['192.0.2.0/24/24', /neither/],
    ['192.0.2.0/24-192.0.3.0/24', /neither/],
    ['192.0.2/24', /"192.0.2" is not an IP address/],
    ['192.0.2.1,192.0.2.2', /neither/],
    ['192.0.2.1-192.0.2.300', /"192.0.2.300" is not an IP address/],
  ];
  for (const [text, says] of refused) {
    test(`refused: ${JSON.stringify(text)}`, () => assert.match(messageOf(text), says));
  }

  test('contains both ends and nothing outside, of its own family only', () => {
    const pool = range('0.0.0.9-0.0.0.11');
    const contains = (value: bigint): boolean => rangeContains(pool, { family: 'ipv4', value });
    assert.deepEqual([8n, 9n, 10n, 11n, 12n].map(contains), [false, true, true, true, false]);
    assert.equal(rangeContains(pool, { family: 'ipv6', value: 10n }), false);
  });

  test('ranges overlap that share at least one address', () => {
    const pool = range('192.0.2.10-192.0.2.20');
    const overlapping = [
      '192.0.2.1-192.0.2.10',
      '192.0.2.20-192.0.2.30',
      '192.0.2.15',
      '192.0.2.0/24',
      '192.0.2.10-192.0.2.20',
    ];
    for (const other of overlapping) {
      assert.equal(rangesOverlap(pool, range(other)), true, other);
      assert.equal(rangesOverlap(range(other), pool), true, other);
    }
    for (const other of ['192.0.2.1-192.0.2.9', '192.0.2.21-192.0.2.30', '::c000:20f']) {
      assert.equal(rangesOverlap(pool, range(other)), false, other);
      assert.equal(rangesOverlap(range(other), pool), false, other);
    }
  });

  test('a prefix and the span of its ends are the same range', () => {
    fc.assert(
      fc.property(addresses, fc.nat(128), (address, bits) => {
        const width = address.family === 'ipv4' ? 32 : 128;
        const prefix = range(`${formatAddress(address)}/${bits % (width + 1)}`);
        const end = (value: bigint): string => formatAddress({ family: address.family, value });
        assert.deepEqual(range(`${end(prefix.first)}-${end(prefix.last)}`), prefix);
        assert.equal(rangeSize(prefix), 2n ** BigInt(width - (bits % (width + 1))));
        assert.equal(rangeContains(prefix, address), true);
      }),
    );
  });

  test('no input makes the parser throw', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseRange(text)));
  });
});
