/**
 * The kernel's neighbour tables, in a network namespace that this process makes for itself and that ends with it. Needs root and iproute2.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import koffi from 'koffi';
import { SystemNeighbourTable } from './neighbour-table.ts';

const CLONE_NEWNET = 0x4000_0000;
const unshare = koffi.load(null).func('int unshare(int flags)') as (flags: number) => number;
assert.equal(unshare(CLONE_NEWNET), 0, 'a network namespace of its own needs root');

const ip = (...lines: readonly string[]): string =>
  execFileSync('ip', ['-batch', '-'], { encoding: 'utf8', input: lines.map((line) => `${line}\n`).join('') });
const mac = 'lladdr 02:00:5e:10:00:09 nud reachable';

test('an address that stands in the tables of two links is known or not by the one that leads to it', async () => {
  ip(
    ...['near', 'other'].flatMap((name) => [
      `link add ${name} type veth peer name ${name}-far`,
      `link set ${name} up`,
      `link set ${name}-far up`,
      `address add 192.0.2.1/24 dev ${name} noprefixroute`,
    ]),
    'route add 192.0.2.0/24 dev near',
    'route add 198.18.0.0/24 dev other',
    `neigh replace 192.0.2.9 dev near ${mac}`,
    'neigh replace 192.0.2.9 dev other nud failed',
    `neigh replace 198.18.0.9 dev near ${mac}`,
    'neigh replace 198.18.0.9 dev other nud failed',
    `neigh replace 192.0.2.254 dev near ${mac}`,
    // Whoever answered for it there is not on the way to it.
    'route add 198.51.100.0/24 via 192.0.2.254 dev near',
    `neigh replace 198.51.100.9 dev near ${mac}`,
  );
  const table = new SystemNeighbourTable();
  const states = await Promise.all(
    ['192.0.2.9', '198.18.0.9', '192.0.2.11', '198.51.100.9'].map(
      async (address) => (await table.find(address))?.state,
    ),
  );
  assert.deepEqual(states, ['known', 'absent', undefined, undefined]);
});
