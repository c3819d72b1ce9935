import type { Cluster, Metadata, PoolObject, ServiceObject, Webhook, Workload, WorkloadKind } from '../cluster.ts';

const LB = 'finalizer.lb.kubesphere.io/v1alpha1';

export function workload(
  kind: WorkloadKind,
  key: string,
  nodes: readonly string[],
  more: Partial<Metadata> = {},
): Workload {
  const [namespace = '', name = ''] = key.split('/');
  const spec = kind === 'Deployment' ? { replicas: nodes.length } : {};
  const pods = nodes.map((node) => ({
    ...{ name: `${name}-${node}`, node, ready: true, running: true },
    metricsPort: undefined,
  }));
  return { kind, object: { metadata: { namespace, name, ...more }, spec }, pods };
}

/** A Service as OpenELB leaves it. */
export function old(
  key: string,
  ip: string | undefined,
  {
    pool = 'public',
    era = 'openelb',
    more = {},
    spec = {},
  }: {
    readonly pool?: string;
    readonly era?: 'openelb' | 'porter';
    readonly more?: Readonly<Record<string, string>>;
    readonly spec?: ServiceObject['spec'];
  } = {},
): ServiceObject {
  const [namespace = '', name = ''] = key.split('/');
  return {
    metadata: {
      ...{ namespace, name, finalizers: [LB] },
      labels: { [`eip.${era}.kubesphere.io/v1alpha2`]: pool },
      annotations: { 'lb.kubesphere.io/v1alpha1': era, ...more },
    },
    spec: { type: 'LoadBalancer', ports: [{ port: 80 }], ...spec },
    status: { loadBalancer: { ingress: ip === undefined ? [] : [{ ip }] } },
  };
}

export function pool(name: string, used: Readonly<Record<string, string>>, spec: PoolObject['spec'] = {}): PoolObject {
  return {
    metadata: { name, finalizers: ['finalizer.ipam.kubesphere.io/v1alpha1'] },
    spec,
    status: { used, poolSize: 10 },
  };
}

function webhook(kind: Webhook['kind'], path: string): Webhook {
  const webhooks = [{ name: 'w', clientConfig: { service: { path } } }];
  const metadata = { name: 'openelb-admission', resourceVersion: '7' };
  return { kind, object: { metadata, webhooks } };
}

/** A live OpenELB with PorterLB installed beside it. */
export function cluster(version: '0.5' | '0.6', parts: Partial<Cluster> = {}): Cluster {
  const there = 'openelb-system';
  const workloads = {
    '0.5': [workload('Deployment', `${there}/openelb-manager`, ['n1', 'n2'])],
    '0.6': [
      workload('DaemonSet', `${there}/openelb-speaker`, ['n1', 'n2']),
      workload('Deployment', `${there}/openelb-controller`, ['n1']),
    ],
  };
  const validating = webhook('validatingwebhookconfigurations', '/validate-network-kubesphere-io-v1alpha2-eip');
  const mutating = webhook('mutatingwebhookconfigurations', '/validate-network-kubesphere-io-v1alpha2-svc');
  return {
    workloads: workloads[version],
    strangers: [],
    reachedBy: ['198.51.100.1'],
    webhooks: version === '0.5' ? [mutating, validating] : [validating],
    crds: ['eips', 'bgpconfs', 'bgppeers'].map((plural) => ({
      metadata: {
        name: `${plural}.network.kubesphere.io`,
        labels: { 'app.kubernetes.io/managed-by': 'Helm' },
        annotations: { 'porterlb.kubesphere.io/version': '0.1.0', 'meta.helm.sh/release-name': 'openelb' },
      },
      spec: { versions: [{ name: 'v1alpha2', storage: true }, { name: 'v1alpha1' }] },
      status: { storedVersions: ['v1alpha1', 'v1alpha2'] },
    })),
    services: [old('shop/web', '192.0.2.1'), old('shop/old', '192.0.2.2', { era: 'porter' })],
    pools: [pool('public', { '192.0.2.1': 'shop/web', '192.0.2.2': 'shop/old' })],
    confs: [{ metadata: { name: 'default', finalizers: [LB] } }],
    peers: [{ metadata: { name: 'r1', finalizers: [LB] }, spec: { conf: {} } }],
    namespace: 'porterlb-system',
    manager: workload('Deployment', 'porterlb-system/porter-manager', ['n1', 'n2']),
    record: undefined,
    ...parts,
  };
}
