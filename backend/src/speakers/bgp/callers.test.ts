import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RemoteEnd } from '../../platform/fake/dialer.ts';
import type { PeerConfig, Route } from './model.ts';
import { peer, RouterConnection, routerOpen, Scene } from './testing/scripted-router.ts';
import { decodeMessage } from './wire/message.ts';
import { describeNotification } from './wire/notification.ts';
import type { OpenMessage } from './wire/open.ts';
import { framesOf } from './wire/testing/frames.ts';

const port = 1179;
const listen = { port, addresses: ['192.0.2.2'] };
const a = '10.0.0.1/32';
const routes = new Map<string, Route>([[a, { prefix: a, paths: [{ id: 1, nextHop: '192.0.2.11' }] }]]);
/** Two daemons on one host. */
const first: PeerConfig = { ...peer, key: 'first', passive: true };
const second: PeerConfig = { ...first, key: 'second', port: 1790, peerAs: 4_200_000_002 };
const openOf = ({ peerAs }: PeerConfig): OpenMessage => {
  const { capabilities, ...open } = routerOpen();
  const ours = capabilities.filter(({ type }) => type !== 'four-octet-as');
  return {
    ...open,
    as: peerAs > 0xffff ? 23_456 : peerAs,
    capabilities: [...ours, { type: 'four-octet-as', as: peerAs }],
  };
};

/** Lets somebody connect who says `words` at once, or nothing; returns what the connection was, once it is one. */
async function call(scene: Scene, host: string, words?: OpenMessage | Uint8Array): Promise<() => RouterConnection> {
  let made: RouterConnection | undefined;
  scene.listeners.call('192.0.2.2', port, {
    host,
    onOpen: (remote: RemoteEnd) => {
      made = new RouterConnection(remote, undefined);
      if (words instanceof Uint8Array) remote.write(words);
      else if (words !== undefined) made.send(words);
      if (words !== undefined && !(words instanceof Uint8Array)) made.send({ type: 'keepalive' });
    },
  });
  for (let i = 0; i < 8; i++) scene.settle();
  return () => made ?? assert.fail('nobody has taken the call');
}

const states = (scene: Scene): string[] => scene.speaker.sessions().map(({ key, state }) => `${key} ${state}`);

test('who is no peer is told so (RFC 4486), and the log has a line of it now and then', () => {
  const scene = new Scene();
  scene.speaker.configure([peer], listen);
  const heard: string[] = [];
  const knock = (times: number): void => {
    for (let i = 0; i < times; i++) {
      scene.listeners.call('192.0.2.2', port, {
        host: '192.0.2.66',
        onOpen: () => assert.fail('that is no peer'),
        onFail: (_reason, farewell = new Uint8Array()) => {
          for (const frame of framesOf(farewell)) {
            const message = decodeMessage(frame, { fourOctetAs: true, addPath: new Set() });
            heard.push(message.type === 'notification' ? describeNotification(message) : message.type);
          }
        },
      });
    }
    scene.settle();
    scene.settle();
  };
  const lines = (): unknown[] =>
    scene.logger.entries
      .filter(({ message }) => message === 'connections from addresses that are no peer were refused')
      .map(({ fields }) => fields['count']);
  knock(1);
  assert.deepEqual([heard, lines()], [['Cease / Connection Rejected'], [1]]);
  knock(500);
  assert.deepEqual([heard.length, lines()], [501, [1]]);
  scene.pass(60);
  assert.deepEqual(lines(), [1, 500]);
  scene.pass(600);
  knock(1);
  assert.deepEqual(lines(), [1, 500, 1]);
});

test('of two peers with one address the AS in the OPEN tells which one has connected', async () => {
  const scene = new Scene();
  scene.speaker.configure([first, second], listen);
  for (const { key } of [first, second]) scene.speaker.setRoutes(key, routes);
  const connections = [await call(scene, peer.address, openOf(second)), await call(scene, peer.address, openOf(first))];
  assert.deepEqual(states(scene), ['first Established', 'second Established']);
  for (const connection of connections) assert.deepEqual(connection().table.nextHops(a), ['192.0.2.11']);
});

test('who has one address with two peers and is neither is told what is wrong with its OPEN, who says nothing is refused', async () => {
  const scene = new Scene();
  scene.speaker.configure([first, second], listen);
  const stranger = await call(scene, peer.address, openOf({ ...peer, peerAs: 65_099 }));
  assert.equal(stranger().log.at(-1), 'OPEN Message Error / Bad Peer AS');
  const http = await call(scene, peer.address, new TextEncoder().encode('GET /index.html HTTP/1.1\r\n\r\n'));
  assert.equal(http().log.at(-1), 'Message Header Error / Connection Not Synchronized');
  const silent = await call(scene, peer.address);
  const again = await call(scene, peer.address);
  scene.pass(1);
  assert.equal(silent().remote.closed, true, 'who connects again gives up the connection before');
  assert.equal(again().remote.closed, false);
  scene.pass(11);
  assert.equal(again().log.at(-1), 'Cease / Connection Rejected');
  assert.equal(again().remote.closed, true);
  assert.deepEqual(states(scene), ['first Idle', 'second Idle']);
  assert.equal(scene.clock.pendingTimers, 0);
});

test('different passwords of peers with one address are told once, and again when others are', () => {
  const scene = new Scene();
  const told = (): unknown[] =>
    scene.logger.entries.filter(({ level }) => level === 'warn').map(({ fields }) => fields['peers']);
  const link: PeerConfig = { ...peer, key: 'left', address: 'fe80::1%eth0', password: 'one' };
  const peers = [link, { ...link, key: 'right', address: 'fe80::1%eth1', password: 'other' }];
  scene.speaker.configure(peers);
  assert.deepEqual(told(), [], 'nobody listens');
  scene.speaker.configure(peers, listen);
  scene.speaker.configure(peers, listen);
  assert.deepEqual(told(), [['left', 'right']]);
  scene.speaker.configure(
    peers.map((config) => ({ ...config, password: 'one' })),
    listen,
  );
  assert.deepEqual(told(), [['left', 'right']]);
});
