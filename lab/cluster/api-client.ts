import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import type { Dispatcher } from 'undici';
import { parse } from 'yaml';

/** Any Kubernetes object; tests look into it as they need. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

/** Names an object: what is left of it without its contents. */
export interface ObjectRef {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

export interface ApiResponse {
  readonly status: number;
  /** Parsed JSON, or text where it isn't JSON. */
  readonly body: unknown;
}

/** An answer other than 2xx; `status` is the HTTP status, the message the API server's. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;

  constructor(operation: string, response: ApiResponse) {
    const { message } = (typeof response.body === 'object' ? (response.body ?? {}) : {}) as { message?: string };
    super(`${operation}: ${response.status} ${message ?? JSON.stringify(response.body)}`);
    this.status = response.status;
  }
}

export type PatchType = 'strategic-merge' | 'merge' | 'json';

const patchContentType: Record<PatchType, string> = {
  'strategic-merge': 'application/strategic-merge-patch+json',
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
};

const retryMs = 500;

interface ResourceKind {
  readonly name: string;
  readonly namespaced: boolean;
}

/**
 * A small client with a pool of connections, for tests: it acts as the lab's administrator and is independent of the
 * client that the product uses. Paths are those of the API (`/api/v1/nodes/n1`).
 */
export class ApiClient {
  readonly server: string;
  readonly #agent: Agent;
  readonly #headers: Record<string, string>;
  readonly #kinds = new Map<string, Promise<Map<string, ResourceKind>>>();

  constructor(options: { server: string; ca: string | Buffer; token: string }) {
    this.server = options.server;
    this.#agent = new Agent({ connect: { ca: options.ca }, connections: 32, pipelining: 1 });
    this.#headers = { authorization: `Bearer ${options.token}`, accept: 'application/json' };
  }

  /** A client for the first cluster and user of a kubeconfig of the lab. */
  static async fromKubeconfig(path: string): Promise<ApiClient> {
    const config = parse(await readFile(path, 'utf8')) as {
      clusters: [{ cluster: { server: string; 'certificate-authority-data': string } }];
      users: [{ user: { token: string } }];
    };
    const { cluster } = config.clusters[0];
    const ca = Buffer.from(cluster['certificate-authority-data'], 'base64');
    return new ApiClient({ server: cluster.server, ca, token: config.users[0].user.token });
  }

  /** One request, whatever its answer. @throws only if there is no answer. */
  async request(
    method: Dispatcher.HttpMethod,
    path: string,
    content?: { readonly body: unknown; readonly type?: string },
  ): Promise<ApiResponse> {
    const response = await request(`${this.server}${path}`, {
      method,
      dispatcher: this.#agent,
      headers: content ? { ...this.#headers, 'content-type': content.type ?? 'application/json' } : this.#headers,
      ...(content ? { body: JSON.stringify(content.body) } : {}),
    });
    const text = await response.body.text();
    return { status: response.statusCode, body: parseBody(text) };
  }

  async get<T = KubeObject>(path: string): Promise<T> {
    return this.#expect<T>('GET', path);
  }

  /** The object, or `undefined` if there is none. */
  async find<T = KubeObject>(path: string): Promise<T | undefined> {
    const response = await this.request('GET', path);
    if (response.status === 404) return undefined;
    return accepted<T>(`GET ${path}`, response);
  }

  async list<T = KubeObject>(path: string): Promise<T[]> {
    return (await this.#expect<{ items: T[] }>('GET', path)).items;
  }

  async create<T = KubeObject>(object: KubeObject): Promise<T> {
    return this.#expect<T>('POST', await this.#collectionOf(object), { body: object });
  }

  /** Creates the object or changes it to this (server-side apply as `lab`, taking over others' fields). */
  async apply<T = KubeObject>(object: KubeObject): Promise<T> {
    const path = `${await this.pathOf(object)}?fieldManager=lab&force=true`;
    return this.#expect<T>('PATCH', path, { body: object, type: 'application/apply-patch+yaml' });
  }

  /** Default: `merge`. For the status of an object: its path with `/status`. */
  async patch<T = KubeObject>(path: string, body: unknown, type: PatchType = 'merge'): Promise<T> {
    return this.#expect<T>('PATCH', path, { body, type: patchContentType[type] });
  }

  async put<T = KubeObject>(path: string, body: unknown): Promise<T> {
    return this.#expect<T>('PUT', path, { body });
  }

  /** Deletes an object (or what a collection's path and query select). One that is gone is fine. */
  async delete(path: string): Promise<void> {
    const response = await this.request('DELETE', path);
    if (response.status !== 404) accepted(`DELETE ${path}`, response);
  }

  /** The API path of an object; its kind is looked up at the server. */
  async pathOf(object: ObjectRef): Promise<string> {
    return `${await this.#collectionOf(object)}/${object.metadata.name}`;
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #expect<T>(
    method: Dispatcher.HttpMethod,
    path: string,
    content?: { readonly body: unknown; readonly type?: string },
  ): Promise<T> {
    for (let left = 10; ; left -= 1) {
      const response = await this.request(method, path, content);
      if (left === 0 || !isBusy(response)) return accepted<T>(`${method} ${path}`, response);
      await sleep(retryMs);
    }
  }

  async #collectionOf({ apiVersion, kind, metadata }: ObjectRef): Promise<string> {
    const base = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const resource = (await this.#kindsAt(base)).get(kind);
    if (resource === undefined) {
      // The next call asks again: a CRD may have come meanwhile.
      this.#kinds.delete(base);
      throw new Error(`the API server has no kind ${kind} in ${apiVersion}`);
    }
    const place = resource.namespaced ? `/namespaces/${metadata.namespace ?? 'default'}` : '';
    return `${base}${place}/${resource.name}`;
  }

  #kindsAt(base: string): Promise<Map<string, ResourceKind>> {
    const known = this.#kinds.get(base);
    if (known !== undefined) return known;
    const asked = this.#askForKinds(base);
    this.#kinds.set(base, asked);
    asked.catch(() => this.#kinds.delete(base));
    return asked;
  }

  async #askForKinds(base: string): Promise<Map<string, ResourceKind>> {
    const { resources } = await this.get<{ resources: (ResourceKind & { kind: string })[] }>(base);
    const objects = resources.filter((resource) => !resource.name.includes('/'));
    return new Map(objects.map((resource) => [resource.kind, resource]));
  }
}

/** It has more to do than it can: whoever asks again is answered. */
function isBusy({ status, body }: ApiResponse): boolean {
  if (status === 500) return /etcdserver: (request timed out|leader changed)/.test(JSON.stringify(body));
  return status === 429 || status === 504;
}

function accepted<T>(operation: string, response: ApiResponse): T {
  if (response.status < 200 || response.status > 299) throw new ApiError(operation, response);
  return response.body as T;
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
