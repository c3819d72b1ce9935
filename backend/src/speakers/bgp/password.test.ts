import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PeerConfig } from './model.ts';
import { addPathReceive, peer, RouterConnection, routerOpen, Scene } from './testing/scripted-router.ts';

const other: PeerConfig = { ...peer, key: 'r2', address: '192.0.2.9' };
const keyed: PeerConfig = { ...peer, password: 'first' };

/** Two routers, the first of which wants a password. */
function two(password = 'first'): Scene {
  const scene = new Scene();
  const accept = (remote: RouterConnection['remote']): void =>
    void scene.connections.push(new RouterConnection(remote, routerOpen(addPathReceive)));
  scene.dialer.listen(peer.address, 179, accept, { password });
  scene.router(undefined, other.address);
  return scene;
}

const states = (scene: Scene): string[] => scene.speaker.sessions().map(({ state }) => state);

test('with the right TCP-MD5 password the session comes up', () => {
  const scene = two();
  scene.speaker.configure([keyed, other]);
  scene.settle();
  assert.deepEqual(states(scene), ['Established', 'Established']);
});

test('with a wrong one the status asks for it, and quotes none', () => {
  const scene = two('second');
  scene.speaker.configure([keyed, other]);
  scene.pass(5);
  assert.deepEqual(states(scene), ['Active', 'Established']);
  const [first] = scene.speaker.sessions();
  assert.equal(
    first?.lastError,
    "can't connect: no answer from 192.0.2.1 port 179 within 5000 ms: wrong or missing TCP-MD5 password?",
  );
  assert.doesNotMatch(JSON.stringify([scene.changes, scene.logger.entries]), /first|second/);
});

test('a new password is used in the session that is up, which goes on if the router follows within the hold time', () => {
  const scene = two();
  scene.speaker.configure([keyed, other]);
  scene.settle();
  const [first] = scene.connections;
  scene.speaker.configure([{ ...keyed, password: 'second' }, other]);
  scene.settle();
  first?.send({ type: 'keepalive' });
  scene.pass(60, scene.connections[1]);
  first?.remote.setPassword('second');
  scene.pass(60, scene.connections[1]);
  first?.send({ type: 'keepalive' });
  scene.pass(1, scene.connections[1]);
  assert.deepEqual(states(scene), ['Established', 'Established']);
  assert.equal(scene.dialer.dials.length, 2);
});

test('a router that does not follow is lost after the hold time, the other one notices nothing; later it is found again', () => {
  const scene = two();
  scene.speaker.configure([keyed, other]);
  scene.settle();
  const [, second] = scene.connections;
  scene.speaker.configure([{ ...keyed, password: 'second' }, other]);
  scene.pass(91, second);
  assert.equal(
    scene.speaker.sessions()[0]?.lastError,
    'we sent: Hold Timer Expired (nothing received for 90 s: wrong or missing TCP-MD5 password?)',
  );
  assert.equal(scene.connections.length, 2);
  scene.dialer.listen(
    peer.address,
    179,
    (remote) => void scene.connections.push(new RouterConnection(remote, routerOpen(addPathReceive))),
    { password: 'second' },
  );
  scene.pass(30, second);
  assert.deepEqual(states(scene), ['Established', 'Established']);
  assert.ok(second !== undefined && !second.remote.closed);
});

test('a password that comes or goes takes a new session, of this router alone', () => {
  const scene = two();
  scene.speaker.configure([keyed, other]);
  scene.settle();
  scene.router();
  scene.speaker.configure([peer, other]);
  scene.settle();
  assert.equal(scene.connections[0]?.log.at(-1), 'Cease / Other Configuration Change');
  assert.deepEqual(states(scene), ['Established', 'Established']);
  assert.equal(scene.connections.length, 3);
});

test('a password that no kernel takes is reported, not quoted', () => {
  const scene = two();
  scene.speaker.configure([{ ...peer, password: 'long '.repeat(17) }, other]);
  scene.settle();
  assert.equal(scene.speaker.sessions()[0]?.lastError, 'the configured password is not valid');
  assert.deepEqual(states(scene), ['Idle', 'Established']);
});

test('TTL security sends with 255 and takes what has lost no more than the hops; a router farther off is asked about', () => {
  const scene = two();
  const open = (remote: RouterConnection['remote']): void => void new RouterConnection(remote, routerOpen());
  scene.dialer.listen(peer.address, 179, open, { ttl: 254 });
  scene.speaker.configure([
    { ...peer, ttlSecurityHops: 2 },
    { ...other, ttl: 3 },
  ]);
  scene.settle();
  assert.deepEqual(states(scene), ['Established', 'Established']);
  const ttls = scene.dialer.dials.map(({ ttl, minTtl }) => [ttl, minTtl]);
  assert.deepEqual(ttls, [
    [255, 254],
    [3, undefined],
  ]);
  scene.speaker.configure([
    { ...peer, ttlSecurityHops: 1 },
    { ...other, ttl: 3 },
  ]);
  scene.pass(5);
  assert.match(scene.speaker.sessions()[0]?.lastError ?? '', /: more than 1 hop away, or without TTL security\?$/);
});
