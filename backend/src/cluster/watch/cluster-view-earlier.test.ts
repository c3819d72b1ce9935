/** What an earlier container of the Pod had in force of objects that can't be read as they are now. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { BgpSettings, Peer } from '../../domain/peer.ts';
import { aPeer } from '../../domain/testing/builders.ts';
import { bgpConfs, bgpPeers, type BgpConf, type BgpPeer } from '../custom-kinds.ts';
import { settle } from '../fake/passage.ts';
import { bench, PEER, SETTINGS, started, type Bench } from './testing/cluster-view-bench.ts';

const HERE = '192.0.2.254';
/** The schema has nothing against it, and it can't be had. */
const UNREADABLE = { ...PEER.spec, transport: { localAddress: '2001:db8::1' } };
const UNREADABLE_SETTINGS = { ...SETTINGS.spec, as: 0 };

/** Objects that can't be read, and what was in force of these very objects. */
function unreadable(hasPassword = false): { made: Bench; peers: Map<string, Peer>; settings: BgpSettings } {
  const made = bench();
  const peer = made.api.store<BgpPeer>(bgpPeers, { ...PEER, spec: UNREADABLE });
  const conf = made.api.store<BgpConf>(bgpConfs, { ...SETTINGS, spec: UNREADABLE_SETTINGS });
  const uid = peer.metadata?.uid ?? '';
  return {
    made,
    peers: new Map([['r1', aPeer('r1', HERE, { uid, hasPassword })]]),
    settings: { ...earlierSettings, uid: conf.metadata?.uid ?? '' },
  };
}

const earlierSettings: BgpSettings = {
  ...{ uid: '', as: 64_999, asPerRack: {}, routerId: undefined, listenPort: 0, listenAddresses: [] },
  gracefulRestart: { enabled: true, restartTimeSeconds: 120 },
};

/** What the engine gets in the end. */
function given({ view }: Bench): object {
  const { peers, passwords, settings } = view.inputs();
  return {
    peers: Object.fromEntries([...(peers ?? [])].map(([name, peer]) => [name, peer?.address])),
    passwords: Object.fromEntries(passwords ?? []),
    as: settings?.as,
  };
}

suite('an edit that can’t be read, when a container starts without the API server', () => {
  for (const [when, isBefore] of [
    ['before', true],
    ['after', false],
  ] as const) {
    test(`leaves the session as an earlier container had it, remembered ${when} the objects are listed`, async () => {
      const { made, peers, settings } = unreadable();
      const remember = (): void => made.view.remember({ peers, settings, passwords: new Map() });
      if (isBefore) remember();
      made.view.start();
      await settle();
      if (!isBefore) remember();
      assert.deepEqual(given(made), { peers: { r1: HERE }, passwords: {}, as: 64_999 });
      assert.equal(made.view.peers.get('r1')?.problems.length, 1);
    });

    test(`leaves it its password, remembered ${when} the objects are listed`, async () => {
      const { made, peers, settings } = unreadable(true);
      const remember = (): void => made.view.remember({ peers, settings, passwords: new Map([['r1', 's3cret']]) });
      if (isBefore) remember();
      made.view.start();
      await settle();
      if (!isBefore) remember();
      assert.deepEqual(given(made), { peers: { r1: HERE }, passwords: { r1: 's3cret' }, as: 64_999 });
    });
  }

  test('is over with one that can be read, and with the object', async () => {
    const { made, peers, settings } = unreadable(true);
    made.view.remember({ peers, settings, passwords: new Map([['r1', 's3cret']]) });
    made.view.start();
    await settle();
    made.api.store(bgpPeers, PEER);
    made.api.store(bgpConfs, SETTINGS);
    await settle();
    assert.deepEqual(given(made), { peers: { r1: HERE }, passwords: {}, as: 64_512 });
    made.api.remove(bgpPeers, { name: 'r1' });
    made.api.store(bgpPeers, { ...PEER, spec: UNREADABLE });
    await settle();
    assert.deepEqual(given(made), { peers: {}, passwords: {}, as: 64_512 });
  });

  test('of another object of the same name leaves nothing', async () => {
    const { made, settings } = unreadable();
    const peers = new Map([['r1', aPeer('r1', HERE, { uid: 'of the one before', hasPassword: true })]]);
    made.view.remember({ peers, settings: { ...settings, uid: 'x' }, passwords: new Map([['r1', 's3cret']]) });
    made.view.start();
    await settle();
    assert.deepEqual(given(made), { peers: {}, passwords: {}, as: undefined });
  });

  test('says nothing against what can be read', async () => {
    const made = await started();
    const { peers, settings } = unreadable();
    made.view.remember({ peers, settings, passwords: new Map() });
    assert.deepEqual(given(made), { peers: { r1: HERE }, passwords: {}, as: 64_512 });
    assert.deepEqual(made.deltas, []);
  });
});
