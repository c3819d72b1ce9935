/** What OpenELB 0.5 and 0.6 leave in a cluster: the shapes of its CRDs, its workloads and webhooks under their names, its objects. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KubeObject } from '../../cluster/api-client.ts';
import { images } from '../../images/images.ts';
import type { KubeAccess } from '../../cluster/kube-access.ts';
import type { Lab } from '../../lab.ts';
import { until } from '../../state/until.ts';
import { crds, GROUP, type Version } from './openelb-kinds.ts';

export type { Version } from './openelb-kinds.ts';

export const openelbNamespace = 'openelb-system';
/** Whose Helm release is called as an app store calls it. */
const RELEASE = 'openelb-x7k2p';
const API = `${GROUP}/v1alpha2`;
export const OLD_FINALIZERS = {
  pool: 'finalizer.ipam.kubesphere.io/v1alpha1',
  others: 'finalizer.lb.kubesphere.io/v1alpha1',
};

/** Who has which address. */
export interface Held {
  readonly name: string;
  readonly ip: string;
  readonly pool: string;
  readonly era: 'openelb' | 'porter';
  readonly port?: number;
}

/** Addresses that are not simply the first free ones, so that nobody gets them by luck. */
export const HELD: readonly Held[] = [
  { name: 'web', ip: '172.30.0.5', pool: 'public', era: 'openelb' },
  { name: 'old', ip: '172.30.0.7', pool: 'public', era: 'porter' },
  { name: 'shared-a', ip: '172.30.0.9', pool: 'public', era: 'openelb', port: 80 },
  { name: 'shared-b', ip: '172.30.0.9', pool: 'public', era: 'openelb', port: 8081 },
  { name: 'vip', ip: '10.50.0.203', pool: 'keepalived', era: 'openelb' },
  { name: 'left', ip: '10.50.0.205', pool: 'keepalived', era: 'openelb' },
  { name: 'lan', ip: '10.50.0.213', pool: 'link', era: 'openelb' },
];

/** What stays on a node whose keepalived was killed. */
export const LEFT = { ip: '10.50.0.205', node: 'n1' };

/** Pools as OpenELB has them, with its ledger in the status. */
export function pools(version: Version): KubeObject[] {
  const pool = (name: string, spec: object): KubeObject => {
    const used: Record<string, string> = {};
    for (const { ip, name: service } of HELD.filter((each) => each.pool === name)) {
      const key = `default/${service}`;
      used[ip] = used[ip] === undefined ? key : `${used[ip]};${key}`;
    }
    const usage = Object.keys(used).length;
    const status = { poolSize: 11, usage, occupied: false, used, firstIP: '', lastIP: '', v4: true, ready: true };
    return {
      apiVersion: API,
      kind: 'Eip',
      metadata: { name, finalizers: [OLD_FINALIZERS.pool] },
      spec,
      status,
    };
  };
  return [
    // Nobody gets anything new from it, and OpenELB gave from it whoever named it.
    pool('public', {
      ...{ address: '172.30.0.0-172.30.0.10', protocol: 'bgp', disable: true },
      ...(version === '0.6' && { namespaces: ['elsewhere'] }),
    }),
    pool('keepalived', { address: '10.50.0.200-10.50.0.210', protocol: 'vip', interface: 'eth0' }),
    pool('link', { address: '10.50.0.211-10.50.0.221', protocol: 'layer2', interface: 'eth0' }),
  ];
}

export interface Neighbour {
  readonly name: string;
  readonly asn: number;
  readonly addresses: { readonly ipv4: string };
}

export function peering(routers: readonly Neighbour[]): KubeObject[] {
  const finalizers = [OLD_FINALIZERS.others];
  return [
    {
      apiVersion: API,
      kind: 'BgpConf',
      metadata: { name: 'default', finalizers },
      spec: { as: 65001, listenPort: 17900 },
    },
    ...routers.map(({ name, asn, addresses }) => {
      const conf = { peerAs: asn, neighborAddress: addresses.ipv4 };
      return { apiVersion: API, kind: 'BgpPeer', metadata: { name, finalizers }, spec: { conf } };
    }),
  ] as KubeObject[];
}

const PROTOCOLS: Readonly<Record<string, string>> = { keepalived: 'vip', link: 'layer2' };

export function oldService({ name, pool, era, port = 80 }: Held): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      ...{ name, namespace: 'default', finalizers: [OLD_FINALIZERS.others] },
      labels: { [`eip.${era}.kubesphere.io/v1alpha2`]: pool },
      annotations: {
        'lb.kubesphere.io/v1alpha1': era,
        [`eip.${era}.kubesphere.io/v1alpha2`]: pool,
        [`protocol.${era}.kubesphere.io/v1alpha1`]: PROTOCOLS[pool] ?? 'bgp',
      },
    },
    spec: {
      type: 'LoadBalancer',
      allocateLoadBalancerNodePorts: true,
      selector: { app: 'whoami' },
      ports: [{ port, targetPort: 8080 }],
    },
  };
}

/** Its webhooks, which fail where nobody answers: with version 0.5 so does every change of a Service. */
export function webhooks(version: Version): KubeObject[] {
  const configuration = (kind: string, what: 'svc' | 'eip', rule: object): KubeObject => ({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind,
    metadata: { name: 'openelb-admission' },
    webhooks: [
      {
        ...{ name: `${what}.${GROUP}`, failurePolicy: 'Fail', sideEffects: 'None', admissionReviewVersions: ['v1'] },
        clientConfig: {
          service: {
            ...{ name: version === '0.5' ? 'openelb-admission' : `${RELEASE}-controller`, namespace: openelbNamespace },
            path: `/validate-network-kubesphere-io-v1alpha2-${what}`,
          },
        },
        rules: [{ operations: ['CREATE', 'UPDATE'], ...rule }],
      },
    ],
  });
  const ofEips = { apiGroups: [GROUP], apiVersions: ['v1alpha2'], resources: ['eips'] };
  const ofServices = { apiGroups: [''], apiVersions: ['v1'], resources: ['services'] };
  const validating = configuration('ValidatingWebhookConfiguration', 'eip', ofEips);
  return version === '0.6'
    ? [validating]
    : [validating, configuration('MutatingWebhookConfiguration', 'svc', ofServices)];
}

/** What its charts call containers, whatever the release is called. */
const PROGRAMS: Readonly<Record<string, string>> = {
  [`${RELEASE}-controller`]: 'openelb-controller',
  [`${RELEASE}-speaker`]: 'openelb-speaker',
};

interface WorkloadWishes {
  readonly kind: 'Deployment' | 'DaemonSet';
  readonly name: string;
  readonly container: object;
  readonly replicas?: number;
}

function workload({ kind, name, container, replicas }: WorkloadWishes): KubeObject {
  const labels = { app: name };
  const apart = { labelSelector: { matchLabels: labels }, topologyKey: 'kubernetes.io/hostname' };
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, namespace: openelbNamespace },
    spec: {
      ...(replicas === undefined ? {} : { replicas }),
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          ...{ serviceAccountName: 'openelb', hostNetwork: true, terminationGracePeriodSeconds: 10 },
          affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [apart] } },
          containers: [{ name: PROGRAMS[name] ?? name, imagePullPolicy: 'Never', ...container }],
          volumes: [{ name: 'program', configMap: { name: 'speaker' } }],
        },
      },
    },
  };
}

/** `image`: one with Node.js in it. */
function speaker(lab: Lab, image: string): object {
  return {
    image,
    command: ['/usr/local/bin/node', '/program/speaker.ts'],
    env: [
      { name: 'NODE_IP', valueFrom: { fieldRef: { fieldPath: 'status.hostIP' } } },
      { name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
      { name: 'NODES', value: lab.nodes.map(({ name }) => name).join() },
      { name: 'ROUTER', value: lab.router('r1').addresses.ipv4 },
      { name: 'KUBERNETES_SERVICE_HOST', value: '10.96.0.1' },
    ],
    volumeMounts: [{ name: 'program', mountPath: '/program' }],
    securityContext: { runAsUser: 0, capabilities: { add: ['NET_RAW'] } },
  };
}

/** A live OpenELB: whoever announces is a stand-in. */
export function program(lab: Lab, version: Version, image: string): KubeObject[] {
  const rbac = 'rbac.authorization.k8s.io';
  const subjects = [{ kind: 'ServiceAccount', name: 'openelb', namespace: openelbNamespace }];
  const names = version === '0.5' ? ['openelb-manager-rolebinding'] : [`${RELEASE}-controller`, `${RELEASE}-speaker`];
  const container = speaker(lab, image);
  const metadata = { namespace: openelbNamespace };
  const files = ['speaker.ts', 'arp.ts'].map((name) => [name, readFileSync(join(import.meta.dirname, name), 'utf8')]);
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: openelbNamespace } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'openelb', ...metadata } },
    {
      ...{ apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata: { name: 'openelb' } },
      rules: [{ apiGroups: [GROUP], resources: ['eips'], verbs: ['get', 'list'] }],
    },
    ...names.map((name) => ({
      ...{ apiVersion: `${rbac}/v1`, kind: 'ClusterRoleBinding', metadata: { name }, subjects },
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'openelb' },
    })),
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'speaker', ...metadata },
      data: Object.fromEntries(files),
    },
    ...(version === '0.5'
      ? [workload({ kind: 'Deployment', name: 'openelb-manager', container, replicas: 2 })]
      : [
          workload({
            kind: 'Deployment',
            name: `${RELEASE}-controller`,
            container: { image: images.pause },
            replicas: 1,
          }),
          workload({ kind: 'DaemonSet', name: `${RELEASE}-speaker`, container }),
        ]),
  ] as KubeObject[];
}

/** What nobody touched since the first version: of its fields, the second one knows `as`. OpenELB reads none that is not called `default`. */
const OLDEST = {
  apiVersion: `${GROUP}/v1alpha1`,
  kind: 'BgpConf',
  metadata: { name: 'first', finalizers: [OLD_FINALIZERS.others] },
  spec: { as: 65002, port: 17900, routerID: '192.0.2.1' },
} as KubeObject;

/** Makes the kinds and the objects, stored by two versions of the kinds, as where a cluster has come all the way from the first one. */
export async function makeObjects(lab: KubeAccess, version: Version, routers: readonly Neighbour[]): Promise<void> {
  for (const kind of crds(version, 'v1alpha1')) await lab.apply(kind);
  await lab.kubectl(['wait', '--for=condition=Established', '--timeout=120s', 'crd', '--all']);
  await until(() => lab.apply(OLDEST).then(() => true), { what: 'an object of v1alpha1 to be taken' });
  for (const kind of crds(version, 'v1alpha2')) await lab.apply(kind);
  for (const object of [...pools(version), ...peering(routers)]) {
    await until(() => lab.apply(object).then(() => true), { what: `${object.metadata.name} to be taken` });
    if (object['status'] === undefined) continue;
    await lab.api.patch(`${await lab.api.pathOf(object)}/status`, { status: object['status'] });
  }
  for (const each of HELD) {
    const object = oldService(each);
    await lab.apply(object);
    const status = { loadBalancer: { ingress: [{ ip: each.ip }] } };
    await lab.api.patch(`${await lab.api.pathOf(object)}/status`, { status });
  }
}

/** A Deployment with the binding that it is known by, which no program runs in. */
export function deployed(of: {
  readonly namespace: string;
  readonly name: string;
  readonly binding: string;
}): KubeObject[] {
  const { namespace, name, binding } = of;
  const rbac = 'rbac.authorization.k8s.io';
  const { metadata, ...rest } = workload({ kind: 'Deployment', name, container: { image: images.pause }, replicas: 2 });
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    {
      ...{ apiVersion: `${rbac}/v1`, kind: 'ClusterRoleBinding', metadata: { name: binding } },
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'view' },
      subjects: [{ kind: 'ServiceAccount', name: 'openelb', namespace }],
    },
    { ...rest, metadata: { ...metadata, namespace } },
  ] as KubeObject[];
}
