import type { KubeObject } from '../../cluster/api-client.ts';
import { images } from '../../images/images.ts';

const namespace = 'metallb-system';

/** Kinds of MetalLB's group that take anything, by version. */
function definition(kind: string, plural: string, version: string): KubeObject {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.metallb.io` },
    spec: {
      group: 'metallb.io',
      scope: 'Namespaced',
      names: { kind, plural, singular: kind.toLowerCase() },
      versions: [{ name: version, served: true, storage: true, schema }],
    },
  };
}

export const definitions: readonly KubeObject[] = [
  definition('IPAddressPool', 'ipaddresspools', 'v1beta1'),
  definition('L2Advertisement', 'l2advertisements', 'v1beta1'),
  definition('BGPAdvertisement', 'bgpadvertisements', 'v1beta1'),
  definition('BGPPeer', 'bgppeers', 'v1beta2'),
  definition('BFDProfile', 'bfdprofiles', 'v1beta1'),
  definition('Community', 'communities', 'v1beta1'),
];

/** What runs under the names of MetalLB's workloads, announces nothing and can be stopped. */
function workload(kind: 'Deployment' | 'DaemonSet', name: string): KubeObject {
  const labels = { app: 'metallb', component: name };
  const container = { name: 'stand-in', image: images.whoami, imagePullPolicy: 'Never' };
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, namespace, labels },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 0, containers: [container] } },
    },
  };
}

export const workloads: readonly KubeObject[] = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
  workload('Deployment', 'controller'),
  workload('DaemonSet', 'speaker'),
];

function object(kind: string, name: string, spec: object): KubeObject {
  const apiVersion = kind === 'BGPPeer' ? 'metallb.io/v1beta2' : 'metallb.io/v1beta1';
  return { apiVersion, kind, metadata: { name, namespace }, spec };
}

/** A site with routed pools and one of the nodes' own network, all of which can be carried over. */
export function configuration(router: { readonly address: string; readonly asn: number }): KubeObject[] {
  return [
    object('IPAddressPool', 'public', { addresses: ['172.30.0.0/24'], autoAssign: true, avoidBuggyIPs: true }),
    object('IPAddressPool', 'named', { addresses: ['172.30.1.0/28'], autoAssign: false }),
    object('IPAddressPool', 'lan', { addresses: ['10.50.0.200-10.50.0.219'], autoAssign: false }),
    object('BGPAdvertisement', 'routed', {
      ...{ ipAddressPools: ['public', 'named'], communities: ['marked'], peers: ['r1'] },
      ...{ aggregationLength: 32, aggregationLengthV6: 128 },
    }),
    object('L2Advertisement', 'lan', { ipAddressPools: ['lan'], interfaces: ['eth0'] }),
    object('Community', 'names', { communities: [{ name: 'marked', value: '65001:77' }] }),
    object('BGPPeer', 'r1', { myASN: 65001, peerASN: router.asn, peerAddress: router.address, holdTime: '30s' }),
  ];
}

interface Given {
  readonly app: string;
  readonly port?: number;
  readonly annotations?: Readonly<Record<string, string>>;
  /** More of its spec. */
  readonly spec?: Readonly<Record<string, unknown>>;
}

/** A Service that MetalLB serves; its status is a write of its own. */
export function served(name: string, { app, port = 80, annotations = {}, spec = {} }: Given): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default', annotations },
    spec: {
      type: 'LoadBalancer',
      ...spec,
      selector: { app },
      ports: [{ port, targetPort: 8080 }],
    },
  };
}
