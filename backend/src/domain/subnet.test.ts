import assert from 'node:assert/strict';
import { test } from 'node:test';
import { subnetText, subnetTexts } from './subnet.ts';

test('the subnet of an address is its prefix without host bits, in canonical text', () => {
  assert.equal(subnetText('192.0.2.7/24'), '192.0.2.0/24');
  assert.equal(subnetText('2001:DB8:0:0::7/64'), '2001:db8::/64');
});

test('what has no address of its own is no subnet: one address, two, link-local ones, and no CIDR text', () => {
  for (const prefix of ['192.0.2.7/32', '192.0.2.6/31', 'fe80::1/64', '169.254.3.4/16', '192.0.2.7', 'x/24', ''])
    assert.equal(subnetText(prefix), undefined, prefix);
});

test('many addresses in one subnet are one', () => {
  const prefixes = ['198.51.100.9/25', '192.0.2.7/24', '192.0.2.8/24', 'fe80::2/64'];
  assert.deepEqual(subnetTexts(prefixes), ['192.0.2.0/24', '198.51.100.0/25']);
});
