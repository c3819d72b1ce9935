import type { Clock } from '../../platform/ports.ts';
import { bgpConfs, bgpPeers, eips } from '../custom-kinds.ts';
import { ApiError, NetworkError } from '../errors.ts';
import type { KubeError } from '../errors.ts';
import type { CallOptions, DeleteOptions, Kube, ListOptions, ObjectPage, Patch } from '../kube.ts';
import type { Watch, WatchHandlers, WatchOptions, WriteOptions } from '../kube.ts';
import type { KubeObject, ObjectRef, ResourceKind } from '../objects.ts';
import { FakeWatch } from './fake-watch.ts';
import { Faults } from './faults.ts';
import { customResourceDefinitions } from '../kinds.ts';
import { copy } from './json.ts';
import type { JsonObject, ListKeys } from './json.ts';
import { jsonPatch, mergePatch } from './patches.ts';
import { selects } from './selectors.ts';
import { serverSideApply } from './server-side-apply.ts';
import type { FieldOwners } from './server-side-apply.ts';
import { collectionOf, Store } from './store.ts';
import type { Stored } from './store.ts';

export interface FakeKubeDeps {
  readonly clock: Clock;
}

export interface FakeKubeOptions {
  /** Keys of keyed lists by the name of their field, beyond those of built-in kinds. */
  readonly listKeys?: ListKeys;
}

const builtInListKeys: ListKeys = {
  conditions: ['type'],
  ports: ['port'],
  replicas: ['replica'],
  conflicts: ['replica', 'ip'],
};

/** By which the API server deletes the objects of a CRD before the CRD. */
const crdFinalizers = ['customresourcecleanup.apiextensions.k8s.io'];

/** A write that a test can count. */
export interface Write {
  readonly verb: 'create' | 'patch' | 'delete';
  readonly plural: string;
  readonly ref: ObjectRef;
  readonly subresource?: string;
}

/**
 * A Kubernetes API server in memory: objects with versions and history, watches, the four kinds of patch, status as a
 * subresource, finalizers, and every failure that `faults` and the methods below can make. It validates nothing and knows every
 * kind; of CRDs it has those of the product.
 */
export class FakeKube implements Kube {
  readonly faults: Faults;
  readonly writes: Write[] = [];
  readonly #deps: FakeKubeDeps;
  readonly #store: Store;
  readonly #listKeys: ListKeys;
  readonly #watches = new Set<FakeWatch>();

  constructor(deps: FakeKubeDeps, options: FakeKubeOptions = {}) {
    this.#deps = deps;
    this.#listKeys = { ...builtInListKeys, ...options.listKeys };
    this.faults = new Faults(deps.clock);
    this.#store = new Store(deps.clock, (entry) => {
      for (const watch of this.#watches) watch.offer(entry);
    });
    for (const kind of [eips, bgpConfs, bgpPeers]) this.#define(kind);
  }

  // What a test does to the cluster, at once and without faults.

  /** Creates an object or replaces all of it, status included, as if somebody else had. */
  store<T extends KubeObject>(kind: ResourceKind<T>, object: T): T {
    const present = this.#store.find(kind, nameOf(object));
    if (present === undefined) return this.#store.create(kind, object) as T;
    const { apiVersion, kind: name } = present.object;
    return this.#store.update(kind, present, { ...(copy(object) as JsonObject), apiVersion, kind: name }) as T;
  }

  read<T extends KubeObject>(kind: ResourceKind<T>, ref: ObjectRef): T | undefined {
    return copy(this.#store.find(kind, ref)?.object) as T | undefined;
  }

  readAll<T extends KubeObject>(kind: ResourceKind<T>): T[] {
    return this.#store.all(kind).map(({ object }) => copy(object) as T);
  }

  remove<T extends KubeObject>(kind: ResourceKind<T>, ref: ObjectRef): void {
    this.#store.delete(kind, this.#store.get(kind, ref));
  }

  /**
   * Deletes the CRD of a kind: its objects go one by one, then the kind, unless an object's finalizer holds both. Returns how to create
   * the CRD anew.
   */
  removeKind(kind: ResourceKind<never>): () => void {
    const crd = { name: collectionOf(kind) };
    this.remove(customResourceDefinitions, crd);
    for (const stored of this.#store.all(kind)) this.#store.delete(kind, stored);
    if (this.#store.all(kind).length > 0) return () => undefined;
    const marked = this.#store.get(customResourceDefinitions, crd);
    this.#store.update(customResourceDefinitions, marked, { ...marked.object, metadata: crd });
    const message = 'the server could not find the requested resource';
    const mend = this.faults.inject({
      plural: kind.plural,
      error: new ApiError({ status: 404, reason: 'NotFound', message }),
    });
    this.breakWatches(undefined, kind.plural);
    return () => {
      mend();
      this.#define(kind);
    };
  }

  #define(kind: ResourceKind<never>): void {
    const spec = { group: kind.group, names: { kind: kind.kind, plural: kind.plural }, scope: 'Cluster', versions: [] };
    this.store(customResourceDefinitions, {
      metadata: { name: collectionOf(kind), finalizers: crdFinalizers },
      spec,
    });
  }

  /** Number of watches that stand. */
  get watches(): number {
    return this.#watches.size;
  }

  /** Ends all watches, of one kind if it is given. */
  breakWatches(error?: KubeError, plural?: string): void {
    for (const watch of this.#watchesOf(plural)) watch.end(error);
  }

  /** Leaves all watches hanging, of one kind if it is given: they stay open and deliver nothing any more. */
  muteWatches(plural?: string): void {
    for (const watch of this.#watchesOf(plural)) watch.mute();
  }

  /** The server goes away: connections break and new ones are refused. */
  goDown(): void {
    this.faults.down = true;
    this.breakWatches(new NetworkError('connection', 'ECONNRESET: the fake API server went down'));
  }

  comeBack(): void {
    this.faults.down = false;
  }

  /** The server stops (SIGSTOP): connections stay, nothing moves. */
  freeze(): void {
    this.faults.freeze();
  }

  thaw(): void {
    this.faults.thaw();
    for (const watch of this.#watches) watch.release();
  }

  /** Forgets the past: watches from older versions and further pages of lists get 410. */
  compact(): void {
    this.#store.compact();
  }

  // Kube

  async list<T extends KubeObject>(kind: ResourceKind<T>, options: ListOptions = {}): Promise<ObjectPage<T>> {
    return await this.faults.call('list', kind.plural, options, () => {
      const [version, start] = this.#pageOf(options.continue);
      const found = this.#store.all(kind).filter(({ object }) => selects(options, object));
      const end = start + (options.limit ?? found.length);
      const items = found.slice(start, end).map(({ object }) => copy(object) as T);
      const page = { items, resourceVersion: String(version) };
      return end < found.length ? { ...page, continue: `${version}/${end}` } : page;
    });
  }

  watch<T extends KubeObject>(kind: ResourceKind<T>, options: WatchOptions, handlers: WatchHandlers<T>): Watch {
    const deps = {
      clock: this.#deps.clock,
      version: () => this.#store.version,
      frozen: () => this.faults.frozen,
      onOver: (over: FakeWatch) => void this.#watches.delete(over),
    };
    const watch = new FakeWatch(deps, collectionOf(kind), options, handlers);
    this.#watches.add(watch);
    const call = { timeoutMs: options.openTimeoutMs ?? 10_000 };
    this.faults
      .call('watch', kind.plural, call, () => watch.accept(this.#store.since(Number(options.resourceVersion))))
      .catch((error: unknown) => watch.end(error as KubeError));
    return watch;
  }

  async get<T extends KubeObject>(kind: ResourceKind<T>, ref: ObjectRef, options: CallOptions = {}): Promise<T> {
    return await this.faults.call('get', kind.plural, options, () => copy(this.#store.get(kind, ref).object) as T);
  }

  async create<T extends KubeObject>(kind: ResourceKind<T>, object: T, options: CallOptions = {}): Promise<T> {
    return await this.faults.call('create', kind.plural, options, () => {
      const created = this.#store.create(kind, object) as T;
      this.writes.push({ verb: 'create', plural: kind.plural, ref: nameOf(created) });
      return created;
    });
  }

  async patch<T extends KubeObject>(
    kind: ResourceKind<T>,
    ref: ObjectRef,
    change: Patch,
    options: WriteOptions = {},
  ): Promise<T> {
    return await this.faults.call('patch', kind.plural, options, () => {
      const patched = this.#patch(kind, ref, copy(change), options.subresource) as T;
      const { subresource } = options;
      this.writes.push({
        verb: 'patch',
        plural: kind.plural,
        ref,
        ...(subresource === undefined ? {} : { subresource }),
      });
      return patched;
    });
  }

  async delete<T extends KubeObject>(
    kind: ResourceKind<T>,
    ref: ObjectRef,
    options: DeleteOptions = {},
  ): Promise<void> {
    await this.faults.call('delete', kind.plural, options, () => {
      const stored = this.#store.get(kind, ref);
      checkPreconditions(stored, options.preconditions ?? {});
      this.#store.delete(kind, stored, options.propagationPolicy);
      this.writes.push({ verb: 'delete', plural: kind.plural, ref });
    });
  }

  async ping(options: CallOptions = {}): Promise<void> {
    await this.faults.call('ping', '', options, () => undefined);
  }

  #patch(kind: ResourceKind<never>, ref: ObjectRef, change: Patch, subresource: string | undefined): KubeObject {
    const present = this.#store.find(kind, ref);
    // Server-side apply creates what doesn't exist, but not through a subresource.
    if (present === undefined && change.type === 'apply' && subresource === undefined) {
      const owners: FieldOwners = new Map();
      this.#apply({}, owners, change);
      return this.#store.create(kind, { ...change.body, metadata: { ...change.body.metadata, ...ref } }, owners);
    }
    const stored = present ?? this.#store.get(kind, ref);
    if (change.type !== 'json') checkPreconditions(stored, change.body.metadata ?? {});
    const after = copy(stored.object) as JsonObject;
    const owners: FieldOwners = new Map([...stored.owners].map(([manager, paths]) => [manager, new Set(paths)]));
    if (change.type === 'json') jsonPatch(after, change.body);
    else if (change.type === 'apply') this.#apply(after, owners, change);
    else this.#merge(kind, after, change);
    return this.#store.update(kind, stored, withinSubresource(kind, stored.object, after, subresource), owners);
  }

  #apply(after: JsonObject, owners: FieldOwners, change: Patch & { readonly type: 'apply' }): void {
    const { fieldManager: manager, force, body } = change;
    serverSideApply(after, owners, { manager, force, config: ownable(body), listKeys: this.#listKeys });
  }

  #merge(kind: ResourceKind<never>, after: JsonObject, change: Patch & { readonly type: 'merge' | 'strategic' }): void {
    if (change.type === 'strategic' && isCustom(kind)) {
      const message = 'the body of the request was in an unknown format';
      throw new ApiError({ status: 415, reason: 'UnsupportedMediaType', message });
    }
    mergePatch(after, change.body as JsonObject, change.type === 'strategic' ? this.#listKeys : undefined);
  }

  #pageOf(token: string | undefined): [version: number, start: number] {
    if (token === undefined) return [this.#store.version, 0];
    const [version = '', start = ''] = token.split('/');
    this.#store.since(Number(version));
    return [Number(version), Number(start)];
  }

  *#watchesOf(plural: string | undefined): Generator<FakeWatch> {
    for (const watch of [...this.#watches]) {
      if (plural === undefined || watch.collection.startsWith(`${plural}.`)) yield watch;
    }
  }
}

function nameOf(object: KubeObject): ObjectRef {
  const { name = '', namespace } = object.metadata ?? {};
  return namespace === undefined ? { name } : { name, namespace };
}

/** What of an applied configuration can be owned: not the object's identity. */
function ownable(body: KubeObject): JsonObject {
  const { apiVersion: _apiVersion, kind: _kind, metadata = {}, ...fields } = body;
  const { name: _name, namespace: _namespace, uid: _uid, resourceVersion: _version, ...own } = metadata;
  return Object.keys(own).length === 0 ? fields : { ...fields, metadata: own };
}

/**
 * A write without a subresource leaves the status alone, one through `status` the rest. Metadata goes through both with built-in
 * kinds (serviceStatusStrategy, nodeStatusStrategy), and not through the status of custom resources.
 */
function withinSubresource(
  kind: ResourceKind<never>,
  before: KubeObject,
  after: JsonObject,
  subresource: string | undefined,
): JsonObject {
  const old = before as JsonObject;
  if (subresource === 'status') {
    const rest = { ...omitStatus(old), metadata: isCustom(kind) ? old['metadata'] : after['metadata'] };
    return 'status' in after ? { ...rest, status: after['status'] } : rest;
  }
  return 'status' in old ? { ...after, status: old['status'] } : omitStatus(after);
}

/** Custom resources, and only they, live in groups with an owner's domain beyond k8s.io. */
function isCustom({ group }: ResourceKind<never>): boolean {
  return group.includes('.') && !group.endsWith('.k8s.io');
}

function omitStatus(object: JsonObject): JsonObject {
  const { status: _status, ...rest } = object;
  return rest;
}

function checkPreconditions(
  { object }: Stored,
  wanted: { readonly uid?: string; readonly resourceVersion?: string },
): void {
  const { uid, resourceVersion, name } = object.metadata ?? {};
  const same = (wanted.uid ?? uid) === uid && (wanted.resourceVersion ?? resourceVersion) === resourceVersion;
  if (same) return;
  throw new ApiError({
    status: 409,
    reason: 'Conflict',
    message: `"${name ?? ''}" has been modified; apply your changes to the latest version`,
  });
}
