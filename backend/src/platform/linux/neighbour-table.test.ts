import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SystemNeighbourTable } from './neighbour-table.ts';

test('the kernel says, without any right, that an address is on no link of this host', async () => {
  const table = new SystemNeighbourTable();
  // RFC 5737 and 3849: documentation only.
  assert.deepEqual(await Promise.all(['203.0.113.77', '2001:db8::77'].map((address) => table.find(address))), [
    undefined,
    undefined,
  ]);
});
