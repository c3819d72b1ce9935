import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RemoteEnd } from '../../platform/fake/dialer.ts';
import type { TcpOptions } from '../../platform/ports.ts';
import type { PeerConfig, Route } from './model.ts';
import {
  addPathReceive,
  gracefulRestartBoth,
  peer,
  RouterConnection,
  routerOpen,
  Scene,
} from './testing/scripted-router.ts';
import { CeaseSubcode, ErrorCode, notification, shutdownCommunication } from './wire/notification.ts';
import type { OpenMessage } from './wire/open.ts';

const port = 1179;
const listen = { port, addresses: ['192.0.2.2'] };
const a = '10.0.0.1/32';
const routes = new Map<string, Route>([[a, { prefix: a, paths: [{ id: 1, nextHop: '192.0.2.11' }] }]]);
const passive: PeerConfig = { ...peer, passive: true };
/** The router's BGP identifier is the lower one, as in the scene, or the higher one: who has that opens the connection that stays. */
const low = routerOpen(addPathReceive);
const high: OpenMessage = { ...low, identifier: '192.0.2.200' };

interface Call {
  readonly fails: string[];
  connection: RouterConnection | undefined;
}

/** The router connects to us; with null for its OPEN it only listens to what comes. */
function call(scene: Scene, open: OpenMessage | null = low, from = peer.address, options: TcpOptions = {}): Call {
  const made: Call = { fails: [], connection: undefined };
  scene.listeners.call('192.0.2.2', port, {
    host: from,
    ...options,
    onOpen: (remote: RemoteEnd) => (made.connection = new RouterConnection(remote, open ?? undefined)),
    onFail: (reason) => made.fails.push(reason),
  });
  return made;
}

function settle(scene: Scene): void {
  for (let i = 0; i < 5; i++) scene.settle();
}

const state = (scene: Scene): string => scene.status.state;

test('a router that connects has a session and its routes; we never connect to one that is to do so', () => {
  const scene = new Scene();
  scene.speaker.configure([passive], listen);
  scene.speaker.setRoutes('r1', routes);
  const { connection } = call(scene);
  settle(scene);
  assert.equal(connection, undefined, 'it is called later');
  const late = call(scene);
  settle(scene);
  assert.equal(state(scene), 'Established');
  assert.equal(scene.dialer.dials.length, 0);
  assert.deepEqual(late.connection === undefined ? [] : late.connection.log.slice(0, 1), ['open']);
});

test('routes go over the connection that came in, and again over the next one after it is lost', () => {
  const scene = new Scene();
  scene.speaker.configure([passive], listen);
  scene.speaker.setRoutes('r1', routes);
  const first = call(scene);
  settle(scene);
  assert.deepEqual(first.connection?.table.nextHops(a), ['192.0.2.11']);
  first.connection?.remote.reset();
  settle(scene);
  assert.equal(state(scene), 'Idle');
  const second = call(scene);
  settle(scene);
  assert.deepEqual(second.connection?.table.nextHops(a), ['192.0.2.11']);
  assert.equal(scene.status.counters.established, 2);
  const [open] = second.connection?.messages ?? [];
  const restart = open?.type === 'open' ? open.capabilities.find(({ type }) => type === 'graceful-restart') : undefined;
  assert.equal(restart?.type === 'graceful-restart' && restart.restarting, false, 'it has been up before');
});

test('who is no peer is refused, and nothing is told of it', () => {
  const scene = new Scene();
  scene.speaker.configure([passive], listen);
  const stranger = call(scene, low, '192.0.2.66');
  settle(scene);
  assert.deepEqual(stranger.fails, ['refused']);
  assert.deepEqual(scene.changes, []);
});

test('only a peer with its password is heard, and a change of it is for the listener too', () => {
  const scene = new Scene();
  scene.speaker.configure([{ ...passive, password: 'first' }], listen);
  const wrong = call(scene, low, peer.address, { password: 'wrong' });
  settle(scene);
  assert.deepEqual(wrong.fails, ['no answer']);
  scene.speaker.configure([{ ...passive, password: 'second' }], listen);
  const right = call(scene, low, peer.address, { password: 'second' });
  settle(scene);
  assert.deepEqual([right.fails, state(scene)], [[], 'Established']);
});

test('a router with TTL security (RFC 5082) hears our answer to it, while a peer has it', () => {
  const scene = new Scene();
  const secure = { ttl: 255, minTtl: 255 };
  scene.speaker.configure([passive], listen);
  const before = call(scene, low, peer.address, secure);
  settle(scene);
  scene.speaker.configure([{ ...passive, ttlSecurityHops: 1 }], listen);
  call(scene, low, peer.address, secure);
  settle(scene);
  assert.deepEqual([before.fails, state(scene)], [['no answer'], 'Established']);
});

test('a router farther away than TTL security allows gets no connection, so that its OPEN is never read', () => {
  const scene = new Scene();
  const other = { ...passive, key: 'r2', address: '192.0.2.9' };
  scene.speaker.configure([{ ...passive, ttlSecurityHops: 2 }, other], listen);
  const [far, near] = [253, 254].map((ttl) => call(scene, low, peer.address, { ttl }));
  const plain = call(scene, low, other.address, { ttl: 60 });
  settle(scene);
  assert.deepEqual([far?.fails, near?.fails, plain.fails], [['no answer'], [], []]);
  assert.ok(scene.speaker.sessions().every((each) => each.state === 'Established'));
});

test('nobody listens unless told to, nor any longer when told not to', () => {
  const scene = new Scene();
  scene.speaker.configure([passive]);
  const before = call(scene);
  scene.speaker.configure([passive], listen);
  scene.speaker.configure([passive], { port: 0, addresses: [] });
  const after = call(scene);
  settle(scene);
  assert.deepEqual([before.fails, after.fails], [['refused'], ['refused']]);
});

test('a port that is taken is tried again', () => {
  const scene = new Scene();
  const nobody = { onConnection: () => {}, onError: () => {}, onUnfiltered: () => {} };
  const other = scene.listeners.listen({ host: '192.0.2.2', port }, nobody);
  scene.speaker.configure([passive], listen);
  scene.settle();
  assert.ok(scene.logger.entries.some(({ message }) => message === 'cannot listen for BGP connections'));
  assert.deepEqual(
    scene.speaker.listenProblems().map(({ host, port: at }) => [host, at]),
    [['192.0.2.2', port]],
  );
  other.close();
  scene.pass(10);
  call(scene);
  settle(scene);
  assert.equal(state(scene), 'Established');
});

for (const [what, open, ours] of [
  ['higher', low, true],
  ['lower', high, false],
] as const) {
  test(`both connect at once, our identifier is the ${what}: ${ours ? 'our' : "the router's"} connection stays`, () => {
    const scene = new Scene();
    // The router holds its OPEN back until both connections stand.
    scene.dialer.listen(
      peer.address,
      179,
      (remote) => void scene.connections.push(new RouterConnection(remote, undefined)),
    );
    scene.speaker.configure([peer], listen);
    const theirs = call(scene, null);
    settle(scene);
    const [own] = scene.connections;
    assert.ok(own && theirs.connection);
    for (const connection of [own, theirs.connection]) connection.send(open);
    settle(scene);
    const [stays, goes] = ours ? [own, theirs.connection] : [theirs.connection, own];
    assert.equal(goes.log.at(-1), 'Cease / Connection Collision Resolution');
    assert.ok(goes.remote.closed);
    stays.send({ type: 'keepalive' });
    settle(scene);
    assert.equal(state(scene), 'Established');
    scene.pass(300, stays);
    assert.equal(scene.dialer.dials.length, 1, 'nothing more is tried while one stands');
  });
}

test('a session that is up stays, and the connection that comes beside it goes', () => {
  const scene = new Scene();
  scene.router();
  scene.speaker.configure([peer], listen);
  scene.settle();
  const second = call(scene);
  settle(scene);
  assert.equal(second.connection?.log.at(-1), 'Cease / Connection Collision Resolution');
  assert.equal(state(scene), 'Established');
  assert.ok(!scene.connection.remote.closed);
});

for (const [what, again] of [
  ['', routerOpen(addPathReceive, gracefulRestartBoth)],
  [', without graceful restart from now on', low],
] as const) {
  test(`a router that has restarted (RFC 4724 section 4.2) connects anew${what}: the connection of before goes without a word`, () => {
    const scene = new Scene();
    scene.router(routerOpen(addPathReceive, gracefulRestartBoth));
    scene.speaker.configure([peer], listen);
    scene.speaker.setRoutes('r1', routes);
    scene.settle();
    const [before] = scene.connections;
    const after = call(scene, again);
    settle(scene);
    assert.ok(before?.remote.closed);
    assert.ok(!before.log.some((line) => line.startsWith('Cease')), before.log.join());
    assert.equal(state(scene), 'Established');
    assert.deepEqual(after.connection?.table.nextHops(a), ['192.0.2.11']);
  });
}

const restartable = routerOpen(addPathReceive, gracefulRestartBoth);

/** A session of ours is up, and a connection of the router comes in, with an OPEN: either it has restarted, or it knew nothing of ours when it connected. */
function lateCall(): { readonly scene: Scene; readonly own: RouterConnection; readonly theirs: RouterConnection } {
  const scene = new Scene();
  scene.router(restartable);
  scene.speaker.configure([peer], listen);
  scene.speaker.setRoutes('r1', routes);
  settle(scene);
  const theirs = call(scene, null);
  settle(scene);
  theirs.connection?.send(routerOpen(gracefulRestartBoth));
  settle(scene);
  assert.ok(theirs.connection !== undefined);
  return { scene, own: scene.connection, theirs: theirs.connection };
}

test('a router that settles a late collision in favour of our connection closes its own: the session stays', () => {
  const { scene, own, theirs } = lateCall();
  scene.pass(10, own);
  theirs.send({ type: 'notification', ...notification(6, CeaseSubcode.connectionCollisionResolution) });
  theirs.remote.end();
  settle(scene);
  assert.ok(!own.remote.closed, own.log.join());
  assert.equal(state(scene), 'Established');
  assert.equal(scene.status.counters.lost, 0);
  assert.equal(scene.status.since.toISOString(), '2026-01-01T00:00:00.000Z');
  assert.deepEqual(own.table.nextHops(a), ['192.0.2.11']);
});

test('a router that settles it in favour of its own connection has its routes over that one', () => {
  const { scene, own, theirs } = lateCall();
  own.send({ type: 'notification', ...notification(6, CeaseSubcode.connectionCollisionResolution) });
  own.remote.end();
  settle(scene);
  assert.ok(!theirs.remote.closed, theirs.log.join());
  theirs.send({ type: 'keepalive' });
  settle(scene);
  assert.equal(state(scene), 'Established');
  const dials = scene.dialer.dials.length;
  scene.pass(120, theirs);
  assert.deepEqual([state(scene), scene.dialer.dials.length], ['Established', dials]);
  assert.deepEqual(theirs.table.nextHops(a), ['192.0.2.11']);
});

test('a router that has restarted twice has its session over its last connection, and nothing is tried beside it', () => {
  const scene = new Scene();
  scene.speaker.configure([peer], listen);
  scene.speaker.setRoutes('r1', routes);
  settle(scene);
  for (let restarts = 0; restarts < 3; restarts++) {
    const made = call(scene, restartable);
    settle(scene);
    assert.equal(state(scene), 'Established');
    assert.deepEqual(made.connection?.table.nextHops(a), ['192.0.2.11']);
  }
  assert.equal(scene.status.counters.established, 3);
  assert.equal(scene.dialer.dials.length, 1);
});

test('when the connection that came in is lost, this side connects again, as after one of its own', () => {
  const scene = new Scene();
  scene.speaker.configure([peer], listen);
  scene.settle();
  const incoming = call(scene);
  settle(scene);
  assert.equal(state(scene), 'Established');
  const attempts = scene.dialer.dials.length;
  scene.pass(30, incoming.connection);
  assert.equal(scene.dialer.dials.length, attempts);
  scene.router();
  incoming.connection?.remote.reset();
  settle(scene);
  assert.equal(state(scene), 'Idle');
  scene.pass(1);
  assert.equal(state(scene), 'Established');
  assert.equal(scene.dialer.dials.length, attempts + 1);
});

test('a router that connects again and again to end each session at once is tried less and less often', () => {
  const scene = new Scene();
  scene.speaker.configure([{ ...peer, connectRetrySeconds: 8 }], listen);
  const cease = { type: 'notification', ...notification(ErrorCode.cease, CeaseSubcode.administrativeReset) } as const;
  const attempts: number[] = [];
  for (let second = 0; second < 120; second++) {
    const before = scene.dialer.dials.length;
    const made = call(scene);
    settle(scene);
    assert.equal(state(scene), 'Established');
    made.connection?.send(cease);
    scene.pass(1);
    if (scene.dialer.dials.length > before) attempts.push(second);
  }
  assert.ok(attempts.length < 20, `attempts in seconds ${attempts.join()}`);
});

test('why a connection that came in was lost, and when, is told', () => {
  const scene = new Scene();
  scene.speaker.configure([passive], listen);
  scene.pass(60);
  const made = call(scene);
  settle(scene);
  const { connection } = made;
  scene.pass(10, connection);
  const text = shutdownCommunication('maintenance');
  connection?.send({ type: 'notification', ...notification(6, CeaseSubcode.administrativeShutdown, text) });
  settle(scene);
  const told = scene.changes.at(-1);
  assert.equal(told?.state, 'Idle');
  assert.equal(told.lastError, 'peer sent: Cease / Administrative Shutdown: "maintenance"');
  assert.equal(told.since.toISOString(), '2026-01-01T00:01:10.000Z');
  assert.deepEqual(scene.status, told);

  // So is why one never came to be a session.
  const stranger = call(scene, { ...low, as: 65_007, capabilities: [] });
  settle(scene);
  assert.equal(stranger.connection?.log.at(-1), 'OPEN Message Error / Bad Peer AS');
  assert.match(scene.changes.at(-1)?.lastError ?? '', /peer has AS 65007, configured is 65001/);
});

test('a connection that came in and dies before its OPEN leaves nothing behind', () => {
  const scene = new Scene();
  scene.speaker.configure([passive], listen);
  for (const reset of [(remote: RemoteEnd) => remote.reset(), (remote: RemoteEnd) => remote.end()]) {
    scene.listeners.call('192.0.2.2', port, { host: peer.address, onOpen: reset });
    settle(scene);
    assert.equal(state(scene), 'Idle');
    assert.equal(scene.clock.pendingTimers, 0);
  }
  call(scene);
  settle(scene);
  assert.equal(state(scene), 'Established');
});

test('the R bit is for the first session of this process with a router, whatever changes between sessions', () => {
  const scene = new Scene();
  scene.router();
  scene.speaker.configure([peer]);
  settle(scene);
  scene.speaker.configure([{ ...peer, holdTimeSeconds: 30 }]);
  settle(scene);
  assert.equal(state(scene), 'Established');
  const restarting = scene.connections.map(({ messages: [open] }) => {
    const capabilities = open?.type === 'open' ? open.capabilities : [];
    return capabilities.find((each) => each.type === 'graceful-restart')?.restarting;
  });
  assert.deepEqual(restarting, [true, false]);
});

test('who connects again without having said a word takes the place of the connection before; there are never many', () => {
  const scene = new Scene();
  scene.speaker.configure([passive], listen);
  const calls = Array.from({ length: 20 }, () => {
    const made = call(scene, null);
    settle(scene);
    return made;
  });
  const open = calls.filter(({ connection }) => connection?.remote.closed === false);
  assert.equal(open.length, 1);
  calls.at(-1)?.connection?.send(low);
  calls.at(-1)?.connection?.send({ type: 'keepalive' });
  settle(scene);
  assert.equal(state(scene), 'Established');
});

test('a connection that came in ends with the speaker, in good order', async () => {
  const scene = new Scene({ shutdownText: 'bye' });
  scene.speaker.configure([passive], listen);
  const incoming = call(scene);
  settle(scene);
  const stopped = scene.speaker.stop('handover');
  settle(scene);
  await stopped;
  assert.equal(incoming.connection?.log.at(-1), 'Cease / Administrative Shutdown: "bye"');
  const late = call(scene);
  settle(scene);
  assert.deepEqual(late.fails, ['refused']);
  scene.pass(300);
  assert.equal(scene.dialer.dials.length, 0);
});
