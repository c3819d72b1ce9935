import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { App } from './app.ts';

// As in health.ts: nothing but what is needed of this module is loaded.
const { STATUS_CODES } = process.getBuiltinModule('node:http');

type Socket = IncomingMessage['socket'];

/** By what Node.js calls them; the rest is no HTTP. */
const CODES: Readonly<Record<string, 'RequestTimeout' | 'RequestHeaderFieldsTooLarge'>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'RequestTimeout',
  HPE_HEADER_OVERFLOW: 'RequestHeaderFieldsTooLarge',
};

/** Errors of the parser of HTTP, and of what looks for those who take long; others are those of TLS, or of the connection. */
const OF_HTTP = /^(HPE|ERR_HTTP)_/;

export interface UnheardDeps {
  readonly app: Pick<App, 'refusal' | 'refuse'>;
  /** Calls `serve` when the connection has no question before it under way. */
  readonly take: (response: ServerResponse, socket: Socket, serve: () => void) => void;
  /** Whether an answer is under way on a connection. */
  readonly isBusy: (socket: Socket) => boolean;
}

/** What Node.js refuses before anything of ours sees it is answered as all that fails is. */
export function refuseUnheard(server: Pick<Server, 'on'>, { app, take, isBusy }: UnheardDeps): void {
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    take(response, request.socket, () => app.refuse('ExpectationFailed', request, response));
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    const { code = '' } = error;
    // Where TLS doesn't stand nothing can be said, and where an answer is under way there is nothing more to say.
    if (!OF_HTTP.test(code) || !socket.writable || isBusy(socket)) {
      socket.destroy();
      return;
    }
    const { status, headers, body } = app.refusal(CODES[code] ?? 'BadRequest', undefined);
    const all = { ...headers, 'content-length': String(Buffer.byteLength(body)), connection: 'close' };
    const fields = Object.entries(all).map((each) => each.join(': '));
    const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, ...fields].join('\r\n');
    socket.end(`${head}\r\n\r\n${body}`);
    socket.destroySoon();
  });
}
