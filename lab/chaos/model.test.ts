import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  doubleAddresses,
  excludeLabel,
  expectedRoutes,
  type NodeObject,
  type ServiceObject,
  type SliceObject,
} from './model.ts';
import { differences } from './observe.ts';

function service(name: string, policy: string, ips: readonly string[], annotations = {}): ServiceObject {
  return {
    metadata: { name, namespace: 'default', annotations },
    spec: { externalTrafficPolicy: policy },
    status: { loadBalancer: { ingress: ips.map((ip) => ({ ip })) } },
  };
}

function slice(name: string, addressType: string, endpoints: Readonly<Record<string, boolean>>): SliceObject {
  return {
    metadata: { namespace: 'default', labels: { 'kubernetes.io/service-name': name } },
    addressType,
    endpoints: Object.entries(endpoints).map(([nodeName, ready]) => ({ nodeName, conditions: { ready } })),
  };
}

function node(i: number, labels = {}): NodeObject {
  const addresses = [`10.50.0.1${i}`, `fd00:50::1${i}`].map((address) => ({ type: 'InternalIP', address }));
  return { metadata: { name: `n${i}`, labels }, status: { addresses } };
}

const nodes = [node(1), node(2), node(3, { [excludeLabel]: 'true' })];

suite('routes that there should be', () => {
  test('Cluster: every node that is not excluded, by the family of the address, if there is an endpoint anywhere', () => {
    const services = [
      service('web', 'Cluster', ['172.30.0.0', 'fd30:1::1']),
      service('idle', 'Cluster', ['172.30.0.1']),
    ];
    const slices = [
      slice('web', 'IPv4', { n3: true }),
      slice('web', 'IPv6', { n3: true }),
      slice('idle', 'IPv4', { n1: false }),
    ];
    assert.deepEqual(Object.fromEntries(expectedRoutes({ services, slices, nodes })), {
      '172.30.0.0': ['10.50.0.11', '10.50.0.12'],
      'fd30:1::1': ['fd00:50::11', 'fd00:50::12'],
    });
  });

  test('Local: the nodes with a ready endpoint of that family', () => {
    const services = [service('web', 'Local', ['172.30.0.0', 'fd30:1::1']), service('gone', 'Local', ['172.30.0.1'])];
    const slices = [slice('web', 'IPv4', { n1: true, n2: false, n3: true }), slice('web', 'IPv6', { n2: true })];
    assert.deepEqual(Object.fromEntries(expectedRoutes({ services, slices, nodes })), {
      '172.30.0.0': ['10.50.0.11'],
      'fd30:1::1': ['fd00:50::12'],
    });
  });
});

test('an address of two Services is told, unless they share it', () => {
  const shared = { 'lb.kubesphere.io/allow-shared-ip': 'key' };
  const one = service('one', 'Cluster', ['172.30.0.0']);
  assert.deepEqual(doubleAddresses([one, service('two', 'Cluster', ['172.30.0.0'])]), [
    '172.30.0.0 of default/one and default/two',
  ]);
  const sharing = ['three', 'four'].map((name) => service(name, 'Cluster', ['172.30.0.3'], shared));
  assert.deepEqual(doubleAddresses([one, ...sharing]), []);
});

test('differences are told by address, those on either side', () => {
  const found = new Map([
    ['a', ['x']],
    ['b', ['x', 'y']],
    ['c', ['x']],
  ]);
  const wanted = new Map([
    ['a', ['x']],
    ['b', ['y']],
    ['d', ['x']],
  ]);
  assert.deepEqual(differences('r1', found, wanted), [
    'r1 has x, y for b, not y',
    'r1 has x for c, not nothing',
    'r1 has nothing for d, not x',
  ]);
});
