import type { KubernetesObject } from '../api/objects.ts';

type Metadata = KubernetesObject['metadata'];
type Fields = Readonly<Record<string, unknown>>;

/** What people may change of an object; the rest is the API server's. Finalizers and owners are among it: to leave them out is to take them away. */
export function changeable({ apiVersion, kind, metadata, spec }: KubernetesObject): KubernetesObject {
  const { name, labels, annotations, finalizers, ownerReferences, resourceVersion } = metadata;
  const all = { name, labels, annotations, finalizers, ownerReferences, resourceVersion };
  return { apiVersion, kind, metadata: said(all) as unknown as Metadata, ...said({ spec }) };
}

/** Of `read` somebody made `mine`, while others made `now` of it: `now`, with what `mine` changed. */
export function rebased(mine: KubernetesObject, read: KubernetesObject, now: KubernetesObject): KubernetesObject {
  const parts = (object: KubernetesObject): Fields => {
    const { labels, annotations, finalizers, ownerReferences } = object.metadata;
    return { metadata: said({ labels, annotations, finalizers, ownerReferences }), spec: object.spec ?? {} };
  };
  const merged = merge(parts(mine), parts(read), parts(now)) as Pick<KubernetesObject, 'metadata' | 'spec'>;
  const none = { labels: undefined, annotations: undefined, finalizers: undefined, ownerReferences: undefined };
  const metadata = said({ ...now.metadata, ...none, ...merged.metadata }) as unknown as Metadata;
  return { ...now, ...merged, metadata };
}

/** Field by field, as deep as all three have fields; a list is one value. */
function merge(mine: unknown, read: unknown, now: unknown): unknown {
  if (isSame(mine, read)) return now;
  if (!isFields(mine) || !isFields(now)) return mine;
  const before = isFields(read) ? read : {};
  const keys = [...new Set([...Object.keys(now), ...Object.keys(mine)])];
  return said(Object.fromEntries(keys.map((key) => [key, merge(mine[key], before[key], now[key])])));
}

/** Whether people see no difference: the manager writes the status and its finalizers whenever a Service gets an address. */
export function isForPeopleTheSame(one: KubernetesObject, other: KubernetesObject): boolean {
  const seen = ({ metadata, spec }: KubernetesObject): unknown[] => [
    metadata.labels ?? {},
    metadata.annotations ?? {},
    spec ?? {},
  ];
  return isSame(seen(one), seen(other));
}

/** The text of an object as YAML, about another version of it; where it names none it stays as it is. */
export function withVersion(yaml: string, version: string): string {
  return yaml.replace(/^( {2}"?resourceVersion"?: ).*$/m, (_, key: string) => `${key}"${version}"`);
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSame(one: unknown, other: unknown): boolean {
  if (!isFields(one) || !isFields(other))
    return Array.isArray(one) && Array.isArray(other)
      ? one.length === other.length && one.every((each, i) => isSame(each, other[i]))
      : one === other;
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...keys].every((key) => isSame(one[key], other[key]));
}

function said(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
