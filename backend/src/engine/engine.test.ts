import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { HoldingService } from '../announce/snapshot.ts';
import type { Pool } from '../domain/pool.ts';
import {
  aNode,
  aPeer,
  aPool,
  aReplica,
  endpointsOn,
  range,
  sharingTerms,
  someSettings,
} from '../domain/testing/builders.ts';
import type { AddressReport, InputDelta } from './messages.ts';
import { Bench } from './testing/bench.ts';
import { holding, INPUTS, meds, N1, R1, started } from './testing/shop.ts';

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
        {
          ip: '192.0.2.1',
          services: ['shop/web'],
          younger: [],
          finding: { reason: 'Announced', params: { ip: '192.0.2.1' } },
          nodes: ['n1', 'n2'],
        },
        {
          ip: '192.0.2.2',
          services: ['shop/db'],
          younger: [],
          finding: { reason: 'NoEndpoints', params: { ip: '192.0.2.2' } },
          nodes: [],
        },
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

  test('of a password: a peer that never had one has no session without, and another one is for the speaker to take over', () => {
    const bench = started({ ...INPUTS, peers: new Map([['r1', { ...R1, hasPassword: true }]]) });
    assert.equal(bench.speaker.configs.length, 0);
    const passwords: (string | undefined)[] = [];
    for (const password of ['first', 'second']) {
      bench.engine.change({ passwords: new Map([['r1', password]]) });
      passwords.push(...bench.speaker.configs.map((config) => config.password));
    }
    assert.deepEqual(passwords, ['first', 'second']);
    assert.deepEqual(Object.keys(bench.speaker.announced()), ['r1']);
    bench.engine.change({ peers: new Map([['r1', R1]]), passwords: new Map([['r1', null]]) });
    assert.equal(bench.speaker.configs[0]?.password, undefined);
    assert.ok(!JSON.stringify([bench.posted, bench.logger.entries]).match(/first|second/));
  });

  test('that is nothing: nothing', () => {
    const bench = started();
    bench.engine.change({});
    assert.deepEqual(bench.speaker.takeCalls(), []);
    assert.deepEqual(bench.posted, []);
  });
});

suite('a change of a pool', () => {
  const edge = aPool('edge', ['198.51.100.0/24']);
  const onEdge: HoldingService = {
    ...holding('mail', '198.51.100.1'),
    assignments: [{ pool: 'edge', ip: '198.51.100.1' }],
  };

  function withTwoPools(): Bench {
    const services = new Map([...(INPUTS.services ?? []), ['shop/mail', onEdge]]);
    const endpoints = new Map([...(INPUTS.endpoints ?? []), ['shop/mail', endpointsOn(['n1'])]]);
    const pools = new Map([...(INPUTS.pools ?? []), ['edge', edge]]);
    return started({ ...INPUTS, services, endpoints, pools });
  }

  test('costs its own addresses', () => {
    const bench = withTwoPools();
    bench.engine.change({ pools: new Map([['edge', { ...edge, bgp: { ...edge.bgp, med: 5 } }]]) });
    assert.deepEqual(bench.speaker.takeCalls(), [{ call: 'updateRoutes', peer: 'r1', prefixes: ['198.51.100.1/32'] }]);
    assert.equal(bench.speaker.announced()['r1']?.['198.51.100.1/32'], '10.0.0.2 10.0.0.1 med 105');
    bench.engine.change({ pools: new Map([['edge', null]]) });
    assert.deepEqual(bench.speaker.takeCalls(), [{ call: 'updateRoutes', peer: 'r1', prefixes: ['-198.51.100.1/32'] }]);
  });

  test('that has nobody new in it but another namespace: nothing', () => {
    const bench = withTwoPools();
    bench.engine.change({ pools: new Map([['edge', { ...edge, heldNamespaces: ['shop'] }]]) });
    assert.deepEqual(bench.speaker.takeCalls(), []);
    assert.deepEqual(bench.posted, []);
  });

  test('that shrinks withdraws nothing while its status says what is held', () => {
    const bench = withTwoPools();
    const heldRanges = [range('198.51.100.1')];
    bench.engine.change({ pools: new Map([['edge', { ...edge, heldRanges }]]) });
    bench.engine.change({ pools: new Map([['edge', { ...edge, ranges: [], heldRanges }]]) });
    assert.equal(bench.speaker.announced()['r1']?.['198.51.100.1/32'], '10.0.0.2 10.0.0.1 med 100');
    assert.deepEqual(bench.posted, []);
  });

  test('finds the addresses whose record was lost, or whose own pool has gone before', () => {
    const bench = withTwoPools();
    bench.engine.change({ pools: new Map([['edge', null]]) });
    bench.engine.change({ pools: new Map([['heir', { ...edge, name: 'heir' }]]) });
    assert.ok(bench.speaker.announced()['r1']?.['198.51.100.1/32']);
    const lost = { ...onEdge, assignments: [{ pool: '', ip: '198.51.100.1' }] };
    bench.engine.change({ services: new Map([['shop/mail', lost]]) });
    bench.engine.change({ pools: new Map([['heir', null]]) });
    assert.equal(bench.speaker.announced()['r1']?.['198.51.100.1/32'], undefined);
    assert.equal(bench.reported().get('198.51.100.1')?.finding.reason, 'NotInRecordedPool');
    bench.engine.change({ pools: new Map([['edge', edge]]) });
    assert.ok(bench.speaker.announced()['r1']?.['198.51.100.1/32']);
  });
});

suite('a report comes when anything in it changes', () => {
  const ip = '192.0.2.1';
  const changedBy = (bench: Bench, change: InputDelta): AddressReport | undefined => {
    bench.posted.length = 0;
    bench.engine.change(change);
    const [message] = bench.posted;
    return message?.type === 'addresses' ? message.changed[0] : undefined;
  };

  test('a Service comes that shares, one that does not, and the first goes', () => {
    const shared = (name: string, port: string, createdAt: number): HoldingService => {
      const sharing = sharingTerms({ key: 'front', ports: [port] });
      return { ...holding(name, ip), createdAt, sharing };
    };
    const bench = started({ ...INPUTS, services: new Map([['shop/web', shared('web', 'TCP/80', 1)]]) });
    const joined = changedBy(bench, { services: new Map([['shop/tls', shared('tls', 'TCP/443', 2)]]) });
    assert.deepEqual([joined?.services, joined?.younger], [['shop/web', 'shop/tls'], []]);
    const refused = changedBy(bench, { services: new Map([['shop/db', holding('db', ip)]]) });
    assert.deepEqual([refused?.services, refused?.younger], [['shop/web', 'shop/tls'], ['shop/db']]);
    const left = changedBy(bench, { services: new Map([['shop/web', null]]) });
    assert.deepEqual([left?.services, left?.finding.reason], [['shop/tls'], 'NoEndpoints']);
  });

  test('the same reason with other facts', () => {
    const layer2 = (name: string): Pool => aPool(name, ['192.0.2.0/24'], { protocol: 'layer2' });
    const bench = started({ ...INPUTS, pools: new Map([['public', layer2('public')]]) });
    bench.engine.change({ pools: new Map([['other', layer2('other')]]) });
    const report = changedBy(bench, { pools: new Map([['public', null]]) });
    assert.deepEqual(report?.finding, {
      reason: 'ProtocolNotSupported',
      params: { ip, pool: 'other', protocol: 'layer2' },
    });
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
    const nodeSelector = { matchLabels: { rack: 'other' }, matchExpressions: [] };
    bench.engine.change({ peers: new Map([['r3', aPeer('r3', '10.0.0.252', { nodeSelector })]]) });
    assert.equal(bench.retentionMs, 210_000, 'that one of another rack may retain: the next replica there asks us');
    bench.engine.change({ peers: new Map([['r3', aPeer('r3', '10.0.0.252', { nodeSelector, adminDown: true })]]) });
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

  test('is told to the others at once, with what they have to outbid, and goes below what they say', () => {
    const bench = second();
    assert.deepEqual(bench.toldRank, { med: 200, retained: {} });
    const us = { stale: false, newcomer: false };
    const lost = { name: 'a', node: undefined, stale: false, newcomer: false, us, med: 100, beside: [] };
    [bench.answering, bench.lost] = [[], [lost]];
    bench.engine.replicasChanged();
    assert.deepEqual(meds(bench), ['49']);
    assert.deepEqual(bench.toldRank, { med: 49, retained: { a: 50 } });
    [bench.lost, bench.told] = [[], [30]];
    bench.engine.replicasChanged();
    assert.deepEqual(meds(bench), ['29']);
    assert.deepEqual(bench.toldRank, { med: 29, retained: {} });
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
    bench.engine.change({ replicas: [aReplica('c', '10.0.0.3', 'n3')] });
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
