import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import type { Duplex } from 'node:stream';
import { connect, type ConnectionOptions } from 'node:tls';

/** The connection is no good (any more): another one may be. */
export class Lost extends Error {
  override readonly name = 'Lost';
}

export interface Exchange {
  readonly method: string;
  /** Below the link's base, with its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** How long to wait for the head of the answer, and for the whole of one that is no stream. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface Reply {
  readonly status: number;
  readonly body: string;
}

/** A way to one server. */
export interface Link {
  /** @throws {Lost} */
  send(exchange: Exchange): Promise<Reply>;
  /**
   * As `send`, but the body of an answer of 200 comes piece by piece; resolves when it ends.
   * @throws {Lost} also when it breaks
   */
  stream(exchange: Exchange, onPiece: (piece: string) => void): Promise<Reply>;
  close(): void;
}

export interface HttpsLinkOptions {
  /** `https://host:port`, perhaps with a path. */
  readonly base: string;
  readonly tls: Pick<ConnectionOptions, 'ca'>;
  /** Whether the certificate has to be one for the server's name by somebody who is trusted. */
  readonly verify: boolean;
  /** Whether all connections have to show the certificate of the first one. */
  readonly pin: boolean;
  /** Whether it is still the way to that server. */
  readonly alive: () => boolean;
  readonly onClose: () => void;
}

/** A server says nothing for 15 s at most while a stream stands. */
const QUIET_MS = 60_000;
const MAX_BODY = 256 * 1024 * 1024;

export class HttpsLink implements Link {
  readonly #options: HttpsLinkOptions;
  readonly #agent: PinningAgent;

  constructor(options: HttpsLinkOptions) {
    this.#options = options;
    this.#agent = new PinningAgent(options);
  }

  async send(exchange: Exchange): Promise<Reply> {
    let body = '';
    const signal = AbortSignal.any([exchange.signal, AbortSignal.timeout(exchange.timeoutMs)]);
    const status = await this.#exchange({ ...exchange, signal }, (piece) => {
      body += piece;
      if (body.length > MAX_BODY) throw new Lost('the answer is too long');
    });
    return { status, body };
  }

  async stream(exchange: Exchange, onPiece: (piece: string) => void): Promise<Reply> {
    let body = '';
    const status = await this.#exchange(exchange, (piece, code) => {
      if (code === 200) onPiece(piece);
      else body += piece;
    });
    return { status, body };
  }

  close(): void {
    this.#agent.destroy();
    this.#options.onClose();
  }

  async #exchange(exchange: Exchange, onPiece: (piece: string, status: number) => void): Promise<number> {
    const { method, path, headers, body, signal, timeoutMs } = exchange;
    return await new Promise((resolve, reject) => {
      const lost = (error: Error): void =>
        reject(error instanceof Lost ? error : new Lost(reasonOf(error), { cause: error }));
      const asked = request(`${this.#options.base}${path}`, { method, headers, agent: this.#agent, signal });
      asked.setTimeout(timeoutMs, () => asked.destroy(new Lost(`no answer within ${timeoutMs / 1000} s`)));
      asked.once('error', lost);
      asked.once('response', (response: IncomingMessage) => {
        asked.setTimeout(QUIET_MS);
        const status = response.statusCode ?? 0;
        response.setEncoding('utf8');
        response.on('data', (piece: string) => {
          try {
            onPiece(piece, status);
          } catch (error) {
            asked.destroy(error as Error);
          }
        });
        response.once('error', lost);
        response.once('end', () => resolve(status));
        response.once('close', () => lost(new Lost('the connection broke')));
      });
      asked.end(body);
    });
  }
}

/**
 * What kubectl forwards to is known to be the replica, whatever its certificate; who gets the port after kubectl has ended is not. So
 * the token goes to who has shown the same certificate as at first, and to nobody once kubectl is gone.
 */
class PinningAgent extends Agent {
  readonly #link: HttpsLinkOptions;
  #pinned: string | undefined;

  constructor(link: HttpsLinkOptions) {
    super({ keepAlive: true });
    this.#link = link;
  }

  override createConnection(
    options: ConnectionOptions,
    done?: (error: Error | null, socket: Duplex) => void,
  ): undefined {
    const { tls, verify, pin, alive } = this.#link;
    // Node.js looks at the first argument only, if there is one.
    const failed = (error: Error): void => (done as ((error: Error) => void) | undefined)?.(error);
    if (!alive()) return void failed(new Lost('kubectl port-forward ended'));
    const socket = connect({ ...options, ...tls, rejectUnauthorized: verify, session: undefined });
    socket.once('error', failed);
    socket.once('secureConnect', () => {
      socket.off('error', failed);
      const shown = socket.getPeerX509Certificate()?.fingerprint256;
      this.#pinned ??= shown;
      if (!pin || (shown === this.#pinned && alive())) return done?.(null, socket);
      socket.destroy();
      failed(new Lost('the certificate of the API has changed'));
    });
  }
}

function reasonOf(error: Error & { readonly code?: string }): string {
  if (error.cause instanceof Error && error.cause.name === 'TimeoutError') return 'no answer in time';
  return error.message === '' ? (error.code ?? error.name) : error.message;
}
