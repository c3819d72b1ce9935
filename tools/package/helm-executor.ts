import { parseAllDocuments } from 'yaml';

/** A rule of a Role or ClusterRole (rbac.authorization.k8s.io/v1). */
export interface PolicyRule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
  readonly verbs: readonly string[];
}

/** What the helm-executor of an extension may do. */
export interface ExecutorRights {
  /** In the whole cluster. */
  readonly cluster: readonly PolicyRule[];
  /** In the namespace of the extension, beside these. */
  readonly namespaced: readonly PolicyRule[];
  /** Of these, what permissions.yaml asks for. */
  readonly own: readonly PolicyRule[];
}

/**
 * What ks-core lets every helm-executor do in the namespace of its extension (kubesphere/kubesphere, pkg/controller/core,
 * installplan_controller.go).
 */
const ALWAYS: PolicyRule = {
  apiGroups: ['', 'apps', 'batch', 'policy', 'networking.k8s.io', 'autoscaling', 'metrics.k8s.io'],
  resources: ['*'],
  verbs: ['*'],
};

/** The rights by a package's permissions.yaml, all of whose documents count, by their kind. */
export function executorRights(permissions: string): ExecutorRights {
  const documents = parseAllDocuments(permissions).map(
    (document) => document.toJS() as { kind?: string; rules?: PolicyRule[] } | null,
  );
  const of = (kind: string): PolicyRule[] =>
    documents.filter((document) => document?.kind === kind).flatMap((document) => document?.rules ?? []);
  const own = of('Role');
  return { cluster: of('ClusterRole'), namespaced: [ALWAYS, ...own], own };
}

/** The ServiceAccount that ks-core has Helm act as, and its rights, as objects. */
export function executorObjects(extension: string, namespace: string, rights: ExecutorRights): ExecutorObject[] {
  const account = `helm-executor.${extension}`;
  const role = `kubesphere:${extension}:helm-executor`;
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const subjects = [{ kind: 'ServiceAccount', name: account, namespace }];
  const refer = (kind: string): object => ({ apiGroup: 'rbac.authorization.k8s.io', kind, name: role });
  const inNamespace = { name: role, namespace };
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: account, namespace } },
    { apiVersion, kind: 'ClusterRole', metadata: { name: role }, rules: rights.cluster },
    { apiVersion, kind: 'ClusterRoleBinding', metadata: { name: role }, roleRef: refer('ClusterRole'), subjects },
    { apiVersion, kind: 'Role', metadata: inNamespace, rules: rights.namespaced },
    { apiVersion, kind: 'RoleBinding', metadata: inNamespace, roleRef: refer('Role'), subjects },
  ];
}

export interface ExecutorObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [field: string]: unknown;
}

/** Who Helm acts as. */
export function executorUser(extension: string, namespace: string): string {
  return `system:serviceaccount:${namespace}:helm-executor.${extension}`;
}

/** Whether every single thing that `rule` allows is allowed by one of `held` (the API server's own check against escalation). */
export function covers(held: readonly PolicyRule[], rule: PolicyRule): boolean {
  return singles(rule).every((single) => held.some((candidate) => allows(candidate, single)));
}

/** A rule as rules that allow one thing each. */
export function singleRules(rule: PolicyRule): PolicyRule[] {
  return singles(rule).map((single) => {
    if ('url' in single) return { nonResourceURLs: [single.url], verbs: [single.verb] };
    const { group, resource, verb, name } = single;
    return {
      apiGroups: [group],
      resources: [resource],
      ...(name === undefined ? {} : { resourceNames: [name] }),
      verbs: [verb],
    };
  });
}

interface ResourceSingle {
  readonly group: string;
  readonly resource: string;
  readonly verb: string;
  /** Undefined: any. */
  readonly name: string | undefined;
}

interface UrlSingle {
  readonly url: string;
  readonly verb: string;
}

type Single = ResourceSingle | UrlSingle;

function singles(rule: PolicyRule): Single[] {
  const { apiGroups = [], resources = [], verbs, resourceNames = [], nonResourceURLs = [] } = rule;
  const names: (string | undefined)[] = resourceNames.length === 0 ? [undefined] : [...resourceNames];
  const ofResources = apiGroups.flatMap((group) =>
    resources.flatMap((resource) => verbs.flatMap((verb) => names.map((name) => ({ group, resource, verb, name })))),
  );
  return [...ofResources, ...nonResourceURLs.flatMap((url) => verbs.map((verb) => ({ url, verb })))];
}

function allows(rule: PolicyRule, single: Single): boolean {
  if (!has(rule.verbs, single.verb)) return false;
  return 'url' in single ? allowsUrl(rule, single.url) : allowsResource(rule, single);
}

function has(list: readonly string[], value: string): boolean {
  return list.includes('*') || list.includes(value);
}

function allowsResource(rule: PolicyRule, { group, resource, name }: ResourceSingle): boolean {
  const { apiGroups = [], resources = [], resourceNames = [] } = rule;
  if (!has(apiGroups, group) || !has(resources, resource)) return false;
  return resourceNames.length === 0 || (name !== undefined && resourceNames.includes(name));
}

/** A star ends a path, and stands for nothing else. */
function allowsUrl({ nonResourceURLs = [] }: PolicyRule, url: string): boolean {
  return nonResourceURLs.some((held) => (held.endsWith('*') ? url.startsWith(held.slice(0, -1)) : held === url));
}
