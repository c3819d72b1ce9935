/**
 * A peer that sends malformed UPDATEs over a real connection to a speaker that listens, with an FRR router beside it: the session stays or ends as RFC 4271 and
 * RFC 7606 have it, and the other router's routes, in its table and its kernel, stay in any case. Without a cluster. Needs root, FRR and iproute2.
 */
import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import type { PeerConfig, Route, SessionCounters } from '../../backend/src/speakers/bgp/speaker.ts';
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
const as = 65_009;
const more = { peerAs: as, passive: true, holdTimeSeconds: 90 } as const;
const announced = { 1: [11, 12], 2: [13] };

const origin = '40 01 01 00';
const asPath = '40 02 06 02 01 0000fdf1';
const nextHop = `40 03 04 0ad30009`;
const route = '18 0a4f00';
const good = `${origin} ${asPath} ${nextHop}`;
/** A next hop and one route in MP_REACH_NLRI. */
const reach = `80 0e 1e 0002 01 10 fd000211000000000000000000000009 00 40 fd00007900000000`;
const good6 = `${reach} ${origin} ${asPath}`;

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

const update6 = (attributes: string): Uint8Array => update(attributes, '');

const tolerated6: typeof tolerated = [
  ['ORIGIN of a value that there is not', update6(`${reach} 40 01 01 07 ${asPath}`), true],
  ['MP_REACH_NLRI with a wrong flag', update6(`c0${reach.slice(2)} ${origin} ${asPath}`), true],
  ['no AS_PATH', update6(`${reach} ${origin}`), true],
  ['extended communities of five octets', update6(`${good6} c0 10 05 0000000000`), true],
  ['an attribute that overruns the list', update6(`${good6} c0 08 40 0000`), true],
  ['an optional attribute that nobody knows', update6(`${good6} c0 63 02 0102`), false],
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

const fatal6: typeof fatal = [
  [
    'a well-known attribute that nobody knows',
    MessageType.update,
    update6(`${good6} 40 63 00`),
    /^UPDATE Message Error \/ Unrecognized Well-known Attribute/,
  ],
  [
    'an IPv6 prefix of 129 bits',
    MessageType.update,
    update6(`80 0f 15 0002 01 81 ${'00'.repeat(17)}`),
    /Optional Attribute Error/,
  ],
  [
    'MP_UNREACH_NLRI twice',
    MessageType.update,
    update6('80 0f 03 0002 01 80 0f 03 0002 01'),
    /Malformed Attribute List/,
  ],
];

/** A hostile peer and its session with us. */
interface Side {
  readonly config: PeerConfig;
  readonly to: string;
  readonly route: Route;
  /** ROUTE-REFRESH (RFC 2918) of its family. */
  readonly refresh: Uint8Array;
  readonly tolerated: typeof tolerated;
  readonly fatal: typeof fatal;
}

const sides: readonly Side[] = [
  {
    config: { ...v4, ...more, key: 'hostile4', address: '10.211.0.9' },
    to: speakerAddress.ipv4,
    route: { prefix: '10.77.0.1/32', paths: [{ id: 1, nextHop: '10.211.0.11' }] },
    refresh: hex('0001 00 01'),
    ...{ tolerated, fatal },
  },
  {
    config: { ...v6, ...more, key: 'hostile6', address: 'fd00:211::9' },
    to: speakerAddress.ipv6,
    route: { prefix: 'fd00:77::1/128', paths: [{ id: 1, nextHop: 'fd00:211::11' }] },
    refresh: hex('0002 00 01'),
    ...{ tolerated: tolerated6, fatal: fatal6 },
  },
];

const lab = new Interop(() => FrrProgram.start(`plbho${process.pid}`));
let speaker: SpeakerHandle | undefined;
const raw = new Map<Side, RawPeer>();

after(async () => {
  for (const peer of raw.values()) await peer.end();
  await speaker?.kill();
});

/** A speaker beside a router that has its routes; made by the first test, since the lab's own hook has made the router then. */
async function beside(): Promise<SpeakerHandle> {
  if (speaker !== undefined) return speaker;
  speaker = new SpeakerHandle(lab.router.speakerNamespace);
  await speaker.configure([v4, v6, ...sides.map(({ config }) => config)], 179);
  await lab.announce(speaker, announced);
  for (const { config, route: told } of sides) {
    const length = config.address.includes(':') ? 64 : 24;
    await ip('-n', lab.router.namespace, 'addr', 'add', `${config.address}/${length}`, 'dev', 'eth0', 'nodad');
    await speaker.setRoutes(config.key, [told]);
  }
  await lab.routed(announced);
  return speaker;
}

/** The peer, with its session up. */
async function connected(side: Side): Promise<RawPeer> {
  const here = await beside();
  const peer = raw.get(side) ?? new RawPeer(lab.router.namespace);
  raw.set(side, peer);
  const { key, address } = side.config;
  if (here.session(key)?.state !== 'Established') {
    await peer.connect(address, side.to, as);
    await here.established(key);
  }
  return peer;
}

async function undisturbed(): Promise<void> {
  await lab.routed(announced);
  for (const key of ['v4', 'v6']) {
    const { state, counters } = (await speaker?.now(key)) ?? {};
    assert.deepEqual([state, counters?.established, counters?.lost], ['Established', 1, 0], key);
  }
}

for (const side of sides) {
  const { key } = side.config;
  suite(`a hostile peer over ${key === 'hostile4' ? 'IPv4' : 'IPv6'}`, () => {
    test('malformed UPDATEs that RFC 7606 tolerates are counted, the session answers as before, and no other notices', async () => {
      const peer = await connected(side);
      const counters = async (): Promise<SessionCounters | undefined> => (await speaker?.now(key))?.counters;
      for (const [what, body, malformed] of side.tolerated) {
        const { updatesReceived = 0, malformedUpdates = 0 } = (await counters()) ?? {};
        peer.send(MessageType.update, body);
        const seen = async (): Promise<boolean> => ((await counters())?.updatesReceived ?? 0) > updatesReceived;
        await until(seen, { what: `the speaker to have read ${what}` });
        assert.equal(((await counters())?.malformedUpdates ?? 0) - malformedUpdates, malformed ? 1 : 0, what);
        // An answer to it is the session's.
        peer.send(MessageType.routeRefresh, side.refresh);
        await peer.event('update');
      }
      assert.equal((await counters())?.lost, 0);
      await undisturbed();
    });

    for (const [what, type, body, told] of side.fatal) {
      test(`${what} ends the session by a NOTIFICATION, a new one is taken, and no other notices`, async () => {
        const peer = await connected(side);
        peer.send(type, body);
        const { text } = await peer.event('notification');
        assert.match(text ?? '', told);
        await peer.event('closed');
        const ended = async (): Promise<boolean> => (await speaker?.now(key))?.state !== 'Established';
        await until(ended, { what: 'the speaker to have ended the session' });
        assert.match(speaker?.session(key)?.lastError ?? '', /^we sent: /);
        await undisturbed();
        await connected(side);
      });
    }
  });
}
