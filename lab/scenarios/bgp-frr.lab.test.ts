/**
 * The BGP speaker against a real FRR router in network namespaces, without a cluster. What is asserted is what the router's
 * kernel routes. Needs root, FRR and iproute2.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Route } from '../../backend/src/speakers/bgp/speaker.ts';
import { until } from '../state/until.ts';
import { FrrRouter } from './bgp-frr/frr-router.ts';
import { SpeakerHandle } from './bgp-frr/speaker-handle.ts';
import { peers } from './bgp-routers/peers.ts';

const restartTimeSeconds = 30;
const { v4, v6 } = peers({ connectRetrySeconds: 2, gracefulRestart: { restartTimeSeconds } });
/** A route that is withdrawn is gone before one that is only retained would be. */
const withdrawnMs = (restartTimeSeconds - 5) * 1_000;

function route(prefix: string, ...hosts: readonly number[]): Route {
  const base = prefix.includes(':') ? 'fd00:211::' : '10.211.0.';
  return { prefix, med: 100, paths: hosts.map((host) => ({ id: host, nextHop: `${base}${host}` })) };
}
const four = '10.77.0.1';
const six = 'fd00:77::1';
const fourHops = (...hosts: readonly number[]): string[] => hosts.map((host) => `10.211.0.${host}`);
const sixHops = (...hosts: readonly number[]): string[] => hosts.map((host) => `fd00:211::${host}`);

let router: FrrRouter;
const speakers: SpeakerHandle[] = [];

before(async () => {
  router = await FrrRouter.start(`plbbgp${process.pid}`);
});
after(async () => {
  for (const speaker of speakers) await speaker.kill();
  await router.remove();
});

function start(): SpeakerHandle {
  const speaker = new SpeakerHandle(router.speakerNamespace);
  speakers.push(speaker);
  return speaker;
}

async function startWithRoutes(...hosts: readonly number[]): Promise<SpeakerHandle> {
  const speaker = start();
  await speaker.configure([v4, v6]);
  await announce(speaker, ...hosts);
  await speaker.established('v4');
  await speaker.established('v6');
  await kernelHas(four, fourHops(...hosts));
  await kernelHas(six, sixHops(...hosts));
  return speaker;
}

async function announce(speaker: SpeakerHandle, ...hosts: readonly number[]): Promise<void> {
  await speaker.setRoutes('v4', [route(`${four}/32`, ...hosts)]);
  await speaker.setRoutes('v6', [route(`${six}/128`, ...hosts)]);
}

async function nextHops(destination: string): Promise<string[] | undefined> {
  return (await router.routes(destination.includes(':') ? 6 : 4)).get(destination);
}

/** Waits until the router's kernel has exactly these next hops; undefined: no route at all. */
async function kernelHas(destination: string, hops: readonly string[] | undefined): Promise<void> {
  const wanted = JSON.stringify(hops);
  await until(async () => JSON.stringify(await nextHops(destination)) === wanted, {
    what: `the router's kernel to have ${destination} via ${wanted}`,
    ...(hops === undefined ? { timeoutMs: withdrawnMs } : {}),
    explain: async () => `it has ${JSON.stringify(await nextHops(destination))}`,
  });
}

test('three next hops by ADD-PATH over an IPv4 and an IPv6 session, shrunk to two, never none, then handed over', async () => {
  const speaker = await startWithRoutes(11, 12, 13);
  const status = speaker.session('v6');
  assert.deepEqual(status?.negotiated?.families, [{ family: 'ipv6-unicast', addPath: true }]);

  let watching = true;
  const seen = new Set<string>();
  const watch = (async (): Promise<void> => {
    while (watching) seen.add(String(await nextHops(four)));
  })();
  try {
    await announce(speaker, 12, 13);
    await kernelHas(four, fourHops(12, 13));
    await kernelHas(six, sixHops(12, 13));
    await announce(speaker, 14);
    await kernelHas(four, fourHops(14));
    await kernelHas(six, sixHops(14));
  } finally {
    watching = false;
    await watch;
  }
  assert.ok(!seen.has('undefined'), `the route was gone for a moment: ${[...seen].join(' | ')}`);

  await speaker.stop('handover');
  await kernelHas(four, undefined);
  await kernelHas(six, undefined);
});

test('a router that resets us says so, and has its routes again at once', async () => {
  const speaker = await startWithRoutes(11);
  assert.equal(speaker.session('v4')?.negotiated?.notificationGracefulRestart, true);
  await router.vtysh('clear bgp *');
  const reset = await speaker.change('a NOTIFICATION', ({ lastError }) => lastError?.startsWith('peer sent:') === true);
  assert.match(reset.lastError ?? '', /^peer sent: Cease \/ .*Administrative Reset/);
  await speaker.established('v4');
  await speaker.established('v6');
  await kernelHas(four, fourHops(11));
  await kernelHas(six, sixHops(11));
  await speaker.stop('handover');
  await kernelHas(four, undefined);
});

test('retain: the routes stay while nobody is there; the next speaker replaces them, stale ones go with End-of-RIB', async () => {
  const first = await startWithRoutes(11, 12, 13);
  await first.stop('retain');
  await until(async () => !(await router.vtysh('show bgp neighbors json')).includes('"bgpState":"Established"'), {
    what: 'the router to notice that the sessions are gone',
  });
  assert.deepEqual(await nextHops(four), fourHops(11, 12, 13));
  assert.deepEqual(await nextHops(six), sixHops(11, 12, 13));

  const second = await startWithRoutes(12, 13);
  await second.stop('withdraw');
  await kernelHas(four, undefined);
  await kernelHas(six, undefined);
});

test('killed without a word: the routes stay as well', async () => {
  const first = await startWithRoutes(11, 12);
  await first.kill();
  await until(async () => !(await router.vtysh('show bgp neighbors json')).includes('"bgpState":"Established"'), {
    what: 'the router to notice that the sessions are gone',
  });
  assert.deepEqual(await nextHops(four), fourHops(11, 12));
  const second = await startWithRoutes(11, 12);
  await second.stop('withdraw');
  await kernelHas(four, undefined);
});

test('1,500 routes of each family come at once and are withdrawn at once', async () => {
  const speaker = start();
  await speaker.configure([v4, v6]);
  const count = 1_500;
  const fours = Array.from({ length: count }, (_, i) => route(`10.78.${i >> 8}.${i & 255}/32`, 11, 12, 13));
  const sixes = Array.from({ length: count }, (_, i) => route(`fd00:78::${(i + 1).toString(16)}/128`, 11, 12, 13));
  await speaker.setRoutes('v4', fours);
  await speaker.setRoutes('v6', sixes);
  const routesInKernel = async (): Promise<number> => (await router.routes(4)).size + (await router.routes(6)).size;
  // Each next hop comes in an UPDATE of its own: a route may be there before it has all of them.
  const wantedHops = [String(fourHops(11, 12, 13)), String(sixHops(11, 12, 13))];
  const hopsInKernel = async (): Promise<string[]> => {
    const routes = [...(await router.routes(4)).values(), ...(await router.routes(6)).values()];
    return [...new Set(routes.map(String))].sort();
  };
  const allThere = async (): Promise<boolean> =>
    (await routesInKernel()) === 2 * count && (await hopsInKernel()).join(' | ') === wantedHops.join(' | ');
  await until(allThere, {
    what: 'all routes to be in the kernel',
    timeoutMs: 60_000,
    explain: async () => `there are ${await routesInKernel()}, by ${(await hopsInKernel()).join(' | ')}`,
  });
  await speaker.setRoutes('v4', []);
  await speaker.setRoutes('v6', []);
  await until(async () => (await routesInKernel()) === 0, {
    what: 'no route to be in the kernel',
    timeoutMs: 60_000,
  });
  assert.equal(speaker.session('v4')?.state, 'Established');
  assert.equal(speaker.session('v6')?.state, 'Established');
  await speaker.stop('handover');
});

test('a peer that is removed from the configuration takes its routes along, the other keeps them', async () => {
  const speaker = await startWithRoutes(11, 12);
  await speaker.configure([v6]);
  await kernelHas(four, undefined);
  assert.deepEqual(await nextHops(six), sixHops(11, 12));
  await speaker.stop('withdraw');
  await kernelHas(six, undefined);
});

test('the router asks for a refresh and gets it', async () => {
  const speaker = await startWithRoutes(11, 12);
  await router.vtysh('clear bgp * soft in');
  // The counter goes up when the request is written, which FRR leaves to a thread of its own.
  const asked = async (): Promise<boolean> =>
    /"routeRefreshSent":[1-9]/.test(await router.vtysh('show bgp neighbors json'));
  await until(asked, { what: 'the router to have asked for a refresh' });
  await announce(speaker, 11, 12, 13);
  await kernelHas(four, fourHops(11, 12, 13));
  assert.equal(speaker.session('v4')?.state, 'Established');
  await speaker.stop('withdraw');
  await kernelHas(four, undefined);
});

test('a router that hangs is given up after the hold time, and served again when it is back', async () => {
  const speaker = await startWithRoutes(11, 12);
  router.signal('bgpd', 'SIGSTOP');
  const lost = await speaker.change(
    'the hold timer to expire',
    ({ lastError }) => lastError?.startsWith('we sent: Hold Timer Expired') === true,
  );
  assert.equal(lost.lastError, 'we sent: Hold Timer Expired (nothing received for 9 s)');
  router.signal('bgpd', 'SIGCONT');
  await speaker.established('v4');
  await speaker.established('v6');
  await kernelHas(four, fourHops(11, 12));
  await kernelHas(six, sixHops(11, 12));
  await speaker.stop('withdraw');
  await kernelHas(four, undefined);
});

test('a router that restarts has its routes back', async () => {
  const speaker = await startWithRoutes(11, 12);
  await router.stopDaemon('bgpd');
  await kernelHas(four, undefined);
  await router.startDaemon('bgpd');
  await kernelHas(four, fourHops(11, 12));
  await kernelHas(six, sixHops(11, 12));
  await speaker.stop('withdraw');
  await kernelHas(four, undefined);
});
