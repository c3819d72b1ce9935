import { projects, workspace } from './accounts.ts';
import type { RequestInfo } from './request-info.ts';

/** An object of Kubernetes, as far as lists need it. */
export interface Listing {
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

interface Question {
  readonly path: string;
  readonly query: URLSearchParams;
}

export interface ListSource {
  readonly objects: (path: string) => Promise<readonly Listing[]>;
  /** What the one who asks may. */
  readonly allowed: (info: RequestInfo) => boolean;
}

const apps = ['deployments', 'statefulsets', 'daemonsets', 'replicasets'];
const core = ['namespaces', 'nodes', 'services', 'pods', 'endpoints', 'configmaps', 'secrets', 'events'];
const resources =
  /^\/kapis\/resources\.kubesphere\.io\/v1alpha3(?:\/namespaces\/(?<namespace>[^/]+))?\/(?<plural>[a-z]+)$/;
const tenantNamespaces =
  /^\/kapis\/tenant\.kubesphere\.io\/v1beta1(?:\/workspaces\/[^/]+)?(?:\/workspacemembers\/[^/]+)?\/namespaces$/;

/**
 * Lists that ks-apiserver makes of what Kubernetes has, in pages: a user's projects, objects of the kinds that it knows.
 * @returns undefined: this asks for no such list
 */
export async function listing(
  { path, query }: Question,
  { objects, allowed }: ListSource,
): Promise<object | undefined> {
  const { namespace, plural = '' } = resources.exec(path)?.groups ?? {};
  if (tenantNamespaces.test(path) || plural === 'namespaces') {
    const found = await objects('/api/v1/namespaces');
    const inWorkspace = path.includes(`/workspaces/${workspace}/`);
    const mine = ({ metadata: { name } }: Listing): boolean =>
      (!inWorkspace || projects.includes(name)) && allowed({ verb: 'get', group: '', resource: 'namespaces', name });
    return paged(found.filter(mine), query);
  }
  const base = baseOf(plural);
  if (base === undefined) return undefined;
  const info = { verb: 'list', group: base.group, resource: plural };
  if (!allowed(namespace === undefined ? info : { ...info, namespace })) return paged([], query);
  return paged(
    await objects(`${base.path}${namespace === undefined ? '' : `/namespaces/${namespace}`}/${plural}`),
    query,
  );
}

function baseOf(plural: string): { readonly group: string; readonly path: string } | undefined {
  if (core.includes(plural)) return { group: '', path: '/api/v1' };
  return apps.includes(plural) ? { group: 'apps', path: '/apis/apps/v1' } : undefined;
}

function paged(all: readonly Listing[], query: URLSearchParams): object {
  const wanted = query.get('name') ?? '';
  const found = all.filter(({ metadata: { name } }) => name.includes(wanted));
  const limit = Number(query.get('limit') ?? -1);
  const page = Number(query.get('page') ?? 1);
  const items = limit > 0 ? found.slice((page - 1) * limit, page * limit) : found;
  return { items, totalItems: found.length };
}
