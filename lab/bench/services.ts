import type { KubeObject } from '../cluster/api-client.ts';

export const namespace = 'default';

export interface ServiceSpec {
  readonly name: string;
  readonly policy: 'Cluster' | 'Local';
  /** Default: ours. */
  readonly loadBalancerClass?: string;
  /** Default: true, which a cluster can do for as many Services as its range of node ports has numbers: 2,768 by default. */
  readonly nodePorts?: boolean;
}

export function service(spec: ServiceSpec): KubeObject {
  const { name, policy, loadBalancerClass = 'lb.kubesphere.io/porter', nodePorts = true } = spec;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, annotations: { 'eip.porter.kubesphere.io/v1alpha2': 'bench' } },
    spec: {
      type: 'LoadBalancer',
      loadBalancerClass,
      externalTrafficPolicy: policy,
      allocateLoadBalancerNodePorts: nodePorts,
      ports: [{ port: 80 }],
    },
  };
}

/** Ready endpoints on nodes, written as the endpoints controller would. */
export function slice(name: string, nodes: readonly string[]): KubeObject {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `${name}-1`, namespace, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    endpoints: nodes.map((node, i) => ({
      addresses: [`10.244.${i + 1}.2`],
      conditions: { ready: true, serving: true, terminating: false },
      nodeName: node,
    })),
    ports: [{ port: 80 }],
  };
}

/** What a user of this product writes to begin with. */
export function configuration(router: { readonly asn: number; readonly address: string }): KubeObject[] {
  const apiVersion = 'network.kubesphere.io/v1alpha2';
  return [
    { apiVersion, kind: 'Eip', metadata: { name: 'bench' }, spec: { address: '172.30.0.0/16' } },
    { apiVersion, kind: 'BgpConf', metadata: { name: 'default' }, spec: { as: 65001 } },
    {
      apiVersion,
      kind: 'BgpPeer',
      metadata: { name: 'r1' },
      spec: { conf: { peerAs: router.asn, neighborAddress: router.address } },
    },
  ];
}
