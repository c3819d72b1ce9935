import type { Pool } from 'undici';
import UndiciPool from 'undici/lib/dispatcher/pool.js';
import { NetworkError } from '../errors.ts';

export interface TlsSettings {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly serverName?: string;
  /** Accepts any certificate. Only where the kubeconfig says so. */
  readonly insecure?: boolean;
}

/**
 * Connections of their own for what must not wait for each other: a burst of writes must delay neither the renewal of the
 * lease nor a ping, watches occupy a connection each, and what callers of our API make us ask (`aside`) delays no write.
 */
export type Lane = 'normal' | 'urgent' | 'aside' | 'watch';

export interface Exchange {
  readonly lane: Lane;
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Path and query, beginning with a slash. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export type ResponseHeaders = Readonly<Record<string, string | string[] | undefined>>;

export interface ExchangeHandlers {
  onHeaders(status: number, headers: ResponseHeaders): void;
  onData(chunk: Buffer): void;
  /** One of `onEnd` and `onError` is called exactly once, unless the exchange was aborted. */
  onEnd(): void;
  onError(error: NetworkError): void;
}

export interface Abortable {
  /** Gives the exchange up; no handler is called afterwards. Idempotent. */
  abort(): void;
}

export interface TransportOptions {
  /** `https://host:port`, without a path. */
  readonly origin: string;
  readonly tls: TlsSettings;
  /** Most connections of the normal lane. */
  readonly connections?: number;
}

const connectTimeoutMs = 5_000;
/** Idle connections are closed before the API server (Go's default of 90 s and more) or a load balancer does it. */
const idleTimeoutMs = 30_000;
/** A watch is silent for up to a minute; probes find a dead path within about 15 s (libuv then probes each second, 10 times). */
const tcpKeepAliveDelayMs = 5_000;

/** HTTP/1.1 keep-alive connections to one API server. Carries bytes; knows nothing of Kubernetes. */
export class Transport {
  readonly #pools: Readonly<Record<Lane, Pool>>;

  constructor(options: TransportOptions) {
    this.#pools = {
      normal: makePool(options, options.connections ?? 16),
      urgent: makePool(options, 4),
      aside: makePool(options, 4),
      watch: makePool(options, null),
    };
  }

  send(exchange: Exchange, handlers: ExchangeHandlers): Abortable {
    let over = false;
    let stop: (() => void) | undefined;
    const request = { ...exchange, headers: { ...exchange.headers }, body: exchange.body ?? null };
    this.#pools[exchange.lane].dispatch(request, {
      onRequestStart(controller) {
        if (over) controller.abort(new Error('aborted'));
        else stop = () => controller.abort(new Error('aborted'));
      },
      onResponseStart(_controller, status, headers) {
        if (!over && status >= 200) handlers.onHeaders(status, headers);
      },
      onResponseData(_controller, chunk) {
        if (!over) handlers.onData(chunk);
      },
      onResponseEnd() {
        if (over) return;
        over = true;
        handlers.onEnd();
      },
      onResponseError(_controller, error) {
        if (over) return;
        over = true;
        handlers.onError(networkErrorOf(error));
      },
    });
    return {
      abort: () => {
        over = true;
        stop?.();
      },
    };
  }

  /** Cuts every connection; exchanges that are under way end with an error. */
  async close(): Promise<void> {
    await Promise.all(Object.values(this.#pools).map((pool) => pool.destroy()));
  }
}

function makePool({ origin, tls }: TransportOptions, connections: number | null): Pool {
  const pool = new UndiciPool(origin, {
    connections,
    pipelining: 1,
    allowH2: false,
    connectTimeout: connectTimeoutMs,
    keepAliveTimeout: idleTimeoutMs,
    // Deadlines are the callers', who know what they wait for.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: {
      ...(tls.ca === undefined ? {} : { ca: tls.ca }),
      ...(tls.cert === undefined ? {} : { cert: tls.cert }),
      ...(tls.key === undefined ? {} : { key: tls.key }),
      ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
      ...(tls.insecure === true ? { rejectUnauthorized: false } : {}),
      keepAlive: true,
      keepAliveInitialDelay: tcpKeepAliveDelayMs,
    },
  });
  return pool;
}

function networkErrorOf(error: Error & { code?: string }): NetworkError {
  if (error instanceof NetworkError) return error;
  const kind = error.code === 'UND_ERR_CONNECT_TIMEOUT' ? 'timeout' : 'connection';
  const code = error.code === undefined ? '' : `${error.code}: `;
  return new NetworkError(kind, `${code}${error.message}`, error);
}
