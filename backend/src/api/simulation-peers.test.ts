import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { bgpPeers } from './testing/api-bench.ts';
import { bench, PEER, whatIf } from './testing/what-if.ts';

suite('what if a router', () => {
  test('is for nodes that no replica runs on: nobody hears of anything', async (context) => {
    const api = await bench(context);
    const nodeSelector = { matchLabels: { nobody: 'has' } };
    const { loses, changes } = await whatIf(api, { peers: [{ name: 'r1', spec: { ...PEER.spec, nodeSelector } }] });
    assert.deepEqual([loses, changes[0]?.after.peers], [2, []]);
  });

  test('is named by another BgpPeer too: that is younger, and nobody speaks with it', async (context) => {
    const api = await bench(context);
    const { keeps, changes } = await whatIf(api, { peers: [{ name: 'r2', spec: PEER.spec }] });
    assert.deepEqual([keeps, changes], [2, []]);
  });

  test('is deleted beside an older BgpPeer that is the same neighbour: nothing changes; without the older one the other is spoken with', async (context) => {
    const api = await bench(context);
    await api.store(bgpPeers, { metadata: { name: 'r2' }, spec: PEER.spec });
    assert.equal((await whatIf(api, { peers: [{ name: 'r2', delete: true }] })).keeps, 2);
    const { moves, changes } = await whatIf(api, { peers: [{ name: 'r1', delete: true }] });
    assert.deepEqual([moves, changes[0]?.after.peers], [2, ['r2']]);
  });
});
