import type { TlsSettings } from './transport.ts';

/** What proves who we are, as a value for the `authorization` header. Values may expire; nobody else keeps one. */
export interface Credential {
  /** The current value; undefined where the client certificate says it all. */
  header(): string | undefined | Promise<string | undefined>;
  /** The API server refused the current value (401): fetch a new one before the next use. */
  invalidate(): void;
}

/** Where the API server is and how it is reached. */
export interface ClusterConfig {
  /** URL of the API server; may have a path. */
  readonly server: string;
  /** Namespace of the context or of this Pod. */
  readonly namespace: string;
  readonly tls: TlsSettings;
  readonly credential: Credential;
}

export const noCredential: Credential = { header: () => undefined, invalidate: () => undefined };

export function bearerToken(token: string): Credential {
  return { header: () => `Bearer ${token}`, invalidate: () => undefined };
}
