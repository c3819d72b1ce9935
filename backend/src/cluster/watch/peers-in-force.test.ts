import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { bgpPeers, type BgpPeer } from '../custom-kinds.ts';
import { settle } from '../fake/passage.ts';
import { secrets } from '../kinds.ts';
import { bench, PEER, started, type Bench } from './testing/cluster-view-bench.ts';

const HERE = '192.0.2.254';
const THERE = '192.0.2.250';
const SECRET_REF = { name: 'router', key: 'password' };
const SECRET = { metadata: { name: 'router', namespace: 'system' }, data: { password: btoa('s3cret') } };

function peer(name: string, neighborAddress: string, spec: object = {}, metadata: object = {}): BgpPeer {
  return {
    metadata: { name, ...metadata },
    spec: { ...PEER.spec, ...spec, conf: { ...PEER.spec.conf, neighborAddress } },
  };
}

/** An object that the leader once found to be another one's duplicate. */
function onRecord(object: BgpPeer, observedGeneration = 1): BgpPeer {
  const condition = { type: 'Ready', status: 'False', reason: 'DuplicateNeighbor', message: '', observedGeneration };
  return { ...object, status: { conditions: [condition] } } as unknown as BgpPeer;
}

const OLD = { creationTimestamp: '2025-01-01T00:00:00Z' };
const NEW = { creationTimestamp: '2025-06-01T00:00:00Z' };

async function after({ api }: Bench, ...objects: readonly BgpPeer[]): Promise<void> {
  for (const object of objects) {
    api.store(bgpPeers, object);
    await settle();
  }
}

/** Neighbours in force, by name of the peer. */
function inForce({ view }: Bench): Record<string, string> {
  return Object.fromEntries([...(view.inputs().peers ?? [])].map(([name, value]) => [name, value?.address ?? '']));
}

/** Names of the peers that the engine was told of since the last look. */
function told({ deltas }: Bench): string[] {
  return deltas.splice(0).flatMap(({ peers }) => [...(peers?.keys() ?? [])]);
}

/** Two routers, of which the second object is the older one. */
async function two(): Promise<Bench> {
  const made = await started();
  await after(made, peer('r2', THERE, {}, OLD), peer('r1', HERE, {}, NEW));
  told(made);
  return made;
}

suite('an edit of a peer whose password is missing', () => {
  test('leaves the session as it is, and comes into force with the password', async () => {
    const made = await started();
    await after(made, peer('r1', THERE, { passwordSecretRef: SECRET_REF }));
    assert.deepEqual(told(made), []);
    assert.deepEqual(inForce(made), { r1: HERE });
    assert.deepEqual(made.view.peers.waitsFor('r1'), { for: 'password' });
    made.api.store(secrets, SECRET);
    await settle();
    assert.deepEqual(made.deltas.at(-1)?.peers?.get('r1')?.hasPassword, true);
    assert.deepEqual(inForce(made), { r1: THERE });
    assert.equal(made.view.peers.waitsFor('r1'), undefined);
  });

  test('does not keep it from being deleted', async () => {
    const made = await started();
    const spec = { passwordSecretRef: SECRET_REF };
    await after(made, peer('r1', HERE, spec));
    await after(made, peer('r1', HERE, spec, { deletionTimestamp: OLD.creationTimestamp }));
    assert.equal(made.view.peers.get('r1')?.value?.deleting, true);
    made.api.remove(bgpPeers, { name: 'r1' });
    await settle();
    assert.deepEqual([inForce(made), made.view.peers.get('r1')], [{}, undefined]);
  });

  test('leaves one that another Secret was for, with its password, until that one can be had', async () => {
    const made = await started();
    made.api.store(secrets, SECRET);
    await after(made, peer('r1', HERE, { passwordSecretRef: SECRET_REF }));
    told(made);
    await after(made, peer('r1', THERE, { passwordSecretRef: { name: 'other', key: 'password' } }));
    assert.deepEqual([told(made), inForce(made)], [[], { r1: HERE }]);
  });

  test('is taken as it is where none was in force: there is nothing to keep', async () => {
    const made = await started();
    await after(made, peer('r2', THERE, { passwordSecretRef: SECRET_REF }));
    assert.deepEqual(inForce(made), { r1: HERE, r2: THERE });
    assert.equal(made.view.peers.waitsFor('r2'), undefined);
  });

  test('leaves what an earlier container of the Pod had in force, while the object is the same', async () => {
    const [last] = (await started()).view.peers.values();
    assert.ok(last !== undefined);
    const made = bench();
    made.api.store(bgpPeers, peer('r1', THERE, { passwordSecretRef: SECRET_REF }));
    made.api.store(bgpPeers, peer('r2', THERE, { passwordSecretRef: SECRET_REF }));
    const uid = made.api.read(bgpPeers, { name: 'r1' })?.metadata?.uid ?? '';
    const earlier = { ...last[1], uid };
    const peers = new Map(['r1', 'r2'].map((name) => [name, { ...earlier, name }]));
    made.view.remember({ peers, passwords: new Map(), settings: null });
    made.view.start();
    await settle();
    assert.equal(inForce(made)['r1'], HERE);
    assert.equal(made.view.peers.get('r2')?.value?.hasPassword, true, 'of another UID');
  });
});

suite('an edit by which a peer would take the neighbour of another one', () => {
  test('touches neither, however old the edited one is', async () => {
    const made = await two();
    await after(made, peer('r2', HERE, {}, OLD));
    assert.deepEqual([told(made), inForce(made)], [[], { r1: HERE, r2: THERE }]);
    assert.deepEqual(made.view.peers.waitsFor('r2'), { for: 'neighbour', of: 'r1' });
  });

  test('comes into force when the other one goes, or goes elsewhere', async () => {
    for (const release of [
      ({ api }: Bench) => api.remove(bgpPeers, { name: 'r1' }),
      ({ api }: Bench) => api.store(bgpPeers, peer('r1', '192.0.2.249', {}, NEW)),
    ]) {
      const made = await two();
      await after(made, peer('r2', HERE, {}, OLD));
      release(made);
      await settle();
      assert.equal(inForce(made)['r2'], HERE);
      assert.equal(made.view.peers.waitsFor('r2'), undefined);
    }
  });

  test('is none where both are for other nodes', async () => {
    const made = await two();
    const forRack = (rack: string): object => ({ nodeSelector: { matchLabels: { rack } } });
    await after(made, peer('r1', HERE, forRack('a'), NEW), peer('r2', HERE, forRack('b'), OLD));
    assert.deepEqual(inForce(made), { r1: HERE, r2: HERE });
  });

  test('is none where two change places', async () => {
    const made = await two();
    await after(made, peer('r1', THERE, {}, NEW));
    assert.deepEqual(inForce(made), { r1: HERE, r2: THERE });
    await after(made, peer('r2', HERE, {}, OLD));
    assert.deepEqual(inForce(made), { r1: THERE, r2: HERE });
    assert.equal(made.view.peers.hasWaiting, false);
  });

  test('is known by its status to a replica that begins later: the other one keeps the session', async () => {
    for (const [observed, expected] of [
      [1, { r1: HERE }],
      [0, { r1: HERE, r2: HERE }],
    ] as const) {
      const made = bench();
      made.api.store(bgpPeers, onRecord(peer('r2', HERE, {}, { ...OLD, generation: 1 }), observed));
      made.api.store(bgpPeers, peer('r1', HERE, {}, NEW));
      made.view.start();
      await settle();
      assert.deepEqual(inForce(made), expected);
    }
  });
});
