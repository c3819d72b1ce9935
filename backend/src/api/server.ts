import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from 'node:https';
import type { PortProblem } from '../engine/facts.ts';
import type { Clock, Logger, Timer } from '../platform/ports.ts';
import type { App } from './app.ts';
import { Connections } from './connections.ts';
import { Exchanges } from './exchanges.ts';
import type { AddressesReport } from './replicas/addresses.ts';
import type { ReplicaReport } from './replicas/facts.ts';
import { FACTS_PATH, ONLY_ADDRESSES, ONLY_TAKERS } from './replicas/replica-client.ts';
import { MAX_TAKERS, type TakersReport } from './replicas/takers.ts';
import type { ServingCertificate } from './tls/serving-certificate.ts';
import { refuseUnheard } from './unheard.ts';

// As in health.ts: nothing but what is needed of this module is loaded.
const https = process.getBuiltinModule('node:https');

export interface ApiServerDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Bounds what the kernel keeps for readers that don't read. @throws {Error} where it can't */
  readonly boundSockets: (server: Server) => void;
  readonly certificate: Pick<ServingCertificate, 'current' | 'accepts'>;
  /** Answers what is asked of the API. */
  readonly app: Pick<App, 'handle' | 'refusal' | 'refuse' | 'endStreams'>;
  /** Whether there is a replica at this address. */
  readonly isReplica: (address: string) => boolean;
  /** What this replica tells others. */
  readonly facts: (ips: readonly string[]) => Promise<ReplicaReport>;
  /** The same of addresses alone. */
  readonly addresses: (ips: readonly string[]) => Promise<AddressesReport>;
  /** The same for a list, at no cost. */
  readonly takers: (ips: readonly string[]) => TakersReport;
}

export interface ApiServerOptions {
  readonly host: string;
  readonly port: number;
}

const MAX_ADDRESSES = 64;
/** How long a client may take for the handshake of TLS, for the headers of a request, and for all of it, in milliseconds. */
const PATIENCE = { handshakeTimeout: 5_000, headersTimeout: 5_000, requestTimeout: 10_000 } as const;
/** How often it is looked for those who take longer. */
const CHECK_MS = 2_000;
/** Who neither sends nor takes anything for so long is gone; a stream of events says something more often. */
const IDLE_MS = 60_000;

/** How long who listens may take to be sent the end of it when the replica ends. */
const LAST_WORD_MS = 500;

/** `kubectl port-forward` ends there. */
const LOOPBACK = '127.0.0.1';

/** What TLS tells of a connection. */
interface Secured {
  getPeerX509Certificate(): { readonly fingerprint256: string } | undefined;
}

/** The API's port: HTTPS for everybody, and for the other replicas what only this one knows. */
export class ApiServer {
  readonly #deps: ApiServerDeps;
  readonly #servers: Server[] = [];
  readonly #connections: Connections;
  readonly #exchanges: Exchanges;
  #problems: readonly PortProblem[] = [];

  constructor(deps: ApiServerDeps) {
    this.#deps = deps;
    this.#connections = new Connections(deps);
    this.#exchanges = new Exchanges(deps);
  }

  /**
   * At this address, and on loopback if the port isn't somebody else's there. Resolves with the port, once connections are accepted.
   * @throws if the port is somebody else's
   */
  async listen({ host, port }: ApiServerOptions): Promise<number> {
    const bound = await this.#listen(host, port);
    if (host === LOOPBACK) return bound;
    await this.#listen(LOOPBACK, bound).catch((error: unknown) => {
      this.#deps.logger.warn({ err: error, port: bound }, 'the API can not be reached by kubectl port-forward');
      const problem = `on ${LOOPBACK}: ${error instanceof Error ? error.message : String(error)}`;
      this.#problems = [{ port: bound, problem }];
    });
    return bound;
  }

  /** Ports that are somebody else's. */
  get problems(): readonly PortProblem[] {
    return this.#problems;
  }

  /** New connections get the current certificate; those that stand go on. */
  certificateChanged(): void {
    const { key, cert } = this.#deps.certificate.current;
    for (const server of this.#servers) server.setSecureContext({ key, cert, minVersion: 'TLSv1.2' });
  }

  async close(): Promise<void> {
    await this.#endStreams();
    for (const server of this.#servers) server.closeAllConnections();
    await Promise.all(
      this.#servers.map(async (server) => await new Promise<void>((resolve) => void server.close(() => resolve()))),
    );
  }

  /** The proxy of ks-console's server passes an end on, and does not tell of a connection that broke: its pages would wait on. */
  async #endStreams(): Promise<void> {
    let late: Timer | undefined;
    const limit = new Promise<void>((resolve) => (late = this.#deps.clock.setTimer(LAST_WORD_MS, resolve)));
    await Promise.race([this.#deps.app.endStreams(), limit]);
    late?.cancel();
  }

  async #listen(host: string, port: number): Promise<number> {
    const server = this.#make();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
    this.#bound(server);
    server.on('error', (error) => this.#deps.logger.error({ err: error }, 'the port of the API failed'));
    this.#servers.push(server);
    // It may have become another one since the server was made.
    this.certificateChanged();
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : port;
  }

  #bound(server: Server): void {
    try {
      this.#deps.boundSockets(server);
    } catch (error) {
      this.#deps.logger.warn(
        { err: error },
        'who does not read answers of the API can have the kernel keep megabytes of them',
      );
    }
  }

  #make(): Server {
    const { key, cert } = this.#deps.certificate.current;
    const server = https.createServer(
      {
        ...{ key, cert, minVersion: 'TLSv1.2' },
        // Replicas show the certificate that they serve with; nobody else needs one.
        ...{ requestCert: true, rejectUnauthorized: false },
        ...{ ...PATIENCE, connectionsCheckingInterval: CHECK_MS, keepAliveTimeout: 30_000, maxHeaderSize: 16_384 },
      },
      (request, response) => this.#exchanges.take(response, request.socket, () => this.#serve(request, response)),
    );
    server.timeout = IDLE_MS;
    refuseUnheard(server, {
      app: this.#deps.app,
      take: (response, socket, serve) => this.#exchanges.take(response, socket, serve),
      isBusy: (socket) => this.#exchanges.isBusy(socket),
    });
    server.on('connection', (socket: IncomingMessage['socket']) => this.#connections.take(socket));
    server.on('secureConnection', (socket) => this.#connections.proven(socket, this.#isReplica(socket)));
    return server;
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    if (request.url?.startsWith(`${FACTS_PATH}?`) !== true) return this.#deps.app.handle(request, response);
    if (!this.#isReplica(request.socket as unknown as Secured)) {
      response.writeHead(403, { 'content-type': 'text/plain; charset=utf-8' }).end('only replicas are told this\n');
      return;
    }
    const question = new URLSearchParams(request.url.slice(FACTS_PATH.length));
    void this.#tell(question, response).catch((error: unknown) => {
      this.#deps.logger.warn({ err: error }, 'another replica could not be told what this one knows');
      if (response.headersSent) response.destroy();
      else response.writeHead(503).end();
    });
  }

  async #tell(question: URLSearchParams, response: ServerResponse): Promise<void> {
    const said = question.get('ips') ?? '';
    const ips = said === '' ? [] : said.split(',');
    const known = await this.#known(question.get('only'), ips);
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(known));
  }

  async #known(only: string | null, ips: readonly string[]): Promise<ReplicaReport | AddressesReport | TakersReport> {
    const { facts, addresses, takers } = this.#deps;
    if (only === ONLY_TAKERS) return takers(ips.slice(0, MAX_TAKERS));
    const asked = ips.slice(0, MAX_ADDRESSES);
    return only === ONLY_ADDRESSES ? await addresses(asked) : await facts(asked);
  }

  /** TLS has proved that it has the private key of the certificate that it shows. */
  #isReplica(socket: Secured): boolean {
    return this.#deps.certificate.accepts(socket.getPeerX509Certificate()?.fingerprint256);
  }
}
