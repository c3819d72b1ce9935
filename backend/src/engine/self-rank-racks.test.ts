/** Peers with `nextHopSelf`: racks with a router each, and routers that are told of all nodes beside them. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Node } from '../domain/node.ts';
import type { Peer } from '../domain/peer.ts';
import { aNode, aPeer, aReplica, endpointsOn } from '../domain/testing/builders.ts';
import { Bench } from './testing/bench.ts';
import { INPUTS } from './testing/shop.ts';

const SELF: Partial<Peer> = { nextHopSelf: true, families: [{ family: 'ipv4', sendMax: 1 }] };

function on(label: string, value: string): Partial<Peer> {
  return { nodeSelector: { matchLabels: { [label]: value }, matchExpressions: [] } };
}

function node(name: string, labels: Record<string, string>): Node {
  return aNode(name, [`10.0.0.${name.slice(1)}`], { labels });
}

function byName<T extends { readonly name: string }>(named: T): [string, T] {
  return [named.name, named];
}

const LEFT = { rack: 'left' };
const RIGHT = { rack: 'right' };
const NODES = [node('n1', LEFT), node('n2', LEFT), node('n3', RIGHT), node('n4', RIGHT)];
const RACKS = [
  aPeer('tor-left', '10.0.0.251', { ...on('rack', 'left'), ...SELF }),
  aPeer('tor-right', '10.0.0.252', { ...on('rack', 'right'), ...SELF }),
];

/** On n1, beside a replica on each of the other nodes. */
function started(self: string, others: Readonly<Record<string, string>>, nodes: Node[], peers: Peer[]): Bench {
  const bench = new Bench(self);
  bench.othersAreNewcomers = false;
  bench.answering = Object.keys(others);
  for (const { name } of nodes) bench.health.set(name, 'alive');
  const replicas = Object.entries({ [self]: 'n1', ...others });
  bench.engine.start({
    ...INPUTS,
    endpoints: new Map([['shop/web', endpointsOn(['n1'])]]),
    nodes: new Map(nodes.map(byName)),
    peers: new Map(peers.map(byName)),
    replicas: replicas.map(([name, where]) => aReplica(name, `10.0.1.${where.slice(1)}`, where)),
  });
  return bench;
}

const inRacks = (): Bench => started('a', { b: 'n2', c: 'n3', d: 'n4' }, NODES, RACKS);

/** A machine dies with its replica. */
function die(bench: Bench, name: string, where: string): void {
  bench.health.set(where, 'dead');
  bench.goneNodes = [...bench.goneNodes, where];
  bench.answering = bench.answering.filter((other) => other !== name);
  const us = { stale: false, newcomer: false };
  bench.lost = [...bench.lost, { name, node: where, stale: false, newcomer: false, us, med: 100, beside: [] }];
  bench.engine.replicasChanged();
  bench.engine.healthChanged();
}

/** Of all routes to a peer. */
function med(bench: Bench, peer: string): number {
  const routes = Object.values(bench.speaker.announced()[peer] ?? {});
  const meds = new Set(routes.map((route) => Number(/med (\d+)/.exec(route)?.[1])));
  assert.equal(meds.size, 1, JSON.stringify(routes));
  return [...meds][0] ?? NaN;
}

suite('nextHopSelf with a router in each rack', () => {
  test('a machine that dies in another rack moves nothing here', () => {
    const bench = inRacks();
    assert.equal(med(bench, 'tor-left'), 100);
    die(bench, 'd', 'n4');
    assert.equal(med(bench, 'tor-left'), 100);
  });

  test('one that dies in this rack is outbid, also after its node was moved or deleted', () => {
    for (const after of [node('n2', RIGHT), null]) {
      const bench = inRacks();
      die(bench, 'b', 'n2');
      assert.equal(med(bench, 'tor-left'), 99);
      bench.engine.change({ nodes: new Map([['n2', after]]) });
      assert.equal(med(bench, 'tor-left'), 99);
    }
  });

  test('with a stale view the last of the rack outbids the dead one of the rack, whoever is fresh elsewhere', () => {
    const bench = inRacks();
    die(bench, 'b', 'n2');
    bench.engine.setStale(true);
    assert.equal(med(bench, 'tor-left'), 99);
  });

  test('with a stale view it loses against a fresh one of the rack', () => {
    const bench = inRacks();
    die(bench, 'd', 'n4');
    bench.engine.setStale(true);
    assert.equal(med(bench, 'tor-left'), 400);
  });
});

suite('routers that are told of all nodes, beside nextHopSelf', () => {
  const kinds = [
    aPeer('plain', '10.0.0.254', on('self', 'no')),
    aPeer('self', '10.0.0.254', { ...SELF, ...on('self', 'yes') }),
  ];

  test('one router, node by node: who tells it of its own node alone is no rival to those that tell it of all', () => {
    const nodes = [node('n1', { self: 'no' }), node('n2', { self: 'yes' }), node('n3', { self: 'no' })];
    const bench = started('b', { a: 'n2', c: 'n3' }, nodes, kinds);
    assert.equal(med(bench, 'plain'), 100);
    const other = [node('n1', { self: 'no' }), node('n2', { self: 'no' }), node('n3', { self: 'yes' })];
    assert.equal(med(started('c', { b: 'n2', a: 'n3' }, other, kinds), 'plain'), 200);
  });

  test('a rank at a router that hears of our node alone is nothing that others have to outbid', () => {
    const nodes = [node('n1', { self: 'yes' }), node('n2', { self: 'no' })];
    const peers = [aPeer('plain', '10.0.0.253'), aPeer('self', '10.0.0.254', { ...SELF, ...on('self', 'yes') })];
    const bench = started('b', { a: 'n2' }, nodes, peers);
    assert.deepEqual([med(bench, 'plain'), med(bench, 'self'), bench.toldRank?.med], [200, 100, 200]);
  });

  test('a change is logged for the router where it is one', () => {
    const bench = inRacks();
    die(bench, 'b', 'n2');
    const logged = bench.logger.entries.filter(({ message }) => message.startsWith('rank '));
    assert.deepEqual(
      logged.map(({ message, fields }) => [message, fields]),
      [['rank towards peers with nextHopSelf changed', { peers: ['tor-left'], from: 100, to: 99 }]],
    );
  });
});
