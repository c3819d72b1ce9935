import type { KubeError } from './errors.ts';
import type { KubeObject, ObjectRef, ResourceKind } from './objects.ts';

export interface CallOptions {
  /** Time until the call is given up, in milliseconds; 10 s by default. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Sends the call over connections of its own, so that it never waits behind a burst of other writes (leader election). */
  readonly urgent?: boolean;
  /** Sends the call over connections of its own, of which there are few, so that nothing else waits behind many of these. */
  readonly aside?: boolean;
}

export interface Selection {
  /** One namespace; all of them if left out. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export interface ListOptions extends CallOptions, Selection {
  /** Most objects in one page. */
  readonly limit?: number;
  /** Token of the next page, as the page before it gave it. */
  readonly continue?: string;
}

export interface ObjectPage<T> {
  readonly items: T[];
  /** The version of the whole collection: where a watch takes over. */
  readonly resourceVersion: string;
  readonly continue?: string;
}

export interface WatchOptions extends Selection {
  readonly resourceVersion: string;
  /** The server ends the stream after so many seconds. */
  readonly timeoutSeconds: number;
  /** Time until the server must have answered with headers, in milliseconds. */
  readonly openTimeoutMs?: number;
}

export type WatchEventType = 'ADDED' | 'MODIFIED' | 'DELETED';

export interface WatchHandlers<T> {
  /** The server accepted the watch. */
  onOpen(): void;
  onEvent(type: WatchEventType, object: T): void;
  onBookmark(resourceVersion: string): void;
  /** Called exactly once, unless `close` was called before. Without an error the server ended the stream in good order. */
  onClose(error?: KubeError): void;
}

export interface Watch {
  /** Ends the watch; no handler is called afterwards. Idempotent. */
  close(): void;
}

export interface WriteOptions extends CallOptions {
  readonly subresource?: 'status';
}

export interface JsonPatchOperation {
  readonly op: 'add' | 'remove' | 'replace' | 'test';
  /** JSON pointer (RFC 6901). */
  readonly path: string;
  readonly value?: unknown;
}

/**
 * A change of one object. `merge` is RFC 7386, `json` RFC 6902, `strategic` knows the merge keys of built-in kinds (custom
 * resources refuse it), `apply` is server-side apply. A body with `metadata.resourceVersion` is refused with 409 if the object
 * has changed since: that is what fences a leader that doesn't know yet that it lost the election.
 */
export type Patch =
  | { readonly type: 'merge'; readonly body: KubeObject }
  | { readonly type: 'strategic'; readonly body: KubeObject }
  | { readonly type: 'json'; readonly body: readonly JsonPatchOperation[] }
  | { readonly type: 'apply'; readonly body: KubeObject; readonly fieldManager: string; readonly force: boolean };

export interface DeleteOptions extends CallOptions {
  /** Deletes only this very object, in this very version. */
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  /**
   * What becomes of the objects that it owns (Pods of a Deployment): `Foreground` keeps it, marked as deleted, until they are gone;
   * `Background` lets it go at once, also after `Foreground`. What is usual for its kind by default.
   */
  readonly propagationPolicy?: 'Foreground' | 'Background';
}

/**
 * The Kubernetes API as this program uses it. `http/` has the real one, `fake/` one in memory; `compliance.ts` holds both to
 * the same behaviour. Every call rejects with `ApiError` or `NetworkError`, never hangs, and never retries by itself: callers
 * own their backoff, and honour `retryAfterMs`.
 */
export interface Kube {
  /**
   * One page of a list, as of now: no `resourceVersion` is sent, so that a lagging replica of the API server can't show the
   * past. Of a `continue` list every page shows the same moment.
   */
  list<T extends KubeObject>(kind: ResourceKind<T>, options?: ListOptions): Promise<ObjectPage<T>>;
  watch<T extends KubeObject>(kind: ResourceKind<T>, options: WatchOptions, handlers: WatchHandlers<T>): Watch;
  get<T extends KubeObject>(kind: ResourceKind<T>, ref: ObjectRef, options?: CallOptions): Promise<T>;
  create<T extends KubeObject>(kind: ResourceKind<T>, object: T, options?: CallOptions): Promise<T>;
  patch<T extends KubeObject>(kind: ResourceKind<T>, ref: ObjectRef, change: Patch, options?: WriteOptions): Promise<T>;
  delete<T extends KubeObject>(kind: ResourceKind<T>, ref: ObjectRef, options?: DeleteOptions): Promise<void>;
  /** Asks the API server whether it lives; rejects if it doesn't say yes in time. */
  ping(options?: CallOptions): Promise<void>;
}
