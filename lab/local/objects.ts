import type { KubeObject } from '../cluster/api-client.ts';

const apiVersion = 'network.kubesphere.io/v1alpha2';

/** A pool. */
export function eip(name: string, spec: object, annotations: Readonly<Record<string, string>> = {}): KubeObject {
  return { apiVersion, kind: 'Eip', metadata: { name, annotations }, spec };
}

/** Marks a pool as the default one. */
export const defaultPool = { 'eip.openelb.kubesphere.io/is-default-eip': 'true' };

export function bgpConf(spec: object = { as: 65001 }): KubeObject {
  return { apiVersion, kind: 'BgpConf', metadata: { name: 'default' }, spec };
}

/** A peer for each router: one by IPv4, the next by IPv6, and so on; either carries the routes of both families. */
export function bgpPeers(routers: readonly PeerRouter[]): KubeObject[] {
  return routers.map((router, i) => bgpPeer(router, i % 2 === 0 ? router.addresses.ipv4 : router.addresses.ipv6));
}

export interface PeerRouter {
  readonly name: string;
  readonly asn: number;
  readonly addresses: { readonly ipv4: string; readonly ipv6: string };
}

export function bgpPeer(router: PeerRouter, neighborAddress: string, spec: object = {}): KubeObject {
  const conf = { peerAs: router.asn, neighborAddress };
  return { apiVersion, kind: 'BgpPeer', metadata: { name: router.name }, spec: { conf, ...spec } };
}

export interface ServiceWishes {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  /** On top of a LoadBalancer Service with port 80 and no class. */
  readonly spec?: object;
}

/** Namespace and name of `namespace/name`, or of a name in the namespace `default`. */
export function placeOf(key: string): { readonly namespace: string; readonly name: string } {
  const [first = '', second] = key.split('/');
  return second === undefined ? { namespace: 'default', name: first } : { namespace: first, name: second };
}

/** `key` as `placeOf` takes it. */
export function service(key: string, wishes: ServiceWishes = {}): KubeObject {
  const { annotations = {}, finalizers, spec = {} } = wishes;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...placeOf(key), annotations, ...(finalizers === undefined ? {} : { finalizers }) },
    spec: { type: 'LoadBalancer', ports: [{ port: 80 }], ...spec },
  };
}

/** Our class, for the spec of a Service. */
export const ours = { loadBalancerClass: 'lb.kubesphere.io/porter' };

export type EndpointState = 'ready' | 'unready' | 'draining';

const conditions: Readonly<Record<EndpointState, object>> = {
  ready: { ready: true, serving: true, terminating: false },
  unready: { ready: false, serving: false, terminating: false },
  // Terminating, and still answering (KEP-1672).
  draining: { ready: false, serving: true, terminating: true },
};

/** The part of a Service's slices that holds its IPv6 endpoints: a slice has addresses of one family. */
export const ipv6Part = 6;

/**
 * Endpoints of a Service (`key` as `placeOf` takes it), one on each named node, as the endpoints controller writes them. `part` tells
 * slices apart.
 */
export function slice(key: string, nodes: Readonly<Record<string, EndpointState>>, part = 1): KubeObject {
  const { namespace, name } = placeOf(key);
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${name}-${part}`, namespace, labels: { 'kubernetes.io/service-name': name } },
    addressType: part === ipv6Part ? 'IPv6' : 'IPv4',
    endpoints: Object.entries(nodes).map(([nodeName, state], i) => ({
      addresses: [part === ipv6Part ? `fd00:244::${i + 2}` : `10.244.${part}.${i + 2}`],
      conditions: conditions[state],
      nodeName,
    })),
    ports: [{ port: 80 }],
  };
}

/** The same state on several nodes, for `slice`. */
export function on(nodes: readonly string[], state: EndpointState = 'ready'): Record<string, EndpointState> {
  return Object.fromEntries(nodes.map((node) => [node, state]));
}
