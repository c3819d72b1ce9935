import type { KubeObject } from '../cluster/api-client.ts';
import { images } from '../images/images.ts';
import type { Lab } from '../lab.ts';

/** What users write to get going in BGP mode: a pool of both families, our AS, and a peer per router. */
export function configuration(lab: Lab): KubeObject[] {
  const apiVersion = 'network.kubesphere.io/v1alpha2';
  return [
    {
      apiVersion,
      kind: 'Eip',
      metadata: { name: 'public' },
      spec: { addresses: ['172.30.0.0/24', 'fd30:1::/112'], protocol: 'bgp', avoidBuggyIPs: true },
    },
    { apiVersion, kind: 'BgpConf', metadata: { name: 'default' }, spec: { as: 65001 } },
    ...lab.routers.map((router, i) => ({
      apiVersion,
      kind: 'BgpPeer',
      metadata: { name: router.name },
      // One router by IPv4, the next by IPv6: either carries the routes of both families.
      spec: {
        conf: { peerAs: router.asn, neighborAddress: i % 2 === 0 ? router.addresses.ipv4 : router.addresses.ipv6 },
      },
    })),
  ];
}

/** A pool of addresses of the nodes' own network, of both families: no router need know anything of it. */
export function linkPool(): KubeObject {
  return {
    apiVersion: 'network.kubesphere.io/v1alpha2',
    kind: 'Eip',
    metadata: { name: 'lan' },
    spec: { addresses: ['10.50.0.200-10.50.0.219', 'fd00:50::1:0/124'], protocol: 'layer2' },
  };
}

/** Pods that answer with their own name, one on each of the named nodes (all nodes if none are named). */
export function whoami(name: string, replicas: number, nodes: readonly string[] = []): KubeObject {
  const labels = { app: name };
  const place = { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: nodes }] };
  const nodeAffinity = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [place] } };
  const fieldEnv = (variable: string, fieldPath: string): object => ({
    name: variable,
    valueFrom: { fieldRef: { fieldPath } },
  });
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'default' },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: 0,
          ...(nodes.length === 0 ? {} : { affinity: { nodeAffinity } }),
          topologySpreadConstraints: [
            {
              maxSkew: 1,
              topologyKey: 'kubernetes.io/hostname',
              whenUnsatisfiable: 'ScheduleAnyway',
              labelSelector: { matchLabels: labels },
            },
          ],
          containers: [
            {
              name: 'whoami',
              image: images.whoami,
              imagePullPolicy: 'Never',
              env: [fieldEnv('POD_NAME', 'metadata.name'), fieldEnv('NODE_NAME', 'spec.nodeName')],
              ports: [{ containerPort: 8080 }],
            },
          ],
        },
      },
    },
  };
}

export interface ServiceWishes {
  /** Name of the Deployment whose Pods answer. */
  readonly app: string;
  readonly policy?: 'Cluster' | 'Local';
  readonly family?: 'IPv4' | 'IPv6';
  /** Name of the Eip; default: `public`. */
  readonly pool?: string;
}

/** A Service of type LoadBalancer that asks for us by class and names the pool by annotation. */
export function service(name: string, wishes: ServiceWishes): KubeObject {
  const { app, policy = 'Cluster', family = 'IPv4', pool = 'public' } = wishes;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name,
      namespace: 'default',
      annotations: { 'eip.porter.kubesphere.io/v1alpha2': pool },
    },
    spec: {
      type: 'LoadBalancer',
      loadBalancerClass: 'lb.kubesphere.io/porter',
      externalTrafficPolicy: policy,
      ipFamilies: [family],
      selector: { app },
      ports: [{ port: 80, targetPort: 8080 }],
    },
  };
}
