import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { hasGateways, parseRoutes, showRoute } from './routes.ts';

const hop = (gateway: string | undefined, device = 'nodes', weight = 1): object => ({ gateway, device, weight });

/** Printed by `ip` of iproute2 6.1.0 (Debian 12), Linux 6.18, for routes made by hand and with nexthop objects, as FRR does. */
const golden: readonly [string, string, readonly object[]][] = [
  [
    'IPv4, two next hops',
    '[{"dst":"10.77.0.1","protocol":"bgp","metric":20,"flags":[],"nexthops":[{"gateway":"10.50.0.12","dev":"nodes","weight":1,"flags":[]},{"gateway":"10.50.0.11","dev":"nodes","weight":3,"flags":[]}]}]',
    [hop('10.50.0.11', 'nodes', 3), hop('10.50.0.12')],
  ],
  [
    'IPv4, one next hop',
    '[{"dst":"10.77.0.2","gateway":"10.50.0.11","dev":"nodes","protocol":"bgp","metric":20,"flags":[]}]',
    [hop('10.50.0.11')],
  ],
  [
    'IPv4, a group of nexthop objects',
    '[{"dst":"10.77.0.5","nhid":9,"protocol":"bgp","metric":20,"flags":[],"nexthops":[{"gateway":"10.50.0.11","dev":"nodes","weight":1,"flags":[]},{"gateway":"10.50.0.12","dev":"nodes","weight":1,"flags":[]}]}]',
    [hop('10.50.0.11'), hop('10.50.0.12')],
  ],
  [
    'IPv4 by way of an IPv6 gateway',
    '[{"dst":"10.77.0.3","via":{"family":"inet6","host":"fd00:50::11"},"dev":"nodes","flags":[]}]',
    [hop('fd00:50::11')],
  ],
  [
    'IPv6, two next hops',
    '[{"dst":"fd00:77::1","protocol":"bgp","metric":20,"flags":[],"pref":"medium","nexthops":[{"gateway":"fd00:50::11","dev":"nodes","weight":1,"flags":[]},{"gateway":"fd00:50::12","dev":"nodes","weight":1,"flags":[]}]}]',
    [hop('fd00:50::11'), hop('fd00:50::12')],
  ],
  [
    'IPv6, one entry per next hop (older kernels and iproute2)',
    '[{"dst":"fd00:77::1","gateway":"fd00:50::12","dev":"nodes","protocol":"bgp","metric":20,"flags":[],"pref":"medium"},{"dst":"fd00:77::1","gateway":"fd00:50::11","dev":"nodes","protocol":"bgp","metric":20,"flags":[],"pref":"medium"}]',
    [hop('fd00:50::11'), hop('fd00:50::12')],
  ],
  [
    'a link',
    '[{"dst":"10.50.0.0/24","dev":"nodes","protocol":"kernel","scope":"link","prefsrc":"10.50.0.1","flags":[]}]',
    [hop(undefined)],
  ],
  [
    'two routes: the lower metric wins',
    '[{"dst":"10.77.0.2","gateway":"10.50.0.12","dev":"nodes","flags":[]},{"dst":"10.77.0.2","gateway":"10.50.0.11","dev":"nodes","protocol":"bgp","metric":20,"flags":[]}]',
    [hop('10.50.0.12')],
  ],
  ['a route that rejects', '[{"type":"unreachable","dst":"10.77.0.4","flags":[]}]', []],
  ['no route', '[]', []],
  ['no output', '', []],
];

suite('kernel routes', () => {
  for (const [name, json, nextHops] of golden) {
    test(`reads ${name}`, () => assert.deepEqual(parseRoutes(json), nextHops));
  }

  test('asks for the family of the address', () => {
    assert.deepEqual(showRoute('10.77.0.1'), ['-4', '-j', 'route', 'show', 'exact', '10.77.0.1']);
    assert.deepEqual(showRoute('fd00:77::/64'), ['-6', '-j', 'route', 'show', 'exact', 'fd00:77::/64']);
  });

  test('compares gateways in any order, and all of them', () => {
    const hops = parseRoutes(golden[0]?.[1] ?? '');
    assert.equal(hasGateways(hops, ['10.50.0.12', '10.50.0.11']), true);
    assert.equal(hasGateways(hops, ['10.50.0.11']), false);
    assert.equal(hasGateways(hops, ['10.50.0.11', '10.50.0.13']), false);
    assert.equal(hasGateways([], []), true);
  });
});
