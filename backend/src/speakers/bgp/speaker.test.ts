import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PeerConfig, Route, SessionStatus } from './model.ts';
import {
  addPathReceive,
  gracefulRestartBoth,
  peer,
  RouterConnection,
  routerOpen,
  Scene,
} from './testing/scripted-router.ts';
import type { Capability } from './wire/capabilities/capability.ts';

const a = '10.0.0.1/32';
const nextHop = '192.0.2.11';
const routes = new Map<string, Route>([[a, { prefix: a, paths: [{ id: 1, nextHop }] }]]);
const other: PeerConfig = { ...peer, key: 'r2', address: '192.0.2.9' };

function two(): Scene {
  const scene = new Scene();
  scene.router();
  scene.router(undefined, other.address);
  scene.speaker.configure([peer, other]);
  scene.settle();
  assert.deepEqual(
    scene.speaker.sessions().map(({ state }) => state),
    ['Established', 'Established'],
  );
  scene.speaker.setRoutes('r1', routes);
  scene.speaker.setRoutes('r2', routes);
  scene.settle();
  return scene;
}

function session(scene: Scene, key: string): SessionStatus | undefined {
  return scene.speaker.sessions().find((status) => status.key === key);
}

async function settleAll(scene: Scene): Promise<void> {
  for (let i = 0; i < 5; i++) {
    scene.settle();
    await new Promise(setImmediate);
  }
}

test('the same configuration again changes nothing', () => {
  const scene = two();
  const before = scene.changes.length;
  scene.speaker.configure([structuredClone(peer), structuredClone(other)]);
  scene.settle();
  assert.equal(scene.changes.length, before);
  assert.equal(scene.dialer.dials.length, 2);
});

test('a peer that is removed gets its routes withdrawn, then a Cease; the other notices nothing', async () => {
  const scene = two();
  const [first, second] = scene.connections;
  scene.speaker.configure([other]);
  await settleAll(scene);
  assert.equal(first?.table.paths.size, 0);
  assert.deepEqual(first?.log.slice(-2), ['update', 'Cease / Peer De-configured']);
  assert.ok(first?.remote.closed);
  assert.deepEqual(second?.table.nextHops(a), ['192.0.2.11']);
  assert.deepEqual(
    scene.speaker.sessions().map(({ key }) => key),
    ['r2'],
  );
});

test('the log tells which sessions end by what is configured', async () => {
  const scene = two();
  const told = async (configured: readonly PeerConfig[]): Promise<string[]> => {
    await settleAll(scene);
    scene.logger.entries.splice(0);
    scene.speaker.configure(configured);
    return scene.logger.entries.map(({ message, fields }) => `${String(fields['peer'])}: ${message}`);
  };
  const slower = { ...peer, holdTimeSeconds: 30 };
  assert.deepEqual(await told([{ ...slower, connectRetrySeconds: 9 }, other]), [
    'r1: BGP session begins anew, as its parameters have changed',
  ]);
  assert.deepEqual(await told([slower, other]), []);
  assert.deepEqual(await told([slower]), ['r2: BGP session ends, as nothing in force asks for it any more']);
  assert.deepEqual(await told([{ ...slower, address: '192.0.2.10' }]), [
    'r1: BGP session ends, as its peer is another router now',
  ]);
});

test('a peer with another hold time gets a new session and its routes again, without graceful restart after a Cease; the other is left alone', async () => {
  const scene = two();
  scene.speaker.configure([{ ...peer, holdTimeSeconds: 30 }, other]);
  await settleAll(scene);
  assert.equal(scene.connections.length, 3);
  assert.equal(scene.connections[0]?.log.at(-1), 'Cease / Other Configuration Change');
  assert.deepEqual(scene.connection.table.nextHops(a), ['192.0.2.11']);
  assert.equal(scene.speaker.sessions()[0]?.negotiated?.holdTimeSeconds, 30);
});

const configurationChange = 'Cease / Other Configuration Change';

/** Parameters that take a new session, and what the old one is told at last where the router has graceful restart; undefined: nothing. */
type Changed = Partial<Omit<PeerConfig, 'gracefulRestart'>> & {
  readonly gracefulRestart?: PeerConfig['gracefulRestart'] | undefined;
};
const newSessions: readonly (readonly [string, Changed, string | undefined])[] = [
  ['another hold time', { holdTimeSeconds: 30 }, undefined],
  ['another restart time', { gracefulRestart: { restartTimeSeconds: 60 } }, undefined],
  ['a password', { password: 'secret' }, undefined],
  ['another AS of ours', { localAs: 65002 }, undefined],
  ['no ADD-PATH any more', { families: peer.families.map((each) => ({ ...each, addPathSendMax: 1 })) }, undefined],
  ['no graceful restart any more', { gracefulRestart: undefined }, configurationChange],
  ['another local address', { localAddress: '192.0.2.3' }, 'Cease / Peer De-configured'],
];

for (const [what, change, word] of newSessions) {
  for (const notification of [false, true]) {
    const router = notification ? 'RFC 8538' : 'RFC 4724 alone';
    test(`a peer with ${what}: a router with ${router} ${word === undefined ? 'keeps' : 'drops'} its routes until the new session has them`, async () => {
      const scene = new Scene();
      const restart: Capability = { ...gracefulRestartBoth, notification };
      scene.router(routerOpen(addPathReceive, restart));
      scene.speaker.configure([peer]);
      scene.speaker.setRoutes('r1', routes);
      scene.settle();
      const old = scene.connection;
      const { gracefulRestart, ...others } = { ...peer, ...change };
      const open = change.families === undefined ? routerOpen(addPathReceive, restart) : routerOpen(restart);
      const accept = (remote: RouterConnection['remote']): void =>
        void scene.connections.push(new RouterConnection(remote, open));
      const { password } = change;
      scene.dialer.listen(peer.address, 179, accept, password === undefined ? {} : { password });
      scene.speaker.configure([gracefulRestart === undefined ? others : { ...others, gracefulRestart }]);
      await settleAll(scene);
      assert.ok(old.remote.closed);
      const isHard = notification && change.localAddress !== undefined;
      const last = isHard ? `Cease / Hard Reset (${word ?? ''})` : word;
      assert.equal(old.log.at(-1), last ?? 'update');
      assert.deepEqual(old.table.nextHops(a), [nextHop], 'nothing is withdrawn');
      assert.notEqual(scene.connection, old);
      assert.deepEqual(scene.connection.table.nextHops(a), [nextHop]);
    });
  }
}

test('a session that is not up yet ends without a word: the router may retain what an earlier one brought', async () => {
  const scene = new Scene();
  scene.silentRouter();
  scene.speaker.configure([peer]);
  scene.settle();
  const old = scene.connection;
  scene.speaker.configure([{ ...peer, holdTimeSeconds: 30 }]);
  await settleAll(scene);
  assert.ok(old.remote.closed);
  assert.deepEqual(old.log, ['open']);
});

test('a peer that is removed is told as gone once, whatever its session did, and not heard of again', async () => {
  const scene = two();
  scene.speaker.configure([{ ...peer, holdTimeSeconds: 1 }, other]);
  assert.equal(session(scene, 'r1')?.state, 'Idle');
  assert.deepEqual(scene.gone, []);
  scene.changes.length = 0;
  scene.speaker.configure([other]);
  assert.deepEqual(scene.gone, ['r1, left: r2']);
  scene.speaker.configure([]);
  await settleAll(scene);
  assert.deepEqual(scene.gone, ['r1, left: r2', 'r2, left: ']);
  assert.deepEqual(scene.changes, []);
});

test('of a peer that is another router now only the new session is told, though the old one takes its time to end', async () => {
  const scene = two();
  const old = scene.connections[0]?.remote;
  old?.pause();
  const prefixes = Array.from({ length: 50_000 }, (_, i) => `10.1.${i >> 8}.${i & 255}/32`);
  scene.speaker.setRoutes('r1', new Map(prefixes.map((prefix) => [prefix, { prefix, paths: [{ id: 1, nextHop }] }])));
  scene.settle();
  scene.router(undefined, peer.address, 1790);
  scene.speaker.configure([{ ...peer, port: 1790 }, other]);
  await settleAll(scene);
  assert.equal(old?.closed, false);
  for (let seconds = 0; seconds < 4; seconds++) {
    scene.clock.advance(1_000);
    await settleAll(scene);
  }
  assert.equal(old?.closed, true);
  assert.equal(scene.changes.findLast(({ key }) => key === 'r1')?.state, 'Established');
  assert.deepEqual(scene.gone, []);
});

for (const change of [{ address: '192.0.2.7' }, { port: 1790 }, { peerAs: 65002 }]) {
  const what = Object.keys(change).join();
  test(`a peer with another ${what} is another router: the old one gets withdrawals and a hard reset, keeps nothing`, async () => {
    const scene = new Scene();
    scene.router(routerOpen(addPathReceive, gracefulRestartBoth));
    scene.speaker.configure([peer]);
    scene.speaker.setRoutes('r1', routes);
    scene.settle();
    const old = scene.connection;
    assert.deepEqual(old.table.nextHops(a), ['192.0.2.11']);
    scene.speaker.configure([{ ...peer, ...change }]);
    await settleAll(scene);
    assert.equal(old.table.paths.size, 0);
    assert.deepEqual(old.log.slice(-2), ['update', 'Cease / Hard Reset (Cease / Peer De-configured)']);
    assert.ok(old.remote.closed);
    assert.deepEqual(
      scene.speaker.sessions().map(({ key }) => key),
      ['r1'],
    );
  });
}

test('the other router waits for its routes, as that of a new peer does', async () => {
  const scene = two();
  scene.router(undefined, peer.address, 1790);
  scene.speaker.configure([{ ...peer, port: 1790 }, other]);
  await settleAll(scene);
  assert.equal(session(scene, 'r1')?.state, 'Established');
  assert.deepEqual(scene.connection.table.log, []);
  scene.speaker.setRoutes('r1', routes);
  scene.settle();
  assert.deepEqual(scene.connection.table.nextHops(a), ['192.0.2.11']);
  assert.deepEqual(scene.connections[1]?.table.nextHops(a), ['192.0.2.11']);
});

test('the number of paths and the backoff change within the session', async () => {
  const scene = two();
  const paths = [1, 2, 3].map((id) => ({ id, nextHop: `192.0.2.1${id}` }));
  scene.speaker.setRoutes('r1', new Map([[a, { prefix: a, paths }]]));
  const families = [{ family: 'ipv4-unicast', addPathSendMax: 2 } as const, ...peer.families.slice(1)];
  scene.speaker.configure([{ ...peer, families, connectRetrySeconds: 5 }, other]);
  await settleAll(scene);
  assert.equal(scene.connections.length, 2);
  assert.deepEqual(scene.connections[0]?.table.nextHops(a), ['192.0.2.11', '192.0.2.12']);
});

test('from many paths to one takes a new session without ADD-PATH, from one to none nothing', async () => {
  const scene = two();
  const atMost = (addPathSendMax: number): PeerConfig => ({
    ...peer,
    families: [{ family: 'ipv4-unicast', addPathSendMax }],
  });
  scene.router(routerOpen());
  scene.speaker.configure([atMost(1), other]);
  await settleAll(scene);
  assert.equal(scene.connections.length, 3);
  assert.deepEqual(session(scene, 'r1')?.negotiated?.families, [{ family: 'ipv4-unicast', addPath: false }]);
  assert.deepEqual(scene.connection.table.log[0], `+${a} 0 ${nextHop}`);
  scene.speaker.configure([atMost(0), other]);
  await settleAll(scene);
  assert.equal(scene.connections.length, 3);
  assert.deepEqual(scene.connection.table.nextHops(a), [nextHop]);
});

test('two peers with one key are refused, and nothing is changed', () => {
  const scene = two();
  assert.throws(() => scene.speaker.configure([peer, { ...other, key: 'r1' }]), RangeError);
  assert.equal(scene.speaker.sessions().length, 2);
});

const impossible: readonly (readonly [string, Partial<PeerConfig>])[] = [
  ['router id', { routerId: '0.0.0.0' }],
  ['router id', { routerId: 'fd00::1' }],
  ['address', { address: 'router.example' }],
  ['port', { port: 0 }],
  ['AS number', { peerAs: 0 }],
  ['AS number', { localAs: 4294967296 }],
  ['hold time', { holdTimeSeconds: 2 }],
  ['TTL', { ttl: 0 }],
  ['TTL', { ttlSecurityHops: 256 }],
  ['list of families', { families: [] }],
  ['restart time', { gracefulRestart: { restartTimeSeconds: 4096 } }],
];

for (const [what, change] of impossible) {
  test(`a peer with an impossible ${what} (${JSON.stringify(change)}) is reported and hurts nobody else`, async () => {
    const scene = two();
    scene.speaker.configure([{ ...peer, ...change }, other]);
    await settleAll(scene);
    const [first, second] = ['r1', 'r2'].map((key) => session(scene, key));
    assert.deepEqual([first?.state, first?.lastError], ['Idle', `the configured ${what} is not valid`]);
    assert.equal(scene.changes.at(-1)?.lastError, first?.lastError);
    assert.equal(second?.state, 'Established');
    scene.speaker.configure([peer, other]);
    await settleAll(scene);
    assert.equal(session(scene, 'r1')?.state, 'Established');
  });
}

test('routes for a peer that is not there are ignored, a stopped speaker ignores everything', async () => {
  const scene = two();
  scene.speaker.setRoutes('r3', routes);
  scene.speaker.updateRoutes('r3', routes);
  const stopped = scene.speaker.stop('retain');
  await settleAll(scene);
  await stopped;
  scene.speaker.configure([peer]);
  scene.speaker.setRoutes('r1', new Map());
  await settleAll(scene);
  assert.equal(scene.dialer.dials.length, 2);
  assert.deepEqual(scene.connections[0]?.table.nextHops(a), ['192.0.2.11']);
});

test('what was decided just before a speaker stops is sent before its connections are closed', async () => {
  const scene = two();
  await settleAll(scene);
  scene.speaker.updateRoutes('r1', new Map([[a, null]]));
  const stopped = scene.speaker.stop('retain');
  await settleAll(scene);
  await stopped;
  assert.deepEqual(scene.connections[0]?.table.nextHops(a), []);
  assert.ok(scene.connections[0]?.remote.closed);
});

test('what is told is written when the last router that is up has taken it out of our hands', async () => {
  const scene = two();
  let written = 0;
  const ask = (): void => scene.speaker.whenWritten(() => (written += 1));
  ask();
  assert.equal(written, 1, 'nothing waits');
  const remote = scene.connections[0]?.remote;
  remote?.pause();
  for (const key of ['r1', 'r2']) scene.speaker.updateRoutes(key, new Map([[a, { prefix: a, paths: [], med: 7 }]]));
  ask();
  await settleAll(scene);
  assert.equal(written, 1, 'one takes nothing');
  remote?.resume();
  await settleAll(scene);
  assert.equal(written, 2);
  scene.speaker.updateRoutes('r1', routes);
  scene.speaker.updateRoutes('r2', routes);
  ask();
  assert.equal(written, 2, 'its turn has not come');
  for (const connection of scene.connections) connection.remote.end();
  await settleAll(scene);
  assert.equal(written, 3, 'nobody is there any more');
});

test('each session ends as is asked for its peer', async () => {
  const scene = two();
  const stopped = scene.speaker.stop((key) => (key === 'r1' ? 'handover' : 'retain'));
  await settleAll(scene);
  await stopped;
  const [first, second] = scene.connections;
  assert.equal(first?.log.at(-1), 'Cease / Administrative Shutdown');
  assert.ok(second?.remote.closed);
  assert.ok(!second.log.some((line) => line.startsWith('Cease')), second.log.join());
});

test('routes that BGP cannot carry are logged with the first of them', () => {
  const scene = two();
  scene.speaker.setRoutes('r1', new Map([['10.0.0.9', { prefix: '10.0.0.9', paths: [] }]]));
  scene.settle();
  const entry = scene.logger.entries.find(({ level }) => level === 'warn');
  assert.equal(entry?.fields['peer'], 'r1');
  assert.equal(entry?.fields['prefix'], '10.0.0.9');
});
