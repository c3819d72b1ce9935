import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { RouteChanges, parseRouteChange } from './route-changes.ts';

/** Printed by `ip -o monitor route` of iproute2 6.1.0 (Debian 12). */
const golden: readonly [line: string, change: object][] = [
  [
    '172.30.0.0 proto bgp metric 20 \\\tnexthop via 10.50.0.12 dev nodes weight 1 \\\tnexthop via 10.50.0.11 dev nodes weight 1 ',
    { destination: '172.30.0.0', gateways: ['10.50.0.11', '10.50.0.12'] },
  ],
  ['172.30.0.0 via 10.50.0.11 dev nodes proto bgp metric 20 ', { destination: '172.30.0.0', gateways: ['10.50.0.11'] }],
  ['Deleted 172.30.0.0 via 10.50.0.11 dev nodes proto bgp metric 20 ', { destination: '172.30.0.0', gateways: [] }],
  ['blackhole 192.0.2.1 ', { destination: '192.0.2.1', gateways: [], type: 'blackhole' }],
  ['Deleted blackhole 192.0.2.1 ', { destination: '192.0.2.1', gateways: [], type: 'blackhole' }],
  ['172.30.0.1 via inet6 fd00:50::11 dev nodes proto bgp ', { destination: '172.30.0.1', gateways: ['fd00:50::11'] }],
];

for (const [line, change] of golden) test(line, () => assert.deepEqual(parseRouteChange(line), change));

/** Printed by `ip -o monitor link nexthop route` (Linux 6.18) of what zebra of FRR 8.4 does. */
const [toOne, toOther, toBoth] = [
  'id 12 via 10.99.0.12 dev v0 scope link proto zebra ',
  'id 14 via 10.99.0.13 dev v0 scope link proto zebra ',
  'id 13 group 12/14 proto zebra ',
];
const toThird = 'id 18 via 10.98.0.13 dev w0 scope link proto zebra ';
const single = '172.30.0.4 nhid 12 via 10.99.0.12 dev v0 proto static metric 20 ';
const group =
  '172.30.0.3 nhid 13 proto static metric 20 \\\tnexthop via 10.99.0.12 dev v0 weight 1 \\\tnexthop via 10.99.0.13 dev v0 weight 1 ';
const ofBoth = [toOne, single, toOther, toBoth, group];
const overTwo = [
  toOne,
  toThird,
  'id 19 group 12/18 proto zebra ',
  '172.30.0.5 nhid 19 proto bgp metric 20 \\\tnexthop via 10.99.0.12 dev v0 weight 1 \\\tnexthop via 10.98.0.13 dev w0 weight 1 ',
];
const withoutObject =
  '172.30.0.6 proto bgp \\\tnexthop via 10.99.0.12 dev v0 weight 1 \\\tnexthop via 10.99.0.13 dev v0 weight 1 ';
const link = (flags: string, state: string): string =>
  `2: v0@if2: <${flags}> mtu 1500 qdisc noqueue state ${state} group default \\    link/ether 2a:b4:d7:b7:64:f0 brd ff:ff:ff:ff:ff:ff link-netns rFb`;
const pulled = link('NO-CARRIER,BROADCAST,MULTICAST,UP', 'DOWN');
const plugged = link('BROADCAST,MULTICAST,UP,LOWER_UP', 'UP');

/** What is told when the last of these lines comes. */
function toldAtLast(...lines: readonly string[]): unknown {
  const changes = new RouteChanges();
  return lines.map((line) => changes.read(line)).at(-1);
}

const gone = (...ips: readonly string[]): object[] => ips.map((ip) => ({ destination: ip, gateways: [] }));

suite('a link that loses its carrier', () => {
  test('takes the routes through it along, of which the kernel says nothing', () => {
    assert.deepEqual(toldAtLast(...ofBoth, pulled), gone('172.30.0.4', '172.30.0.3'));
  });

  test('takes one way out of a route that has others', () => {
    assert.deepEqual(toldAtLast(...overTwo, pulled), [{ destination: '172.30.0.5', gateways: ['10.98.0.13'] }]);
  });

  test('leaves routes that were made without nexthop objects', () => {
    assert.deepEqual(toldAtLast(toOne, toOther, withoutObject, pulled), []);
  });

  test('takes nothing along that is gone already', () => {
    assert.deepEqual(toldAtLast(toOne, single, `Deleted ${single}`, pulled), []);
    assert.deepEqual(toldAtLast(...ofBoth, pulled, pulled), []);
    assert.deepEqual(toldAtLast(...ofBoth, pulled, 'id 12 via 10.99.0.12 dev v0 scope link proto zebra '), []);
  });

  test('is no change of a route by itself, nor is one that has it again', () => {
    assert.deepEqual(toldAtLast(pulled), []);
    assert.deepEqual(toldAtLast(...ofBoth, plugged), []);
    assert.deepEqual(toldAtLast(toOne, single, `Deleted ${pulled}`), gone('172.30.0.4'));
  });
});

suite('a nexthop object that is taken away', () => {
  test('leaves the other ways of the routes of its groups, and takes the route with the last one', () => {
    const one = [{ destination: '172.30.0.3', gateways: ['10.99.0.12'] }];
    assert.deepEqual(toldAtLast(...ofBoth, `Deleted ${toOther}`), one);
    // The kernel tells of the group too.
    assert.deepEqual(toldAtLast(...ofBoth, `Deleted ${toOther}`, 'id 13 group 12 proto zebra '), []);
    assert.deepEqual(toldAtLast(...ofBoth, `Deleted ${toOther}`, `Deleted ${toOne}`), gone('172.30.0.4', '172.30.0.3'));
    assert.deepEqual(toldAtLast(...ofBoth, `Deleted ${toBoth}`), gone('172.30.0.3'));
  });

  test('is no change of a route that is made of another one by then', () => {
    const renewed = '172.30.0.4 nhid 23 via 10.99.0.12 dev v0 proto static metric 20 ';
    const again = 'id 23 via 10.99.0.12 dev v0 scope link proto zebra ';
    assert.deepEqual(toldAtLast(toOne, single, again, renewed, `Deleted ${toOne}`), []);
  });

  test('is none where it was there before, so that nobody knows what it was', () => {
    assert.deepEqual(toldAtLast(toBoth, group, `Deleted ${toBoth}`), []);
    assert.deepEqual(toldAtLast(toBoth, group, pulled), []);
  });
});
