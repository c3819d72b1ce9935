import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRouteChange } from './route-changes.ts';

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
