import type { KubeObject } from '../cluster/api-client.ts';
import { workspace } from './accounts.ts';
import { templatesOf, type Account, type RoleTemplate, type Scope } from './roles.ts';

/** The only cluster. */
export const cluster = 'host';
export const bundlePath = '/dist/porterlb/index.js';
const ksVersion = 'v4.1.3';

export interface ShellQuestion {
  readonly path: string;
  readonly query: URLSearchParams;
  /** Undefined: not signed in. */
  readonly account: Account | undefined;
}

export interface ShellWorld {
  readonly accounts: readonly Account[];
  readonly templates: readonly RoleTemplate[];
  /** The language that an account has chosen; undefined: its browser's. */
  readonly language: (account: Account) => string | undefined;
  /** Changes with the bundle: browsers keep it by this. */
  readonly bundleVersion: () => string;
}

type Answer = (question: ShellQuestion & { readonly account: Account }, world: ShellWorld) => unknown;

const list = (items: readonly unknown[]): object => ({ items, totalItems: items.length });

/** What ks-apiserver tells the shell before any page of an extension is there; by paths, `*` stands for one name. */
const answers: Readonly<Record<string, Answer>> = {
  '/version': () => version(),
  '/kapis/version': () => version(),
  '/kapis/config.kubesphere.io/v1alpha2/configs/configz': () => ({}),
  '/kapis/config.kubesphere.io/v1alpha2/configs/marketplace': () => ({}),
  '/kapis/config.kubesphere.io/v1alpha2/configs/gpu/kinds': () => [],
  '/apis/kubesphere.io/v1alpha1/extensions': () => list([extension()]),
  '/apis/extensions.kubesphere.io/v1alpha1/jsbundles': (_question, world) => list([jsBundle(world)]),
  '/apis/extensions.kubesphere.io/v1alpha1/extensionentries': () => list([]),
  '/kapis/iam.kubesphere.io/v1beta1/users/*': ({ account }, world) => user(account, world),
  '/kapis/iam.kubesphere.io/v1beta1/users/*/roletemplates': (question, world) => list(roleTemplates(question, world)),
  '/kapis/tenant.kubesphere.io/v1beta1/clusters': ({ account }) => list(seesClusters(account) ? [clusterObject()] : []),
  '/kapis/resources.kubesphere.io/v1alpha3/clusters': () => list([clusterObject()]),
  '/kapis/resources.kubesphere.io/v1alpha3/clusters/*': () => clusterObject(),
  '/kapis/tenant.kubesphere.io/v1beta1/workspacetemplates': ({ account }) => list(workspacesOf(account)),
  '/kapis/tenant.kubesphere.io/v1beta1/workspacetemplates/*': ({ account }) => workspacesOf(account)[0],
  '/kapis/tenant.kubesphere.io/v1beta1/workspaces': ({ account }) => list(workspacesOf(account)),
  '/kapis/tenant.kubesphere.io/v1beta1/workspaces/*': ({ account }) => workspacesOf(account)[0],
  '/kapis/tenant.kubesphere.io/v1beta1/workspaces/*/clusters': () => list([clusterObject()]),
};

/** The shell's login page asks these before anybody has signed in. */
const open: Readonly<Record<string, unknown>> = {
  '/kapis/config.kubesphere.io/v1alpha2/configs/theme': {},
  '/kapis/config.kubesphere.io/v1alpha2/configs/oauth': { identityProviders: [] },
};

const patterns = Object.entries(answers).map(
  ([path, answer]) => [new RegExp(`^${path.replaceAll('.', '\\.').replaceAll('*', '[^/]+')}$`), answer] as const,
);

/** The answer, as JSON; `undefined` if this is no question of the shell's. */
export function shellAnswer(question: ShellQuestion, world: ShellWorld): unknown {
  const { path, account } = question;
  const free = open[path];
  if (free !== undefined) return free;
  if (account === undefined) return undefined;
  return patterns.find(([pattern]) => pattern.test(path))?.[1]({ ...question, account }, world);
}

function version(): object {
  return { gitVersion: ksVersion, gitMajor: '4', gitMinor: '1', kubernetes: { gitVersion: 'v1.35.4' } };
}

function extension(): object {
  const state = { state: 'Installed' };
  return {
    apiVersion: 'kubesphere.io/v1alpha1',
    kind: 'Extension',
    metadata: { name: 'porterlb' },
    status: { enabled: true, state: 'Installed', clusterSchedulingStatuses: { [cluster]: state } },
  };
}

function jsBundle({ bundleVersion }: ShellWorld): object {
  const labels = { 'kubesphere.io/extension-ref': 'porterlb' };
  return {
    apiVersion: 'extensions.kubesphere.io/v1alpha1',
    kind: 'JSBundle',
    metadata: { name: 'porterlb', resourceVersion: bundleVersion(), labels },
    status: { state: 'Available', link: bundlePath },
  };
}

function user(account: Account, world: ShellWorld): KubeObject {
  const admin = account.platformAdmin === true;
  const granted = seesClusters(account) && !admin ? { 'iam.kubesphere.io/granted-clusters': cluster } : {};
  return {
    apiVersion: 'iam.kubesphere.io/v1beta1',
    kind: 'User',
    metadata: {
      name: account.name,
      annotations: {
        'iam.kubesphere.io/globalrole': admin ? 'platform-admin' : 'platform-regular',
        ...granted,
      },
    },
    spec: { email: `${account.name}@example.com`, lang: world.language(account) },
    status: { state: 'Active' },
  };
}

function roleTemplates(
  { account, query }: ShellQuestion & { readonly account: Account },
  world: ShellWorld,
): unknown[] {
  const scope = (query.get('scope') ?? 'global') as Scope;
  return templatesOf(account, [scope, query.get(scope) ?? ''], world.templates);
}

function seesClusters({ platformAdmin, clusterRole, clusterTemplates }: Account): boolean {
  return platformAdmin === true || clusterRole !== undefined || clusterTemplates !== undefined;
}

function workspacesOf(account: Account): KubeObject[] {
  const sees = account.platformAdmin === true || account.workspaceRoles?.[workspace] !== undefined;
  const object = {
    apiVersion: 'tenant.kubesphere.io/v1beta1',
    kind: 'WorkspaceTemplate',
    metadata: { name: workspace, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { placement: { clusters: [{ name: cluster }] }, template: { spec: { manager: 'admin' } } },
  };
  return sees ? [object] : [];
}

function clusterObject(): KubeObject {
  return {
    apiVersion: 'cluster.kubesphere.io/v1alpha1',
    kind: 'Cluster',
    metadata: {
      name: cluster,
      creationTimestamp: '2026-01-01T00:00:00Z',
      labels: { 'cluster-role.kubesphere.io/host': '' },
    },
    spec: { enable: true, joinFederation: true, connection: { type: 'direct' } },
    status: {
      kubernetesVersion: 'v1.35.4',
      kubeSphereVersion: ksVersion,
      nodeCount: 3,
      configz: {},
      conditions: ['Initialized', 'Ready'].map((type) => ({ type, status: 'True' })),
    },
  };
}
