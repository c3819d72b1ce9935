import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Node } from '../domain/node.ts';
import type { Peer } from '../domain/peer.ts';
import { aNode, aPeer, aReplica, endpointsOn, someSettings } from '../domain/testing/builders.ts';
import type { LostReplica } from '../health/tracked-replica.ts';
import type { InputDelta } from './messages.ts';
import { Bench } from './testing/bench.ts';
import { INPUTS } from './testing/shop.ts';

const RACK = 'openelb.kubesphere.io/rack';
const NODE: Readonly<Record<string, string>> = { a: 'n3', b: 'n1', c: 'n2', d: 'n4' };

function node(name: string, rack?: string): Node {
  return aNode(name, [`10.0.0.${name.slice(1)}`], { labels: rack === undefined ? {} : { [RACK]: rack } });
}

function ofRack(rack: string): Partial<Peer> {
  return { nodeSelector: { matchLabels: { [RACK]: rack }, matchExpressions: [] } };
}

/** Replicas b and c in the left rack, a and d in the right one; each rack has a router, and there is one for all. */
const RACKS: InputDelta = {
  ...INPUTS,
  endpoints: new Map([['shop/web', endpointsOn(['n1'])]]),
  nodes: new Map([node('n1', 'left'), node('n2', 'left'), node('n3', 'right'), node('n4', 'right')].map(byName)),
  peers: new Map(
    [
      aPeer('tor-left', '10.0.0.251', ofRack('left')),
      aPeer('tor-right', '10.0.0.252', ofRack('right')),
      aPeer('spine', '10.0.0.253'),
    ].map(byName),
  ),
  replicas: ['a', 'b', 'c', 'd'].map((name) => aReplica(name, `10.0.1.${NODE[name]?.slice(1) ?? ''}`, NODE[name])),
};

function byName<T extends { readonly name: string }>(named: T): [string, T] {
  return [named.name, named];
}

/** One of them, on n1, that has met the others. */
function started(self: 'b' | 'c', inputs: InputDelta = RACKS): Bench {
  const bench = new Bench(self);
  // The other way round: the engine is always on n1.
  const members = inputs.replicas?.map((replica) => {
    if (replica.name === self) return { ...replica, node: 'n1' };
    return replica.name === 'b' ? { ...replica, node: 'n2' } : replica;
  });
  bench.othersAreNewcomers = false;
  bench.answering = ['a', 'b', 'c', 'd'].filter((name) => name !== self);
  for (const name of ['n1', 'n2', 'n3', 'n4']) bench.health.set(name, 'alive');
  bench.engine.start({ ...inputs, ...(members === undefined ? {} : { replicas: members }) });
  bench.speaker.takeCalls();
  return bench;
}

/** Some fall silent, for good, with what they said last. */
function lose(bench: Bench, words: Readonly<Record<string, number>>): void {
  const lost = Object.entries(words).map(([name, med]): LostReplica => {
    const on = bench.members.find((member) => member.name === name)?.node;
    const us = { stale: false, newcomer: false };
    return { name, node: on, stale: false, newcomer: false, us, med, beside: [] };
  });
  bench.lost = lost;
  bench.answering = bench.answering.filter((name) => !(name in words));
  bench.engine.replicasChanged();
}

/** By peer. */
function meds(bench: Bench): Record<string, number> {
  const peers = Object.entries(bench.speaker.announced()).map(([peer, routes]): [string, number] => {
    const found = new Set(Object.values(routes).map((route) => /med (\d+)/.exec(route)?.[1]));
    assert.equal(found.size, 1, peer);
    return [peer, Number([...found][0])];
  });
  return Object.fromEntries(peers);
}

suite('a replica is ranked router by router, among those that the router hears', () => {
  test('the first of all is in another rack: the first in this one is first here', () => {
    assert.deepEqual(meds(started('b')), { 'tor-left': 100, spine: 200 });
    assert.deepEqual(meds(started('c')), { 'tor-left': 200, spine: 200 });
  });

  test('the first of the rack dies: the next one outbids it where it announced, and only there has to', () => {
    const bench = started('c');
    lose(bench, { b: 100 });
    assert.deepEqual(meds(bench), { 'tor-left': 49, spine: 200 });
  });

  test('one of another rack dies: the router of this one sees nothing of it', () => {
    const bench = started('b');
    lose(bench, { a: 100 });
    assert.deepEqual(meds(bench), { 'tor-left': 100, spine: 49 });
  });

  test('what a dead one left stays outbid when its node is moved, deleted, or no longer selected', () => {
    for (const after of [
      { nodes: new Map([['n2', node('n2', 'right')]]) },
      { nodes: new Map([['n2', null]]) },
      { peers: new Map([byName(aPeer('tor-left', '10.0.0.251', { nodeSelector: onlyNode('n1') }))]) },
    ]) {
      const bench = started('c', { ...RACKS, nodes: new Map([...(RACKS.nodes ?? []), byName(labelled('n1'))]) });
      lose(bench, { b: 100 });
      bench.engine.change(after);
      assert.deepEqual(meds(bench), { 'tor-left': 49, spine: 200 });
      bench.lost = [];
      bench.engine.replicasChanged();
      assert.deepEqual(meds(bench), { 'tor-left': 100, spine: 200 });
    }
  });

  function labelled(name: string): Node {
    return aNode(name, ['10.0.0.1'], { labels: { [RACK]: 'left', host: name } });
  }

  function onlyNode(name: string): Peer['nodeSelector'] {
    return { matchLabels: { host: name }, matchExpressions: [] };
  }

  test('one that was never met before it was lost may have announced anywhere', () => {
    const bench = started('b');
    bench.lost = [{ ...lostOne('x', 'n9'), med: 100 }];
    bench.engine.replicasChanged();
    assert.deepEqual(meds(bench), { 'tor-left': 49, spine: 200 });
  });

  function lostOne(name: string, on: string): LostReplica {
    const us = { stale: false, newcomer: false };
    return { name, node: on, stale: false, newcomer: false, us, med: undefined, beside: [] };
  }

  test('a replica on a node that nobody knows has the routers for all nodes, and no other', () => {
    const bench = started('c', { ...RACKS, nodes: new Map([byName(node('n1', 'left'))]) });
    assert.deepEqual(meds(bench), { 'tor-left': 100, spine: 200 });
  });

  test('the node of another one moves to another rack, and back', () => {
    const bench = started('c');
    bench.engine.change({ nodes: new Map([byName(node('n2', 'right'))]) });
    assert.deepEqual(meds(bench), { 'tor-left': 100, spine: 200 });
    bench.engine.change({ nodes: new Map([byName(node('n2', 'left'))]) });
    assert.deepEqual(meds(bench), { 'tor-left': 200, spine: 200 });
  });

  test('our own node moves: the first route to the other router has its rank there', () => {
    const bench = started('b');
    bench.answering = ['c', 'd'];
    bench.engine.replicasChanged();
    assert.deepEqual(meds(bench), { 'tor-left': 100, spine: 100 });
    bench.answering = ['a', 'c', 'd'];
    bench.speaker.isWriting = true;
    bench.engine.change({ nodes: new Map([byName(node('n1', 'right'))]) });
    assert.deepEqual(meds(bench), { 'tor-right': 200, spine: 200 });
    assert.equal(bench.toldRank?.med, 100, 'the router for all may not have the new one yet');
    bench.speaker.written();
    assert.equal(bench.toldRank.med, 200);
  });

  test('one router, another BgpPeer for each rack: all that it hears are ranked', () => {
    const bothWays = ['left', 'right'].map((rack) => byName(aPeer(`spine-${rack}`, '10.0.0.253', ofRack(rack))));
    assert.deepEqual(meds(started('b', { ...RACKS, peers: new Map(bothWays) })), { 'spine-left': 200 });
  });

  test('a link-local address is a router of each rack', () => {
    const each = ['left', 'right'].map((rack) => byName(aPeer(`tor-${rack}`, 'fe80::1%eth0', ofRack(rack))));
    assert.deepEqual(meds(started('b', { ...RACKS, peers: new Map(each) })), { 'tor-left': 100 });
  });

  test('racks with an AS of their own: routers compare the MEDs of one AS only', () => {
    const settings = someSettings({ asPerRack: { left: 65_001, right: 65_002 } });
    const peers = new Map([byName(aPeer('spine', '10.0.0.253'))]);
    assert.deepEqual(meds(started('b', { ...RACKS, settings, peers })), { spine: 100 });
    const other = started('c', { ...RACKS, settings, peers });
    assert.deepEqual(meds(other), { spine: 200 });
    lose(other, { b: 100 });
    assert.deepEqual(meds(other), { spine: 49 });
  });
});

suite('what the other replicas hear of ranks that differ by router', () => {
  test('the best of them: whoever outlives us is to outbid what any router retains', () => {
    const bench = started('b');
    assert.equal(bench.toldRank?.med, 100);
  });

  test('a worse one once all routers have it', () => {
    const bench = started('b');
    bench.speaker.isWriting = true;
    bench.engine.setStale(true);
    assert.deepEqual(meds(bench), { 'tor-left': 400, spine: 400 });
    assert.equal(bench.toldRank?.med, 100);
    bench.speaker.written();
    assert.equal(bench.toldRank.med, 400);
  });

  test('of dead ones those in the same rack only, unless they all have a router in common', () => {
    const bench = started('c', { ...RACKS, peers: new Map([...(RACKS.peers ?? []), ['spine', null]]) });
    lose(bench, { b: 100 });
    assert.deepEqual(bench.toldRank, { med: 49, retained: { b: 50 } });
    assert.deepEqual(bench.toldElsewhere, { b: ['a', 'd'] });
    const common = started('c');
    lose(common, { b: 100 });
    assert.deepEqual(common.toldRank, { med: 49, retained: { b: 50 } });
    assert.deepEqual(common.toldElsewhere, { b: [] });
  });

  test('without a router, the rank among all replicas', () => {
    assert.equal(started('b', { ...RACKS, peers: new Map() }).toldRank?.med, 200);
  });
});
