import type { KubeObject } from '../cluster/api-client.ts';

const NAMES: Readonly<Record<string, readonly [group: string, version: string]>> = {
  APIService: ['extensions.kubesphere.io', 'v1alpha1'],
  JSBundle: ['extensions.kubesphere.io', 'v1alpha1'],
  Category: ['iam.kubesphere.io', 'v1beta1'],
  RoleTemplate: ['iam.kubesphere.io', 'v1beta1'],
};

/**
 * CRDs of the kinds of KubeSphere that an extension makes objects of, as far as it matters to Helm: their names, cluster-wide, with whatever
 * fields, the status among them (kubesphere/kubesphere, staging/src/kubesphere.io/api).
 */
export const kubeSphereKinds: readonly KubeObject[] = Object.entries(NAMES).map(([kind, [group, version]]) => {
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
      scope: 'Cluster',
      names: { kind, listKind: `${kind}List`, plural, singular },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
        },
      ],
    },
  };
});
