import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { InputDelta } from '../../engine/messages.ts';
import { POOL_FINALIZER } from '../../resources/keys.ts';
import { bgpConfs, bgpPeers, eips } from '../custom-kinds.ts';
import { ApiError } from '../errors.ts';
import { pass, settle } from '../fake/passage.ts';
import { customResourceDefinitions } from '../kinds.ts';
import type { ClusterView } from './cluster-view.ts';
import { contents, PEER, POOL, started } from './testing/cluster-view-bench.ts';

function names(view: ClusterView): string[] {
  return [...view.poolObjects()].map(({ metadata }) => metadata?.name ?? '');
}

/** Which peers came and went, in order. */
function peerChanges(deltas: readonly InputDelta[]): string[] {
  return deltas.flatMap(({ peers }) =>
    [...(peers ?? [])].map(([name, peer]) => `${name} ${peer === null ? '-' : '+'}`),
  );
}

suite('the CRD of a kind is deleted', () => {
  for (const kind of [eips, bgpPeers, bgpConfs]) {
    test(`and takes all ${kind.plural} along: nothing is lost, nor when the kind is back and empty`, async () => {
      const { clock, api, view, deltas, changes } = await started();
      const before = contents(view);
      const restore = api.removeKind(kind);
      await pass(clock, 120_000, 500);
      restore();
      await pass(clock, 120_000, 500);
      assert.deepEqual(contents(view), before);
      assert.deepEqual([deltas, changes], [[], []]);
      view.stop();
    });
  }

  test('while an object of it is held by a finalizer: the others, which go, are not lost', async () => {
    const { clock, api, view, deltas } = await started();
    api.store(bgpPeers, { ...PEER, metadata: { name: 'held', finalizers: ['example.org/held'] } });
    await settle();
    deltas.length = 0;
    api.removeKind(bgpPeers);
    await pass(clock, 120_000, 500);
    assert.deepEqual(
      api.readAll(bgpPeers).map(({ metadata }) => metadata?.name),
      ['held'],
    );
    const gone = deltas.flatMap(({ peers }) => [...(peers ?? [])].filter(([, peer]) => peer === null));
    assert.deepEqual(gone, []);
    assert.deepEqual(
      [...view.peers.values()].map(([name]) => name),
      ['r1', 'held'],
    );
    view.stop();
  });

  test('while a pool is held: that it is being deleted is seen, and what is edited of it', async () => {
    const { clock, api, view } = await started();
    const held = { ...POOL, metadata: { name: 'zz', finalizers: [POOL_FINALIZER] } };
    api.store(eips, { ...held, spec: { address: '192.0.2.128/28' } });
    await settle();
    api.removeKind(eips);
    await pass(clock, 1_000, 500);
    assert.deepEqual(names(view), ['a', 'zz']);
    assert.notEqual(view.poolObject('zz')?.metadata?.deletionTimestamp, undefined);
    const marked = view.poolObject('zz') ?? {};
    api.store(eips, { ...marked, spec: { address: '192.0.2.128/28', disable: true } });
    await settle();
    assert.deepEqual(view.poolObject('zz')?.spec, { address: '192.0.2.128/28', disable: true });
    view.stop();
  });

  test('and created anew with other objects: these count at once, those that went are deleted after five minutes', async () => {
    const { clock, api, view, deltas } = await started();
    const restore = api.removeKind(bgpPeers);
    await pass(clock, 30_000, 500);
    restore();
    api.store(bgpPeers, { ...PEER, metadata: { name: 'r9' } });
    await pass(clock, 60_000, 500);
    assert.deepEqual(peerChanges(deltas), ['r9 +']);
    api.remove(bgpPeers, { name: 'r9' });
    await settle();
    assert.deepEqual(peerChanges(deltas), ['r9 +', 'r9 -']);
    // Without any object the kind is as good as not there yet.
    await pass(clock, 600_000, 1_000);
    assert.deepEqual(peerChanges(deltas), ['r9 +', 'r9 -']);
    api.store(bgpPeers, { ...PEER, metadata: { name: 'r9' } });
    await pass(clock, 240_000, 1_000);
    assert.deepEqual(peerChanges(deltas), ['r9 +', 'r9 -', 'r9 +']);
    await pass(clock, 120_000, 1_000);
    assert.deepEqual(peerChanges(deltas), ['r9 +', 'r9 -', 'r9 +', 'r1 -']);
    view.stop();
  });

  test('and comes back in waves: what comes later is not lost meanwhile, and can be deleted once it was back', async () => {
    const { clock, api, view, deltas } = await started();
    api.store(bgpPeers, { ...PEER, metadata: { name: 'r2' } });
    await settle();
    deltas.length = 0;
    const restore = api.removeKind(bgpPeers);
    await pass(clock, 30_000, 500);
    restore();
    api.store(bgpPeers, { ...PEER, metadata: { name: 'r2' } });
    await pass(clock, 240_000, 1_000);
    assert.ok(!peerChanges(deltas).includes('r1 -'));
    api.store(bgpPeers, PEER);
    await pass(clock, 400_000, 1_000);
    assert.deepEqual(
      [...view.peers.values()].map(([name]) => name),
      ['r2', 'r1'],
    );
    deltas.length = 0;
    api.remove(bgpPeers, { name: 'r1' });
    await settle();
    assert.deepEqual(peerChanges(deltas), ['r1 -']);
    view.stop();
  });

  test('and created anew while the API does not answer us: the objects that went are not lost', async () => {
    const { clock, api, view, deltas } = await started();
    const error = new ApiError({ status: 503, reason: 'ServiceUnavailable', message: 'not now' });
    const mend = api.faults.inject({ plural: bgpPeers.plural, error });
    api.breakWatches(undefined, bgpPeers.plural);
    api.removeKind(bgpPeers)();
    api.store(bgpPeers, { ...PEER, metadata: { name: 'r9' } });
    await pass(clock, 20_000, 500);
    mend();
    await pass(clock, 200_000, 1_000);
    assert.deepEqual(peerChanges(deltas), ['r9 +']);
    await pass(clock, 200_000, 1_000);
    assert.deepEqual(peerChanges(deltas), ['r9 +', 'r1 -']);
    view.stop();
  });

  test('nobody knows, as the API server does not say: nothing is lost until it does, and what is new counts', async () => {
    const { clock, api, view, deltas } = await started();
    const error = new ApiError({ status: 503, reason: 'ServiceUnavailable', message: 'not now' });
    const mend = api.faults.inject({ plural: customResourceDefinitions.plural, error });
    api.remove(bgpPeers, { name: 'r1' });
    await pass(clock, 20_000, 500);
    assert.equal(deltas.length, 0);
    api.store(bgpPeers, { ...PEER, metadata: { name: 'r2' } });
    await pass(clock, 60_000, 500);
    assert.deepEqual(peerChanges(deltas), ['r2 +']);
    mend();
    await pass(clock, 60_000, 500);
    assert.deepEqual(peerChanges(deltas), ['r2 +', 'r1 -']);
    view.stop();
  });

  test('nobody may know, by roles of an older version: an object that is deleted is gone', async () => {
    const { api, view, deltas } = await started();
    const error = new ApiError({ status: 403, reason: 'Forbidden', message: 'no' });
    api.faults.inject({ plural: customResourceDefinitions.plural, error });
    api.remove(bgpPeers, { name: 'r1' });
    await settle();
    assert.equal(deltas[0]?.peers?.get('r1'), null);
    view.stop();
  });
});
