import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { aNode, aPool, sharingTerms, someEndpoints } from '../domain/testing/builders.ts';
import { NO_ENDPOINTS } from '../domain/service.ts';
import { bgpRoute, decide } from './announce.ts';
import type { HoldingService, PeerTarget } from './snapshot.ts';

/** Named so that the address's order is n1, n3, n2. */
const NODES = [
  aNode('n1', ['10.0.0.1', '2001:db8::1']),
  aNode('n2', ['10.0.0.2', '2001:db8::2']),
  aNode('n3', ['10.0.0.3', '2001:db8::3']),
];

/** The next hops that a router with this address is told. */
function told(address: string, ip = '192.0.2.1', sendMax = 8, on = ['n1', 'n2', 'n3']): string[] {
  const service: HoldingService = {
    ...{ key: 'shop/web', uid: 'uid', createdAt: 1, trafficPolicy: 'Local', announcedBefore: true },
    ...{ sharing: sharingTerms(), assignments: [{ pool: 'public', ip }] },
  };
  const endpoints = { ...NO_ENDPOINTS, ipv4: someEndpoints(on), ipv6: someEndpoints(on) };
  const { announcement } = decide(ip, [service], {
    ...{ endpoints: new Map([['shop/web', endpoints]]), nodes: new Map(NODES.map((node) => [node.name, node])) },
    ...{
      pools: new Map([['public', aPool('public', ['192.0.2.0/24', '2001:db8:cafe::/64'])]]),
      protocols: new Set(['bgp']),
    },
    ...{ services: new Map(), gone: new Map(), health: new Map(), drains: new Map() },
  });
  const peer: PeerTarget = {
    ...{ name: 'r1', labels: {}, subnets: [], onlyNode: undefined, address },
    sendMax: new Map([
      ['ipv4', sendMax],
      ['ipv6', sendMax],
    ]),
  };
  return announcement === undefined ? [] : (bgpRoute(announcement, peer, 0)?.paths ?? []).map(({ nextHop }) => nextHop);
}

suite('a router that is a node itself (RFC 4271 section 5.1.3)', () => {
  test('is told the ways through the others', () => {
    assert.deepEqual(told('10.0.0.254').sort(), ['10.0.0.1', '10.0.0.2', '10.0.0.3']);
    assert.deepEqual(told('10.0.0.1').sort(), ['10.0.0.2', '10.0.0.3']);
  });
  test('by none of its addresses, be it of another family than that of the session', () => {
    assert.deepEqual(told('10.0.0.1', '2001:db8:cafe::1').sort(), ['2001:db8::2', '2001:db8::3']);
  });
  test('has the next best one where it takes one only', () => {
    const [best = '', next] = told('10.0.0.254');
    assert.deepEqual(told(best, '192.0.2.1', 1), [next]);
  });
  test('has no route where it alone takes the traffic', () => {
    assert.deepEqual(told('10.0.0.1', '192.0.2.1', 8, ['n1']), []);
  });
});
