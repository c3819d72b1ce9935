import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Route } from './model.ts';
import { UNHEARD_MS } from './deliveries.ts';
import { peer, Scene } from './testing/scripted-router.ts';

const prefix = '10.0.0.1/32';

function routes(med: number): Map<string, Route> {
  return new Map([[prefix, { prefix, med, paths: [{ id: 1, nextHop: '192.0.2.11' }] }]]);
}

/** A session that has all of its routes. */
function established(): Scene {
  const scene = new Scene();
  scene.router();
  scene.speaker.configure([peer]);
  scene.speaker.setRoutes(peer.key, routes(100));
  for (let i = 0; i < 5; i++) scene.settle();
  scene.clock.advance(1_000);
  assert.equal(scene.status.endOfRibSent, true);
  assert.equal(scene.status.isUnheard, false);
  return scene;
}

suite('a router whose host takes nothing any more', () => {
  test('is told as such when something that was sent to it has not arrived for two seconds, until it has', () => {
    const scene = established();
    const { remote } = scene.connection;
    remote.cut();
    scene.clock.advance(20_000);
    assert.equal(scene.status.isUnheard, false, 'nothing was sent');
    scene.speaker.updateRoutes(peer.key, routes(200));
    scene.clock.advance(UNHEARD_MS - 100);
    assert.equal(scene.status.isUnheard, false);
    scene.changes.length = 0;
    scene.clock.advance(300);
    assert.equal(scene.status.isUnheard, true);
    assert.deepEqual(
      scene.changes.map(({ state, isUnheard }) => `${state} ${isUnheard}`),
      ['Established true'],
    );
    scene.clock.advance(10_000);
    remote.mend();
    scene.clock.advance(100);
    assert.equal(scene.status.isUnheard, false);
    assert.equal(scene.changes.length, 2);
    assert.equal(scene.status.state, 'Established');
    const waiting = scene.logger.entries.filter(({ level }) => level === 'warn');
    assert.deepEqual(
      waiting.map(({ message }) => message),
      ['nothing that is sent to the router arrives there'],
    );
  });

  test('is nobody’s but that session’s: the next one begins anew', () => {
    const scene = established();
    const { remote } = scene.connection;
    remote.cut();
    scene.speaker.updateRoutes(peer.key, routes(200));
    scene.clock.advance(UNHEARD_MS + 200);
    assert.equal(scene.status.isUnheard, true);
    remote.reset();
    scene.clock.advance(30_000);
    assert.equal(scene.connections.length, 2);
    assert.deepEqual([scene.status.state, scene.status.isUnheard], ['Established', false]);
  });

  test('has not heard of what is told to it', () => {
    const scene = established();
    scene.connection.remote.cut();
    scene.speaker.updateRoutes(peer.key, routes(400));
    scene.clock.advance(0);
    let heard = 0;
    scene.speaker.whenHeard(() => (heard += 1));
    scene.clock.advance(30_000);
    assert.equal(heard, 0);
    scene.connection.remote.mend();
    scene.clock.advance(100);
    assert.equal(heard, 1);
  });

  test('is not one that reads slowly, or not at all: its host has room', () => {
    const scene = established();
    scene.connection.remote.pause();
    scene.speaker.updateRoutes(peer.key, routes(200));
    scene.clock.advance(30_000);
    assert.equal(scene.status.isUnheard, false);
  });
});
