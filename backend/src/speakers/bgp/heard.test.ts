import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PeerConfig, Route } from './model.ts';
import { addPathReceive, gracefulRestartBoth, peer, routerOpen, Scene } from './testing/scripted-router.ts';
import type { OpenMessage } from './wire/open.ts';

const a = '10.0.0.1/32';
const other: PeerConfig = { ...peer, key: 'r2', address: '192.0.2.9' };
const restartable = routerOpen(addPathReceive, gracefulRestartBoth);
const hold = 90;
const restart = 120;

function routes(med: number): Map<string, Route> {
  return new Map([[a, { prefix: a, med, paths: [{ id: 1, nextHop: '192.0.2.11' }] }]]);
}

interface Heard {
  readonly scene: Scene;
  readonly count: number;
}

/** Two routers, of which the second one's session is lost without a word before the routes become worse. */
function lostBefore(open: OpenMessage): Heard {
  const scene = new Scene();
  scene.router();
  scene.router(open, other.address);
  scene.speaker.configure([peer, other]);
  for (const key of ['r1', 'r2']) scene.speaker.setRoutes(key, routes(100));
  settle(scene);
  assert.ok(scene.speaker.sessions().every(({ endOfRibSent }) => endOfRibSent));
  scene.dialer.listen(other.address, other.port, (remote) => remote.reset());
  scene.connections[1]?.remote.reset();
  settle(scene);
  return worse(scene);
}

function worse(scene: Scene): Heard {
  const heard = { scene, count: 0 };
  for (const key of ['r1', 'r2']) scene.speaker.updateRoutes(key, routes(400));
  scene.speaker.whenHeard(() => (heard.count += 1));
  settle(scene);
  return heard;
}

function settle(scene: Scene): void {
  for (let i = 0; i < 5; i++) scene.settle();
}

/** The session with the first router goes on meanwhile. */
function pass(scene: Scene, seconds: number): void {
  scene.pass(seconds, scene.connections[0]);
}

test('a router that may retain routes of a lost session has not heard of worse ones, until its time is over', () => {
  const heard = lostBefore(restartable);
  pass(heard.scene, hold + restart - 1);
  assert.equal(heard.count, 0);
  pass(heard.scene, 2);
  assert.equal(heard.count, 1);
});

test('without graceful restart it has dropped them when it has noticed the loss itself', () => {
  const heard = lostBefore(routerOpen(addPathReceive));
  pass(heard.scene, hold - 1);
  assert.equal(heard.count, 0);
  pass(heard.scene, 2);
  assert.equal(heard.count, 1);
});

test('a router that is there again has heard of them when it has all routes', () => {
  const heard = lostBefore(restartable);
  heard.scene.router(restartable, other.address);
  pass(heard.scene, 20);
  assert.deepEqual(heard.scene.connection.table.nextHops(a), ['192.0.2.11']);
  assert.equal(heard.count, 1);
});

test('one that is lost while the worse routes wait for it has not heard of them', () => {
  const scene = new Scene();
  scene.router();
  scene.router(restartable, other.address);
  scene.speaker.configure([peer, other]);
  for (const key of ['r1', 'r2']) scene.speaker.setRoutes(key, routes(100));
  settle(scene);
  const remote = scene.connections[1]?.remote;
  remote?.pause();
  const heard = worse(scene);
  assert.equal(heard.count, 0);
  scene.dialer.listen(other.address, other.port, (next) => next.reset());
  remote?.reset();
  pass(scene, hold);
  assert.equal(heard.count, 0);
  pass(scene, restart + 1);
  assert.equal(heard.count, 1);
});

test('nor has one whose session gets other parameters and does not come up any more', () => {
  const scene = new Scene();
  scene.router();
  scene.router(restartable, other.address);
  scene.speaker.configure([peer, other]);
  for (const key of ['r1', 'r2']) scene.speaker.setRoutes(key, routes(100));
  settle(scene);
  scene.dialer.listen(other.address, other.port, (next) => next.reset());
  scene.speaker.configure([peer, { ...other, holdTimeSeconds: 30 }]);
  const heard = worse(scene);
  pass(scene, hold);
  assert.equal(heard.count, 0);
  pass(scene, restart + 1);
  assert.equal(heard.count, 1);
});

test('who has never had a session retains nothing, and who has its session and all routes has heard at once', () => {
  const scene = new Scene();
  scene.router();
  scene.speaker.configure([peer, other]);
  scene.speaker.setRoutes('r1', routes(100));
  settle(scene);
  let heard = 0;
  scene.speaker.whenHeard(() => (heard += 1));
  assert.equal(heard, 1);
});
