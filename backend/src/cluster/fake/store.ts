import { randomUUID } from 'node:crypto';
import type { Clock } from '../../platform/ports.ts';
import { ApiError } from '../errors.ts';
import type { DeleteOptions, WatchEventType } from '../kube.ts';
import type { KubeObject, ObjectRef, ResourceKind } from '../objects.ts';
import { apiVersionOf, keyOf } from '../objects.ts';
import { copy, equal } from './json.ts';
import type { JsonObject } from './json.ts';
import type { FieldOwners } from './server-side-apply.ts';

/** An object in the store. Frozen by convention: every change makes a new one. */
export interface Stored {
  readonly object: KubeObject;
  readonly owners: FieldOwners;
}

/** One change of the store. */
export interface Entry {
  readonly collection: string;
  readonly type: WatchEventType;
  readonly version: number;
  readonly object: KubeObject;
  readonly previous?: KubeObject;
}

/** Who collects garbage takes this finalizer off once all that the object owns is gone. Nobody does here. */
const OWNED = 'foregroundDeletion';

export const collectionOf = (kind: ResourceKind<never>): string => `${kind.plural}.${kind.group}`;

/** What etcd and the registry do: versions, uids, timestamps, generations, finalizers, and a history that can be compacted. */
export class Store {
  readonly #clock: Clock;
  readonly #objects = new Map<string, Map<string, Stored>>();
  readonly #onChange: (entry: Entry) => void;
  #history: Entry[] = [];
  #version = 1_000;
  #oldest = 1_000;

  constructor(clock: Clock, onChange: (entry: Entry) => void) {
    this.#clock = clock;
    this.#onChange = onChange;
  }

  get version(): number {
    return this.#version;
  }

  all(kind: ResourceKind<never>): Stored[] {
    return [...this.#collection(kind).values()].sort((a, b) => (keyOf(a.object) < keyOf(b.object) ? -1 : 1));
  }

  find(kind: ResourceKind<never>, ref: ObjectRef): Stored | undefined {
    return this.#collection(kind).get(keyOf({ metadata: ref }));
  }

  get(kind: ResourceKind<never>, ref: ObjectRef): Stored {
    const stored = this.find(kind, ref);
    if (stored !== undefined) return stored;
    throw new ApiError({ status: 404, reason: 'NotFound', message: `${kind.plural} "${ref.name}" not found` });
  }

  create(kind: ResourceKind<never>, given: KubeObject, owners: FieldOwners = new Map()): KubeObject {
    const { generateName, ...metadata } = given.metadata ?? {};
    const name = metadata.name ?? `${generateName ?? ''}${randomUUID().slice(0, 5)}`;
    if (this.find(kind, { ...metadata, name }) !== undefined) {
      throw new ApiError({ status: 409, reason: 'AlreadyExists', message: `${kind.plural} "${name}" already exists` });
    }
    const object: KubeObject = {
      ...copy(given),
      apiVersion: apiVersionOf(kind),
      kind: kind.kind,
      metadata: {
        ...metadata,
        name,
        uid: randomUUID(),
        generation: 1,
        creationTimestamp: this.#clock
          .wallTime()
          .toISOString()
          .replace(/\.\d+Z$/, 'Z'),
      },
    };
    return this.#write(kind, 'ADDED', { object, owners });
  }

  /** Stores a new state of an object; nothing happens if nothing changed. */
  update(kind: ResourceKind<never>, before: Stored, after: JsonObject, owners = before.owners): KubeObject {
    const { metadata: wanted, ...fields } = after as KubeObject;
    const { uid, creationTimestamp, deletionTimestamp, generation = 1, ...kept } = before.object.metadata ?? {};
    const ours = { uid, creationTimestamp, ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }) };
    const grew = equal(specOf(before.object), specOf(after)) ? 0 : 1;
    const metadata = {
      ...wanted,
      ...ours,
      name: kept.name,
      generation: generation + grew,
      resourceVersion: kept.resourceVersion,
    } as NonNullable<KubeObject['metadata']>;
    const object: KubeObject = { ...fields, metadata };
    if (deletionTimestamp !== undefined && (metadata.finalizers ?? []).length === 0) return this.#erase(kind, object);
    if (equal(object, before.object)) {
      this.#collection(kind).set(keyOf(object), { object: before.object, owners });
      return copy(before.object);
    }
    return this.#write(kind, 'MODIFIED', { object, owners }, before.object);
  }

  /** Deletes an object, or marks it if finalizers hold it, as the one that a deletion in the foreground adds. */
  delete(kind: ResourceKind<never>, { object, owners }: Stored, policy?: DeleteOptions['propagationPolicy']): void {
    const { finalizers: held = [], deletionTimestamp } = object.metadata ?? {};
    const others = policy === undefined ? held : held.filter((finalizer) => finalizer !== OWNED);
    const finalizers = policy === 'Foreground' ? [...others, OWNED] : others;
    if (finalizers.length === 0) {
      this.#erase(kind, object);
      return;
    }
    if (deletionTimestamp !== undefined && equal(finalizers, held)) return;
    const since = this.#clock
      .wallTime()
      .toISOString()
      .replace(/\.\d+Z$/, 'Z');
    const metadata = { ...object.metadata, finalizers, deletionTimestamp: deletionTimestamp ?? since };
    this.#write(kind, 'MODIFIED', { object: { ...object, metadata }, owners }, object);
  }

  /** Changes after `version`; 410 if they are forgotten. */
  since(version: number): readonly Entry[] {
    if (version < this.#oldest) throw expired(`too old resource version: ${version} (${this.#oldest})`);
    return this.#history.filter((entry) => entry.version > version);
  }

  /** Forgets the history: whoever watches from an older version has to list anew. */
  compact(): void {
    this.#version += 1;
    this.#oldest = this.#version;
    this.#history = [];
  }

  #erase(kind: ResourceKind<never>, object: KubeObject): KubeObject {
    this.#collection(kind).delete(keyOf(object));
    return this.#log(kind, 'DELETED', object, object);
  }

  #write(kind: ResourceKind<never>, type: WatchEventType, stored: Stored, previous?: KubeObject): KubeObject {
    const object = this.#log(kind, type, stored.object, previous);
    this.#collection(kind).set(keyOf(object), { object, owners: stored.owners });
    return copy(object);
  }

  #log(kind: ResourceKind<never>, type: WatchEventType, given: KubeObject, previous?: KubeObject): KubeObject {
    this.#version += 1;
    const object = { ...given, metadata: { ...given.metadata, resourceVersion: String(this.#version) } };
    const entry = { collection: collectionOf(kind), type, version: this.#version, object };
    this.#history.push(previous === undefined ? entry : { ...entry, previous });
    this.#onChange(previous === undefined ? entry : { ...entry, previous });
    return object;
  }

  #collection(kind: ResourceKind<never>): Map<string, Stored> {
    let collection = this.#objects.get(collectionOf(kind));
    if (collection === undefined) {
      collection = new Map();
      this.#objects.set(collectionOf(kind), collection);
    }
    return collection;
  }
}

export function expired(message: string): ApiError {
  return new ApiError({ status: 410, reason: 'Expired', message });
}

/** What counts for the generation: everything but metadata and status. */
function specOf(object: object): unknown {
  const { metadata: _metadata, status: _status, ...spec } = object as { metadata?: unknown; status?: unknown };
  return spec;
}
