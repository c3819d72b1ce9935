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

/** Printed by `ip -o monitor link route` (Linux 6.18), routes as FRR 8.4 makes them, when a cable is pulled and plugged in again. */
const printed = {
  single: '172.30.0.4 nhid 12 via 10.99.0.12 dev v0 proto static metric 20 ',
  group:
    '172.30.0.3 nhid 13 proto static metric 20 \\\tnexthop via 10.99.0.12 dev v0 weight 1 \\\tnexthop via 10.99.0.13 dev v0 weight 1 ',
  overTwo:
    '172.30.0.5 nhid 30 proto bgp metric 20 \\\tnexthop via 10.99.0.12 dev v0 weight 1 \\\tnexthop via 10.98.0.13 dev w0 weight 1 ',
  withoutObject:
    '172.30.0.6 proto bgp \\\tnexthop via 10.99.0.12 dev v0 weight 1 \\\tnexthop via 10.99.0.13 dev v0 weight 1 ',
  pulled:
    '2: v0@if2: <NO-CARRIER,BROADCAST,MULTICAST,UP> mtu 1500 qdisc noqueue state DOWN group default \\    link/ether 2a:b4:d7:b7:64:f0 brd ff:ff:ff:ff:ff:ff link-netns rFb',
  plugged:
    '2: v0@if2: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default \\    link/ether 2a:b4:d7:b7:64:f0 brd ff:ff:ff:ff:ff:ff link-netns rFb',
} as const;

/** What is told when the last of these lines comes. */
function toldAtLast(...lines: readonly (keyof typeof printed | `Deleted ${keyof typeof printed}`)[]): unknown {
  const changes = new RouteChanges();
  return lines
    .map((line) => {
      const [name, deleted] = line.startsWith('Deleted ') ? [line.slice(8), 'Deleted '] : [line, ''];
      return changes.read(deleted + printed[name as keyof typeof printed]);
    })
    .at(-1);
}

suite('a link that loses its carrier', () => {
  test('takes the routes through it along, of which the kernel says nothing', () => {
    const gone = [
      { destination: '172.30.0.4', gateways: [] },
      { destination: '172.30.0.3', gateways: [] },
    ];
    assert.deepEqual(toldAtLast('single', 'group', 'pulled'), gone);
  });

  test('takes one way out of a route that has others', () => {
    assert.deepEqual(toldAtLast('overTwo', 'pulled'), [{ destination: '172.30.0.5', gateways: ['10.98.0.13'] }]);
  });

  test('leaves routes that were made without nexthop objects, and those through other links', () => {
    assert.deepEqual(toldAtLast('withoutObject', 'pulled'), []);
    assert.deepEqual(toldAtLast('overTwo', 'pulled', 'pulled'), []);
  });

  test('takes nothing along that is gone already', () => {
    assert.deepEqual(toldAtLast('group', 'Deleted group', 'pulled'), []);
    assert.deepEqual(toldAtLast('group', 'pulled', 'pulled'), []);
  });

  test('is no change of a route by itself, nor is one that has it again', () => {
    assert.deepEqual(toldAtLast('pulled'), []);
    assert.deepEqual(toldAtLast('group', 'plugged'), []);
    assert.deepEqual(toldAtLast('group', 'Deleted pulled'), [{ destination: '172.30.0.3', gateways: [] }]);
  });
});
