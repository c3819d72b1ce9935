import type { Clock } from '../../platform/ports.ts';
import { ApiError, NetworkError } from '../errors.ts';
import type { CallOptions, DeleteOptions, Kube, ListOptions, ObjectPage, Patch } from '../kube.ts';
import type { Watch, WatchHandlers, WatchOptions, WriteOptions } from '../kube.ts';
import type { KubeObject, ObjectRef, ResourceKind } from '../objects.ts';
import { apiVersionOf } from '../objects.ts';
import type { ClusterConfig } from './credential.ts';
import { HttpWatch } from './http-watch.ts';
import { collectionPath, objectPath, withQuery } from './paths.ts';
import { parseJson, ResponseBody } from './response.ts';
import { Transport } from './transport.ts';
import type { Abortable, Exchange, TransportOptions } from './transport.ts';

/** The start of the user agent becomes the field manager of what we write. */
const userAgent = 'porter-manager';
const defaultTimeoutMs = 10_000;

const patchTypes: Readonly<Record<Patch['type'], string>> = {
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  json: 'application/json-patch+json',
  apply: 'application/apply-patch+yaml',
};

export interface HttpKubeDeps {
  readonly clock: Clock;
}

export interface HttpKubeOptions extends Pick<TransportOptions, 'connections'> {
  readonly config: ClusterConfig;
  /** Longest line of a watch; an object in etcd has 1.5 MiB at most, as JSON not more than twice that. */
  readonly maxLineBytes?: number;
  /** Largest body of any other answer; a page of 500 objects has a few MiB. */
  readonly maxBodyBytes?: number;
}

interface ListBody<T> {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items?: T[] | null;
}

type Request = Omit<Exchange, 'lane' | 'headers'> & { readonly contentType?: string };

/** The Kubernetes API over pooled HTTPS connections. */
export class HttpKube implements Kube {
  readonly #clock: Clock;
  readonly #config: ClusterConfig;
  readonly #transport: Transport;
  readonly #pathPrefix: string;
  readonly #maxLineBytes: number;
  readonly #maxBodyBytes: number;

  constructor(deps: HttpKubeDeps, options: HttpKubeOptions) {
    const url = new URL(options.config.server);
    this.#clock = deps.clock;
    this.#config = options.config;
    this.#pathPrefix = url.pathname.replace(/\/+$/, '');
    this.#maxLineBytes = options.maxLineBytes ?? 4 * 1024 * 1024;
    this.#maxBodyBytes = options.maxBodyBytes ?? 64 * 1024 * 1024;
    this.#transport = new Transport({
      origin: url.origin,
      tls: options.config.tls,
      ...(options.connections === undefined ? {} : { connections: options.connections }),
    });
  }

  async list<T extends KubeObject>(kind: ResourceKind<T>, options: ListOptions = {}): Promise<ObjectPage<T>> {
    const { namespace, labelSelector, fieldSelector, limit } = options;
    const query = { labelSelector, fieldSelector, limit, continue: options.continue };
    const path = withQuery(collectionPath(kind, namespace), query);
    const body = (await this.#call({ method: 'GET', path }, options)) as ListBody<T>;
    const { resourceVersion = '', continue: next } = body.metadata ?? {};
    const page = { items: body.items ?? [], resourceVersion };
    return next === undefined || next === '' ? page : { ...page, continue: next };
  }

  watch<T extends KubeObject>(kind: ResourceKind<T>, options: WatchOptions, handlers: WatchHandlers<T>): Watch {
    const { namespace, labelSelector, fieldSelector, resourceVersion, timeoutSeconds } = options;
    const path = withQuery(collectionPath(kind, namespace), {
      watch: true,
      allowWatchBookmarks: true,
      resourceVersion,
      timeoutSeconds,
      labelSelector,
      fieldSelector,
    });
    const watch = new HttpWatch<T>(
      {
        clock: this.#clock,
        transport: this.#transport,
        handlers,
        onUnauthorized: () => this.#config.credential.invalidate(),
      },
      { openTimeoutMs: options.openTimeoutMs ?? defaultTimeoutMs, maxLineBytes: this.#maxLineBytes },
    );
    watch.open(async () => await this.#exchange({ method: 'GET', path }, 'watch'));
    return watch;
  }

  async get<T extends KubeObject>(kind: ResourceKind<T>, ref: ObjectRef, options: CallOptions = {}): Promise<T> {
    return (await this.#call({ method: 'GET', path: objectPath(kind, ref) }, options)) as T;
  }

  async create<T extends KubeObject>(kind: ResourceKind<T>, object: T, options: CallOptions = {}): Promise<T> {
    const body = JSON.stringify({ apiVersion: apiVersionOf(kind), kind: kind.kind, ...object });
    const path = collectionPath(kind, object.metadata?.namespace);
    return (await this.#call({ method: 'POST', path, body, contentType: 'application/json' }, options)) as T;
  }

  async patch<T extends KubeObject>(
    kind: ResourceKind<T>,
    ref: ObjectRef,
    change: Patch,
    options: WriteOptions = {},
  ): Promise<T> {
    const identity = { apiVersion: apiVersionOf(kind), kind: kind.kind };
    // Server-side apply insists on kind and version, the others don't.
    const body = JSON.stringify(change.type === 'apply' ? { ...identity, ...change.body } : change.body);
    const query = change.type === 'apply' ? { fieldManager: change.fieldManager, force: change.force } : {};
    const path = withQuery(objectPath(kind, ref, options.subresource), query);
    return (await this.#call({ method: 'PATCH', path, body, contentType: patchTypes[change.type] }, options)) as T;
  }

  async delete<T extends KubeObject>(
    kind: ResourceKind<T>,
    ref: ObjectRef,
    options: DeleteOptions = {},
  ): Promise<void> {
    const path = objectPath(kind, ref);
    const { preconditions, propagationPolicy } = options;
    const request: Request =
      preconditions === undefined && propagationPolicy === undefined
        ? { method: 'DELETE', path }
        : {
            method: 'DELETE',
            path,
            body: JSON.stringify({ preconditions, propagationPolicy }),
            contentType: 'application/json',
          };
    await this.#call(request, options);
  }

  async ping(options: CallOptions = {}): Promise<void> {
    await this.#call({ method: 'GET', path: '/livez' }, { urgent: true, ...options });
  }

  /** Cuts all connections. */
  async close(): Promise<void> {
    await this.#transport.close();
  }

  async #exchange(request: Request, lane: Exchange['lane']): Promise<Exchange> {
    const authorization = await this.#config.credential.header();
    const { contentType, path, ...rest } = request;
    return {
      ...rest,
      lane,
      path: `${this.#pathPrefix}${path}`,
      headers: {
        accept: 'application/json',
        'user-agent': userAgent,
        ...(contentType === undefined ? {} : { 'content-type': contentType }),
        ...(authorization === undefined ? {} : { authorization }),
      },
    };
  }

  async #call(request: Request, options: CallOptions): Promise<unknown> {
    const deadline = this.#clock.now() + (options.timeoutMs ?? defaultTimeoutMs);
    const exchange = await this.#exchange(request, laneOf(options));
    const { status, text, retryAfterMs } = await this.#send(exchange, deadline - this.#clock.now(), options.signal);
    if (status === 401) this.#config.credential.invalidate();
    if (status < 300) return exchange.path.endsWith('/livez') ? undefined : parseJson(text);
    throw ApiError.fromStatus(statusOf(text), status, retryAfterMs);
  }

  #send(exchange: Exchange, timeoutMs: number, signal: AbortSignal | undefined): Promise<ResponseBody> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(new NetworkError('aborted', 'aborted before it was sent'));
        return;
      }
      const response = new ResponseBody(this.#maxBodyBytes);
      const finish = (settle: () => void): void => {
        timer.cancel();
        signal?.removeEventListener('abort', onAbort);
        settle();
      };
      const giveUp = (error: NetworkError): void => {
        sent?.abort();
        finish(() => reject(error));
      };
      const onAbort = (): void => giveUp(new NetworkError('aborted', 'aborted'));
      const timer = this.#clock.setTimer(timeoutMs, () => {
        giveUp(new NetworkError('timeout', `no answer to ${exchange.method} ${exchange.path} in time`));
      });
      signal?.addEventListener('abort', onAbort, { once: true });
      let sent: Abortable | undefined = undefined;
      sent = this.#transport.send(exchange, {
        onHeaders: (status, headers) => response.begin(status, headers),
        onData: (chunk) => {
          if (!response.append(chunk))
            giveUp(new NetworkError('protocol', `answer of more than ${this.#maxBodyBytes} bytes`));
        },
        onEnd: () => finish(() => resolve(response)),
        onError: (error) => finish(() => reject(error)),
      });
    });
  }
}

function laneOf({ urgent, aside }: CallOptions): Exchange['lane'] {
  if (urgent === true) return 'urgent';
  return aside === true ? 'aside' : 'normal';
}

/** The Status object in an error answer; proxies on the way answer with anything, which is then the message, shortened. */
function statusOf(text: string): { readonly message?: string } {
  try {
    const parsed = JSON.parse(text) as unknown;
    if (typeof parsed === 'object' && parsed !== null) return parsed;
  } catch {
    // Not JSON: fall through.
  }
  return text === '' ? {} : { message: text.slice(0, 200) };
}
