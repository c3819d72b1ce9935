import assert from 'node:assert/strict';
import { test } from 'node:test';
import ipaddr from 'ipaddr.js';
import { withOnLink } from './on-link.ts';

/** Prefixes of a link that has these, and what was asked for that, where on-link routes to these are. */
function widened(prefixes: readonly string[], ...routes: string[]): { prefixes: readonly string[]; asked: string[] } {
  const asked: string[] = [];
  const mac = Uint8Array.of(2, 0, 0, 0, 0, 1);
  const link = withOnLink({ index: 1, name: 'eth0', mac, up: true, prefixes }, (octets) => {
    const address = new ipaddr.IPv6([...octets]);
    asked.push(address.toString());
    const own = prefixes.some((prefix) => prefix === `${address.toString()}/128`);
    const around = routes.map((route) => ipaddr.IPv6.parseCIDR(route)).find((route) => address.match(route));
    return own ? undefined : around?.[1];
  });
  return { prefixes: link.prefixes, asked };
}

test('an IPv6 address of full length has the subnet of the on-link route around it', () => {
  const { prefixes } = widened(['192.0.2.1/24', '2001:db8::5/128', 'fe80::1/64'], '2001:db8::/64');
  assert.deepEqual(prefixes, ['192.0.2.1/24', '2001:db8::5/64', 'fe80::1/64']);
});

test('without such a route it stays alone', () => {
  assert.deepEqual(widened(['2001:db8::5/128'], '2001:db8:1::/64').prefixes, ['2001:db8::5/128']);
});

test('addresses beside it that are the host’s own are no obstacle', () => {
  const many = Array.from({ length: 500 }, (_, i) => `2001:db8::1:${i.toString(16)}/128`);
  const { prefixes, asked } = widened(many, '2001:db8::/64');
  assert.deepEqual(
    prefixes.filter((prefix) => !prefix.endsWith('/128')),
    ['2001:db8::1:0/64'],
    'one has all others',
  );
  assert.ok(asked.length < 10, asked.join());
});

test('a route that has the addresses beside it only is not around it', () => {
  const beside = ['2001:db8::4/127', '2001:db8::85/121', '2001:db8::80:5/112', '2001:db8::8000:0:0:5/65'];
  assert.deepEqual(widened(['2001:db8::5/128'], ...beside.slice(1)).prefixes, ['2001:db8::5/128']);
  assert.deepEqual(widened(['2001:db8::5/128'], ...beside).prefixes, ['2001:db8::5/127']);
});

test('nothing is asked for addresses with a subnet, those within it, link-local and IPv4 ones', () => {
  const prefixes = ['192.0.2.1/32', '2001:db8::1/64', '2001:db8::9/128', 'fe80::1/128', 'fe80::2/64'];
  assert.deepEqual(widened(prefixes, '2001:db8::/48', 'fe80::/64'), { prefixes, asked: [] });
});

test('hundreds of addresses that lead nowhere don’t keep the kernel busy', () => {
  const many = Array.from({ length: 500 }, (_, i) => `2001:db8:${i.toString(16)}::5/128`);
  const { prefixes, asked } = widened(many);
  assert.deepEqual(prefixes, many.toSorted());
  assert.ok(asked.length < 100, String(asked.length));
});
