import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linkPicture } from './link-picture.ts';

test('an address that subnets of two links have is drawn on the narrower one, whichever the replica names first', () => {
  const bridge = { name: 'docker0', mac: '', prefixes: ['172.17.0.1/16'] };
  const lan = { name: 'eth0', mac: '', prefixes: ['172.17.5.11/24'] };
  for (const links of [
    [bridge, lan],
    [lan, bridge],
  ]) {
    const owners = [{ pool: 'lan', node: 'n1', ip: '172.17.5.200' }];
    const words = [
      {
        replica: { name: 'r', node: 'n1', address: '172.17.5.11' },
        facts: { replica: 'r', medOffset: 100, owners, links },
      },
    ];
    const { nodes } = linkPicture(words as never, { view: { poolsInForce: () => new Map() } } as never, () => 'good');
    assert.deepEqual(
      nodes.map(({ name }) => name),
      ['172.17.5.0/24'],
    );
  }
});
