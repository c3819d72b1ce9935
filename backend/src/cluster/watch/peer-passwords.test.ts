import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Peer } from '../../domain/peer.ts';
import { aPeer } from '../../domain/testing/builders.ts';
import { bgpPeers } from '../custom-kinds.ts';
import { pass, settle } from '../fake/passage.ts';
import { secrets } from '../kinds.ts';
import { bench as created, PEER, started, type Bench } from './testing/cluster-view-bench.ts';

const REF = { name: 'router', namespace: 'system' };

function peer(spec: object = { passwordSecretRef: { name: 'router', key: 'password' } }, name = 'r1') {
  return { metadata: { name }, spec: { ...PEER.spec, ...spec } };
}

function secret(data: Readonly<Record<string, string>>, ref = REF) {
  const encoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
  return { metadata: ref, data: Object.fromEntries(encoded) as Record<string, string> };
}

/** The peer as a container before had it in force. */
function earlier({ api }: Bench, name: string): Peer {
  return aPeer(name, '192.0.2.254', { uid: api.read(bgpPeers, { name })?.metadata?.uid ?? '', hasPassword: true });
}

/** What the engine was told of passwords since the last look. */
function told({ deltas }: Bench): Record<string, string | null> {
  return Object.fromEntries(deltas.splice(0).flatMap(({ passwords }) => [...(passwords ?? [])]));
}

async function after(...changes: readonly (() => void)[]): Promise<void> {
  for (const change of changes) change();
  await settle();
}

suite('the password of a peer', () => {
  test('comes from its Secret, whichever of both was there first, and what changes is told', async () => {
    const bench = await started();
    await after(() => bench.api.store(bgpPeers, peer()));
    assert.deepEqual(told(bench), {});
    assert.equal(bench.view.passwords.problem('r1'), 'There is no Secret system/router.');
    await after(() => bench.api.store(secrets, secret({ password: 'first' })));
    assert.deepEqual(told(bench), { r1: 'first' });
    await after(() => bench.api.store(secrets, secret({ password: 'first', other: 'x' })));
    assert.deepEqual(told(bench), {});
    await after(() => bench.api.store(secrets, secret({ password: 'second' })));
    assert.deepEqual(told(bench), { r1: 'second' });
    assert.equal(bench.view.passwords.problem('r1'), undefined);
    await after(() => bench.api.store(bgpPeers, peer(undefined, 'r2')));
    assert.deepEqual(told(bench), { r2: 'second' });
    assert.deepEqual(
      bench.view.inputs().passwords,
      new Map([
        ['r1', 'second'],
        ['r2', 'second'],
      ]),
    );
  });

  test('may stand in the peer itself', async () => {
    const bench = await started();
    const conf = { ...PEER.spec.conf, authPassword: 's3cret' };
    await after(() => bench.api.store(bgpPeers, peer({ conf })));
    assert.deepEqual(told(bench), { r1: 's3cret' });
  });

  for (const [what, data, problem] of [
    ['another key', { passwd: 'x' }, 'The Secret system/router has no key "password".'],
    ['an empty one', { password: '\n' }, 'The key "password" of the Secret system/router is empty.'],
    [
      'one that is too long',
      { password: 'ü'.repeat(41) },
      'The key "password" of the Secret system/router has more than 80 octets.',
    ],
  ] as const) {
    test(`stays in force when the Secret has ${what}, which is said without quoting it`, async () => {
      const bench = await started();
      await after(
        () => bench.api.store(secrets, secret({ password: 'good' })),
        () => bench.api.store(bgpPeers, peer()),
      );
      assert.deepEqual(told(bench), { r1: 'good' });
      bench.changes.length = 0;
      await after(() => bench.api.store(secrets, secret(data)));
      assert.deepEqual(told(bench), {});
      assert.equal(bench.view.passwords.problem('r1'), problem);
      assert.deepEqual(bench.changes, ['peer r1']);
      assert.equal(bench.view.inputs().passwords?.get('r1'), 'good');
    });
  }

  test('may end with a line break, as files do, and may have spaces', async () => {
    const bench = await started();
    await after(
      () => bench.api.store(secrets, secret({ password: ' a b \r\n' })),
      () => bench.api.store(bgpPeers, peer()),
    );
    assert.deepEqual(told(bench), { r1: ' a b ' });
  });

  test('stays in force when the Secret goes, may not be read or the peer can no longer be read', async () => {
    const bench = await started();
    await after(
      () => bench.api.store(secrets, secret({ password: 'good' })),
      () => bench.api.store(bgpPeers, peer()),
    );
    await after(() => bench.api.store(bgpPeers, peer({ timers: { config: { holdTime: 'long' } } })));
    await after(() => bench.api.remove(secrets, REF));
    assert.deepEqual([...(bench.view.inputs().passwords ?? [])], [['r1', 'good']]);
    assert.equal(bench.view.passwords.problem('r1'), 'There is no Secret system/router.');
  });

  test('is forgotten with the peer, and with its wish for one; nobody watches the Secret then', async () => {
    const bench = await started();
    await after(
      () => bench.api.store(secrets, secret({ password: 'good' })),
      () => bench.api.store(bgpPeers, peer()),
    );
    const watches = bench.api.watches;
    await after(() => bench.api.store(bgpPeers, PEER));
    assert.deepEqual([bench.view.inputs().passwords?.size, bench.view.passwords.problem('r1')], [0, undefined]);
    assert.equal(told(bench)['r1'], null);
    assert.equal(bench.api.watches, watches - 1);
  });

  test('that an earlier container of the Pod had is in force until its Secret is read, and only where it is still wished for', async () => {
    const bench = created();
    bench.api.store(secrets, secret({ password: 'of now' }));
    const withhold = bench.api.faults.inject({ verb: 'list', plural: 'secrets', error: 'hang' });
    for (const name of ['r1', 'r2']) bench.api.store(bgpPeers, peer(undefined, name));
    bench.api.store(bgpPeers, peer({}, 'r3'));
    bench.view.remember({
      settings: null,
      peers: new Map(['r1', 'r3', 'r4'].map((name) => [name, earlier(bench, name)])),
      passwords: new Map(['r1', 'r3', 'r4'].map((name) => [name, 'earlier'])),
    });
    bench.view.start();
    await settle();
    assert.deepEqual(bench.view.inputs().passwords, new Map([['r1', 'earlier']]));
    await after(() => bench.api.store(bgpPeers, peer({}, 'r1')));
    await after(() => bench.api.store(bgpPeers, peer(undefined, 'r1')));
    assert.deepEqual(bench.view.inputs().passwords, new Map());
    withhold();
    await pass(bench.clock, 60_000);
    assert.deepEqual(
      bench.view.inputs().passwords,
      new Map([
        ['r1', 'of now'],
        ['r2', 'of now'],
      ]),
    );
  });

  test('that a peer of the same name had before is not for the router of another object', async () => {
    const bench = created();
    bench.api.faults.inject({ verb: 'list', plural: 'secrets', error: 'hang' });
    bench.api.store(bgpPeers, peer());
    bench.view.remember({
      settings: null,
      peers: new Map([['r1', { ...earlier(bench, 'r1'), uid: 'of the one before' }]]),
      passwords: new Map([['r1', 'for another router']]),
    });
    bench.view.start();
    await settle();
    assert.deepEqual([bench.view.inputs().passwords, told(bench)], [new Map(), {}]);
  });

  test('is forgotten where another object has come under the name while nobody watched', async () => {
    const bench = await started();
    await after(
      () => bench.api.store(secrets, secret({ password: 'good' })),
      () => bench.api.store(bgpPeers, peer()),
    );
    assert.deepEqual(told(bench), { r1: 'good' });
    bench.api.remove(secrets, REF);
    bench.api.goDown();
    bench.api.remove(bgpPeers, { name: 'r1' });
    bench.api.store(bgpPeers, peer());
    bench.api.compact();
    bench.api.comeBack();
    await pass(bench.clock, 60_000);
    assert.deepEqual([bench.view.inputs().passwords, told(bench)], [new Map(), { r1: null }]);
  });

  test('of one Secret no other Secret is read or watched', async () => {
    const bench = await started();
    await after(
      () => bench.api.store(secrets, secret({ password: 'not ours' }, { name: 'router', namespace: 'elsewhere' })),
      () => bench.api.store(secrets, secret({ password: 'not asked for' }, { name: 'other', namespace: 'system' })),
      () => bench.api.store(bgpPeers, peer()),
    );
    assert.deepEqual(told(bench), {});
    assert.equal(bench.view.passwords.problem('r1'), 'There is no Secret system/router.');
  });
});
