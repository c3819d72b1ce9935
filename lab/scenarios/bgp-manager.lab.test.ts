/** The manager as it runs, with a router of another AS (FRR) and one of its own AS (BIRD), by what they have in their tables and what passes through their kernels. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { bgpPeer, ours } from '../local/objects.ts';
import type { BirdRouter } from '../network/bird-router.ts';
import type { Outcome } from '../network/client.ts';
import type { Router } from '../network/router.ts';
import { until } from '../state/until.ts';
import { isAnswered, PacedTraffic } from '../story/traffic.ts';
import { ManagerLab } from './manager/manager-lab.ts';
import { heardPaths, hearsMeds } from './manager/paths.ts';

const pool = '/apis/network.kubesphere.io/v1alpha2/eips/public';
const enough = 50;

suite('one replica, a router of another AS and one of its own', () => {
  let lab: ManagerLab;
  let frr: Router;
  let bird: BirdRouter;
  let ip: string;
  let replica: string;

  before(async () => {
    lab = await ManagerLab.up({ clients: 1, hosts: 1 });
    frr = lab.lab.router('r1');
    bird = await lab.lab.startBird(lab.lab.host('h1'), { internal: 65_001 });
    replica = lab.lab.node('n1').addresses.ipv4;
    await lab.lab.apply(bgpPeer(bird, bird.addresses.ipv4));
    await lab.create('web', { spec: ours });
    ip = await lab.address('web');
    for (const node of lab.lab.nodes) await node.serve(ip);
    await complete();
  });
  after(() => lab.down());

  /** Both kernels have all nodes, by sessions that are up. */
  async function complete(): Promise<void> {
    await lab.sessions('n1');
    await lab.routed(ip);
    const wanted = lab.lab.nodes.map(({ addresses }) => addresses.ipv4).join();
    const has = async (): Promise<boolean> =>
      (await bird.established()) === 1 && (await bird.gateways(ip)).join() === wanted;
    await until(has, {
      what: `BIRD's kernel to have ${ip} by all nodes`,
      explain: () => bird.birdc('show', 'route', 'all', 'for', ip),
    });
  }

  /** The values of an attribute of all paths that BIRD has. */
  async function attribute(name: string): Promise<string> {
    const text = await bird.birdc('show', 'route', 'all', 'for', ip);
    return [...text.matchAll(new RegExp(`BGP\\.${name}: (\\d+)`, 'g'))].map(([, value]) => value).join();
  }

  async function birdHears(med: number, localPref: number): Promise<void> {
    const wanted = [med, localPref].map((value) => lab.nodeNames.map(() => value).join());
    const now = async (): Promise<string[]> => [await attribute('med'), await attribute('local_pref')];
    await until(async () => (await now()).join(' ') === wanted.join(' '), {
      what: `BIRD to have MED ${med} and LOCAL_PREF ${localPref}`,
      explain: () => bird.birdc('show', 'route', 'all', 'for', ip),
    });
  }

  test('the MED and the local preference of a pool are in the routers; the latter within the AS only', async () => {
    await hearsMeds(frr, ip, { [replica]: 100 });
    await birdHears(100, 100);
    await lab.lab.api.patch(pool, { spec: { bgp: { med: 7, localPref: 250 } } });
    await hearsMeds(frr, ip, { [replica]: 107 });
    await birdHears(107, 250);
    assert.ok((await heardPaths(frr, ip)).every(({ localPref }) => localPref === 100));
    await lab.lab.api.patch(pool, { spec: { bgp: { med: 30, localPref: null } } });
    await hearsMeds(frr, ip, { [replica]: 130 });
    await birdHears(130, 100);
    await lab.lab.api.patch(pool, { spec: { bgp: null } });
    await hearsMeds(frr, ip, { [replica]: 100 });
    await birdHears(100, 100);
  });

  test('one router is told other attributes than the pool has; an entry that goes leaves those of the pool', async () => {
    const peers = '/apis/network.kubesphere.io/v1alpha2/bgppeers';
    await lab.lab.api.patch(`${peers}/${frr.name}`, { metadata: { labels: { transit: 'expensive' } } });
    await lab.lab.api.patch(`${peers}/${bird.name}`, { metadata: { labels: { transit: 'own' } } });
    const of = (transit: string): object => ({ peerSelector: { matchLabels: { transit } } });
    const communities = async (): Promise<string> =>
      [...new Set((await heardPaths(frr, ip)).map((path) => path.communities.join()))].join(' and ');
    const heard = (wanted: string): Promise<true> =>
      until(async () => (await communities()) === wanted, { what: `FRR to have the communities ${wanted}` });
    const bgp = { med: 7, localPref: 250, communities: ['65001:1'] };
    const expensive = { ...of('expensive'), med: 40, communities: ['65001:2', 'no-advertise'] };
    await lab.lab.api.patch(pool, {
      spec: { bgp: { ...bgp, overrides: [expensive, { ...of('own'), localPref: 90 }] } },
    });
    await hearsMeds(frr, ip, { [replica]: 140 });
    await heard('65001:2,no-advertise');
    await birdHears(107, 90);
    assert.match(await bird.birdc('show', 'route', 'all', 'for', ip), /\(65001,1\)/);
    await lab.lab.api.patch(pool, { spec: { bgp: { overrides: [{ ...of('own'), med: 0 }] } } });
    await hearsMeds(frr, ip, { [replica]: 107 });
    await heard('65001:1');
    await birdHears(100, 250);
    await lab.lab.api.patch(pool, { spec: { bgp: null } });
    await hearsMeds(frr, ip, { [replica]: 100 });
    await birdHears(100, 100);
  });

  test('the only replica is killed (SIGKILL) under traffic and comes back: no request through either router is lost', async () => {
    await complete();
    const traffic = [lab.lab.client('c1'), lab.lab.host('h1')].map((from) => {
      return new PacedTraffic(from, ip, { everyMs: 40, timeoutMs: 10_000 });
    });
    let outcomes: (readonly Outcome[])[] = [];
    /** Waits until both have that many answers more. */
    const more = async (): Promise<void> => {
      const before = traffic.map((each) => each.outcomes.length);
      const grown = async (): Promise<boolean> =>
        traffic.every((each, i) => each.outcomes.length >= (before[i] ?? 0) + enough);
      await until(grown, { what: `${enough} requests more from each side` });
    };
    try {
      await more();
      await lab.replicas.stop('n1', 'SIGKILL');
      await lab.sessions();
      await until(async () => (await bird.established()) === 0, { what: 'BIRD to have no session' });
      await more();
      await lab.replicas.start('n1');
      await complete();
      await more();
    } finally {
      outcomes = await Promise.all(traffic.map((each) => each.stop()));
    }
    for (const each of outcomes) {
      assert.ok(each.length >= 3 * enough);
      assert.deepEqual(
        each.filter((outcome) => !isAnswered(outcome)),
        [],
      );
    }
  });
});
