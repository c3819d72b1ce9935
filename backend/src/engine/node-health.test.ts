import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { aNode, endpointsOn, aPeer } from '../domain/testing/builders.ts';
import { Bench } from './testing/bench.ts';
import { INPUTS, N1, started } from './testing/shop.ts';

const [WEB, DB] = ['192.0.2.1/32', '192.0.2.2/32'];

suite('node probes are told', () => {
  test('every node once the inputs are there, at the address that traffic is sent to', () => {
    const bench = new Bench();
    assert.deepEqual([bench.probing, bench.probed], [false, {}]);
    const pinned = [...aNode('', ['10.1.0.4']).internalIPs];
    const nodes = [
      aNode('n1', ['fd00::1', '10.0.0.1', '10.9.0.1']),
      aNode('n2', ['fd00::2']),
      aNode('n3', []),
      aNode('n4', ['10.0.0.4', '10.1.0.4'], { pinned }),
    ];
    bench.engine.start({ ...INPUTS, nodes: new Map(nodes.map((node) => [node.name, node])) });
    assert.equal(bench.probing, true);
    assert.deepEqual(bench.probed, { n1: '10.0.0.1', n2: 'fd00::2', n4: '10.1.0.4' });
  });

  test('nodes that come, go or change their address', () => {
    const bench = started();
    const { n1 } = bench.probed;
    bench.engine.change({
      nodes: new Map([
        ['n2', null],
        ['n3', aNode('n3', ['10.0.0.3'])],
      ]),
    });
    assert.deepEqual(bench.probed, { n1, n3: '10.0.0.3' });
    bench.engine.change({ nodes: new Map([['n1', { ...N1, internalIPs: aNode('', ['10.0.0.77']).internalIPs }]]) });
    assert.deepEqual(bench.probed, { n1: '10.0.0.77', n3: '10.0.0.3' });
  });

  test('the routers that this replica speaks to', () => {
    const bench = started();
    assert.deepEqual(bench.routers, ['10.0.0.254']);
    bench.engine.change({ peers: new Map([['r2', aPeer('r2', 'fd00::fe')]]) });
    assert.deepEqual(bench.routers, ['10.0.0.254', 'fd00::fe']);
  });

  test('to stop when the engine stops', async () => {
    const bench = started();
    await bench.engine.stop();
    assert.equal(bench.probing, false);
  });
});

suite('verdicts on nodes', () => {
  function judged(bench: Bench, verdicts: Readonly<Record<string, 'alive' | 'dead' | 'unknown'>>): void {
    for (const [node, health] of Object.entries(verdicts)) bench.health.set(node, health);
    bench.engine.healthChanged();
  }
  const hops = (bench: Bench, prefix: string): string => bench.speaker.announced()['r1']?.[prefix] ?? 'no route';

  test('a dead node leaves all addresses in one go, and comes back', () => {
    const bench = started();
    assert.deepEqual([hops(bench, WEB), hops(bench, DB)], ['10.0.0.1 10.0.0.2 med 100', '10.0.0.2 10.0.0.1 med 100']);
    judged(bench, { n2: 'dead' });
    assert.deepEqual(bench.speaker.takeCalls(), [{ call: 'setRoutes', peer: 'r1', prefixes: [WEB, DB] }]);
    assert.deepEqual([hops(bench, WEB), hops(bench, DB)], ['10.0.0.1 med 100', '10.0.0.1 med 100']);
    assert.deepEqual(bench.reported().get('192.0.2.1')?.nodes, ['n1']);
    assert.equal(bench.posted.length, 1);
    judged(bench, { n2: 'alive' });
    assert.deepEqual([hops(bench, WEB), hops(bench, DB)], ['10.0.0.1 10.0.0.2 med 100', '10.0.0.2 10.0.0.1 med 100']);
  });

  test('that change nothing for traffic send nothing', () => {
    const bench = started();
    judged(bench, { n1: 'alive', n2: 'alive' });
    judged(bench, { n1: 'unknown' });
    assert.deepEqual(bench.speaker.takeCalls(), []);
    assert.deepEqual(bench.posted, []);
  });

  test('an alive node counts, Ready or not; one of unknown health only if it is Ready', () => {
    const bench = started();
    bench.engine.change({ nodes: new Map([['n1', { ...N1, ready: false }]]) });
    assert.equal(hops(bench, WEB), '10.0.0.2 med 100');
    judged(bench, { n1: 'alive' });
    assert.equal(hops(bench, WEB), '10.0.0.1 10.0.0.2 med 100');
    judged(bench, { n1: 'unknown' });
    assert.equal(hops(bench, WEB), '10.0.0.2 med 100');
  });

  test('hold for what is announced later', () => {
    const bench = started();
    judged(bench, { n2: 'dead' });
    bench.engine.change({ endpoints: new Map([['shop/web', endpointsOn(['n1', 'n2'])]]) });
    assert.equal(hops(bench, WEB), '10.0.0.1 med 100');
  });

  test('all dead: no route, and the report says so', () => {
    const bench = started();
    judged(bench, { n1: 'dead', n2: 'dead' });
    assert.deepEqual([hops(bench, WEB), hops(bench, DB)], ['no route', 'no route']);
    assert.equal(bench.reported().get('192.0.2.1')?.finding.reason, 'NoEligibleNode');
  });

  test('on all nodes make it first among replicas, with the right routes; before that another one is that has met all', () => {
    const bench = new Bench();
    [bench.answering, bench.othersAreNewcomers] = [['b'], false];
    bench.engine.start(INPUTS);
    assert.equal(bench.toldNewcomer, true);
    assert.equal(hops(bench, WEB), '10.0.0.1 10.0.0.2 med 200');
    judged(bench, { n1: 'alive' });
    assert.equal(hops(bench, WEB), '10.0.0.1 10.0.0.2 med 200');
    judged(bench, { n2: 'dead' });
    assert.equal(hops(bench, WEB), '10.0.0.1 med 100');
    assert.equal(bench.toldNewcomer, false);
  });

  test('on a node that comes later change no rank', () => {
    const bench = new Bench();
    [bench.answering, bench.othersAreNewcomers] = [['b'], false];
    bench.engine.start(INPUTS);
    judged(bench, { n1: 'alive', n2: 'alive' });
    bench.engine.change({ nodes: new Map([['n3', aNode('n3', ['10.0.0.3'])]]) });
    assert.match(hops(bench, WEB), / med 100$/);
  });

  test('that Kubernetes gives in their stead count as well', () => {
    const bench = new Bench();
    [bench.answering, bench.othersAreNewcomers] = [['b'], false];
    bench.engine.start(INPUTS);
    judged(bench, { n2: 'alive' });
    bench.engine.change({ nodes: new Map([['n1', { ...N1, ready: false }]]) });
    assert.equal(hops(bench, WEB), '10.0.0.2 med 100');
  });

  test('that never come hold its rank back for a minute only', () => {
    const bench = new Bench();
    [bench.answering, bench.othersAreNewcomers] = [['b'], false];
    bench.engine.start(INPUTS);
    judged(bench, { n1: 'alive' });
    bench.clock.advance(59_999);
    assert.match(hops(bench, WEB), / med 200$/);
    bench.clock.advance(1);
    assert.match(hops(bench, WEB), / med 100$/);
    assert.equal(bench.toldNewcomer, false);
  });

  test('tell a replica whose view is stale that the fresh first one is dead, and not only out of its reach', () => {
    const bench = new Bench('b');
    bench.answering = ['a'];
    bench.engine.start(INPUTS);
    judged(bench, { n1: 'alive', n2: 'alive', n3: 'alive' });
    const us = { stale: false, newcomer: false };
    const word = { stale: false, newcomer: false, med: undefined, beside: [] };
    [bench.answering, bench.lost] = [[], [{ name: 'a', node: 'n2', ...word, us }]];
    bench.engine.replicasChanged();
    assert.match(hops(bench, WEB), / med 0$/);
    bench.engine.setStale(true);
    assert.match(hops(bench, WEB), / med 300$/);
    judged(bench, { n2: 'dead' });
    assert.match(hops(bench, WEB), / med 0$/);
    judged(bench, { n3: 'unknown' });
    assert.match(hops(bench, WEB), / med 300$/);
    judged(bench, { n3: 'alive' });
    assert.match(hops(bench, WEB), / med 0$/);
    judged(bench, { n2: 'alive' });
    assert.match(hops(bench, WEB), / med 300$/);
  });

  test('before the start change nothing', () => {
    const bench = new Bench();
    judged(bench, { n2: 'dead' });
    assert.deepEqual(bench.speaker.calls, []);
    bench.engine.start(INPUTS);
    assert.equal(hops(bench, WEB), '10.0.0.1 med 100');
  });
});
