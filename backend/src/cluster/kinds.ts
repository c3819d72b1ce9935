import type {
  EventsV1Event,
  V1CustomResourceDefinition,
  V1EndpointSlice,
  V1Lease,
  V1Namespace,
  V1Node,
  V1Secret,
  V1Service,
  V1ServiceCIDR,
  V1Taint,
} from '@kubernetes/client-node';
import type { KubeObject, ResourceKind, Wire } from './objects.ts';

export type Service = Wire<V1Service>;
export type EndpointSlice = Wire<V1EndpointSlice>;
export type Node = Wire<V1Node>;
export type Taint = Wire<V1Taint>;
export type Namespace = Wire<V1Namespace>;
export type ServiceCIDR = Wire<V1ServiceCIDR>;
export type Secret = Wire<V1Secret>;
export type Lease = Wire<V1Lease>;
export type Event = Wire<EventsV1Event>;
export type CustomResourceDefinition = Wire<V1CustomResourceDefinition>;

export const services: ResourceKind<Service> = {
  group: '',
  version: 'v1',
  kind: 'Service',
  plural: 'services',
  namespaced: true,
};

export const endpointSlices: ResourceKind<EndpointSlice> = {
  group: 'discovery.k8s.io',
  version: 'v1',
  kind: 'EndpointSlice',
  plural: 'endpointslices',
  namespaced: true,
};

export const nodes: ResourceKind<Node> = { group: '', version: 'v1', kind: 'Node', plural: 'nodes', namespaced: false };

export const namespaces: ResourceKind<Namespace> = {
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  namespaced: false,
};

/** The cluster's own Service ranges (KEP-1880): stable since Kubernetes 1.33, off by default in the versions that have v1beta1. */
export const serviceCIDRs: ResourceKind<ServiceCIDR> = {
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'ServiceCIDR',
  plural: 'servicecidrs',
  namespaced: false,
};

export const serviceCIDRsBeta: ResourceKind<ServiceCIDR> = { ...serviceCIDRs, version: 'v1beta1' };

export const secrets: ResourceKind<Secret> = {
  group: '',
  version: 'v1',
  kind: 'Secret',
  plural: 'secrets',
  namespaced: true,
};

export const leases: ResourceKind<Lease> = {
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
};

export const events: ResourceKind<Event> = {
  group: 'events.k8s.io',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  namespaced: true,
};

export const customResourceDefinitions: ResourceKind<CustomResourceDefinition> = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
};

const workload = { group: 'apps', version: 'v1', namespaced: true } as const;
export const deployments: ResourceKind<KubeObject> = { ...workload, kind: 'Deployment', plural: 'deployments' };
export const daemonSets: ResourceKind<KubeObject> = { ...workload, kind: 'DaemonSet', plural: 'daemonsets' };
export const pods: ResourceKind<KubeObject> = {
  group: '',
  version: 'v1',
  kind: 'Pod',
  plural: 'pods',
  namespaced: true,
};

export const clusterRoleBindings: ResourceKind<KubeObject> = {
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'ClusterRoleBinding',
  plural: 'clusterrolebindings',
  namespaced: false,
};
