import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { settle } from '../cluster/fake/passage.ts';
import { bgpConfs, bgpPeers } from './testing/api-bench.ts';
import { aSession } from './testing/facts.ts';
import { bench, PEER, says, whatIf } from './testing/what-if.ts';

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

  test('is changed in nothing that its session depends on: one that is not there does not come up by that', async (context) => {
    const api = await bench(context);
    says(api, { sessions: [aSession('r1', 'Active')] });
    for (const change of [{ adminDown: false }, { spec: PEER.spec }]) {
      assert.deepEqual((await whatIf(api, { peers: [{ name: 'r1', ...change }] })).gains, 0);
    }
    const conf = { ...PEER.spec.conf, peerAs: 65_001 };
    assert.deepEqual((await whatIf(api, { peers: [{ name: 'r1', spec: { conf } }] })).gains, 2);
  });

  test('is changed where there is no BgpConf: no session comes up', async (context) => {
    const api = await bench(context);
    says(api, { sessions: [] });
    api.kube.remove(bgpConfs, { name: 'default' });
    await settle();
    const conf = { ...PEER.spec.conf, peerAs: 65_001 };
    assert.deepEqual((await whatIf(api, { peers: [{ name: 'r1', spec: { conf } }] })).gains, 0);
  });
});
