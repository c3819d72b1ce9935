import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { bgpConfs, bgpPeers, eips } from '../custom-kinds.ts';
import { secrets } from '../kinds.ts';
import { settle } from '../fake/passage.ts';
import { PEER, StatusesBench } from './testing/statuses-bench.ts';

const GONE_MS = 30_000;

suite("a peer's status", () => {
  test('counts the sessions of the replicas, and is written when that changes', async () => {
    const bench = await new StatusesBench().start();
    await bench.members('porter-0', 'porter-1');
    await bench.entries('porter-0', 'porter-1');
    await bench.writePeer();
    await bench.writePeer();
    assert.equal(bench.api.writes.length, 1);
    const status = bench.api.read(bgpPeers, { name: 'r1' })?.status;
    assert.deepEqual([status?.established, status?.conditions?.[0]?.status], ['2/2', 'True']);
    assert.deepEqual(bench.replicasOfPeer(), ['porter-0', 'porter-1']);
  });

  test("says of a peer whose password can't be had that there is no session, and of one that it was had before that it stays", async () => {
    const bench = await new StatusesBench().start();
    const secret = { metadata: { name: 'key', namespace: 'system' }, data: { password: btoa('s3cret') } };
    const ready = async (): Promise<readonly unknown[]> => {
      await settle();
      await bench.writePeer();
      const [condition] = bench.api.read(bgpPeers, { name: 'r1' })?.status?.conditions ?? [];
      return [condition?.status, condition?.reason, condition?.message];
    };
    const missing = 'There is no Secret system/key.';
    bench.api.store(bgpPeers, { ...PEER, spec: { ...PEER.spec, passwordSecretRef: { name: 'key', key: 'password' } } });
    const kept = 'The last configuration stays in force until then.';
    assert.deepEqual(await ready(), ['False', 'PasswordMissing', `${missing} ${kept}`]);
    bench.api.store(secrets, secret);
    assert.deepEqual(await ready(), ['True', 'InUse', 'In use.']);
    bench.api.remove(secrets, { name: 'key', namespace: 'system' });
    assert.deepEqual(await ready(), [
      'False',
      'PasswordMissing',
      `${missing} The last password stays in force until then.`,
    ]);
  });

  test('keeps the entry of a replica that the membership does not list yet', async () => {
    const bench = await new StatusesBench().start();
    await bench.members('porter-0');
    await bench.entries('porter-0', 'porter-1');
    assert.equal(await bench.writePeer(), GONE_MS);
    bench.clock.advance(GONE_MS - 1);
    assert.equal(await bench.writePeer(), 1);
    await bench.members('porter-0', 'porter-1');
    bench.clock.advance(GONE_MS);
    assert.equal(await bench.writePeer(), undefined);
    assert.deepEqual(bench.replicasOfPeer(), ['porter-0', 'porter-1']);
  });

  test('loses the entry of a replica that has been missing for 30 s', async () => {
    const bench = await new StatusesBench().start();
    await bench.members('porter-0');
    await bench.entries('porter-0', 'porter-1');
    await bench.writePeer();
    bench.clock.advance(GONE_MS);
    await bench.writePeer();
    assert.deepEqual(bench.replicasOfPeer(), ['porter-0']);
    await bench.writePeer();
    assert.equal(bench.api.read(bgpPeers, { name: 'r1' })?.status?.established, '1/1');
  });

  test('counts the 30 s from the last time that the replica was there, if only for a moment', async () => {
    const bench = await new StatusesBench().start();
    await bench.members('porter-0');
    await bench.entries('porter-0', 'porter-1');
    await bench.writePeer();
    bench.clock.advance(GONE_MS - 1_000);
    await bench.members('porter-0', 'porter-1');
    await bench.members('porter-0');
    bench.clock.advance(1_000);
    assert.equal(await bench.writePeer(), GONE_MS);
    assert.deepEqual(bench.replicasOfPeer(), ['porter-0', 'porter-1']);
  });

  test('loses nothing while the membership is empty, however long', async () => {
    const bench = await new StatusesBench().start();
    await bench.members('porter-0');
    await bench.entries('porter-0', 'porter-1');
    await bench.writePeer();
    await bench.members();
    bench.clock.advance(10 * GONE_MS);
    assert.equal(await bench.writePeer(), undefined);
    await bench.members('porter-0');
    assert.equal(await bench.writePeer(), GONE_MS);
    assert.deepEqual(bench.replicasOfPeer(), ['porter-0', 'porter-1']);
  });

  test('loses nothing to one who may not write', async () => {
    const bench = await new StatusesBench().start();
    await bench.members('porter-0');
    await bench.entries('porter-0', 'porter-1');
    await bench.writePeer();
    bench.clock.advance(GONE_MS);
    bench.api.writes.length = 0;
    bench.mayWrite = false;
    assert.ok(((await bench.writePeer()) ?? 0) > 0);
    assert.deepEqual(bench.api.writes, []);
  });
});

suite("the BgpConf's status", () => {
  test('says once that it is in use', async () => {
    const bench = await new StatusesBench().start();
    await bench.statuses.writeSettings();
    await settle();
    await bench.statuses.writeSettings();
    assert.equal(bench.api.writes.length, 1);
    const [ready] = bench.api.read(bgpConfs, { name: 'default' })?.status?.conditions ?? [];
    assert.deepEqual([ready?.type, ready?.status], ['Ready', 'True']);
  });

  test('is nothing to write of objects that are gone', async () => {
    const bench = await new StatusesBench().start();
    for (const [kind, name] of [
      [eips, 'a'],
      [bgpPeers, 'r1'],
      [bgpConfs, 'default'],
    ] as const)
      bench.api.remove(kind, { name });
    await settle();
    await bench.statuses.writePool('a');
    await bench.statuses.writePeer('r1');
    await bench.statuses.writeSettings();
    assert.deepEqual(bench.api.writes, []);
  });
});
