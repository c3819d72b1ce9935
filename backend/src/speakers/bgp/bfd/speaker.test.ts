import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeControlPacket } from './wire/control-packet.ts';
import { goldenDrops } from './wire/testing/golden.ts';
import { BFD_DROP_REASONS } from './speaker.ts';
import { bfdPeer, BfdScene, ownAddress, routerAddress, sequence } from './testing/bfd-scene.ts';

const multihop = { ...bfdPeer, bfd: { ...bfdPeer.bfd, multihop: true, minTtl: 250 } };

test('a session comes up with a router, and is told of with what was agreed on', () => {
  const scene = new BfdScene();
  scene.comesUp();
  assert.deepEqual(scene.events, ['r1 up']);
  assert.deepEqual(scene.speaker.status('r1'), {
    ...{ state: 'Up', since: scene.clock.wallTime(), diagnostic: undefined, remoteDiagnostic: undefined },
    ...{ transmitIntervalMs: 300, detectionTimeMs: 900, problem: undefined },
    counters: { packetsSent: 3, packetsReceived: 3, up: 1, failed: 0, forgiven: 0 },
  });
});

test('packets go to port 3784 from one port of the dynamic range, 75 to 100 % of the interval apart', () => {
  const scene = new BfdScene();
  scene.comesUp();
  const at: number[] = [];
  const ports = new Set<string>();
  for (let ms = 0; ms < 10_000; ms++) {
    if (ms % 300 === 0) scene.hears({});
    scene.clock.advance(1);
    for (const { host, port, ttl, to } of scene.datagrams.sent.splice(0)) {
      at.push(scene.clock.now());
      ports.add(`${host} ${port} ${ttl} > ${to.host} ${to.port}`);
    }
  }
  const gaps = at.slice(1).map((time, i) => time - (at[i] ?? 0));
  assert.ok(gaps.length > 30);
  assert.ok(
    gaps.every((gap) => gap >= 225 && gap <= 301),
    gaps.join(),
  );
  assert.ok(Math.max(...gaps) - Math.min(...gaps) > 30, 'jitter');
  assert.equal(ports.size, 1);
  const [only = ''] = ports;
  assert.match(only, new RegExp(`^${ownAddress} (49[1-9]|5|6)\\d+ 255 > ${routerAddress} 3784$`));
});

test('where one lost packet is one too many, packets are 90 % of the interval apart at most', () => {
  const scene = new BfdScene(sequence(0.999_999));
  scene.comesUp({ ...bfdPeer, bfd: { ...bfdPeer.bfd, detectMultiplier: 1 } });
  scene.clock.advance(269);
  assert.equal(scene.takeSent().length, 0);
  scene.clock.advance(1);
  assert.equal(scene.takeSent().length, 1);
});

test('a session is told of when it is there, and when it is wanted no more', () => {
  const scene = new BfdScene();
  const states: (string | undefined)[] = [];
  scene.onChange = () => states.push(scene.state);
  scene.speaker.set(new Map([['r1', bfdPeer]]));
  scene.speaker.set(new Map([['r1', bfdPeer]]));
  assert.deepEqual(states, ['Down']);
  scene.speaker.set(new Map());
  assert.deepEqual(states, ['Down', undefined]);
});

test('a router that falls silent is given up after the detection time, not before, and once', () => {
  const scene = new BfdScene();
  scene.comesUp();
  scene.pass(3_000);
  scene.hears({});
  scene.clock.advance(899);
  assert.equal(scene.state, 'Up');
  scene.clock.advance(1);
  assert.deepEqual(scene.events, ['r1 up', 'r1 failed']);
  scene.clock.advance(60_000);
  const { state, diagnostic, detectionTimeMs, counters } = scene.speaker.status('r1') ?? {};
  assert.deepEqual([state, diagnostic, detectionTimeMs], ['Down', 'Control Detection Time Expired', undefined]);
  assert.deepEqual([counters?.up, counters?.failed, counters?.forgiven], [1, 1, 0]);
  assert.deepEqual(scene.events, ['r1 up', 'r1 failed']);
});

test('what has come while this thread was not looking counts: no session is lost by our own being late', () => {
  const scene = new BfdScene();
  scene.comesUp();
  scene.hears({});
  scene.datagrams.stall();
  scene.hears({});
  scene.clock.advance(900);
  assert.equal(scene.state, 'Up');
  assert.equal(scene.speaker.status('r1')?.counters.forgiven, 0);
  scene.clock.advance(900);
  assert.deepEqual(scene.events, ['r1 up', 'r1 failed'], 'nothing has come since');
});

test('after a stall in which packets may have been lost, the router has one more detection time, and only one', () => {
  const scene = new BfdScene();
  scene.comesUp();
  scene.hears({});
  scene.clock.suspend(5_000);
  assert.equal(scene.state, 'Up');
  assert.equal(scene.speaker.status('r1')?.counters.forgiven, 1);
  scene.clock.suspend(5_000);
  assert.deepEqual(scene.events, ['r1 up', 'r1 failed']);

  const heard = new BfdScene();
  heard.comesUp();
  heard.hears({});
  heard.clock.suspend(5_000);
  heard.hears({});
  heard.clock.suspend(5_000);
  assert.equal(heard.state, 'Up', 'each silence is judged by itself');
});

test('a router that says Down has lost the path; one whose administrator has shut BFD down has not', () => {
  const scene = new BfdScene();
  scene.comesUp();
  scene.hears({ state: 'AdminDown' });
  assert.equal(scene.state, 'Down');
  assert.deepEqual(scene.events, ['r1 up']);
  scene.hears({ state: 'Down', yourDiscriminator: 0 });
  scene.hears({ state: 'Up' });
  scene.hears({ state: 'Down', diagnostic: 1 });
  assert.deepEqual(scene.events, ['r1 up', 'r1 up', 'r1 failed']);
  const { diagnostic, remoteDiagnostic } = scene.speaker.status('r1') ?? {};
  assert.deepEqual(
    [diagnostic, remoteDiagnostic],
    ['Neighbor Signaled Session Down', 'Control Detection Time Expired'],
  );
});

test('other timers are asked for in the session that is up; nothing else of a configuration that is set again matters', () => {
  const scene = new BfdScene();
  scene.comesUp();
  const { told } = scene;
  scene.speaker.set(new Map([['r1', { ...bfdPeer, bfd: { ...bfdPeer.bfd } }]]));
  assert.deepEqual([scene.takeSent(), scene.told], [[], told]);
  const bfd = { ...bfdPeer.bfd, transmitIntervalMs: 500, receiveIntervalMs: 600, detectMultiplier: 5 };
  scene.speaker.set(new Map([['r1', { ...bfdPeer, bfd }]]));
  const [packet, ...others] = scene.takeSent();
  assert.deepEqual(others, []);
  assert.deepEqual([packet?.poll, packet?.desiredMinTxUs, packet?.requiredMinRxUs], [true, 500_000, 600_000]);
  assert.equal(packet?.detectMultiplier, 5);
  scene.hears({ final: true });
  const { state, transmitIntervalMs, detectionTimeMs } = scene.speaker.status('r1') ?? {};
  assert.deepEqual([state, transmitIntervalMs, detectionTimeMs], ['Up', 500, 1_800]);
  assert.deepEqual(scene.events, ['r1 up']);
});

test('what is no packet of BFD, or has a flaw, is dropped and counted by its reason, and the session goes on', () => {
  const scene = new BfdScene();
  scene.comesUp();
  const expected: Record<string, number> = Object.fromEntries(BFD_DROP_REASONS.map((reason) => [reason, 0]));
  assert.deepEqual(scene.speaker.dropped(), expected);
  for (const { octets, reason } of goldenDrops) {
    scene.hearsBytes(octets);
    expected[reason] = (expected[reason] ?? 0) + 1;
  }
  scene.hearsBytes(new Uint8Array(3));
  assert.deepEqual(scene.speaker.dropped(), { ...expected, truncated: 1 });
  assert.equal(scene.state, 'Up');
  assert.equal(scene.speaker.status('r1')?.counters.packetsReceived, 3);
});

test('packets that are not of the session are dropped: of nobody, of another host, through a router, at the other port', () => {
  const scene = new BfdScene();
  scene.comesUp();
  scene.hears({ state: 'Down', yourDiscriminator: 12 });
  scene.hears({ state: 'Down', yourDiscriminator: 0 }, { host: '192.0.2.66' });
  scene.hears({ state: 'Down' }, { host: '192.0.2.66' });
  scene.hears({ state: 'Down' }, { ttl: 254 });
  scene.hears({ state: 'Down', yourDiscriminator: 0 }, { ttl: 254 });
  const { 'no-session': noSession, sender, ttl } = scene.speaker.dropped();
  assert.deepEqual([noSession, sender, ttl], [2, 1, 2]);
  assert.equal(scene.state, 'Up');
});

test('over several hops: port 4784, and a TTL that is not too low', () => {
  const scene = new BfdScene();
  scene.comesUp(multihop);
  assert.equal(scene.state, 'Up');
  scene.hears({ state: 'Down' }, { port: 4_784, ttl: 249 });
  scene.hears({ state: 'Down' }, { port: 3_784 });
  assert.equal(scene.state, 'Up');
  assert.equal(scene.speaker.dropped().ttl, 1);
  scene.hears({ state: 'Down' }, { port: 4_784, ttl: 250 });
  assert.equal(scene.state, 'Down');
  scene.clock.advance(1_000);
  assert.ok(scene.datagrams.sent.every(({ to }) => to.port === 4_784));
});

for (const address of ['2001:db8::1', 'fe80::1%eth0']) {
  test(`with ${address}`, () => {
    const scene = new BfdScene();
    const peer = { ...bfdPeer, address };
    scene.comesUp(peer);
    assert.equal(scene.state, 'Up');
    scene.clock.advance(300);
    assert.ok(scene.datagrams.sent.length > 0);
    assert.ok(scene.datagrams.sent.every(({ to }) => to.host === address && to.port === 3_784));
    scene.hears({ state: 'Down' }, { host: 'fe80::1%eth1' });
    assert.equal(scene.state, 'Up');
  });
}

test('a session that is no longer wanted says so for a detection time, and another one has begun by then', async () => {
  const scene = new BfdScene();
  scene.comesUp();
  scene.speaker.set(new Map());
  assert.deepEqual(
    scene.takeSent().map(({ state, diagnostic }) => [state, diagnostic]),
    [['AdminDown', 7]],
  );
  assert.equal(scene.speaker.status('r1'), undefined);
  scene.speaker.set(new Map([['r1', bfdPeer]]));
  const [fresh] = scene.takeSent();
  assert.deepEqual([fresh?.state, fresh?.yourDiscriminator], ['Down', 0]);
  assert.notEqual(fresh?.myDiscriminator, scene.ownDiscriminator);
  // The router still means the old one, and says so.
  scene.hears({ state: 'Down' });
  assert.equal(scene.state, 'Down');
  scene.clock.advance(899);
  await Promise.resolve();
  assert.equal(scene.datagrams.ports.length, 3);
  scene.clock.advance(1);
  await Promise.resolve();
  assert.equal(scene.datagrams.ports.length, 2);
  assert.deepEqual(scene.events, ['r1 up']);
});

test('what names a session counts at the port of its kind only (RFC 5883 section 5)', () => {
  for (const [multihop, port] of [
    [true, 3_784],
    [false, 4_784],
  ] as const) {
    const scene = new BfdScene();
    // So that both ports are there.
    const other = { ...bfdPeer, address: '192.0.2.2', bfd: { ...bfdPeer.bfd, multihop: !multihop } };
    const own = { ...bfdPeer, bfd: { ...bfdPeer.bfd, multihop } };
    scene.comesUp(own);
    scene.speaker.set(
      new Map([
        ['r1', own],
        ['r2', other],
      ]),
    );
    scene.hears({ state: 'Down' }, { host: routerAddress, port });
    assert.deepEqual([scene.state, scene.speaker.dropped().sender], ['Up', 1]);
  }
});

test('stopping: AdminDown is out at once, nothing goes on afterwards', async () => {
  const scene = new BfdScene();
  scene.comesUp();
  const stopped = scene.speaker.stop();
  assert.deepEqual(
    scene.takeSent().map(({ state }) => state),
    ['AdminDown'],
  );
  scene.hears({ state: 'Down' });
  scene.clock.advance(900);
  await stopped;
  assert.deepEqual(scene.datagrams.ports, []);
  assert.equal(scene.clock.pendingTimers, 0);
  scene.speaker.set(new Map([['r1', bfdPeer]]));
  assert.deepEqual(scene.datagrams.ports, []);
  assert.deepEqual(scene.events, ['r1 up']);
});

test('a port that somebody has is tried again, and the session says what is wrong', () => {
  const scene = new BfdScene();
  const other = scene.datagrams.bind('0.0.0.0', 3_784, { onMessage: () => undefined, onError: assert.fail });
  scene.speaker.set(new Map([['r1', bfdPeer]]));
  scene.clock.advance(0);
  assert.equal(scene.speaker.status('r1')?.problem, 'UDP port 3784: bind: address already in use (EADDRINUSE)');
  scene.clock.advance(10_000);
  const warnings = scene.logger.entries.filter(({ level }) => level === 'warn');
  assert.equal(warnings.length, 1, 'what lasts is worth one line');
  other.close();
  scene.clock.advance(3_000);
  assert.equal(scene.speaker.status('r1')?.problem, undefined);
  scene.hears({ state: 'Down', yourDiscriminator: 0 });
  assert.equal(scene.state, 'Init');
});

test('two peers at one address have one session (RFC 5881 section 3)', () => {
  const scene = new BfdScene();
  const peers = new Map([
    ['r1', bfdPeer],
    ['r1b', bfdPeer],
  ]);
  scene.speaker.set(peers);
  scene.speaker.set(peers);
  assert.equal(scene.speaker.status('r1b'), undefined);
  assert.equal(new Set(scene.takeSent().map(({ myDiscriminator }) => myDiscriminator)).size, 1);
  assert.equal(scene.logger.entries.length, 1);
});

test('a router that asks for the longest intervals that there are has them', () => {
  const scene = new BfdScene();
  scene.comesUp();
  const packet = encodeControlPacket({
    ...{ kind: 'control', diagnostic: 0, state: 'Up', poll: true, final: true, controlPlaneIndependent: true },
    ...{ demand: true, detectMultiplier: 255, myDiscriminator: 1, yourDiscriminator: scene.ownDiscriminator },
    ...{ desiredMinTxUs: 0xffffffff, requiredMinRxUs: 0xffffffff, requiredMinEchoRxUs: 0xffffffff },
  });
  scene.hearsBytes(packet);
  scene.clock.advance(3_600_000);
  assert.equal(scene.state, 'Up', 'the router has asked for 255 times 71 minutes');
});
