import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Family } from '../../../domain/address.ts';
import { NO_ENDPOINTS } from '../../../domain/service.ts';
import type * as kinds from '../../kinds.ts';
import { EndpointIndex, serviceOf, slimSlice, toReplicas, toServiceEndpoints } from './endpoints.ts';

/** As the API server returns it (kubectl get endpointslice -o json, 1.28). */
function slice(name: string, endpoints: string, service = 'web'): kinds.EndpointSlice {
  return JSON.parse(`{
    "addressType": "IPv4",
    "apiVersion": "discovery.k8s.io/v1",
    "endpoints": ${endpoints},
    "kind": "EndpointSlice",
    "metadata": {
      "creationTimestamp": "2026-01-01T00:00:00Z",
      "generateName": "web-",
      "labels": {
        "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
        "kubernetes.io/service-name": "${service}"
      },
      "managedFields": [{"manager": "kube-controller-manager", "operation": "Update"}],
      "name": "${name}",
      "namespace": "shop",
      "resourceVersion": "7"
    },
    "ports": [{"name": "", "port": 8080, "protocol": "TCP"}]
  }`);
}

function endpoint(node: string, conditions: string, pod = 'web-1', address = '10.244.1.7'): string {
  return `{
    "addresses": ["${address}"],
    "conditions": ${conditions},
    "nodeName": "${node}",
    "targetRef": {"kind": "Pod", "name": "${pod}", "namespace": "shop", "uid": "5d4e1f8a"}
  }`;
}

const READY = '{"ready": true, "serving": true, "terminating": false}';
const NOT_READY = '{"ready": false, "serving": false, "terminating": false}';
const DRAINING = '{"ready": false, "serving": true, "terminating": true}';
const DYING = '{"ready": false, "serving": false, "terminating": true}';

const list = (...endpoints: string[]): string => `[${endpoints.join(',')}]`;

suite('the nodes that can answer for a Service', () => {
  test('those with ready endpoints, each once, in order', () => {
    const one = slice(
      'web-a',
      list(endpoint('n2', READY), endpoint('n1', READY), endpoint('n2', READY), endpoint('n3', NOT_READY)),
    );
    assert.deepEqual(toServiceEndpoints([one]).ipv4, { ready: ['n1', 'n2'], serving: [], any: true });
  });

  test('an endpoint that terminates but serves', () => {
    assert.deepEqual(toServiceEndpoints([slice('web-a', list(endpoint('n1', DRAINING)))]).ipv4, {
      ready: [],
      serving: ['n1'],
      any: true,
    });
  });

  test('an endpoint that terminates and serves no longer', () => {
    assert.deepEqual(toServiceEndpoints([slice('web-a', list(endpoint('n1', DYING)))]).ipv4, {
      ready: [],
      serving: [],
      any: false,
    });
  });

  test('an endpoint that serves but is neither ready nor terminating', () => {
    const odd = endpoint('n1', '{"ready": false, "serving": true}');
    assert.equal(toServiceEndpoints([slice('web-a', list(odd))]).ipv4.any, false);
  });

  test('unset conditions mean ready', () => {
    const none = '{"addresses": ["10.244.1.7"], "nodeName": "n1"}';
    for (const each of [endpoint('n1', '{}'), none]) {
      assert.deepEqual(toServiceEndpoints([slice('web-a', list(each))]).ipv4, {
        ready: ['n1'],
        serving: [],
        any: true,
      });
    }
  });

  test('an endpoint without a node counts for any', () => {
    const nowhere = `{"addresses": ["203.0.113.7"], "conditions": ${READY}}`;
    assert.deepEqual(toServiceEndpoints([slice('web-a', list(nowhere))]).ipv4, { ready: [], serving: [], any: true });
  });

  test('a slice without endpoints, which the API server writes as null', () => {
    assert.deepEqual(toServiceEndpoints([slice('web-a', 'null')]).ipv4, { ready: [], serving: [], any: false });
    assert.deepEqual(toServiceEndpoints([]).ipv4, { ready: [], serving: [], any: false });
  });

  test('several slices together', () => {
    const slices = [
      slice('web-a', list(endpoint('n1', READY))),
      slice('web-b', list(endpoint('n2', DRAINING), endpoint('n1', DRAINING))),
    ];
    assert.deepEqual(toServiceEndpoints(slices).ipv4, { ready: ['n1'], serving: ['n1', 'n2'], any: true });
  });

  test('of each family apart, whatever the order of the slices', () => {
    const four = slice('web-a', list(endpoint('n1', READY), endpoint('n2', READY)));
    const six: kinds.EndpointSlice = { ...slice('web-b', list(endpoint('n3', DRAINING))), addressType: 'IPv6' };
    for (const slices of [
      [four, six],
      [six, four],
    ]) {
      assert.deepEqual(toServiceEndpoints(slices), {
        ipv4: { ready: ['n1', 'n2'], serving: [], any: true },
        ipv6: { ready: [], serving: ['n3'], any: true },
      });
    }
    assert.deepEqual(toServiceEndpoints([four]).ipv6, { ready: [], serving: [], any: false });
  });

  test('host names are no endpoints', () => {
    const names: kinds.EndpointSlice = { ...slice('web-a', list(endpoint('n1', READY))), addressType: 'FQDN' };
    assert.deepEqual(toServiceEndpoints([names]), NO_ENDPOINTS);
  });
});

suite('the index', () => {
  const A = slice('web-a', list(endpoint('n1', READY)));
  const B = slice('web-b', list(endpoint('n2', READY)));

  test('names the Service of a slice', () => {
    assert.equal(serviceOf(A), 'shop/web');
    assert.equal(serviceOf({ ...A, metadata: { name: 'own', namespace: 'shop' } }), undefined);
  });

  test('joins the slices of a Service', () => {
    const index = new EndpointIndex();
    assert.deepEqual(index.set(A), ['shop/web']);
    assert.deepEqual(index.set(B), ['shop/web']);
    assert.deepEqual(index.get('shop/web')?.ipv4.ready, ['n1', 'n2']);
    assert.equal(index.get('shop/other'), undefined);
  });

  test('replaces a slice that changed', () => {
    const index = new EndpointIndex();
    index.set(A);
    assert.deepEqual(index.set(slice('web-a', list(endpoint('n3', READY)))), ['shop/web']);
    assert.deepEqual(index.get('shop/web')?.ipv4.ready, ['n3']);
  });

  test('a slice that moves to another Service touches both', () => {
    const index = new EndpointIndex();
    index.set(A);
    index.set(B);
    assert.deepEqual(index.set(slice('web-a', list(endpoint('n1', READY)), 'other')), ['shop/web', 'shop/other']);
    assert.deepEqual(index.get('shop/web')?.ipv4.ready, ['n2']);
    assert.deepEqual(index.get('shop/other')?.ipv4.ready, ['n1']);
  });

  test('a slice that loses its label belongs to nobody', () => {
    const index = new EndpointIndex();
    index.set(A);
    assert.deepEqual(index.set({ ...A, metadata: { name: 'web-a', namespace: 'shop' } }), ['shop/web']);
    assert.equal(index.get('shop/web'), undefined);
    assert.deepEqual(index.set({ ...A, metadata: { name: 'web-a', namespace: 'shop' } }), []);
  });

  test('forgets a slice that is deleted, and the Service with its last one', () => {
    const index = new EndpointIndex();
    index.set(A);
    index.set(B);
    assert.deepEqual(index.delete(A), ['shop/web']);
    assert.deepEqual(index.get('shop/web')?.ipv4.ready, ['n2']);
    assert.deepEqual(index.delete(B), ['shop/web']);
    assert.equal(index.get('shop/web'), undefined);
    assert.deepEqual(index.delete(B), []);
  });

  test('tells the slices of one Service, those of others aside', () => {
    const index = new EndpointIndex();
    for (const each of [A, B, slice('other-a', list(), 'other')]) index.set(each);
    assert.deepEqual(index.slices('shop/web'), [A, B]);
    index.delete(A);
    assert.deepEqual(index.slices('shop/web'), [B]);
    assert.deepEqual(index.slices('shop/unheard-of'), []);
  });

  test('slices of one name in two namespaces are two', () => {
    const index = new EndpointIndex();
    index.set(A);
    index.set({ ...A, metadata: { ...A.metadata, namespace: 'park' } });
    index.delete({ ...A, metadata: { ...A.metadata, namespace: 'park' } });
    assert.deepEqual(index.get('shop/web')?.ipv4.ready, ['n1']);
    assert.equal(index.get('park/web'), undefined);
  });
});

suite('a slim slice', () => {
  const full = (): kinds.EndpointSlice =>
    slice(
      'web-a',
      list(endpoint('n1', READY), endpoint('n2', DRAINING), '{"addresses": ["203.0.113.7"], "conditions": {}}'),
    );

  test('says the same', () => {
    assert.deepEqual(toServiceEndpoints([slimSlice(full())]), toServiceEndpoints([full()]));
    assert.deepEqual(toReplicas([slimSlice(full())], 'ipv4'), toReplicas([full()], 'ipv4'));
    assert.equal(serviceOf(slimSlice(full())), 'shop/web');
    assert.deepEqual(toServiceEndpoints([slimSlice(slice('web-a', 'null'))]), NO_ENDPOINTS);
  });

  test('and is smaller', () => {
    const [slim, before] = [slimSlice(full()), full()].map((each) => JSON.stringify(each));
    assert.ok((slim ?? '').length < (before ?? '').length);
    assert.ok(!slim?.includes('managedFields'));
  });
});

suite('the replicas behind our own headless Service', () => {
  const of = (name: string, ...endpoints: string[]): kinds.EndpointSlice =>
    slice(name, list(...endpoints), 'porter-manager');

  test('every Pod with its node, ready or not, by name', () => {
    const slices = [
      of('m-1', endpoint('n2', NOT_READY, 'manager-b', '10.0.0.2'), endpoint('n1', READY, 'manager-a', '10.0.0.1')),
      of('m-2', endpoint('n3', DRAINING, 'manager-c', '10.0.0.3')),
    ];
    assert.deepEqual(toReplicas(slices, 'ipv4'), [
      { name: 'manager-a', address: '10.0.0.1', node: 'n1' },
      { name: 'manager-b', address: '10.0.0.2', node: 'n2' },
      { name: 'manager-c', address: '10.0.0.3', node: 'n3' },
    ]);
  });

  test("of both families: the address of one's own family, whatever the order of the slices; else the one there is", () => {
    const v4 = of('m-1', endpoint('n1', READY, 'manager-a', '10.0.0.1'));
    const v6: kinds.EndpointSlice = {
      ...of('m-2', endpoint('n1', READY, 'manager-a', 'fd00::1')),
      addressType: 'IPv6',
    };
    const addresses = (family: Family, ...slices: kinds.EndpointSlice[]): string[] =>
      toReplicas(slices, family).map(({ address }) => address);
    for (const slices of [
      [v4, v6],
      [v6, v4],
    ]) {
      assert.deepEqual(addresses('ipv4', ...slices), ['10.0.0.1']);
      assert.deepEqual(addresses('ipv6', ...slices), ['fd00::1']);
    }
    assert.deepEqual(addresses('ipv4', v6), ['fd00::1']);
    assert.deepEqual(addresses('ipv6', v4), ['10.0.0.1']);
  });

  test('nothing else', () => {
    const bare = '{"addresses": ["10.0.0.9"], "conditions": {"ready": true}}';
    const node = '{"addresses": ["10.0.0.9"], "conditions": {}, "targetRef": {"kind": "Node", "name": "n1"}}';
    assert.deepEqual(toReplicas([of('m-1', bare, node), slice('m-2', 'null')], 'ipv4'), []);
    assert.deepEqual(toReplicas([], 'ipv4'), []);
  });
});
