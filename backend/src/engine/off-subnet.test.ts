import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Node } from '../domain/node.ts';
import type { Peer } from '../domain/peer.ts';
import { aNode, aPeer, someSettings } from '../domain/testing/builders.ts';
import { OffSubnetNextHops } from './off-subnet.ts';
import { peerConfig, peerTarget, type Place } from './peering.ts';
import { started } from './testing/shop.ts';

const HERE: Place = { name: 'n1', node: undefined, address: '10.0.0.1', connected: ['10.0.0.1/24', 'fd00::1/64'] };
const R1 = aPeer('r1', '10.0.0.254');
const on = aNode('n1', ['10.0.0.1', 'fd00::1']);
const off = aNode('n2', ['10.9.0.2', 'fd00::2']);
const later = aNode('n3', ['10.9.0.3']);

const byName = (...nodes: Node[]): Map<string, Node> => new Map(nodes.map((node) => [node.name, node]));

function known(...peers: Peer[]): OffSubnetNextHops {
  const made = new OffSubnetNextHops();
  made.configure(
    peers.map((peer) => peerTarget(peer, HERE)),
    peers.map((peer) => peerConfig(peer, someSettings(), HERE)),
  );
  return made;
}

suite('a next hop outside of the subnet that a router shares with us', () => {
  test('is named with its node, of several the first; a node that is never a next hop has none', () => {
    assert.equal(known(R1).of('r1', byName(later, off, on)), '10.9.0.2 (node n2)');
    assert.equal(known(R1).of('r1', byName(on, { ...off, excluded: true })), undefined);
  });

  test('counts in the family of the subnet only, and not at all where we are on none with the router', () => {
    assert.equal(known(aPeer('r6', 'fd00::fe')).of('r6', byName(on, off)), undefined);
    assert.equal(known(aPeer('far', '172.16.0.1')).of('far', byName(on, off)), undefined);
  });

  test('is no matter to a router of our own AS', () => {
    const within = { ...R1, peerAs: someSettings().as };
    assert.equal(known(within).of('r1', byName(off)), undefined);
  });

  test('is another one when the nodes are others', () => {
    const hops = known(R1);
    assert.equal(hops.of('r1', byName(on)), undefined);
    hops.nodesChanged();
    assert.equal(hops.of('r1', byName(on, later)), '10.9.0.3 (node n3)');
  });

  test('is known to the engine as soon as a node has it, and not any more when the node is gone', () => {
    const { engine } = started();
    assert.equal(engine.offSubnetNextHop('r1'), undefined);
    engine.change({ nodes: new Map([['n3', later]]) });
    assert.equal(engine.offSubnetNextHop('r1'), '10.9.0.3 (node n3)');
    engine.change({ nodes: new Map([['n3', null]]) });
    assert.equal(engine.offSubnetNextHop('r1'), undefined);
  });
});
