import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { passOn, refuse, remoteUser, userinfo } from './ks-apiserver.ts';
import { listing, type Listing } from './listings.ts';
import { requestInfo, type RequestInfo } from './request-info.ts';
import { may, type Account, type RoleTemplate } from './roles.ts';
import { bundlePath, cluster, shellAnswer } from './shell-answers.ts';

export interface ConsoleApiserverOptions {
  readonly accounts: readonly Account[];
  readonly templates: readonly RoleTemplate[];
  /** The extension's bundle; asked each time that a page is loaded. */
  readonly bundle: () => Buffer;
  /** The API server of Kubernetes, which is asked as its administrator once a role has allowed it. */
  readonly kubernetes: { readonly url: string; readonly token: string };
  /** The same, to list objects. */
  readonly objects: (path: string) => Promise<readonly Listing[]>;
  /** `https://host:port` of a replica. */
  readonly manager: string;
}

interface Asked {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly account: Account | undefined;
}

type Step = (asked: Asked) => boolean | Promise<boolean>;

const managerPath = /^\/kapis\/porterlb\.kubesphere\.io\//;
const kubernetesPath = /^\/apis?(\/|$)/;
const userPath = /^\/kapis\/iam\.kubesphere\.io\/v1beta1\/users\/[^/]+$/;

/**
 * ks-apiserver as far as the console's shell and an extension's pages need it: it signs users in, tells the shell who they are and what
 * there is, and passes on what their roles allow: to Kubernetes as its administrator, to the extension's backend with the user's name.
 */
export class ConsoleApiserver {
  readonly #options: ConsoleApiserverOptions;
  readonly #server: Server;
  /** By token. */
  readonly #signedIn = new Map<string, Account>();
  /** That they have chosen in their settings, by account. */
  readonly #languages = new Map<string, string>();
  readonly #steps: readonly Step[];

  constructor(options: ConsoleApiserverOptions) {
    this.#options = options;
    this.#steps = [
      (asked) => this.#signIn(asked),
      (asked) => this.#bundle(asked),
      (asked) => this.#setLanguage(asked),
      (asked) => this.#answerShell(asked),
      (asked) => this.#requireAccount(asked),
      (asked) => this.#list(asked),
      (asked) => this.#passOn(asked),
    ];
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => {
        process.stderr.write(`${request.method} ${request.url}: ${String(error)}\n`);
        if (!response.headersSent) refuse(response, 500, 'InternalError');
      });
    });
  }

  /** Resolves with the port. */
  async listen(port: number): Promise<number> {
    await new Promise<void>((resolve) => void this.#server.listen(port, resolve));
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => void this.#server.close(() => resolve()));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = this.#read(request, response);
    for (const step of this.#steps) if (await step(asked)) return;
    if (request.method !== 'GET') return refuse(response, 404, 'NotFound');
    // Of what there is nothing of in a KubeSphere without other extensions.
    process.stderr.write(`nothing for ${request.url}\n`);
    sendJson(response, 200, { items: [], totalItems: 0 });
  }

  #read(request: IncomingMessage, response: ServerResponse): Asked {
    const [full = '', query = ''] = (request.url ?? '').split('?');
    // What is meant for a cluster: this one is the only one.
    const path = full.replace(new RegExp(`^/clusters/${cluster}(?=/)`), '');
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    const account = token === undefined ? undefined : this.#signedIn.get(token);
    return { request, response, method: request.method ?? 'GET', path, query, account };
  }

  async #signIn({ request, response, path, account }: Asked): Promise<boolean> {
    if (path === '/oauth/token') {
      const form = new URLSearchParams(await textOf(request));
      this.#giveToken(response, form);
      return true;
    }
    if (path === '/oauth/logout') {
      sendJson(response, 200, {});
      return true;
    }
    if (path !== '/oauth/userinfo') return false;
    if (account === undefined) refuse(response, 401, 'Unauthorized');
    else userinfo(response, account);
    return true;
  }

  /** For a password, or instead of an earlier token. */
  #giveToken(response: ServerResponse, form: URLSearchParams): void {
    const earlier = this.#signedIn.get(form.get('refresh_token') ?? '');
    const byPassword = this.#options.accounts.find(
      ({ name, password }) => name === form.get('username') && password === form.get('password'),
    );
    const account = form.get('grant_type') === 'refresh_token' ? earlier : byPassword;
    if (account === undefined) return sendJson(response, 401, { error: 'invalid_grant', message: 'wrong password' });
    const parts = [{ alg: 'none' }, { username: account.name, sub: account.name, jti: randomUUID() }, {}];
    const token = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
    this.#signedIn.set(token, account);
    sendJson(response, 200, { access_token: token, refresh_token: token, token_type: 'Bearer', expires_in: 86_400 });
  }

  #bundle({ response, path }: Asked): boolean {
    if (path !== bundlePath) return false;
    const headers = { 'content-type': 'application/javascript; charset=utf-8', 'cache-control': 'no-store' };
    response.writeHead(200, headers).end(this.#options.bundle());
    return true;
  }

  /** What the shell's page of a user's settings does. */
  async #setLanguage({ request, response, method, path, account }: Asked): Promise<boolean> {
    if (account === undefined || !userPath.test(path) || !['PATCH', 'PUT'].includes(method)) return false;
    const { spec } = JSON.parse(await textOf(request)) as { spec?: { lang?: string } };
    if (spec?.lang !== undefined) this.#languages.set(account.name, spec.lang);
    sendJson(response, 200, { metadata: { name: account.name }, spec });
    return true;
  }

  #answerShell({ response, method, path, query, account }: Asked): boolean {
    if (method !== 'GET') return false;
    const { accounts, templates, bundle } = this.#options;
    const answer = shellAnswer(
      { path, query: new URLSearchParams(query), account },
      {
        accounts,
        templates,
        language: ({ name }) => this.#languages.get(name),
        bundleVersion: () => createHash('sha256').update(bundle()).digest('hex').slice(0, 12),
      },
    );
    if (answer === undefined) return false;
    sendJson(response, 200, answer);
    return true;
  }

  #requireAccount({ response, account }: Asked): boolean {
    if (account === undefined) refuse(response, 401, 'Unauthorized');
    return account === undefined;
  }

  async #list({ response, method, path, query, account }: Asked): Promise<boolean> {
    if (account === undefined || method !== 'GET') return false;
    const { objects, templates } = this.#options;
    const source = { objects, allowed: (info: RequestInfo) => may(account, info, templates) };
    const answer = await listing({ path, query: new URLSearchParams(query) }, source);
    if (answer === undefined) return false;
    sendJson(response, 200, answer);
    return true;
  }

  #passOn({ request, response, method, path, query, account }: Asked): boolean {
    const { kubernetes, manager, templates } = this.#options;
    const ours = managerPath.test(path);
    if (account === undefined || !(ours || kubernetesPath.test(path))) return false;
    if (!may(account, requestInfo(method, path, query), templates)) {
      refuse(response, 403, 'Forbidden', `${account.name} may not ${method} ${path}`);
      return true;
    }
    const rest = query === '' ? path : `${path}?${query}`;
    const authorization = `Bearer ${kubernetes.token}`;
    if (ours) passOn(request, response, [`${manager}${rest}`, remoteUser(account.name)]);
    else passOn(request, response, [`${kubernetes.url}${rest}`, { authorization }]);
    return true;
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function sendJson(response: ServerResponse, code: number, body: unknown): void {
  response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
