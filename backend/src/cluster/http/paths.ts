import type { KubeObject, ObjectRef, ResourceKind } from '../objects.ts';

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** URL path of a collection, all namespaces of it if `namespace` is left out. */
export function collectionPath<T extends KubeObject>(kind: ResourceKind<T>, namespace?: string): string {
  const root = kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
  const inNamespace = kind.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${root}${inNamespace}/${kind.plural}`;
}

export function objectPath<T extends KubeObject>(kind: ResourceKind<T>, ref: ObjectRef, subresource?: string): string {
  if (ref.name === '') throw new TypeError(`${kind.kind} without a name`);
  if (kind.namespaced && ref.namespace === undefined)
    throw new TypeError(`${kind.kind} ${ref.name} without a namespace`);
  const path = `${collectionPath(kind, ref.namespace)}/${encodeURIComponent(ref.name)}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
}

export function withQuery(path: string, query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text === '' ? path : `${path}?${text}`;
}
