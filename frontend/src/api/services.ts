import { clusterPrefix } from './client.ts';
import type { Http, HttpRequest } from './http.ts';
import type { KubernetesObject } from './objects.ts';

export interface ServiceName {
  readonly namespace: string;
  readonly name: string;
}

/**
 * Reads and changes Services as who is signed in: by the API server of Kubernetes, with the rights that they have in the project.
 */
export class ServiceStore {
  readonly #http: Http;
  readonly #base: string;

  constructor({ http }: { readonly http: Http }, { cluster }: { readonly cluster: string }) {
    this.#http = http;
    this.#base = `${clusterPrefix(cluster)}/api/v1/namespaces`;
  }

  /** @throws {Failure} */
  async get(service: ServiceName): Promise<KubernetesObject> {
    return this.#send({ method: 'GET', url: this.#path(service), headers: { accept: 'application/json' } });
  }

  /**
   * A JSON merge patch: what it does not name stays.
   * @throws {Failure}
   */
  async patch(service: ServiceName, change: object): Promise<KubernetesObject> {
    const headers = { accept: 'application/json', 'content-type': 'application/merge-patch+json' };
    const url = `${this.#path(service)}?fieldValidation=Strict`;
    return this.#send({ method: 'PATCH', url, headers, body: JSON.stringify(change) });
  }

  #path({ namespace, name }: ServiceName): string {
    return `${this.#base}/${encodeURIComponent(namespace)}/services/${encodeURIComponent(name)}`;
  }

  async #send(request: HttpRequest): Promise<KubernetesObject> {
    return JSON.parse(await this.#http.send(request)) as KubernetesObject;
  }
}
