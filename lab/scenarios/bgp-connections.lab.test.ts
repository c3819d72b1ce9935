/**
 * How the BGP speaker and a real FRR router find each other: passwords, TTL security, who connects, link-local addresses. Without a cluster; what is
 * asserted is what the router's kernel routes and what the speaker says of its sessions. Needs root, FRR and iproute2.
 */
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import type { PeerConfig, Route } from '../../backend/src/speakers/bgp/speaker.ts';
import { until } from '../state/until.ts';
import { FrrRouter, linkLocal, speakerAddress } from './bgp-frr/frr-router.ts';
import { SpeakerHandle } from './bgp-frr/speaker-handle.ts';
import { peers } from './bgp-routers/peers.ts';

const { v4, v6 } = peers({});
const four: Route = { prefix: '10.77.0.1/32', paths: [{ id: 1, nextHop: '10.211.0.11' }] };
const six: Route = { prefix: 'fd00:77::1/128', paths: [{ id: 1, nextHop: 'fd00:211::11' }] };
const us = speakerAddress.ipv4;

let router: FrrRouter;
let speaker: SpeakerHandle;

before(async () => {
  router = await FrrRouter.start(`plbcon${process.pid}`);
  await router.configure(`neighbor ${us} remote-as 65000`, `neighbor ${us} passive`, `neighbor ${us} timers connect 1`);
});
after(() => router.remove());
afterEach(() => speaker.kill());

async function start(peers: readonly PeerConfig[], listenPort?: number): Promise<void> {
  speaker = new SpeakerHandle(router.speakerNamespace);
  await speaker.configure(peers, listenPort);
  for (const { key } of peers) await speaker.setRoutes(key, [key === 'v6' ? six : four]);
}

/** Waits until the router's kernel has the route of a session. */
async function routed({ prefix, paths }: Route, hop = paths[0]?.nextHop): Promise<void> {
  const destination = prefix.replace(/\/\d+$/, '');
  const family = destination.includes(':') ? 6 : 4;
  await until(async () => (await router.routes(family)).get(destination)?.join() === hop, {
    what: `the router's kernel to have ${prefix} by ${hop}`,
    explain: () => `${JSON.stringify(speaker.session('v4'))}\n${speaker.log}`,
  });
}

test('a wrong TCP-MD5 password is told as such, the right one works, another one is taken over; the other session notices nothing', async () => {
  const [wrong, right, next] = ['wrong-horse', 'right-horse', 'next-horse'];
  await router.configure(`neighbor ${us} password ${right}`);
  await start([{ ...v4, password: wrong }, v6]);
  await routed(six);
  const failed = await speaker.change(
    'the attempt to fail',
    ({ key, lastError }) => key === 'v4' && lastError !== undefined,
  );
  assert.match(failed.lastError ?? '', /^can't connect: no answer from .*: wrong or missing TCP-MD5 password\?$/);
  await speaker.configure([{ ...v4, password: right }, v6]);
  await speaker.established('v4');
  await routed(four);

  // Both ends are told one after the other.
  await speaker.configure([{ ...v4, password: next }, v6]);
  await router.configure(`neighbor ${us} password ${next}`);
  await router.vtysh('clear bgp 10.211.0.2');
  await until(async () => (speaker.session('v4')?.counters.established ?? 0) >= 2, {
    what: 'a new session under the new password',
    explain: () => JSON.stringify(speaker.changes),
  });
  await routed(four);
  assert.equal(speaker.session('v6')?.counters.established, 1);
  assert.doesNotMatch(JSON.stringify(speaker.changes) + speaker.log, /horse/);
  await router.configure(`no neighbor ${us} password`);
});

test('TTL security: both have it, the session is up, whoever connects', async () => {
  await router.configure(`neighbor ${us} ttl-security hops 1`);
  await start([{ ...v4, ttlSecurityHops: 1 }]);
  await speaker.established('v4');
  await routed(four);
  await speaker.stop('withdraw');
  await until(async () => (await router.routes(4)).size === 0, { what: 'no route to be left' });

  // The router's kernel drops our answer to its SYN too, unless that comes with a TTL of 255.
  await router.configure(`no neighbor ${us} passive`);
  await start([{ ...v4, ttlSecurityHops: 1, passive: true }], 179);
  await speaker.established('v4');
  await routed(four);
  await router.configure(`no neighbor ${us} ttl-security hops 1`, `neighbor ${us} passive`);
});

test('a router that connects to us, with a password, has its routes', async () => {
  const password = 'right-horse';
  await router.configure(`neighbor ${us} password ${password}`, `no neighbor ${us} passive`);
  await start([{ ...v4, password, passive: true }], 179);
  await speaker.established('v4');
  await routed(four);
  await router.configure(`no neighbor ${us} password`);
});

test('both connect at once, again and again: one connection is left and the routes are there', async () => {
  await router.configure(`no neighbor ${us} passive`);
  for (let round = 0; round < 3; round++) {
    await start([v4], 179);
    await routed(four);
    await until(async () => (await router.connections()) === 1, { what: 'one connection to be left' });
    assert.equal(speaker.session('v4')?.state, 'Established');
    await speaker.stop('withdraw');
    await until(async () => (await router.routes(4)).size === 0, { what: 'no route to be left' });
  }
  await router.configure(`neighbor ${us} passive`);
});

test('over link-local addresses, IPv4 routes have IPv6 next hops (RFC 8950)', async () => {
  const peer = linkLocal.speaker;
  await router.configure(
    `neighbor ${peer} remote-as 65000`,
    `neighbor ${peer} interface eth0`,
    `neighbor ${peer} passive`,
    `neighbor ${peer} capability extended-nexthop`,
  );
  const address = `${linkLocal.router}%eth0`;
  const families = ['ipv4-unicast', 'ipv6-unicast'] as const;
  const link: PeerConfig = { ...v4, address, families: families.map((family) => ({ family, addPathSendMax: 8 })) };
  speaker = new SpeakerHandle(router.speakerNamespace);
  await speaker.configure([link]);
  const over6: Route = { ...four, paths: [{ id: 1, nextHop: 'fd00:211::12' }] };
  await speaker.setRoutes('v4', [over6]);
  const { negotiated } = await speaker.established('v4');
  assert.equal(negotiated?.extendedNextHop, true);
  await routed(over6);
});
