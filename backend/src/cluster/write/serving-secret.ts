import { ApiError, isConflict, isNotFound } from '../errors.ts';
import { secrets, type Secret } from '../kinds.ts';
import type { Kube } from '../kube.ts';
import type { ObjectRef } from '../objects.ts';

interface KeyAndCertificate {
  readonly key: string;
  readonly cert: string;
}

function decoded(text: string | undefined): string {
  return Buffer.from(text ?? '', 'base64').toString('utf8');
}

function encoded(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

/** The Secret with the API's serving certificate, in the shape of `kubernetes.io/tls`. The chart makes it, empty; we fill it. */
export class ServingSecret {
  readonly #api: Kube;
  readonly #ref: ObjectRef & { readonly namespace: string };

  constructor(api: Kube, ref: ObjectRef & { readonly namespace: string }) {
    this.#api = api;
    this.#ref = ref;
  }

  async read(): Promise<{ readonly value: KeyAndCertificate | undefined; readonly version: string | undefined }> {
    try {
      const { data, metadata } = await this.#api.get(secrets, this.#ref);
      const value = { key: decoded(data?.['tls.key']), cert: decoded(data?.['tls.crt']) };
      const version = metadata?.resourceVersion;
      return { value: value.key === '' || value.cert === '' ? undefined : value, version };
    } catch (error) {
      if (isNotFound(error)) return { value: undefined, version: undefined };
      throw error;
    }
  }

  /** False: somebody else was faster. */
  async write({ key, cert }: KeyAndCertificate, version: string | undefined): Promise<boolean> {
    const data = { 'tls.key': encoded(key), 'tls.crt': encoded(cert) };
    try {
      if (version === undefined) await this.#create(data);
      else {
        const body = { metadata: { resourceVersion: version }, data } as Secret;
        await this.#api.patch(secrets, this.#ref, { type: 'merge', body });
      }
      return true;
    } catch (error) {
      if (isConflict(error)) return false;
      throw error;
    }
  }

  /** Our role doesn't let us create Secrets, as that can't be allowed by name. */
  async #create(data: Secret['data']): Promise<void> {
    try {
      await this.#api.create(secrets, { metadata: this.#ref, data } as Secret);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 403) throw error;
      const { namespace, name } = this.#ref;
      const what = `there is no Secret ${namespace}/${name} to put the certificate of the API into, and it may not be created here`;
      throw new Error(`${what}; \`helm upgrade\` makes it again`, { cause: error });
    }
  }
}
