import type { KubeObject } from '../cluster/api-client.ts';
import { SCHEMAS, type Schema } from './schemas.ts';

type Names = Readonly<Record<string, readonly [group: string, version: string, scope?: string]>>;

const NAMES: Names = {
  APIService: ['extensions.kubesphere.io', 'v1alpha1'],
  JSBundle: ['extensions.kubesphere.io', 'v1alpha1'],
  Category: ['iam.kubesphere.io', 'v1beta1'],
  RoleTemplate: ['iam.kubesphere.io', 'v1beta1'],
  PodMonitor: ['monitoring.coreos.com', 'v1', 'Namespaced'],
  PrometheusRule: ['monitoring.coreos.com', 'v1', 'Namespaced'],
  ClusterRuleGroup: ['alerting.kubesphere.io', 'v2beta1'],
  ClusterDashboard: ['monitoring.kubesphere.io', 'v1alpha2'],
};

/** What a marketplace is made of, and what has an extension installed. */
const MARKETPLACE_NAMES: Names = {
  Extension: ['kubesphere.io', 'v1alpha1'],
  ExtensionVersion: ['kubesphere.io', 'v1alpha1'],
  InstallPlan: ['kubesphere.io', 'v1alpha1'],
};

/** Of what nobody here makes objects of, the names are enough. */
const whatever: Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

/** CRDs of the kinds of KubeSphere and its monitoring that an extension makes objects of, with the fields that these may have. */
export const kubeSphereKinds: readonly KubeObject[] = crdsOf(NAMES);

/** The same of the kinds that publish and install an extension. */
export const marketplaceKinds: readonly KubeObject[] = crdsOf(MARKETPLACE_NAMES);

function crdsOf(names: Names): KubeObject[] {
  return Object.entries(names).map(([kind, [group, version, scope]]) => crdOf(kind, group, version, scope));
}

function crdOf(kind: string, group: string, version: string, scope = 'Cluster'): KubeObject {
  const singular = kind.toLowerCase();
  const plural = kind === 'Category' ? 'categories' : `${singular}s`;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${group}`,
      labels: { 'porterlb.lab/stands-in-for': 'kubesphere' },
    },
    spec: {
      group,
      scope,
      names: { kind, listKind: `${kind}List`, plural, singular },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: SCHEMAS[kind] ?? whatever },
        },
      ],
    },
  };
}
