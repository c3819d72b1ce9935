/**
 * BFD beside BGP against a real FRR router (bgpd and bfdd) in network namespaces, without a cluster. What is asserted is what the router says of its
 * sessions and what its kernel routes. Hold times are 90 s: whatever is noticed here is noticed by BFD. Needs root, FRR, iproute2 and iptables.
 */
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import type { PeerConfig, Route, SessionStatus } from '../../backend/src/speakers/bgp/speaker.ts';
import { until } from '../state/until.ts';
import { FrrRouter, linkLocal, speakerAddress, type BfdPeerOfFrr } from './bgp-frr/frr-router.ts';
import { SpeakerHandle } from './bgp-frr/speaker-handle.ts';
import { peers } from './bgp-routers/peers.ts';

/** Of seconds of silence the sessions die, not of those moments in which a busy machine has no time for one of the two. */
const bfd = { transmitIntervalMs: 200, receiveIntervalMs: 300, detectMultiplier: 14, multihop: false, minTtl: 1 };
const restartTimeSeconds = 30;
const { v4, v6 } = peers({ holdTimeSeconds: 90, gracefulRestart: { restartTimeSeconds }, bfd });
/** A route that is withdrawn is gone before one that is only retained would be. */
const withdrawnMs = (restartTimeSeconds - 5) * 1_000;
const four: Route = { prefix: '10.77.0.1/32', paths: [{ id: 1, nextHop: '10.211.0.11' }] };
const six: Route = { prefix: 'fd00:77::1/128', paths: [{ id: 1, nextHop: 'fd00:211::11' }] };
/** Addresses of the two ends that are on no link between them. */
const far = { router: '10.212.0.1', speaker: '10.212.0.2' };

let router: FrrRouter;
let speaker: SpeakerHandle;

before(async () => {
  router = await FrrRouter.start(`plbbfd${process.pid}`);
  await router.startBfd();
  await profile('detect-multiplier 10', 'receive-interval 250', 'transmit-interval 350');
  await router.configure('neighbor P bfd', 'neighbor P bfd profile lab');
});
after(() => router.remove());
beforeEach(() => {
  speaker = new SpeakerHandle(router.speakerNamespace);
});
afterEach(() => speaker.kill());

/** Changes what the router wants of its sessions, those that are up too. */
async function profile(...lines: readonly string[]): Promise<void> {
  await router.configureBfd('profile lab', ...lines);
}

async function start(...peers: readonly PeerConfig[]): Promise<void> {
  await speaker.configure(peers);
  for (const { key } of peers) await speaker.setRoutes(key, [key === 'v6' ? six : four]);
  for (const { key } of peers) await speaker.established(key);
}

/** A session as it is once it is as a test wants it. */
async function ours(key: string, what: string, wanted: (status: SessionStatus) => boolean): Promise<SessionStatus> {
  const look = async (): Promise<SessionStatus | false> => {
    const status = speaker.session(key);
    return status !== undefined && wanted(status) && status;
  };
  return until(look, {
    what: `${key}: ${what}`,
    explain: () => `${JSON.stringify(speaker.session(key))}\n${speaker.log}`,
  });
}

/** The same as the router has it. */
async function theirs(peer: string, what: string, wanted: (session: BfdPeerOfFrr) => boolean): Promise<BfdPeerOfFrr> {
  const look = async (): Promise<BfdPeerOfFrr | false> => {
    const session = (await router.bfdPeers()).get(peer);
    return session !== undefined && wanted(session) && session;
  };
  const explain = async (): Promise<string> =>
    `${JSON.stringify([...(await router.bfdPeers()).values()])}\n${speaker.log}`;
  return until(look, { what: `the router's BFD with ${peer}: ${what}`, explain });
}

async function bothUp(key: string, peer: string): Promise<BfdPeerOfFrr> {
  await ours(key, 'BFD to be up', ({ bfd: session }) => session?.state === 'Up');
  return theirs(peer, 'to be up', ({ status }) => status === 'up');
}

async function routed(route: Route, isThere: boolean): Promise<void> {
  const destination = route.prefix.replace(/\/\d+$/, '');
  const family = destination.includes(':') ? 6 : 4;
  await until(async () => (await router.routes(family)).has(destination) === isThere, {
    what: `${destination} ${isThere ? 'to be' : 'to be no longer'} in the router's kernel`,
    ...(isThere ? {} : { timeoutMs: withdrawnMs }),
    explain: () => speaker.log,
  });
}

const establishedTimes = (key: string): number | undefined => speaker.session(key)?.counters.established;

test('over IPv4 and IPv6 sessions come up with the intervals that both sides want; other ones are agreed on without a new session of BGP', async () => {
  await start(v4, v6);
  for (const [key, peer] of [
    ['v4', speakerAddress.ipv4],
    ['v6', speakerAddress.ipv6],
  ] as const) {
    await bothUp(key, peer);
    const session = await theirs(peer, 'to have our intervals', (it) => it['remote-transmit-interval'] === 200);
    assert.equal(session.multihop, false);
    assert.deepEqual(
      [session['remote-detect-multiplier'], session['remote-receive-interval'], session['remote-transmit-interval']],
      [14, 300, 200],
    );
    // Ours by its receive interval, which is longer; its silence by its transmit interval, for the same reason.
    const agreed = ({ bfd: it }: SessionStatus): boolean =>
      it?.transmitIntervalMs === 250 && it.detectionTimeMs === 10 * 350;
    await ours(key, 'to have the agreed intervals', agreed);
  }

  const other = { ...bfd, transmitIntervalMs: 400, receiveIntervalMs: 500, detectMultiplier: 9 };
  await speaker.configure([{ ...v4, bfd: other }, v6]);
  const told = await theirs(
    speakerAddress.ipv4,
    'to have our new intervals',
    (it) => it['remote-transmit-interval'] === 400,
  );
  assert.deepEqual([told['remote-detect-multiplier'], told['remote-receive-interval'], told.status], [9, 500, 'up']);
  await ours('v4', 'the new ones', ({ bfd: it }) => it?.transmitIntervalMs === 400 && it.detectionTimeMs === 10 * 500);

  await profile('detect-multiplier 12', 'transmit-interval 600');
  await ours('v4', "the router's new ones", ({ bfd: it }) => it?.detectionTimeMs === 12 * 600);
  await profile('detect-multiplier 10', 'transmit-interval 350');
  await ours('v4', "the router's old ones", ({ bfd: it }) => it?.detectionTimeMs === 10 * 500);
  assert.deepEqual([establishedTimes('v4'), establishedTimes('v6')], [1, 1]);
  assert.deepEqual([speaker.session('v4')?.bfd?.counters.up, speaker.session('v4')?.bfd?.counters.failed], [1, 0]);

  await speaker.stop('withdraw');
});

test('a way that is cut in the middle is noticed by both sides long before the hold time, and used again when it is back', async () => {
  await start(v4, v6);
  await bothUp('v4', speakerAddress.ipv4);
  await bothUp('v6', speakerAddress.ipv6);
  await router.blackhole();
  for (const key of ['v4', 'v6']) {
    const lost = await ours(key, 'to be given up', ({ bfd: session }) => session?.state === 'Down');
    assert.notEqual(lost.state, 'Established');
    assert.equal(lost.lastError, 'we sent: Cease / BFD Down (Control Detection Time Expired)');
  }
  // The peers are by a range: without a session there is none.
  await until(async () => !JSON.stringify(await router.neighbors()).includes('"bgpState":"Established"'), {
    what: 'the router to have given its sessions up',
  });
  await router.heal();
  await bothUp('v4', speakerAddress.ipv4);
  await bothUp('v6', speakerAddress.ipv6);
  await routed(four, true);
  await routed(six, true);
  await speaker.stop('withdraw');
});

test('a speaker that leaves and wants its routes to stay is not taken for dead', async () => {
  await start(v4);
  await bothUp('v4', speakerAddress.ipv4);
  await speaker.stop('retain');
  await until(async () => !JSON.stringify(await router.neighbors()).includes('"bgpState":"Established"'), {
    what: 'the router to have noticed that the session is gone',
  });
  await routed(four, true);
  speaker = new SpeakerHandle(router.speakerNamespace);
  await start(v4);
  await bothUp('v4', speakerAddress.ipv4);
  await routed(four, true);
  await speaker.stop('withdraw');
  await routed(four, false);
});

test('a speaker that was killed: the routes stay for its successor, as without BFD', async () => {
  await start(v4);
  await bothUp('v4', speakerAddress.ipv4);
  await speaker.kill();
  await until(async () => (await router.bfdPeers()).get(speakerAddress.ipv4)?.status !== 'up', {
    what: 'the router to have given the speaker up',
  });
  await routed(four, true);
  speaker = new SpeakerHandle(router.speakerNamespace);
  await start(v4);
  await bothUp('v4', speakerAddress.ipv4);
  await routed(four, true);
  await speaker.stop('withdraw');
});

test('BFD that the router shuts down says nothing of the way to it; BGP comes up where the router has no BFD', async () => {
  await start(v4);
  await bothUp('v4', speakerAddress.ipv4);
  await profile('shutdown');
  const closed = await ours('v4', 'BFD to be down', ({ bfd: session }) => session?.state === 'Down');
  assert.equal(closed.bfd?.counters.failed, 0);
  assert.doesNotMatch(closed.lastError ?? '', /BFD Down/);
  await profile('no shutdown');
  await bothUp('v4', speakerAddress.ipv4);
  await speaker.stop('withdraw');
  await routed(four, false);

  await router.configure('no neighbor P bfd');
  speaker = new SpeakerHandle(router.speakerNamespace);
  await start(v4);
  await routed(four, true);
  assert.equal(speaker.session('v4')?.bfd?.state, 'Down');
  await speaker.stop('withdraw');
  await router.configure('neighbor P bfd', 'neighbor P bfd profile lab');
});

test('over several hops', async () => {
  await router.addFarAddresses(far);
  await router.configure(
    `neighbor ${far.speaker} remote-as 65000`,
    `neighbor ${far.speaker} passive`,
    `neighbor ${far.speaker} ebgp-multihop 3`,
    `neighbor ${far.speaker} update-source ${far.router}`,
    `neighbor ${far.speaker} bfd`,
  );
  const peer: PeerConfig = {
    ...{ ...v4, address: far.router, localAddress: far.speaker, ttl: 3 },
    bfd: { ...bfd, multihop: true, minTtl: 253 },
  };
  await start(peer);
  const session = await bothUp('v4', far.speaker);
  assert.equal(session.multihop, true);
  await routed(four, true);
  await router.blackhole();
  const lost = await ours('v4', 'to be given up', ({ bfd: it }) => it?.state === 'Down');
  assert.match(lost.lastError ?? '', /BFD Down/);
  const isUp = async (): Promise<boolean> => (await router.neighbors())[far.speaker]?.bgpState === 'Established';
  await until(async () => !(await isUp()), { what: 'the router to have given the session up' });
  await router.heal();
  await bothUp('v4', far.speaker);
  await speaker.stop('withdraw');
});

test('over link-local addresses', async () => {
  const peer = linkLocal.speaker;
  await router.configure(
    `neighbor ${peer} remote-as 65000`,
    `neighbor ${peer} interface eth0`,
    `neighbor ${peer} passive`,
    `neighbor ${peer} capability extended-nexthop`,
    `neighbor ${peer} bfd`,
  );
  const families = [...v4.families, ...v6.families];
  await start({ ...v6, families, address: `${linkLocal.router}%eth0` });
  await bothUp('v6', peer);
  await speaker.stop('withdraw');
});
