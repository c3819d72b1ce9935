import { ApiError, NetworkError, type KubeError } from './errors.ts';
import type { CallOptions, DeleteOptions, Kube, ListOptions, ObjectPage, Patch } from './kube.ts';
import type { Watch, WatchHandlers, WatchOptions, WriteOptions } from './kube.ts';
import type { KubeObject, ObjectRef, ResourceKind } from './objects.ts';

/** How a call ended: `ok`, or what the API server or the network had against it. */
export const API_RESULTS = [
  'ok',
  'conflict',
  'not-found',
  'forbidden',
  'throttled',
  'expired',
  'client-error',
  'server-error',
  'timeout',
  'connection',
  'aborted',
  'protocol',
] as const;
export type ApiResult = (typeof API_RESULTS)[number];

export const API_VERBS = ['list', 'watch', 'get', 'create', 'patch', 'delete', 'ping'] as const;
export type ApiVerb = (typeof API_VERBS)[number];

/** The calls of one kind that ended alike. */
export interface ApiCalls {
  readonly verb: ApiVerb;
  /** Plural of the kind; empty for a ping. */
  readonly resource: string;
  readonly result: ApiResult;
  readonly count: number;
}

const BY_STATUS: ReadonlyMap<number, ApiResult> = new Map([
  [403, 'forbidden'],
  [404, 'not-found'],
  [409, 'conflict'],
  [410, 'expired'],
  [429, 'throttled'],
]);

function resultOf(error: unknown): ApiResult {
  if (error instanceof NetworkError) return error.kind;
  if (!(error instanceof ApiError)) return 'client-error';
  return BY_STATUS.get(error.status) ?? (error.status >= 500 ? 'server-error' : 'client-error');
}

/** The Kubernetes API, with a count of how its calls ended. A watch counts when it ends: it is `ok` if the server ended it in good order. */
export class CountingKube implements Kube {
  readonly #inner: Kube;
  readonly #counts = new Map<string, { verb: ApiVerb; resource: string; result: ApiResult; count: number }>();

  constructor(inner: Kube) {
    this.#inner = inner;
  }

  /** All that have ended since the start. */
  calls(): ApiCalls[] {
    return [...this.#counts.values()].map((calls) => ({ ...calls }));
  }

  async list<T extends KubeObject>(kind: ResourceKind<T>, options?: ListOptions): Promise<ObjectPage<T>> {
    return await this.#counted('list', kind.plural, this.#inner.list(kind, options));
  }

  watch<T extends KubeObject>(kind: ResourceKind<T>, options: WatchOptions, handlers: WatchHandlers<T>): Watch {
    return this.#inner.watch(kind, options, {
      onOpen: () => handlers.onOpen(),
      onEvent: (type, object) => handlers.onEvent(type, object),
      onBookmark: (version) => handlers.onBookmark(version),
      onClose: (error?: KubeError) => {
        this.#count('watch', kind.plural, error === undefined ? 'ok' : resultOf(error));
        handlers.onClose(error);
      },
    });
  }

  async get<T extends KubeObject>(kind: ResourceKind<T>, ref: ObjectRef, options?: CallOptions): Promise<T> {
    return await this.#counted('get', kind.plural, this.#inner.get(kind, ref, options));
  }

  async create<T extends KubeObject>(kind: ResourceKind<T>, object: T, options?: CallOptions): Promise<T> {
    return await this.#counted('create', kind.plural, this.#inner.create(kind, object, options));
  }

  async patch<T extends KubeObject>(
    kind: ResourceKind<T>,
    ref: ObjectRef,
    change: Patch,
    options?: WriteOptions,
  ): Promise<T> {
    return await this.#counted('patch', kind.plural, this.#inner.patch(kind, ref, change, options));
  }

  async delete<T extends KubeObject>(kind: ResourceKind<T>, ref: ObjectRef, options?: DeleteOptions): Promise<void> {
    await this.#counted('delete', kind.plural, this.#inner.delete(kind, ref, options));
  }

  async ping(options?: CallOptions): Promise<void> {
    await this.#counted('ping', '', this.#inner.ping(options));
  }

  async #counted<R>(verb: ApiVerb, resource: string, call: Promise<R>): Promise<R> {
    try {
      const result = await call;
      this.#count(verb, resource, 'ok');
      return result;
    } catch (error) {
      this.#count(verb, resource, resultOf(error));
      throw error;
    }
  }

  #count(verb: ApiVerb, resource: string, result: ApiResult): void {
    const key = `${verb} ${resource} ${result}`;
    const known = this.#counts.get(key);
    if (known !== undefined) known.count += 1;
    else this.#counts.set(key, { verb, resource, result, count: 1 });
  }
}
