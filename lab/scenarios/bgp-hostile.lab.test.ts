/**
 * A peer that sends malformed UPDATEs over a real connection to a speaker that listens, with an FRR router beside it: the session stays or ends as RFC 4271 and
 * RFC 7606 have it, and the other router's routes, in its table and its kernel, stay in any case. Without a cluster. Needs root, FRR and iproute2.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { MessageType } from '../../backend/src/speakers/bgp/wire/frame.ts';
import { hex } from '../../backend/src/speakers/bgp/wire/testing/hex.ts';
import { SpeakerHandle } from './bgp-frr/speaker-handle.ts';
import { FrrProgram } from './bgp-routers/frr-program.ts';
import { Interop } from './bgp-routers/interop.ts';
import { RawPeer } from './bgp-routers/raw-peer.ts';
import { ip, speakerAddress } from './bgp-routers/router-network.ts';
import { peers } from './bgp-routers/peers.ts';
import { until } from '../state/until.ts';

const { v4, v6 } = peers({});
const address = '10.211.0.9';
const as = 65_009;
const hostile = { ...v4, key: 'hostile', address, peerAs: as, passive: true, holdTimeSeconds: 90 } as const;
const announced = { 1: [11, 12], 2: [13] };

const origin = '40 01 01 00';
const asPath = '40 02 06 02 01 0000fdf1';
const nextHop = `40 03 04 0ad30009`;
const route = '18 0a4f00';
const good = `${origin} ${asPath} ${nextHop}`;

/** The body of an UPDATE from its attributes and its NLRI. */
function update(attributes: string, nlri = route): Uint8Array {
  const length = hex(`00 ${attributes}`).length - 1;
  return hex(`0000 ${length.toString(16).padStart(4, '0')} ${attributes} ${nlri}`);
}

/** What leaves the session as it is: treat-as-withdraw or attribute discard (RFC 7606), or nothing to complain of. */
const tolerated: readonly (readonly [what: string, body: Uint8Array, malformed: boolean])[] = [
  ['ORIGIN of a value that there is not', update(`40 01 01 07 ${asPath} ${nextHop}`), true],
  ['ORIGIN with a wrong flag', update(`c0 01 01 00 ${asPath} ${nextHop}`), true],
  ['no NEXT_HOP', update(`${origin} ${asPath}`), true],
  ['an AS_PATH whose segment overruns it', update(`${origin} 40 02 06 02 09 0000fdf1 ${nextHop}`), true],
  ['communities of five octets', update(`${good} c0 08 05 0000000000`), true],
  ['ORIGIN twice', update(`${good} ${origin}`), true],
  ['an attribute that overruns the list', update(`${good} c0 08 40 0000`), true],
  ['an optional attribute that nobody knows', update(`${good} c0 63 02 0102`), false],
];

/** What ends it, and how the peer is told. */
const fatal: readonly (readonly [what: string, type: number, body: Uint8Array, told: RegExp])[] = [
  [
    'a well-known attribute that nobody knows',
    MessageType.update,
    update(`${good} 40 63 00`),
    /^UPDATE Message Error \/ Unrecognized Well-known Attribute/,
  ],
  ['an IPv4 prefix of 33 bits', MessageType.update, update(good, '21 0a4f000000'), /Invalid Network Field/],
  ['attributes longer than the message', MessageType.update, hex('0000 0040 40'), /Malformed Attribute List/],
  [
    'an IPv6 next hop of five octets',
    MessageType.update,
    update('80 0e 0a 0002 01 05 0000000000 00', ''),
    /Optional Attribute Error/,
  ],
  ['a message of an unknown type', 99, new Uint8Array(), /Message Header Error \/ Bad Message Type/],
  ['a KEEPALIVE with a body', MessageType.keepalive, hex('00'), /Message Header Error \/ Bad Message Length/],
];

const lab = new Interop(() => FrrProgram.start(`plbho${process.pid}`));
let speaker: SpeakerHandle;
let peer: RawPeer | undefined;

after(async () => {
  await peer?.end();
  await speaker.kill();
});

/** The peer, beside a router that has its routes; made by the first test, since the lab's own hook has made the router then. */
async function beside(): Promise<RawPeer> {
  if (peer !== undefined) return peer;
  await ip('-n', lab.router.namespace, 'addr', 'add', `${address}/24`, 'dev', 'eth0');
  speaker = new SpeakerHandle(lab.router.speakerNamespace);
  await speaker.configure([v4, v6, hostile], 179);
  await lab.announce(speaker, announced);
  await speaker.setRoutes('hostile', [{ prefix: '10.77.0.1/32', paths: [{ id: 1, nextHop: '10.211.0.11' }] }]);
  await lab.routed(announced);
  peer = new RawPeer(lab.router.namespace);
  return peer;
}

async function undisturbed(): Promise<void> {
  await lab.routed(announced);
  for (const key of ['v4', 'v6']) {
    const { state, counters } = (await speaker.now(key)) ?? {};
    assert.deepEqual([state, counters?.established, counters?.lost], ['Established', 1, 0], key);
  }
}

async function connect(to: RawPeer): Promise<void> {
  await to.connect(address, speakerAddress.ipv4, as);
  await speaker.established('hostile');
}

test('malformed UPDATEs that RFC 7606 tolerates are counted, the session answers as before, and no other notices', async () => {
  const from = await beside();
  await connect(from);
  for (const [what, body, malformed] of tolerated) {
    const before = await speaker.now('hostile');
    from.send(MessageType.update, body);
    const seen = async (): Promise<boolean> => {
      const now = await speaker.now('hostile');
      return (now?.counters.updatesReceived ?? 0) > (before?.counters.updatesReceived ?? 0);
    };
    await until(seen, { what: `the speaker to have read ${what}` });
    const more =
      ((await speaker.now('hostile'))?.counters.malformedUpdates ?? 0) - (before?.counters.malformedUpdates ?? 0);
    assert.equal(more, malformed ? 1 : 0, what);
    // ROUTE-REFRESH (RFC 2918): an answer to it is the session's.
    from.send(MessageType.routeRefresh, hex('0001 00 01'));
    await from.event('update');
  }
  assert.equal((await speaker.now('hostile'))?.counters.lost, 0);
  await undisturbed();
});

for (const [what, type, body, told] of fatal) {
  test(`${what} ends the session by a NOTIFICATION, a new one is taken, and no other notices`, async () => {
    const from = await beside();
    if (speaker.session('hostile')?.state !== 'Established') await connect(from);
    from.send(type, body);
    const { text } = await from.event('notification');
    assert.match(text ?? '', told);
    await from.event('closed');
    const ended = async (): Promise<boolean> => (await speaker.now('hostile'))?.state !== 'Established';
    await until(ended, { what: 'the speaker to have ended the session' });
    assert.match(speaker.session('hostile')?.lastError ?? '', /^we sent: /);
    await undisturbed();
    await connect(from);
  });
}
