import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { HoldingService } from '../announce/snapshot.ts';
import { aNode, aPeer, aPool, endpointsOn, someSettings } from '../domain/testing/builders.ts';
import type { InputDelta } from './messages.ts';
import { Bench } from './testing/bench.ts';

function holding(name: string, ip: string): HoldingService {
  const assignments = [{ pool: 'public', ip }];
  return { key: `shop/${name}`, uid: `uid-${name}`, createdAt: 1_000, trafficPolicy: 'Cluster', assignments };
}

const WEB = holding('web', '192.0.2.1');
const DB = holding('db', '192.0.2.2');
const N1 = aNode('n1', ['10.0.0.1']);
const N2 = aNode('n2', ['10.0.0.2']);
const R1 = aPeer('r1', '10.0.0.254');

const INPUTS: InputDelta = {
  services: new Map([
    ['shop/web', WEB],
    ['shop/db', DB],
  ]),
  endpoints: new Map([
    ['shop/web', endpointsOn(['n1'])],
    ['shop/db', endpointsOn(['n1'])],
  ]),
  nodes: new Map([
    ['n1', N1],
    ['n2', N2],
  ]),
  pools: new Map([['public', aPool('public', ['192.0.2.0/24'])]]),
  peers: new Map([['r1', R1]]),
  settings: someSettings(),
  replicas: [{ name: 'b', address: '10.0.0.2' }],
};

function started(inputs: InputDelta = INPUTS): Bench {
  const bench = new Bench();
  bench.engine.start(inputs);
  bench.speaker.takeCalls();
  bench.posted.length = 0;
  return bench;
}

function meds(bench: Bench): string[] {
  const routes = Object.values(bench.speaker.announced()).flatMap((peer) => Object.values(peer));
  return [...new Set(routes.map((route) => /med (\d+)/.exec(route)?.[1] ?? ''))];
}

suite('start', () => {
  test('before it nothing is configured, announced or reported, whatever happens', () => {
    const bench = new Bench();
    bench.engine.replicasChanged();
    bench.engine.setStale(true);
    bench.engine.setStale(false);
    assert.deepEqual(bench.speaker.calls, []);
    assert.deepEqual(bench.posted, []);
    assert.deepEqual(bench.prober, []);
  });

  test('peers are configured before their routes, which come once and whole', () => {
    const bench = new Bench();
    bench.engine.start(INPUTS);
    assert.deepEqual(bench.speaker.calls, [
      { call: 'configure', peers: ['r1'] },
      { call: 'setRoutes', peer: 'r1', prefixes: ['192.0.2.1/32', '192.0.2.2/32'] },
    ]);
    assert.deepEqual(bench.prober, ['start']);
    assert.deepEqual(bench.members, INPUTS.replicas);
  });

  test('a peer that is to hear nothing is told so', () => {
    const bench = new Bench();
    bench.engine.start({ ...INPUTS, services: new Map() });
    assert.deepEqual(bench.speaker.announced(), { r1: {} });
  });

  test('a stale view before it shows in the first routes', () => {
    const bench = new Bench();
    bench.engine.setStale(true);
    bench.engine.start(INPUTS);
    assert.deepEqual(meds(bench), ['400']);
  });

  test('another replica that answers already shows in the first routes', () => {
    const bench = new Bench('b');
    bench.answering = ['a'];
    bench.engine.start(INPUTS);
    assert.deepEqual(meds(bench), ['200']);
  });

  test('every address is reported', () => {
    const bench = new Bench();
    bench.engine.start({ ...INPUTS, endpoints: new Map([['shop/web', endpointsOn(['n1'])]]) });
    assert.deepEqual(
      [...bench.reported().values()],
      [
        { ip: '192.0.2.1', service: 'shop/web', announced: true, reason: 'Announced', nodes: ['n1', 'n2'] },
        { ip: '192.0.2.2', service: 'shop/db', announced: false, reason: 'NoEndpoints', nodes: [] },
      ],
    );
  });
});

suite('a change costs what it changes', () => {
  test('of one Service: its prefix, at each peer', () => {
    const bench = started();
    bench.engine.change({ services: new Map([['shop/web', null]]) });
    assert.deepEqual(bench.speaker.takeCalls(), [{ call: 'updateRoutes', peer: 'r1', prefixes: ['-192.0.2.1/32'] }]);
    assert.deepEqual(bench.posted, [{ type: 'addresses', changed: [], gone: ['192.0.2.1'] }]);
  });

  test('of the endpoints of one Service: its prefix', () => {
    const bench = started();
    bench.engine.change({ endpoints: new Map([['shop/db', endpointsOn([])]]) });
    assert.deepEqual(bench.speaker.takeCalls(), [{ call: 'updateRoutes', peer: 'r1', prefixes: ['-192.0.2.2/32'] }]);
  });

  test('of an address: the old one and the new one in one update', () => {
    const bench = started();
    bench.engine.change({ services: new Map([['shop/web', holding('web', '192.0.2.9')]]) });
    assert.deepEqual(bench.speaker.takeCalls(), [
      { call: 'updateRoutes', peer: 'r1', prefixes: ['-192.0.2.1/32', '192.0.2.9/32'] },
    ]);
  });

  test('of the endpoints of a Service without an address: nothing', () => {
    const bench = started();
    bench.engine.change({ endpoints: new Map([['kube-system/dns', endpointsOn(['n2'])]]) });
    assert.deepEqual(bench.speaker.takeCalls(), []);
    assert.deepEqual(bench.posted, []);
  });

  test('that changes no answer: no report', () => {
    const bench = started();
    bench.engine.change({ endpoints: new Map([['shop/db', endpointsOn(['n2'])]]) });
    assert.deepEqual(bench.posted, []);
  });

  test('of another node: the routes, and no session', () => {
    const bench = started();
    bench.engine.change({ nodes: new Map([['n2', null]]) });
    assert.deepEqual(
      bench.speaker.takeCalls().map(({ call }) => call),
      ['setRoutes'],
    );
    assert.deepEqual(bench.speaker.announced(), {
      r1: { '192.0.2.1/32': '10.0.0.1 med 100', '192.0.2.2/32': '10.0.0.1 med 100' },
    });
  });

  test('of our own node: who are our peers is asked again', () => {
    const bench = started();
    const rackA = { matchLabels: { rack: 'a' }, matchExpressions: [] };
    bench.engine.change({ peers: new Map([['r1', { ...R1, nodeSelector: rackA }]]) });
    assert.deepEqual(bench.speaker.announced(), {});
    bench.engine.change({ nodes: new Map([['n1', { ...N1, labels: { rack: 'a' } }]]) });
    assert.deepEqual(Object.keys(bench.speaker.announced()), ['r1']);
  });

  test('that is nothing: nothing', () => {
    const bench = started();
    bench.engine.change({});
    assert.deepEqual(bench.speaker.takeCalls(), []);
    assert.deepEqual(bench.posted, []);
  });
});

suite('peers', () => {
  test('a second one gets the whole set', () => {
    const bench = started();
    bench.engine.change({ peers: new Map([['r2', aPeer('r2', '10.0.0.253')]]) });
    const { r1, r2 } = bench.speaker.announced();
    assert.deepEqual(r2, r1);
  });

  test('without a BgpConf there are none; with it they are back', () => {
    const bench = started();
    bench.engine.change({ settings: null });
    assert.deepEqual(bench.speaker.configs, []);
    bench.engine.change({ services: new Map([['shop/web', null]]) });
    assert.deepEqual(bench.speaker.announced(), {});
    bench.engine.change({ settings: someSettings() });
    assert.deepEqual(Object.keys(bench.speaker.announced()['r1'] ?? {}), ['192.0.2.2/32']);
  });

  test('the next hop is the address on the subnet of the link to the peer', () => {
    const bench = new Bench();
    bench.connected = ['172.16.0.1/24'];
    bench.engine.start({
      ...INPUTS,
      nodes: new Map([['n1', aNode('n1', ['10.0.0.1', '172.16.0.1'])]]),
      peers: new Map([
        ['near', aPeer('near', '172.16.0.254')],
        ['far', aPeer('far', '203.0.113.1')],
      ]),
    });
    const { near, far } = bench.speaker.announced();
    assert.equal(near?.['192.0.2.1/32'], '172.16.0.1 med 100');
    assert.equal(far?.['192.0.2.1/32'], '10.0.0.1 med 100');
  });

  test('a dead replica counts as lost for the longest hold time plus restart time of any peer', () => {
    const bench = started();
    assert.equal(bench.retentionMs, 210_000);
    const gracefulRestart = { enabled: true, restartTimeSeconds: 300 };
    bench.engine.change({
      peers: new Map([['r2', aPeer('r2', '10.0.0.253', { holdTimeSeconds: 9, gracefulRestart })]]),
    });
    assert.equal(bench.retentionMs, 309_000);
    const off = { enabled: false, restartTimeSeconds: 300 };
    bench.engine.change({
      peers: new Map([
        ['r1', null],
        ['r2', aPeer('r2', '10.0.0.253', { holdTimeSeconds: 9, gracefulRestart: off })],
      ]),
    });
    assert.equal(bench.retentionMs, 9_000);
  });
});

suite('the rank among the replicas', () => {
  function second(): Bench {
    const bench = new Bench('b');
    bench.answering = ['a'];
    bench.engine.start(INPUTS);
    bench.speaker.takeCalls();
    return bench;
  }

  test('takes over when the first is lost, for all routes at once', () => {
    const bench = second();
    [bench.answering, bench.lost] = [[], ['a']];
    bench.engine.replicasChanged();
    assert.deepEqual(meds(bench), ['0']);
    assert.equal(bench.speaker.takeCalls().length, 1);
  });

  test('steps back when the first returns, and is first when it is forgotten', () => {
    const bench = second();
    [bench.answering, bench.lost] = [[], ['a']];
    bench.engine.replicasChanged();
    [bench.answering, bench.lost] = [['a'], []];
    bench.engine.replicasChanged();
    assert.deepEqual(meds(bench), ['200']);
    bench.answering = [];
    bench.engine.replicasChanged();
    assert.deepEqual(meds(bench), ['100']);
  });

  test('that stays as it was sends nothing', () => {
    const bench = second();
    bench.answering = ['a', 'c'];
    bench.engine.replicasChanged();
    bench.engine.change({ replicas: [{ name: 'c', address: '10.0.0.3' }] });
    assert.deepEqual(bench.speaker.takeCalls(), []);
  });

  test('falls while the view of the API is stale', () => {
    const bench = second();
    bench.engine.setStale(true);
    assert.deepEqual(meds(bench), ['400']);
    bench.engine.setStale(true);
    bench.engine.setStale(false);
    assert.deepEqual(meds(bench), ['200']);
    assert.equal(bench.speaker.takeCalls().length, 2);
  });

  test('holds for what is announced later', () => {
    const bench = second();
    bench.engine.setStale(true);
    bench.engine.change({
      services: new Map([['shop/new', holding('new', '192.0.2.3')]]),
      endpoints: new Map([['shop/new', endpointsOn(['n1'])]]),
    });
    assert.deepEqual(meds(bench), ['400']);
  });
});

suite('leaving', () => {
  test('alone: routers keep the routes for the successor; nothing is changed before', async () => {
    const bench = started();
    await bench.engine.stop();
    assert.deepEqual(bench.speaker.takeCalls(), [{ call: 'stop', how: 'retain' }]);
    assert.deepEqual(bench.prober, ['start', 'stop']);
    assert.deepEqual(bench.posted, [{ type: 'stopped' }]);
    assert.equal(bench.clock.pendingTimers, 0);
  });

  test('beside one whose sessions are not up (a rolling update): as if alone, or routers would have nobody', async () => {
    const bench = started();
    bench.answering = ['b'];
    bench.othersAnnounce = false;
    await bench.engine.stop();
    assert.deepEqual(bench.speaker.takeCalls(), [{ call: 'stop', how: 'retain' }]);
    assert.deepEqual(bench.prober, ['start', 'stop']);
  });

  test('others hear that it announces while all of its sessions are established', () => {
    const bench = started();
    const told = (...states: string[]): boolean => {
      bench.engine.sessionsChanged(states.map((state) => ({ state })));
      return bench.toldAnnouncing;
    };
    assert.equal(told('Established', 'OpenConfirm'), false);
    assert.equal(told('Established', 'Established'), true);
    assert.equal(told('Established', 'Idle'), false);
    assert.equal(told(), false);
  });

  test('with another replica: the worst routes, a second for routers to move, then handing over', async () => {
    const bench = started();
    bench.answering = ['b'];
    const stopped = bench.engine.stop();
    assert.deepEqual(meds(bench), ['900']);
    assert.deepEqual(bench.prober, ['start', 'leaving']);
    bench.clock.advance(999);
    await Promise.resolve();
    assert.ok(!bench.speaker.calls.some(({ call }) => call === 'stop'));
    bench.clock.advance(1);
    await stopped;
    assert.deepEqual(bench.speaker.takeCalls().at(-1), { call: 'stop', how: 'handover' });
    assert.deepEqual(bench.prober, ['start', 'leaving', 'stop']);
    assert.deepEqual(bench.posted, [{ type: 'stopped' }]);
  });

  test('with another replica that leaves meanwhile, too: routers keep the routes', async () => {
    const bench = started();
    bench.answering = ['b'];
    const stopped = bench.engine.stop();
    bench.answering = [];
    bench.clock.advance(1_000);
    await stopped;
    assert.deepEqual(bench.speaker.takeCalls().at(-1), { call: 'stop', how: 'retain' });
  });

  test('what changes meanwhile is still announced, as the worst', () => {
    const bench = started();
    bench.answering = ['b'];
    void bench.engine.stop();
    bench.engine.change({ services: new Map([['shop/db', null]]) });
    assert.deepEqual(bench.speaker.announced(), { r1: { '192.0.2.1/32': '10.0.0.1 10.0.0.2 med 900' } });
  });

  test('before the inputs were known: without a word, so that routers keep what a predecessor announced', async () => {
    const bench = new Bench();
    await bench.engine.stop();
    assert.deepEqual(bench.speaker.takeCalls(), [{ call: 'stop', how: 'retain' }]);
    assert.deepEqual(bench.posted, [{ type: 'stopped' }]);
  });
});
