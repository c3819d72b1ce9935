/** What every Kubernetes object carries, as it is on the wire. */
export interface ObjectMeta {
  readonly name?: string;
  readonly generateName?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  /** RFC 3339. */
  readonly creationTimestamp?: string;
  /** RFC 3339; set while finalizers hold the object. */
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly unknown[];
  readonly managedFields?: readonly unknown[];
}

export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: ObjectMeta;
}

/**
 * The client library's types as JSON delivers them: it declares timestamps as `Date`, but we parse lines of a watch with
 * nothing but `JSON.parse`, so that they stay strings.
 */
export type Wire<T> = T extends Date ? string : T extends object ? { readonly [K in keyof T]: Wire<T[K]> } : T;

/** Where the objects of one resource live, and which type they have. `T` is carried for the compiler only. */
export interface ResourceKind<T extends KubeObject> {
  /** API group; empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** Lower-case plural, as in the URL. */
  readonly plural: string;
  readonly namespaced: boolean;
  readonly objectType?: (object: T) => void;
}

/** Name of one object; `namespace` is left out for cluster-scoped kinds. */
export interface ObjectRef {
  readonly name: string;
  readonly namespace?: string;
}

/** Key of an object within its kind: `namespace/name`, or `name` for cluster-scoped kinds. */
export function keyOf(object: KubeObject): string {
  const { name = '', namespace } = object.metadata ?? {};
  return namespace === undefined || namespace === '' ? name : `${namespace}/${name}`;
}

export function refOf(object: KubeObject): ObjectRef {
  const { name = '', namespace } = object.metadata ?? {};
  return namespace === undefined || namespace === '' ? { name } : { name, namespace };
}

export function apiVersionOf(kind: ResourceKind<never>): string {
  return kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
}

/** A `meta/v1` MicroTime: RFC 3339 with exactly six digits, else the API server refuses it. */
export function microTime(time: Date): string {
  return time.toISOString().replace('Z', '000Z');
}
