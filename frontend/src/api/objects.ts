import { clusterPrefix } from './client.ts';
import type { Http } from './http.ts';

/** The kinds that these pages change, by the last part of their path. */
export type Plural = 'eips' | 'bgppeers' | 'bgpconfs';

export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly resourceVersion?: string;
    readonly generation?: number;
    readonly creationTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly finalizers?: readonly string[];
    readonly ownerReferences?: readonly object[];
  };
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
}

/** Nothing is stored, but everything is judged as if it were. */
export interface Write {
  readonly dryRun?: boolean;
}

const BASE = '/apis/network.kubesphere.io/v1alpha2';
/** Fields that the schema does not have are named, not dropped. */
const STRICT = 'fieldValidation=Strict';

/** Reads and changes PorterLB's objects as who is signed in: by the API server of Kubernetes, which judges each change. */
export class ObjectStore {
  readonly #http: Http;
  readonly #base: string;

  constructor({ http }: { readonly http: Http }, { cluster }: { readonly cluster: string }) {
    this.#http = http;
    this.#base = `${clusterPrefix(cluster)}${BASE}`;
  }

  /** @throws {Failure} */
  async get(plural: Plural, name: string): Promise<KubernetesObject> {
    return this.#send('GET', this.#path(plural, name));
  }

  /**
   * @param object an object, or the text of one as YAML
   * @throws {Failure}
   */
  async create(plural: Plural, object: KubernetesObject | string, write: Write = {}): Promise<KubernetesObject> {
    return this.#send('POST', `${this.#base}/${plural}?${options(write)}`, object);
  }

  /**
   * Refused as a conflict if it was changed since it was read.
   * @throws {Failure}
   */
  async replace(
    plural: Plural,
    name: string,
    object: KubernetesObject | string,
    write: Write = {},
  ): Promise<KubernetesObject> {
    return this.#send('PUT', `${this.#path(plural, name)}?${options(write)}`, object);
  }

  /**
   * A JSON merge patch of the spec's own fields; others stay.
   * @throws {Failure}
   */
  async patch(plural: Plural, name: string, change: object): Promise<KubernetesObject> {
    return this.#send('PATCH', `${this.#path(plural, name)}?${STRICT}`, change, 'application/merge-patch+json');
  }

  /** @throws {Failure} */
  async remove(plural: Plural, name: string): Promise<void> {
    await this.#send('DELETE', this.#path(plural, name));
  }

  #path(plural: Plural, name: string): string {
    return `${this.#base}/${plural}/${encodeURIComponent(name)}`;
  }

  async #send(method: string, url: string, body?: object | string, type?: string): Promise<KubernetesObject> {
    const accept = { accept: 'application/json' };
    if (body === undefined)
      return JSON.parse(await this.#http.send({ method, url, headers: accept })) as KubernetesObject;
    const isText = typeof body === 'string';
    const headers = { ...accept, 'content-type': type ?? (isText ? 'application/yaml' : 'application/json') };
    const request = { method, url, headers, body: isText ? body : JSON.stringify(body) };
    return JSON.parse(await this.#http.send(request)) as KubernetesObject;
  }
}

function options({ dryRun = false }: Write): string {
  return dryRun ? `${STRICT}&dryRun=All` : STRICT;
}
