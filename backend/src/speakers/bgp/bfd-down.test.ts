import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bfdPeer, BfdScene, sequence } from './bfd/testing/bfd-scene.ts';
import type { PeerConfig } from './model.ts';
import { BgpSpeaker } from './speaker.ts';
import { peer, Scene } from './testing/scripted-router.ts';

const withBfd: PeerConfig = { ...peer, bfd: bfdPeer.bfd };

/** A speaker of BGP whose peers have BFD, and the router that both speak with. */
class Pair {
  readonly router = new Scene();
  readonly bfd = new BfdScene(sequence(0.1, 0.5, 0.9), this.router.clock);
  readonly speaker: BgpSpeaker;

  constructor() {
    const { clock, dialer, listeners, logger } = this.router;
    const random = { next: () => 0 };
    const told = { onSessionChange: () => undefined, onSessionGone: () => undefined };
    this.speaker = new BgpSpeaker({
      ...{ clock, dialer, listeners, logger, random, bfd: this.bfd.speaker },
      ...told,
    });
    this.bfd.onChange = (key, change) => this.speaker.bfdChanged(key, change);
    this.router.router();
  }

  comesUp(): void {
    this.speaker.configure([withBfd]);
    this.router.settle();
    this.bfd.answered();
  }

  get state(): string | undefined {
    return this.speaker.sessions()[0]?.state;
  }
}

test('when BFD goes down, the session of BGP ends at once, says so to the router, and is tried again', () => {
  const pair = new Pair();
  pair.comesUp();
  assert.equal(pair.state, 'Established');
  assert.equal(pair.speaker.sessions()[0]?.bfd?.state, 'Up');
  pair.router.clock.advance(900);
  const [status] = pair.speaker.sessions();
  assert.equal(status?.bfd?.state, 'Down');
  assert.equal(status?.state, 'Idle');
  assert.equal(status?.lastError, 'we sent: Cease / BFD Down (Control Detection Time Expired)');
  pair.router.settle();
  assert.equal(pair.router.connections[0]?.log.at(-1), 'Cease / BFD Down');
  pair.router.clock.advance(1_000);
  assert.equal(pair.state, 'Established', 'BGP needs no BFD to come up');
  pair.router.clock.advance(60_000);
  assert.equal(pair.router.connections.length, 2, 'BFD is still down, which is no reason to end it again');
});

test('what the router has found out is in the error too', () => {
  const pair = new Pair();
  pair.comesUp();
  pair.bfd.hears({ state: 'Down', diagnostic: 1 });
  const words = 'Neighbor Signaled Session Down; the peer says Control Detection Time Expired';
  assert.equal(pair.speaker.sessions()[0]?.lastError, `we sent: Cease / BFD Down (${words})`);
});

test('BFD that was never up, or that the router has shut down, ends no session', () => {
  const pair = new Pair();
  pair.speaker.configure([withBfd]);
  pair.router.settle();
  pair.router.clock.advance(30_000);
  assert.equal(pair.state, 'Established');
  pair.bfd.answered();
  pair.bfd.hears({ state: 'AdminDown' });
  pair.router.clock.advance(30_000);
  assert.equal(pair.state, 'Established');
  assert.equal(pair.router.connections.length, 1);
});

test('BFD that comes up spares BGP the wait for its next attempt', () => {
  const pair = new Pair();
  const { clock } = pair.router;
  pair.comesUp();
  pair.router.dialer.close(peer.address, 179);
  clock.advance(900);
  clock.advance(20_000);
  assert.equal(pair.state, 'Active');
  pair.router.router();
  pair.bfd.takeSent();
  clock.advance(1_000);
  pair.bfd.answered();
  pair.router.settle();
  assert.equal(pair.state, 'Established');
});

test('BFD that comes and goes all the time brings BGP back no faster than its backoff does', () => {
  const pair = new Pair();
  pair.comesUp();
  for (let flaps = 0; flaps < 60; flaps++) {
    pair.bfd.hears({ state: 'Down', diagnostic: 1 });
    pair.router.settle();
    pair.bfd.hears({ state: 'Down' });
    pair.bfd.hears({ state: 'Up' });
    assert.equal(pair.speaker.sessions()[0]?.bfd?.state, 'Up');
    pair.router.clock.advance(800);
  }
  // 48 s: the one that was up, one without a wait, and after 2, 4, 8, 16 seconds.
  assert.ok(pair.router.dialer.dials.length <= 8, `${pair.router.dialer.dials.length} attempts`);
});

test('routes that are about to go, said or not, change nothing in the session either, wherever the key stands', () => {
  const pair = new Pair();
  const { families, ...before } = peer;
  pair.speaker.configure([{ ...before, gracefulShutdown: true, families }]);
  pair.router.settle();
  pair.speaker.configure([peer]);
  pair.router.clock.advance(3_000);
  assert.deepEqual([pair.state, pair.router.connections.length], ['Established', 1]);
});

test('timers of BFD, and whether there is any, change nothing in the session of BGP', async () => {
  const pair = new Pair();
  pair.comesUp();
  pair.speaker.configure([{ ...withBfd, bfd: { ...bfdPeer.bfd, transmitIntervalMs: 500 } }]);
  assert.deepEqual(
    pair.bfd.takeSent().map(({ poll, desiredMinTxUs }) => [poll, desiredMinTxUs]),
    [[true, 500_000]],
  );
  pair.speaker.configure([peer]);
  assert.deepEqual(
    pair.bfd.takeSent().map(({ state }) => state),
    ['AdminDown'],
  );
  assert.equal(pair.speaker.sessions()[0]?.bfd, undefined);
  pair.router.clock.advance(3_000);
  assert.equal(pair.state, 'Established');
  assert.deepEqual(pair.router.connections.length, 1);
});

test('leaving: BFD is up until the connection is closed, and then says that it is meant so', async () => {
  const pair = new Pair();
  pair.comesUp();
  const stopped = pair.speaker.stop('retain');
  assert.deepEqual(pair.bfd.takeSent(), []);
  pair.router.connection.remote.end();
  pair.router.settle();
  await new Promise((resolve) => void setImmediate(resolve));
  assert.deepEqual(
    pair.bfd.takeSent().map(({ state }) => state),
    ['AdminDown'],
  );
  pair.bfd.hears({ state: 'Down' });
  pair.router.clock.advance(2_000);
  await stopped;
  assert.deepEqual(pair.router.connections[0]?.log, ['open', 'keepalive']);
  assert.equal(pair.router.clock.pendingTimers, 0);
});

test('an address that BGP can not use is none for BFD', () => {
  const pair = new Pair();
  pair.speaker.configure([{ ...withBfd, address: 'r1.example' }]);
  assert.deepEqual(pair.bfd.datagrams.ports, []);
});
