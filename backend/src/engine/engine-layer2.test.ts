import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Pool } from '../domain/pool.ts';
import { aPool, endpointsOn } from '../domain/testing/builders.ts';
import { finding } from '../domain/reason.ts';
import { rank } from '../announce/rendezvous.ts';
import type { InputDelta } from './messages.ts';
import { Bench } from './testing/bench.ts';
import { holding, INPUTS } from './testing/shop.ts';

const IP = '192.0.2.1';
const PUBLIC: Pool = aPool('public', ['192.0.2.0/24'], { protocol: 'layer2' });
/** Two Services, shop/web with `IP` and shop/db, from a pool of protocol layer2. */
const ON_LINKS: InputDelta = { ...INPUTS, pools: new Map([['public', PUBLIC]]) };

function started(inputs: InputDelta = ON_LINKS): Bench {
  const bench = new Bench('a', { layer2: true });
  bench.engine.start(inputs);
  return bench;
}

suite('addresses of a pool of protocol layer2', () => {
  test('go to Layer 2 with their eligible nodes in order, and to no router', () => {
    const bench = started();
    const { nodes, pool, isNew } = bench.linkWanted.get(IP) ?? {};
    assert.deepEqual(nodes, rank(IP, ['n1', 'n2']));
    assert.equal(pool?.name, 'public');
    assert.equal(isNew, false);
    assert.deepEqual(bench.speaker.announced(), { r1: {} });
    assert.deepEqual(bench.linkCalls, ['start', `set ${IP},192.0.2.2`]);
  });

  test('those of a pool of protocol bgp don’t', () => {
    const bench = started(INPUTS);
    assert.deepEqual([...bench.linkWanted], []);
    assert.deepEqual(Object.keys(bench.speaker.announced()['r1'] ?? {}), [`${IP}/32`, '192.0.2.2/32']);
  });

  test('are new while no Service of theirs has been announced', () => {
    const fresh = { ...holding('web', IP), announcedBefore: false };
    const bench = started({ ...ON_LINKS, services: new Map([['shop/web', fresh]]) });
    assert.equal(bench.linkWanted.get(IP)?.isNew, true);
    bench.engine.change({ services: new Map([['shop/web', { ...fresh, announcedBefore: true }]]) });
    assert.equal(bench.linkWanted.get(IP)?.isNew, false);
  });

  test('that change one by one are told one by one', () => {
    const bench = started();
    bench.linkCalls.length = 0;
    bench.engine.change({ endpoints: new Map([['shop/web', endpointsOn([])]]) });
    assert.deepEqual(bench.linkCalls, [`update -${IP}`]);
    bench.engine.change({ services: new Map([['shop/db', null]]) });
    assert.deepEqual(bench.linkCalls.slice(1), ['update -192.0.2.2']);
  });

  test('move to BGP with their pool, and back', () => {
    const bench = started();
    bench.engine.change({ pools: new Map([['public', { ...PUBLIC, protocol: 'bgp' }]]) });
    assert.deepEqual([...bench.linkWanted], []);
    assert.equal(Object.keys(bench.speaker.announced()['r1'] ?? {}).length, 2);
    bench.engine.change({ pools: new Map([['public', PUBLIC]]) });
    assert.equal(bench.linkWanted.size, 2);
    assert.deepEqual(bench.speaker.announced(), { r1: {} });
  });

  test('without Layer 2 are announced by nobody, and say so', () => {
    const bench = new Bench();
    bench.engine.start(ON_LINKS);
    const params = { ip: IP, pool: 'public', protocol: 'layer2' };
    assert.deepEqual(bench.reported().get(IP)?.finding, { reason: 'ProtocolNotSupported', params });
  });
});

suite('what is reported of them', () => {
  test('is what Layer 2 says, as soon as it says so', () => {
    const bench = started();
    bench.linkViews.set(IP, { finding: finding('AddressProbing', { ip: IP, pool: 'public' }), nodes: [] });
    bench.linkChanged(new Set([IP]));
    assert.equal(bench.reported().get(IP)?.finding.reason, 'AddressProbing');
    bench.linkViews.set(IP, { finding: finding('Announced', { ip: IP }), nodes: ['n2'] });
    const before = bench.posted.length;
    bench.linkChanged(new Set([IP]));
    const { finding: found, nodes, services } = bench.reported().get(IP) ?? {};
    assert.deepEqual([found?.reason, nodes, services], ['Announced', ['n2'], ['shop/web']]);
    bench.linkChanged(new Set([IP]));
    assert.equal(bench.posted.length, before + 1);
  });

  test('is nothing, of an address that nobody holds any more', () => {
    const bench = started();
    bench.engine.change({ services: new Map([['shop/web', null]]) });
    const before = bench.posted.length;
    bench.linkChanged(new Set([IP]));
    assert.equal(bench.posted.length, before);
  });
});

suite('Layer 2 is told', () => {
  test('of replicas and of a stale view', () => {
    const bench = started();
    bench.linkCalls.length = 0;
    bench.engine.replicasChanged();
    bench.engine.setStale(true);
    assert.deepEqual(bench.linkCalls, ['replicas', 'stale', 'replicas']);
  });

  test('alone: to stop at once', async () => {
    const bench = started();
    bench.linkCalls.length = 0;
    await bench.engine.stop();
    assert.deepEqual(bench.linkCalls, ['stop']);
  });

  test('with another replica that does not know it yet: to give up what that one takes, and to stop a second later', async () => {
    const bench = started();
    bench.answering = ['b'];
    bench.othersAnnounce = false;
    bench.othersAreUnplaced = true;
    bench.linkCalls.length = 0;
    const stopped = bench.engine.stop();
    assert.deepEqual(bench.linkCalls.slice(0, 1), ['leave']);
    bench.clock.advance(1_000);
    await stopped;
    assert.equal(bench.linkCalls.at(-1), 'stop');
  });

  test('with another replica that speaks on links: to give up what others take, and to stop a second later', async () => {
    const bench = started();
    bench.answering = ['b'];
    bench.othersAnnounce = false;
    bench.othersSpeakOnLinks = true;
    bench.linkCalls.length = 0;
    const stopped = bench.engine.stop();
    assert.deepEqual(bench.linkCalls.slice(0, 1), ['leave']);
    assert.ok(bench.prober.includes('leaving'));
    bench.clock.advance(999);
    await Promise.resolve();
    assert.ok(!bench.linkCalls.includes('stop'));
    bench.clock.advance(1);
    await stopped;
    assert.equal(bench.linkCalls.at(-1), 'stop');
    // Nobody else speaks to the router: it keeps the routes for the successor.
    assert.deepEqual(bench.speaker.takeCalls().at(-1), { call: 'stop', how: { r1: 'retain' } });
  });
});
