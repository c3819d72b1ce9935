import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { pipeline } from 'node:stream';

/** A user of KubeSphere: its roles are none of Kubernetes'. */
export interface KubeSphereUser {
  readonly name: string;
  /** What its roles let it reach: `METHOD /path`, and whatever is below the path. */
  readonly allows: readonly string[];
}

/** Headers that only ks-apiserver sets, whoever sends them. */
const REMOTE = /^x-remote-/;

/**
 * What stands between a user of KubeSphere and the backend of an extension, as far as the backend sees it: authentication by a token that
 * Kubernetes doesn't know, authorisation by the path, and an APIService that passes on what was let through, with `X-Remote-*` set and
 * the token along (kubesphere/kubesphere, pkg/apiserver: authentication, authorization, APIService proxy).
 */
export class KsApiserver {
  /** By token. */
  readonly users = new Map<string, KubeSphereUser>();
  /** Requests that were passed on. */
  readonly passed: string[] = [];
  readonly #server: Server;
  #upstream: string;

  /** @param upstream `https://host:port` of the backend; as with `insecureSkipVerify`, its certificate isn't looked at */
  constructor(upstream: string) {
    this.#upstream = upstream;
    this.#server = createServer((request, response) => this.#serve(request, response));
  }

  /** The backend is somewhere else from now on. */
  set upstream(url: string) {
    this.#upstream = url;
  }

  /** Resolves with its URL. */
  async start(): Promise<string> {
    await new Promise<void>((resolve) => void this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => void this.#server.close(() => resolve()));
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    const user = token === undefined ? undefined : this.users.get(token);
    const path = (request.url ?? '').split('?')[0] ?? '';
    if (user === undefined) return refuse(response, 401, 'Unauthorized');
    if (path === '/oauth/userinfo') return userinfo(response, user);
    const action = `${request.method} ${path}`;
    if (!user.allows.some((allowed) => action === allowed || action.startsWith(`${allowed}/`))) {
      return refuse(response, 403, 'Forbidden');
    }
    this.passed.push(action);
    passOn(request, response, [`${this.#upstream}${request.url}`, remoteUser(user.name)]);
  }
}

/** Passes a request on to `url`, with these headers and without those that only ks-apiserver sets; as with `insecureSkipVerify`. */
export function passOn(
  request: IncomingMessage,
  response: ServerResponse,
  [url, own]: readonly [url: string, headers: Readonly<Record<string, string>>],
): void {
  const others = Object.entries(request.headers).filter(([header]) => !REMOTE.test(header) && header !== 'host');
  const headers = { ...Object.fromEntries(others), ...own };
  const options = { method: request.method, headers, rejectUnauthorized: false };
  const upstream = httpsRequest(url, options, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    // An answer that is cut off on that side is cut off on this one: who follows something has to see it.
    pipeline(answer, response, () => undefined);
  });
  upstream.on('error', (error) => {
    if (!response.headersSent) refuseUnreached(response, error);
  });
  // Whoever follows something has the other side know when he leaves.
  response.on('close', () => upstream.destroy());
  request.pipe(upstream);
}

/** What ks-apiserver adds for the backend of an extension. */
export function remoteUser(name: string): Record<string, string> {
  return { 'x-remote-user': name, 'x-remote-group': 'system:authenticated' };
}

export function userinfo(response: ServerResponse, { name }: Pick<KubeSphereUser, 'name'>): void {
  const claims = { name, email: `${name}@example.com`, preferred_username: name };
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(claims));
}

export function refuse(response: ServerResponse, code: number, reason: string, message = reason): void {
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', reason, message, code };
  response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(status));
}

/** As it tells that it did not reach what it passes requests on to: a Status, but in a wrapping of its own. */
function refuseUnreached(response: ServerResponse, error: Error): void {
  const status = { metadata: {}, message: `Error while proxying request: ${error.message}`, reason: 'Bad Gateway' };
  const body = JSON.stringify({ ErrStatus: { ...status, code: 502 } }, null, 2);
  response.writeHead(502, { 'content-type': 'application/json' }).end(body);
}
