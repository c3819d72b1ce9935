import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { bgpConfs, bgpPeers, eips } from '../custom-kinds.ts';
import { ApiError } from '../errors.ts';
import { pass, settle } from '../fake/passage.ts';
import { customResourceDefinitions } from '../kinds.ts';
import { contents, PEER, started } from './testing/cluster-view-bench.ts';

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

  test('and created anew with other objects: what is there counts from then on', async () => {
    const { clock, api, view, deltas } = await started();
    const restore = api.removeKind(bgpPeers);
    await pass(clock, 30_000, 500);
    restore();
    api.store(bgpPeers, { ...PEER, metadata: { name: 'r9' } });
    await pass(clock, 60_000, 500);
    assert.deepEqual(
      deltas.flatMap(({ peers }) => [...(peers ?? [])].map(([name, peer]) => `${name} ${peer === null ? '-' : '+'}`)),
      ['r1 -', 'r9 +'],
    );
    api.remove(bgpPeers, { name: 'r9' });
    await settle();
    assert.deepEqual([...view.peers.values()], []);
    view.stop();
  });

  test('nobody knows, as the API server does not say: nothing is lost until it does', async () => {
    const { clock, api, view, deltas } = await started();
    const error = new ApiError({ status: 503, reason: 'ServiceUnavailable', message: 'not now' });
    const mend = api.faults.inject({ plural: customResourceDefinitions.plural, error });
    api.remove(bgpPeers, { name: 'r1' });
    await pass(clock, 20_000, 500);
    assert.equal(deltas.length, 0);
    mend();
    await pass(clock, 60_000, 500);
    assert.equal(deltas[0]?.peers?.get('r1'), null);
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
