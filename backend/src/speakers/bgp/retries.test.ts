/** How often, and how far apart, sessions are tried again: what a router sees of us while it can't or won't have us. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { RemoteEnd } from '../../platform/fake/dialer.ts';
import type { PeerConfig } from './model.ts';
import { addPathReceive, peer, RouterConnection, routerOpen, Scene } from './testing/scripted-router.ts';
import { CeaseSubcode, ErrorCode, notification } from './wire/notification.ts';

const maxSeconds = 5;
/** RFC 4486. */
const connectionRejected = 5;
/** In steps of so many milliseconds time is told. */
const stepMs = 10;
const config: PeerConfig = { ...peer, connectRetrySeconds: maxSeconds };

/** Different, and the same in each run. */
function seeded(): { next: () => number } {
  let seed = 7;
  return { next: () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647 };
}

/** The times of all attempts in so many seconds, in milliseconds. */
function attempts(scene: Scene, seconds: number): number[] {
  const at: number[] = [];
  for (let ms = 0; ms < seconds * 1_000; ms += stepMs) {
    while (at.length < scene.dialer.dials.length) at.push(scene.clock.now());
    scene.clock.advance(stepMs);
  }
  return at;
}

function gaps(at: readonly number[]): number[] {
  return at.slice(1).map((time, i) => time - (at[i] ?? 0));
}

const listen = (scene: Scene, accept: (remote: RemoteEnd) => void): void => {
  scene.dialer.listen(peer.address, 179, accept);
};

const ways: Readonly<Record<string, (scene: Scene) => void>> = {
  'refuses connections': () => undefined,
  'answers nothing': (scene) => scene.dialer.blackhole(peer.address, 179),
  'accepts a connection and resets it': (scene) => listen(scene, (remote) => remote.reset()),
  'refuses our OPEN': (scene) => {
    listen(scene, (remote) => {
      const connection = new RouterConnection(remote, undefined);
      connection.send({ type: 'notification', ...notification(ErrorCode.cease, connectionRejected) });
    });
  },
  'ends each session as soon as it is established': (scene) => {
    listen(scene, (remote) => {
      const connection = new RouterConnection(remote, undefined);
      connection.send(routerOpen(addPathReceive));
      connection.send({ type: 'keepalive' });
      connection.send({ type: 'notification', ...notification(ErrorCode.cease, CeaseSubcode.administrativeReset) });
    });
  },
};

for (const [what, prepare] of Object.entries(ways)) {
  test(`a router that ${what} is tried less and less often, to the end never more than its maximum, never at once`, () => {
    const scene = new Scene({}, seeded());
    prepare(scene);
    scene.speaker.configure([config]);
    const apart = gaps(attempts(scene, 600));
    // Jitter takes off a quarter at most.
    assert.ok(Math.min(...apart) >= 750 - stepMs, `${Math.min(...apart)} ms`);
    const later = apart.slice(4);
    assert.ok(later.length >= 30, `${later.length} attempts`);
    assert.ok(Math.min(...later) >= 750 * maxSeconds - stepMs, `${Math.min(...later)} ms`);
    assert.ok(new Set(later).size > later.length / 4, 'the times differ');
  });
}

suite('a hundred sessions that are reset in one moment', () => {
  test('come back within about a second, and not in one moment', () => {
    const scene = new Scene({}, seeded());
    const peers = Array.from({ length: 100 }, (_, i) => ({ ...config, key: `r${i}`, address: `192.0.2.${i + 1}` }));
    for (const { address } of peers) scene.router(routerOpen(addPathReceive), address);
    scene.speaker.configure(peers);
    scene.settle();
    // Sessions that have lasted.
    for (let i = 0; i < 40; i++) {
      for (const connection of scene.connections) connection.send({ type: 'keepalive' });
      scene.clock.advance(1_000);
    }
    assert.equal(scene.dialer.dials.length, peers.length);
    for (const { remote } of [...scene.connections]) remote.reset();
    const before = scene.clock.now();
    const again = attempts(scene, 2).slice(peers.length);
    assert.equal(again.length, peers.length);
    const spread = new Set(again);
    assert.ok(Math.max(...again) - before <= 1_000 + stepMs && spread.size >= 10, [...spread].join());
    assert.ok(scene.speaker.sessions().every(({ state }) => state === 'Established'));
  });
});
