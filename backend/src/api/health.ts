import type { Server, ServerResponse } from 'node:http';
import type { Logger } from '../platform/ports.ts';

// `import` would read every export of this module, some of which load Node's own copy of undici: 3 MiB that nobody uses.
const { createServer } = process.getBuiltinModule('node:http');

export interface HealthDeps {
  readonly logger: Logger;
  /** What only a restart of this replica can mend, in words; empty when it is alive. */
  readonly notAlive: () => readonly string[];
  /** What keeps this replica from doing its work, in words; empty when it is ready. */
  readonly notReady: () => readonly string[];
  readonly metrics: () => Promise<MetricsPage>;
}

export interface HealthOptions {
  /** Address to listen on: the kubelet of this node asks, and Prometheus. */
  readonly host: string;
  readonly port: number;
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' });
  response.end(`${text}\n`);
}

/** What a scrape of the metrics gets. */
export interface MetricsPage {
  readonly contentType: string;
  readonly text: string;
}

/**
 * `/healthz`: the main thread turns, which answering shows, and so does the engine (when its thread ends, the process exits by itself).
 * `/readyz`: all caches are filled and nobody asked us to end. Sessions need not be up: a router that is away must not hold up an update
 * (what they take is `minReadySeconds` of the chart). Else 503 with the reasons. `/metrics`: for Prometheus.
 * Nobody has to say who they are: nothing of what is served is a secret, and nothing can be changed.
 */
export class HealthServer {
  readonly #deps: HealthDeps;
  readonly #server: Server;

  constructor(deps: HealthDeps) {
    this.#deps = deps;
    this.#server = createServer(
      { requestTimeout: 5_000, headersTimeout: 5_000, maxHeaderSize: 8_192 },
      (request, response) => {
        const path = request.url?.split('?')[0];
        if (request.method !== 'GET' && request.method !== 'HEAD') answer(response, 405, 'only GET is served here');
        else if (path === '/healthz') this.#verdict(response, this.#deps.notAlive());
        else if (path === '/readyz') this.#verdict(response, this.#deps.notReady());
        else if (path === '/metrics') void this.#metrics(response);
        else answer(response, 404, 'not found; there are /healthz, /readyz and /metrics');
      },
    );
  }

  /** Resolves with the port, once connections are accepted. */
  async listen({ host, port }: HealthOptions): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, resolve);
    });
    this.#server.on('error', (error) => this.#deps.logger.error({ err: error }, 'health endpoint failed'));
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : port;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => void this.#server.close(() => resolve()));
  }

  async #metrics(response: ServerResponse): Promise<void> {
    try {
      const { contentType, text } = await this.#deps.metrics();
      response.writeHead(200, { 'content-type': contentType, 'cache-control': 'no-store' });
      response.end(text);
    } catch (error) {
      this.#deps.logger.error({ err: error }, 'metrics cannot be told');
      answer(response, 500, 'metrics cannot be told; the log says why');
    }
  }

  #verdict(response: ServerResponse, reasons: readonly string[]): void {
    if (reasons.length === 0) answer(response, 200, 'ok');
    else answer(response, 503, reasons.join('\n'));
  }
}
