import type { KubernetesObject } from '../api/objects.ts';
import { isSame, merge, said, type Fields } from './merge.ts';

type Metadata = KubernetesObject['metadata'];

/** What people may change of an object; the rest is the API server's. Finalizers and owners are among it: to leave them out is to take them away. */
export function changeable({ apiVersion, kind, metadata, spec }: KubernetesObject): KubernetesObject {
  const { name, labels, annotations, finalizers, ownerReferences, resourceVersion } = metadata;
  const all = { name, labels, annotations, finalizers, ownerReferences, resourceVersion };
  return { apiVersion, kind, metadata: said(all) as unknown as Metadata, ...said({ spec }) };
}

export interface Rebased {
  readonly object: KubernetesObject;
  /** Paths of what others changed as well, in another way. */
  readonly both: readonly string[];
}

/** Of `read` somebody made `mine`, while others made `now` of it: `now`, with what `mine` changed. */
export function rebased(mine: KubernetesObject, read: KubernetesObject, now: KubernetesObject): Rebased {
  const { value, both } = merge({ mine: parts(mine), read: parts(read), now: parts(now) });
  const merged = value as { readonly metadata: Fields; readonly spec: Fields };
  const none = { labels: undefined, annotations: undefined, finalizers: undefined, ownerReferences: undefined };
  const metadata = said({ ...now.metadata, ...none, ...merged.metadata }) as unknown as Metadata;
  const spec = withRanges(merged.spec, [now.spec, mine.spec]);
  const paths = both.map((path) => (path === 'spec.addresses' && 'address' in spec ? 'spec.address' : path));
  return { object: { ...now, metadata, spec }, both: paths };
}

function parts({ metadata, spec = {} }: KubernetesObject): Fields {
  const { labels, annotations, finalizers, ownerReferences } = metadata;
  const { address, ...others } = spec;
  return {
    metadata: said({ labels, annotations, finalizers, ownerReferences }),
    spec: address === undefined ? spec : { ...others, addresses: rangesOf(spec) },
  };
}

/** A pool has its ranges in `addresses`, or in `address` where there is one, and may not have both. */
function rangesOf({ address, addresses }: Fields): unknown {
  return addresses ?? (address === undefined ? undefined : [address]);
}

/** The ranges in the field where one of `written` has the same, else in the one that fits. */
function withRanges({ addresses, ...others }: Fields, written: readonly (Fields | undefined)[]): Fields {
  const like = written.find((spec) => spec !== undefined && isSame(rangesOf(spec), addresses));
  if (like !== undefined) return said({ address: like['address'], addresses: like['addresses'], ...others });
  const isOne = Array.isArray(addresses) && addresses.length === 1;
  return { ...(isOne ? { address: addresses[0] as unknown } : { addresses }), ...others };
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
