import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linkPicture } from './link-picture.ts';

test('what the links of replicas are is read once, however many addresses are on them', () => {
  const [pools, nodes, replicas] = [20, 50, 50];
  const owners = Array.from({ length: pools * nodes }, (_, i) => ({
    ...{ pool: `p${i % pools}`, node: `n${Math.floor(i / pools)}`, ip: `192.0.2.${i % 250}` },
  }));
  let read = 0;
  const words = Array.from({ length: replicas }, (_, r) => ({
    replica: { name: `r${r}`, node: `n${r}`, address: '192.0.2.1' },
    facts: {
      ...{ replica: `r${r}`, medOffset: 100, owners: r === 0 ? owners : [] },
      links: ['eth0', 'eth1'].map((name, i) => ({
        ...{ name, mac: '' },
        get prefixes() {
          read += 1;
          return [`fe80::${r}/64`, `192.0.${i + 2}.${r}/24`];
        },
      })),
    },
  }));
  linkPicture(words as never, { view: { poolsInForce: () => new Map() } } as never, () => 'good');
  assert.ok(read <= replicas * 2, `${read} readings of ${replicas * 2} links`);
});
