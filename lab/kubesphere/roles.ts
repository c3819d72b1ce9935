import type { KubeObject } from '../cluster/api-client.ts';
import type { RequestInfo } from './request-info.ts';

export type Scope = 'global' | 'cluster' | 'workspace' | 'namespace';

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/** RoleTemplate of iam.kubesphere.io: rights of a scope, and the actions in the console that go with them. */
export interface RoleTemplate extends KubeObject {
  readonly spec: { readonly rules: readonly Rule[] };
}

/** A user of KubeSphere with roles, each of which collects the RoleTemplates of its scope that carry its label. */
export interface Account {
  readonly name: string;
  readonly password: string;
  /** May do everything. */
  readonly platformAdmin?: true;
  /** Roles by their aggregation label (`iam.kubesphere.io/aggregate-to-...`), without the beginning. */
  readonly clusterRole?: string;
  /** Names of the RoleTemplates of a role that somebody has made for a cluster; the console adds what they depend on. */
  readonly clusterTemplates?: readonly string[];
  readonly workspaceRoles?: Readonly<Record<string, string>>;
  readonly namespaceRoles?: Readonly<Record<string, string>>;
}

const label = 'iam.kubesphere.io';

/** The templates of an account in a scope; of a workspace or a namespace: the one of this name. */
export function templatesOf(
  account: Account,
  [scope, name]: readonly [Scope, string?],
  all: readonly RoleTemplate[],
): RoleTemplate[] {
  const own = all.filter(({ metadata }) => metadata.labels?.[`${label}/scope`] === scope);
  if (account.platformAdmin === true) return own;
  const chosen = scope === 'cluster' ? withDependencies(account.clusterTemplates ?? [], own) : undefined;
  if (chosen !== undefined && chosen.length > 0) return chosen;
  const role = roleIn(account, scope, name);
  if (role === undefined) return [];
  return own.filter(({ metadata }) => metadata.labels?.[`${label}/aggregate-to-${role}`] !== undefined);
}

/** As the console's form of a role chooses them. */
function withDependencies(names: readonly string[], all: readonly RoleTemplate[]): RoleTemplate[] {
  const chosen = all.filter(({ metadata }) => names.includes(metadata.name));
  const needed = chosen.flatMap(({ metadata }) => {
    return JSON.parse(metadata.annotations?.[`${label}/dependencies`] ?? '[]') as string[];
  });
  const missing = needed.filter((name) => !names.includes(name));
  return missing.length === 0 ? chosen : withDependencies([...names, ...missing], all);
}

function roleIn(account: Account, scope: Scope, name = ''): string | undefined {
  switch (scope) {
    case 'global':
      return 'authenticated';
    case 'cluster':
      return account.clusterRole;
    case 'workspace':
      return account.workspaceRoles?.[name];
    case 'namespace':
      return account.namespaceRoles?.[name];
  }
}

/** Whether an account's roles let it make a request: those of the request's own scope, of the cluster and of the platform. */
export function may(account: Account, info: RequestInfo, all: readonly RoleTemplate[]): boolean {
  if (account.platformAdmin === true) return true;
  const scopes: (readonly [Scope, string?])[] = [['global'], ['cluster']];
  const namespace = info.namespace ?? (info.resource === 'namespaces' ? info.name : undefined);
  if (namespace !== undefined) scopes.push(['namespace', namespace]);
  if (info.workspace !== undefined) scopes.push(['workspace', info.workspace]);
  const templates = scopes.flatMap((scope) => templatesOf(account, scope, all));
  return templates.some(({ spec }) => spec.rules.some((rule) => allows(rule, info)));
}

function allows(rule: Rule, { verb, group, resource }: RequestInfo): boolean {
  const has = (list: readonly string[], wanted: string): boolean => list.includes('*') || list.includes(wanted);
  return has(rule.apiGroups, group) && has(rule.resources, resource) && has(rule.verbs, verb);
}
