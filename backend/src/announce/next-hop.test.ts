import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { nodeAddress } from '../domain/node.ts';
import { aNode, range } from '../domain/testing/builders.ts';
import { nextHop } from './next-hop.ts';

const NODE = aNode('n1', ['10.0.0.5', '2001:db8:1::5', '192.168.7.5', '2001:db8:7::5']);
const pinned = nodeAddress('172.16.0.9');
const PINNED_V4 = { ...NODE, pinned: pinned === undefined ? [] : [pinned] };
const LINK_7 = [range('192.168.7.0/24'), range('2001:db8:7::/64')];

suite('the next hop through a node', () => {
  test('the first InternalIP of the family where the peer is on no link of ours', () => {
    assert.equal(nextHop(NODE, 'ipv4', [])?.text, '10.0.0.5');
    assert.equal(nextHop(NODE, 'ipv6', [])?.text, '2001:db8:1::5');
  });
  test("the InternalIP on the peer's own subnet", () => {
    assert.equal(nextHop(NODE, 'ipv4', LINK_7)?.text, '192.168.7.5');
    assert.equal(nextHop(NODE, 'ipv6', LINK_7)?.text, '2001:db8:7::5');
  });
  test("the first InternalIP where none is on the peer's subnet", () => {
    assert.equal(nextHop(NODE, 'ipv4', [range('203.0.113.0/24')])?.text, '10.0.0.5');
  });
  test('what the annotation pins, even off the subnet, for its family only', () => {
    assert.equal(nextHop(PINNED_V4, 'ipv4', LINK_7)?.text, '172.16.0.9');
    assert.equal(nextHop(PINNED_V4, 'ipv6', LINK_7)?.text, '2001:db8:7::5');
  });
  test('none if the node has no address of the family', () => {
    assert.equal(nextHop(aNode('n1', ['10.0.0.5']), 'ipv6', LINK_7), undefined);
  });
});
