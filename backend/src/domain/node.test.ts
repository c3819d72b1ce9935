import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { nodeAddress, pinnedAddresses } from './node.ts';
import { aNode } from './testing/builders.ts';

const { internalIPs } = aNode('n1', ['10.0.0.5', '192.168.7.5', '192.168.7.6', '2001:db8:7::5']);

function pinned(annotation: string | undefined): string[] {
  return pinnedAddresses(annotation, internalIPs).map(({ text }) => text);
}

test('a node address has its canonical text', () => {
  assert.deepEqual(nodeAddress('2001:DB8::0:1'), {
    family: 'ipv6',
    value: 0x20010db8000000000000000000000001n,
    text: '2001:db8::1',
  });
  assert.equal(nodeAddress('node1.example.com'), undefined);
});

suite("what a Node's annotation pins", () => {
  test('no annotation: nothing', () => assert.deepEqual(pinned(undefined), []));
  test('an address: that one', () => assert.deepEqual(pinned('192.168.7.6'), ['192.168.7.6']));
  test('an address that is no InternalIP: that one, the operator knows', () =>
    assert.deepEqual(pinned('172.16.0.9'), ['172.16.0.9']));
  test('an IPv6 address: its canonical text', () => assert.deepEqual(pinned('2001:DB8:7:0::6'), ['2001:db8:7::6']));
  test('a prefix: the first InternalIP inside', () => assert.deepEqual(pinned('192.168.7.0/24'), ['192.168.7.5']));
  test('an IPv6 prefix', () => assert.deepEqual(pinned('2001:db8:7::/64'), ['2001:db8:7::5']));
  test('a prefix without an InternalIP: nothing', () => assert.deepEqual(pinned('172.16.0.0/12'), []));
  test('garbage: nothing', () => {
    for (const text of ['', 'eth0', '192.168.7.0/33', '192.168.7']) assert.deepEqual(pinned(text), [], text);
  });
});
