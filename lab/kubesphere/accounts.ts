import type { Account, RoleTemplate } from './roles.ts';

/** Without an @: the shell's server takes what has one for encrypted. */
const password = 'Porter-LB-1';

/** The workspace of a shop; its projects are its namespaces. */
export const workspace = 'acme';
export const projects: readonly string[] = ['shop', 'blog'];

/** Who can sign in: the platform's administrator, somebody who may look at the cluster, somebody who runs its network, somebody who works in a workspace. */
export const accounts: readonly Account[] = [
  { name: 'admin', password, platformAdmin: true },
  { name: 'viewer', password, clusterRole: 'cluster-viewer' },
  // A role that somebody has made in the console, with nothing but our template for managing.
  { name: 'network', password, clusterTemplates: ['cluster-manage-porterlb'] },
  {
    name: 'tenant',
    password,
    workspaceRoles: { [workspace]: 'regular' },
    namespaceRoles: Object.fromEntries(projects.map((project) => [project, 'operator'])),
  },
];

const looking = ['get', 'list', 'watch'];

function template(
  name: string,
  labels: Readonly<Record<string, string>>,
  actions: object,
  rules: readonly object[],
): RoleTemplate {
  return {
    apiVersion: 'iam.kubesphere.io/v1beta1',
    kind: 'RoleTemplate',
    metadata: {
      name,
      labels: { ...labels, 'kubesphere.io/managed': 'true' },
      annotations: { 'iam.kubesphere.io/role-template-rules': JSON.stringify(actions) },
    },
    spec: { rules: rules as RoleTemplate['spec']['rules'] },
  };
}

function labels(scope: string, ...roles: readonly string[]): Record<string, string> {
  const aggregated = roles.map((role) => [`iam.kubesphere.io/aggregate-to-${role}`, '']);
  return { 'iam.kubesphere.io/scope': scope, ...(Object.fromEntries(aggregated) as Record<string, string>) };
}

const kubernetes = [
  '',
  'apps',
  'batch',
  'discovery.k8s.io',
  'networking.k8s.io',
  'storage.k8s.io',
  'resources.kubesphere.io',
];

/** Stand for KubeSphere's own: what its roles have without any extension, by and large. */
export const builtInTemplates: readonly RoleTemplate[] = [
  template(
    'global-manage-platform',
    labels('global'),
    { users: 'manage', workspaces: 'manage', clusters: 'manage' },
    [],
  ),
  template(
    'cluster-view-resources',
    labels('cluster', 'cluster-viewer'),
    { nodes: 'view', projects: 'view', 'project-resources': 'view', 'app-workloads': 'view', services: 'view' },
    [{ apiGroups: kubernetes, resources: ['*'], verbs: looking }],
  ),
  template(
    'cluster-manage-app-workloads',
    labels('cluster', 'cluster-admin'),
    { 'app-workloads': 'manage', services: 'manage' },
    [{ apiGroups: kubernetes, resources: ['*'], verbs: ['*'] }],
  ),
  template('workspace-view-projects', labels('workspace', 'regular', 'viewer'), { projects: 'view' }, []),
  template(
    'namespace-manage-services',
    labels('namespace', 'operator'),
    { services: 'manage', 'app-workloads': 'manage' },
    [{ apiGroups: kubernetes, resources: ['*'], verbs: ['*'] }],
  ),
];
