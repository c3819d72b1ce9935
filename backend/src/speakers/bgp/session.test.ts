import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Path, Route } from './model.ts';
import { addPathReceive, gracefulRestartBoth, peer, routerOpen, Scene } from './testing/scripted-router.ts';
import { notification, shutdownCommunication } from './wire/notification.ts';
import { hex, marker } from './wire/testing/hex.ts';

function route(prefix: string, ...ids: readonly number[]): Route {
  const paths = ids.map((id): Path => ({ id, nextHop: `192.0.2.1${id}` }));
  return { prefix, paths };
}
const table = (...routes: readonly Route[]): Map<string, Route> => new Map(routes.map((one) => [one.prefix, one]));
const a = '10.0.0.1/32';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function established(scene = new Scene(), open = routerOpen(addPathReceive)): Scene {
  scene.router(open);
  scene.speaker.configure([peer]);
  scene.settle();
  assert.equal(scene.status.state, 'Established');
  return scene;
}

test('a session comes up, and every change of it is told once', () => {
  const scene = established();
  assert.deepEqual(scene.states, ['Connect', 'OpenSent', 'OpenConfirm', 'Established']);
  assert.deepEqual(scene.connection.log, ['open', 'keepalive']);
  const { negotiated, localAddress, remoteRouterId, since, lastError } = scene.status;
  assert.equal(remoteRouterId, '192.0.2.1');
  assert.equal(localAddress, '127.0.0.1');
  assert.equal(lastError, undefined);
  assert.equal(since.toISOString(), '2026-01-01T00:00:00.000Z');
  assert.deepEqual(negotiated, {
    holdTimeSeconds: 90,
    keepaliveSeconds: 30,
    families: [
      { family: 'ipv4-unicast', addPath: true },
      { family: 'ipv6-unicast', addPath: true },
    ],
    gracefulRestart: false,
    notificationGracefulRestart: false,
    fourOctetAs: true,
    routeRefresh: true,
    enhancedRouteRefresh: false,
    extendedMessages: false,
    extendedNextHop: false,
    restartTimes: undefined,
    capabilities: [
      ...['multiprotocol ipv4-unicast', 'multiprotocol ipv6-unicast', 'route-refresh', 'four-octet-as 65001'],
      ...['add-path ipv4-unicast receive', 'add-path ipv6-unicast receive'],
    ],
  });
});

test('nothing is sent before the routes are known; then all of them and End-of-RIB', () => {
  const scene = established();
  scene.speaker.updateRoutes('r1', table(route(a, 1)));
  scene.settle();
  assert.deepEqual(scene.connection.table.log, []);
  scene.speaker.setRoutes('r1', table(route(a, 1, 2)));
  scene.settle();
  assert.deepEqual(scene.connection.table.log, [
    `+${a} 1 192.0.2.11`,
    `+${a} 2 192.0.2.12`,
    'EoR ipv4-unicast',
    'EoR ipv6-unicast',
  ]);
  const { prefixesSent, counters } = scene.status;
  assert.equal(prefixesSent, 1);
  assert.equal(counters.updatesSent, 4);
  assert.equal(counters.messagesSent, 6);
  // That all are sent is a change of the session; routes and counters are none.
  assert.deepEqual(
    scene.changes.slice(3).map(({ endOfRibSent }) => endOfRibSent),
    [false, true],
  );
  scene.speaker.updateRoutes('r1', table(route(a, 1)));
  scene.settle();
  assert.equal(scene.changes.length, 5);
});

test('a path that goes while others stay is withdrawn after the new ones are there', () => {
  const scene = established();
  scene.speaker.setRoutes('r1', table(route(a, 1, 2, 3)));
  scene.settle();
  scene.connection.table.log.length = 0;
  scene.speaker.updateRoutes('r1', table(route(a, 3, 4)));
  scene.settle();
  assert.deepEqual(scene.connection.table.log, [`+${a} 4 192.0.2.14`, `-${a} 1`, `-${a} 2`]);
});

test('a router without ADD-PATH gets the first path only', () => {
  const scene = established(new Scene(), routerOpen());
  assert.equal(scene.status.negotiated?.families[0]?.addPath, false);
  scene.speaker.setRoutes('r1', table(route(a, 2, 1)));
  scene.settle();
  assert.deepEqual(scene.connection.table.log.slice(0, 1), [`+${a} 0 192.0.2.12`]);
});

test('a route refresh sends the family again', () => {
  const scene = established();
  scene.speaker.setRoutes('r1', table(route(a, 1)));
  scene.settle();
  scene.connection.table.log.length = 0;
  scene.connection.send({ type: 'route-refresh', family: 'ipv4-unicast', subtype: 0, filters: new Uint8Array() });
  scene.connection.send({ type: 'route-refresh', family: 'afi-1/safi-128', subtype: 0, filters: new Uint8Array() });
  scene.settle();
  scene.settle();
  assert.deepEqual(scene.connection.table.log, [`+${a} 1 192.0.2.11`]);
  assert.equal(scene.status.counters.refreshesReceived, 2);
});

test('keepalives go out every third of the hold time', () => {
  const scene = established();
  scene.pass(95, scene.connection);
  assert.equal(scene.connection.log.filter((type) => type === 'keepalive').length, 1 + 3);
  assert.equal(scene.status.state, 'Established');
});

test('a router that falls silent is given up after the hold time, told so, and tried again', () => {
  const scene = established();
  scene.speaker.setRoutes('r1', table(route(a, 1)));
  scene.pass(89);
  assert.equal(scene.status.state, 'Established');
  scene.pass(1);
  assert.equal(scene.status.state, 'Idle');
  assert.equal(scene.status.lastError, 'we sent: Hold Timer Expired (nothing received for 90 s)');
  assert.equal(scene.status.prefixesSent, 0);
  scene.settle();
  assert.equal(scene.connection.log.at(-1), 'Hold Timer Expired');
  assert.ok(scene.connection.remote.closed);
  scene.pass(1);
  assert.equal(scene.status.state, 'Established');
  assert.equal(scene.connections.length, 2);
  assert.deepEqual(scene.connection.table.nextHops(a), ['192.0.2.11']);
  assert.equal(scene.connection.table.log.at(-1), 'EoR ipv6-unicast');
  assert.equal(scene.status.counters.established, 2);
  assert.equal(scene.status.counters.lost, 1);
});

test('after a stall of this process a router that has spoken meanwhile is heard before it is given up', () => {
  const scene = established();
  // What a router sends while this process is stopped waits in the socket, and overdue timers come first.
  scene.clock.suspend(100_000);
  scene.pass(1, scene.connection);
  assert.equal(scene.status.state, 'Established');
  scene.clock.suspend(100_000);
  scene.pass(1);
  assert.equal(scene.status.lastError, 'we sent: Hold Timer Expired (nothing received for 90 s)');
});

test('a NOTIFICATION is told in words with who sent it, and not answered', () => {
  const scene = established();
  const text = shutdownCommunication('maintenance until 6');
  scene.connection.send({ type: 'notification', ...notification(6, 2, text) });
  scene.settle();
  assert.equal(scene.status.state, 'Idle');
  assert.equal(scene.status.lastError, 'peer sent: Cease / Administrative Shutdown: "maintenance until 6"');
  assert.deepEqual(scene.connection.log, ['open', 'keepalive']);
});

test('the R bit is set until the first session, graceful restart families keep forwarding', () => {
  const scene = established();
  const restarting = (): boolean | undefined => {
    const [open] = scene.connection.messages;
    assert.ok(open?.type === 'open');
    const capability = open.capabilities.find((one) => one.type === 'graceful-restart');
    assert.ok(capability !== undefined);
    assert.ok(capability.families.every(({ forwardingPreserved }) => forwardingPreserved));
    return capability.restarting;
  };
  assert.equal(restarting(), true);
  scene.connection.remote.reset();
  scene.pass(1);
  assert.equal(scene.status.state, 'Established');
  assert.equal(restarting(), false);
});

test('the log tells sessions that come up, that are lost, and attempts that fail', () => {
  const scene = established();
  const told = (): string[] => scene.logger.entries.splice(0).map(({ level, message }) => `${level}: ${message}`);
  assert.deepEqual(scene.logger.entries[0]?.fields['addPath'], ['ipv4-unicast', 'ipv6-unicast']);
  assert.deepEqual(told(), ['info: BGP session established']);
  scene.connection.remote.reset();
  scene.settle();
  assert.deepEqual(told(), ['warn: BGP session lost']);
  scene.dialer.close(peer.address, 179);
  scene.pass(10);
  assert.deepEqual(new Set(told()), new Set(['info: BGP session attempt failed']));
});

test('refused attempts back off, up to the configured maximum', () => {
  const scene = new Scene();
  scene.speaker.configure([{ ...peer, connectRetrySeconds: 8 }]);
  const at: number[] = [];
  for (let ms = 0, seen = 0; ms < 40_000; ms += 500) {
    scene.clock.advance(500);
    if (scene.dialer.dials.length > seen) at.push(ms / 1_000);
    seen = scene.dialer.dials.length;
  }
  assert.deepEqual(at, [0, 0.5, 2.5, 6.5, 14.5, 22.5, 30.5, 38.5]);
  assert.match(scene.status.lastError ?? '', /^can't connect: connect ECONNREFUSED 192\.0\.2\.1:179$/);
  assert.equal(scene.status.state, 'Active');
});

test('a router that answers nothing costs five seconds per attempt, not two minutes', () => {
  const scene = new Scene();
  scene.dialer.blackhole(peer.address, 179);
  scene.speaker.configure([peer]);
  scene.clock.advance(5_000);
  assert.equal(scene.status.state, 'Active');
  assert.match(scene.status.lastError ?? '', /no answer from 192\.0\.2\.1 port 179 within 5000 ms/);
});

test('a router that accepts, but never sends OPEN, is given up after four minutes', () => {
  const scene = new Scene();
  scene.silentRouter();
  scene.speaker.configure([peer]);
  scene.pass(239);
  assert.equal(scene.status.state, 'OpenSent');
  scene.pass(1);
  assert.match(scene.status.lastError ?? '', /Hold Timer Expired/);
});

test('octets that are no BGP end the session with the header error, whatever follows', () => {
  const scene = established();
  scene.connection.remote.write(Buffer.concat([hex(`${marker} 0013 04`), Buffer.from('HTTP/1.1 400 Bad Request\r\n')]));
  scene.settle();
  assert.equal(scene.connection.log.at(-1), 'Message Header Error / Connection Not Synchronized');
  assert.equal(scene.status.state, 'Idle');
});

test('what follows the end of the session in the same chunk is not read', () => {
  const scene = established();
  const cease = hex(`${marker} 0015 03 06 04`);
  scene.connection.remote.write(Buffer.concat([cease, hex(`${marker} 0013 09`)]));
  scene.settle();
  assert.equal(scene.status.lastError, 'peer sent: Cease / Administrative Reset');
});

test('received routes are counted; a malformed UPDATE that RFC 7606 tolerates does no more', () => {
  const scene = established();
  const attributes = '40 01 01 00 40 02 06 02 01 0000fde9 40 03 04 c0000201';
  scene.connection.remote.write(hex(`${marker} 0033 02 0000 0014 ${attributes} 18 0a0000 18 0a0001`));
  scene.connection.remote.write(hex(`${marker} 002f 02 0000 0014 ${attributes.replace('01 00', '01 07')} 18 0a0000`));
  scene.settle();
  const { counters, state } = scene.status;
  assert.equal(state, 'Established');
  assert.equal(counters.updatesReceived, 2);
  assert.equal(counters.prefixesReceived, 3);
  assert.equal(counters.malformedUpdates, 1);
});

const many = Array.from({ length: 60_000 }, (_, i) => route(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}/32`, 1));

test('a slow router has little queued for it, and gets the rest when it reads', () => {
  const scene = established();
  scene.connection.remote.pause();
  scene.speaker.setRoutes('r1', table(...many));
  scene.settle();
  const sentAtFirst = scene.status.prefixesSent;
  assert.ok(sentAtFirst > 0 && sentAtFirst < 25_000, `${sentAtFirst}`);
  scene.connection.remote.resume();
  for (let i = 0; i < 10; i++) scene.settle();
  assert.equal(scene.status.prefixesSent, 60_000);
  assert.equal(scene.connection.table.paths.size, 60_000);
});

test('a router that sends without end costs no memory: what it sends is counted and forgotten', () => {
  const scene = established();
  const attributes = '40 01 01 00 40 02 06 02 01 0000fde9 40 03 04 c0000201';
  const nlri = '20 0a0a0a0a '.repeat(800);
  const update = hex(`${marker} 0fcb 02 0000 0014 ${attributes} ${nlri}`);
  const chunk = Buffer.concat(Array.from({ length: 16 }, () => update));
  const flood = (rounds: number): number => {
    for (let round = 0; round < rounds; round++) {
      scene.connection.remote.write(chunk);
      scene.settle();
    }
    collectGarbage();
    return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
  };
  const before = flood(10);
  const after = flood(40);
  assert.equal(scene.status.counters.prefixesReceived, 50 * 16 * 800);
  assert.equal(scene.status.state, 'Established');
  // 2.6 million octets of messages, half a million prefixes.
  assert.ok(after - before < 2 ** 20, `${after - before} octets more`);
});

test('a router that reads nothing at all is given up after eight minutes (RFC 9687)', () => {
  const scene = established();
  const { connection } = scene;
  connection.remote.pause();
  scene.speaker.setRoutes('r1', table(route(a, 1)));
  scene.pass(479, connection);
  assert.equal(scene.status.state, 'Established');
  scene.pass(1, connection);
  assert.equal(scene.status.lastError, 'Send Hold Timer Expired: the peer reads nothing');
  assert.ok(connection.remote.closed);
});

test('a router that reads slowly, but does, is kept however long it takes (RFC 9687)', () => {
  const scene = established();
  const { connection } = scene;
  connection.remote.pause();
  scene.speaker.setRoutes('r1', table(...many));
  for (let minutes = 0; minutes < 60; minutes += 5) {
    scene.pass(300, connection);
    connection.remote.readOne();
  }
  assert.equal(scene.status.state, 'Established');
  scene.pass(480 + 60, connection);
  assert.equal(scene.status.lastError, 'Send Hold Timer Expired: the peer reads nothing');
});

test('with a hold time of 0 nobody is given up for reading nothing either (RFC 9687 section 3.2)', () => {
  const scene = established(new Scene(), { ...routerOpen(addPathReceive), holdTimeSeconds: 0 });
  scene.connection.remote.pause();
  scene.speaker.setRoutes('r1', table(route(a, 1)));
  scene.pass(3_600);
  assert.deepEqual([scene.status.state, scene.status.lastError], ['Established', undefined]);
});

test('long messages are taken from a router that takes none itself: we have said that it may send them (RFC 8654)', () => {
  const scene = established();
  const attributes = '40 01 01 00 40 02 06 02 01 0000fde9 40 03 04 c0000201';
  const nlri = '20 0a0a0a0a '.repeat(1_000);
  scene.connection.remote.write(hex(`${marker} 13b3 02 0000 0014 ${attributes} ${nlri}`));
  scene.settle();
  const { negotiated, state, counters } = scene.status;
  assert.deepEqual([negotiated?.extendedMessages, state], [false, 'Established']);
  assert.equal(counters.prefixesReceived, 1_000);
});

test('a hold time of 0 means no keepalives and no expiry', () => {
  const scene = established();
  scene.router({ ...routerOpen(addPathReceive), holdTimeSeconds: 0 });
  scene.speaker.configure([{ ...peer, localAddress: '192.0.2.2' }]);
  scene.pass(2);
  assert.equal(scene.status.state, 'Established');
  const before = scene.connection.log.length;
  scene.pass(3_600);
  assert.equal(scene.status.state, 'Established');
  assert.equal(scene.connection.log.length, before);
  assert.equal(scene.clock.pendingTimers, 0);
});

for (const [how, open, last] of [
  ['handover', routerOpen(addPathReceive), 'Cease / Administrative Shutdown: "bye"'],
  [
    'handover',
    routerOpen(addPathReceive, gracefulRestartBoth),
    'Cease / Hard Reset (Cease / Administrative Shutdown: "bye")',
  ],
  ['retain', routerOpen(addPathReceive, gracefulRestartBoth), 'update'],
  ['withdraw', routerOpen(addPathReceive), 'Cease / Administrative Shutdown: "bye"'],
] as const) {
  test(`stop: ${how}${open.capabilities.includes(gracefulRestartBoth) ? ' with graceful restart' : ''}`, async () => {
    const scene = established(new Scene({ shutdownText: 'bye' }), open);
    scene.speaker.setRoutes('r1', table(route(a, 1, 2)));
    scene.settle();
    const stopped = scene.speaker.stop(how);
    scene.settle();
    await new Promise(setImmediate);
    scene.settle();
    await stopped;
    assert.equal(scene.connection.log.at(-1), last);
    assert.ok(scene.connection.remote.closed);
    assert.deepEqual(scene.connection.table.nextHops(a), how === 'withdraw' ? [] : ['192.0.2.11', '192.0.2.12']);
    assert.equal(scene.status.state, 'Idle');
    scene.pass(300);
    assert.equal(scene.dialer.dials.length, 1);
    assert.equal(scene.clock.pendingTimers, 0);
  });
}

test('stop ends in time, though a router reads nothing', async () => {
  const scene = established();
  scene.connection.remote.pause();
  scene.speaker.setRoutes('r1', table(...many));
  scene.settle();
  let stopped = false;
  const stopping = scene.speaker.stop('withdraw').then(() => (stopped = true));
  for (let ms = 0; ms < 3_000; ms += 100) {
    scene.clock.advance(100);
    await new Promise(setImmediate);
  }
  assert.ok(stopped);
  await stopping;
  assert.ok(scene.connection.remote.closed);
});
