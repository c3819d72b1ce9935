/** What a request to ks-apiserver is about: by this its roles decide, as Kubernetes does by its own (RequestInfo). */
export interface RequestInfo {
  readonly verb: string;
  /** Empty: the core group. */
  readonly group: string;
  /** With a subresource: `services/explanation`. Empty: a path that names none, such as `/version`. */
  readonly resource: string;
  readonly namespace?: string;
  readonly workspace?: string;
  readonly name?: string;
}

const bases = /^\/(?:k?apis\/(?<group>[^/]+)\/[^/]+|api\/v1)(?<rest>\/.*|)$/;
const verbs: Readonly<Record<string, string>> = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' };

/** @param path without query */
export function requestInfo(method: string, path: string, query = ''): RequestInfo {
  const { group = '', rest } = bases.exec(path)?.groups ?? {};
  if (rest === undefined) return { verb: method.toLowerCase(), group: '', resource: '' };
  const parts = rest.split('/').filter((part) => part !== '');
  const { scope, left } = scopeOf(parts);
  const [resource = '', name, subresource] = left;
  const full = subresource === undefined ? resource : `${resource}/${subresource}`;
  const verb = verbs[method] ?? readingVerb(name, query);
  return { verb, group, resource: full, ...scope, ...(name === undefined ? {} : { name }) };
}

/** A namespace or workspace that is named before the resource; `namespaces/shop` by itself is a resource. */
function scopeOf([kind, name, ...left]: readonly string[]): {
  readonly scope: Pick<RequestInfo, 'namespace' | 'workspace'>;
  readonly left: readonly string[];
} {
  const all = [kind, name, ...left].filter((part) => part !== undefined);
  if (name === undefined || left.length === 0) return { scope: {}, left: all };
  if (kind === 'namespaces') return { scope: { namespace: name }, left };
  if (kind === 'workspaces') return { scope: { workspace: name }, left };
  return { scope: {}, left: all };
}

function readingVerb(name: string | undefined, query: string): string {
  if (/(^|&)watch=(true|1)(&|$)/.test(query)) return 'watch';
  return name === undefined ? 'list' : 'get';
}
