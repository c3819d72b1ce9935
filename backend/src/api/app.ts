import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import type { Clock, Logger } from '../platform/ports.ts';
import { NOBODY_WAITS, ERRORS, Problem, reasonOf, tooMany, type ErrorCode } from './errors.ts';
import { shareOf, type Access, type Caller } from './identity/caller.ts';
import type { Admitted, Gate } from './identity/gate.ts';
import type { Verdicts } from './identity/kubesphere.ts';
import { EventStreams, type Told } from './event-streams.ts';
import { problemsOf } from './invalid.ts';
import { RateLimit } from './rate-limit.ts';
import { BASE_PATH, ROUTES, type Answer, type Call, type Route, type RouteId } from './routes.ts';
import type { Status } from './schemas/status.ts';
import { Serialised } from './serialised.ts';
import { Abandoned } from './slices.ts';
import { preferredLanguage, Translations, type Texts } from './texts.ts';

/** What a handler gets beside the request. */
export interface Context {
  readonly texts: Texts;
  readonly admitted: Admitted;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** A request with what it is answered by. */
interface Exchange {
  readonly request: Request;
  readonly response: Response;
  readonly left: AbortController;
}

interface Answered<Id extends RouteId> {
  readonly answer: Answer<Id>;
  readonly caller: Caller;
}

/** What is said to whom nothing here has heard. */
export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type Handlers = {
  readonly [Id in RouteId]: (call: Call<Id>, context: Context) => Answer<Id> | Promise<Answer<Id>>;
};

export interface AppDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly gate: Gate;
  readonly verdicts: Verdicts;
  readonly handlers: Handlers;
  /** Why this replica doesn't know the cluster yet, in words; empty when it does. */
  readonly notReady: () => readonly string[];
}

export interface AppOptions {
  /** Whether to serve Swagger UI under `/docs`. */
  readonly docs: boolean;
  /** Whether answers are checked against the schemas that describe them; for tests. */
  readonly checkAnswers: boolean;
}

const MAX_BODY_BYTES = 65_536;
const ANSWER_MS = 10_000;

/** The description of the API, which anybody may read, to one address. */
const OPENAPI = { burst: 50, perSecond: 10 };

/**
 * What a browser that opens an answer may do with it: nothing. No Strict-Transport-Security: through KubeSphere, answers come from the console's own host, of whose ports
 * it is for others to say which speak TLS.
 */
const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** Express without a port of its own: routes from the table, one way through the gate for all of them, errors as Status objects. */
export class App {
  readonly express: Express;
  readonly #deps: AppDeps;
  readonly #options: AppOptions;
  readonly #translations = new Translations();
  readonly #streams: EventStreams;
  readonly #serialised = new Serialised();
  readonly #perAddress: RateLimit;
  #openapi: string | undefined;

  private constructor(deps: AppDeps, options: AppOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#streams = new EventStreams(deps);
    this.#perAddress = new RateLimit(deps, OPENAPI);
    this.express = express();
    this.express.disable('x-powered-by').disable('etag');
    this.express.enable('case sensitive routing').enable('strict routing');
    this.express.set('query parser', 'simple');
  }

  static async make(deps: AppDeps, options: AppOptions): Promise<App> {
    const app = new App(deps, options);
    await app.#build();
    return app;
  }

  async #build(): Promise<void> {
    const { express: app } = this;
    app.use((_request, response, next) => {
      response.set(HEADERS);
      next();
    });
    app.use((request, response, next) => this.#answerVerdict(request, response, next));
    this.#only('get', `${BASE_PATH}/openapi.json`, (request, response) => {
      const seconds = this.#perAddress.take(request.socket.remoteAddress ?? '');
      if (seconds !== undefined) throw tooMany(seconds);
      const work = async (): Promise<unknown> => response.type('application/json').send(await this.#document());
      this.#settle(work(), request, response);
    });
    if (this.#options.docs) await this.#serveDocs();
    for (const [id, route] of Object.entries<Route>(ROUTES)) this.#serve(id as RouteId, route);
    const see = `${BASE_PATH}/${this.#options.docs ? 'docs/' : 'openapi.json'}`;
    app.use((request, _response, next) => next(new Problem('NotFound', { params: { path: request.path, see } })));
    // Express knows a handler of errors by its four parameters.
    app.use((error: unknown, request: Request, response: Response, _next: NextFunction) =>
      this.#fail(error, request, response),
    );
  }

  /** Answers a request: of one whose target can't be read Express would make what it likes. */
  handle(request: IncomingMessage, response: ServerResponse): void {
    const url = originForm(request.url ?? '');
    if (url === undefined) {
      this.refuse('BadRequest', request, response);
      return;
    }
    request.url = url;
    this.express(request as Request, response as Response);
  }

  refuse(code: ErrorCode, request: IncomingMessage, response: ServerResponse): void {
    const { status, headers, body } = this.refusal(code, request.headers['accept-language']);
    response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body);
  }

  /** The answer to what can't be a request of anything here. */
  refusal(code: ErrorCode, acceptLanguage: string | undefined): Refusal {
    const texts = this.#translations.in(preferredLanguage(acceptLanguage));
    const body = JSON.stringify(statusOf(new Problem(code), texts, ''));
    const about = { 'content-type': 'application/json; charset=utf-8', 'content-language': texts.language };
    return { status: ERRORS[code].status, headers: { ...HEADERS, ...about }, body };
  }

  /** Few ask for it: it is made when the first one does. */
  async #document(): Promise<string> {
    const { openapi } = await import('./openapi.ts');
    this.#openapi ??= JSON.stringify(openapi());
    return this.#openapi;
  }

  /** One method at a path; others are told which one it takes. */
  #only(method: 'get' | 'post', path: string, handler: (request: Request, response: Response) => void): void {
    const allowed = method === 'get' ? 'GET, HEAD' : 'POST';
    this.express.all(path, (request, response, next) => {
      if (allowed.split(', ').includes(request.method)) return handler(request, response);
      this.#refuseMethod(allowed, request, response, next);
    });
  }

  #refuseMethod(allowed: string, { path, method }: Request, response: Response, next: NextFunction): void {
    response.set('allow', allowed);
    next(new Problem('MethodNotAllowed', { params: { path, method, allowed } }));
  }

  async #serveDocs(): Promise<void> {
    // Some megabytes of JavaScript for browsers stay on the disk; what is loaded here is small.
    const { default: swaggerUi } = await import('swagger-ui-express');
    const path = `${BASE_PATH}/docs`;
    // Swagger UI's page has its own styles inline.
    const policy = `default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'`;
    const page = swaggerUi.setup(undefined, {
      customSiteTitle: 'PorterLB',
      swaggerOptions: { url: '../openapi.json' },
    });
    this.express.use(path, (request, response, next) => {
      if (!['GET', 'HEAD'].includes(request.method)) return this.#refuseMethod('GET, HEAD', request, response, next);
      // Its links are relative to a folder.
      if (request.originalUrl === path) return response.redirect(301, 'docs/');
      response.set({ 'content-security-policy': policy, 'cache-control': 'no-cache' });
      next();
    });
    this.express.use(path, swaggerUi.serve);
    this.express.use(`${path}/`, (request, response, next) => {
      if (request.path === '/') page(request, response, next);
      else next();
    });
  }

  #serve<Id extends RouteId>(id: Id, route: Route): void {
    const path = `${BASE_PATH}${route.path.replaceAll(/\{(\w+)\}/g, ':$1')}`;
    this.#only(route.method, path, (request, response) => {
      const left = new AbortController();
      response.once('close', () => left.abort(NOBODY_WAITS));
      const exchange = { request, response, left };
      const wantsEvents = request.headers.accept?.includes('text/event-stream') === true;
      const streams = route.events === true && wantsEvents && request.method === 'GET';
      const work = streams ? this.#stream(id, route, exchange) : this.#send(id, route, exchange);
      this.#settle(work, request, response);
    });
  }

  async #send(id: RouteId, route: Route, exchange: Exchange): Promise<void> {
    const { answer } = await this.#answer(id, route, exchange);
    const text = route.events === true ? this.#serialised.of(answer) : JSON.stringify(answer);
    exchange.response.type('application/json').send(text);
  }

  async endStreams(): Promise<void> {
    await this.#streams.end();
  }

  async #stream(id: RouteId, route: Route, exchange: Exchange): Promise<void> {
    const answer = async (): Promise<Told> => {
      const { answer: body, caller } = await this.#answer(id, route, exchange);
      return { caller: shareOf(caller), text: this.#serialised.of(body) };
    };
    const { request, response } = exchange;
    const status = (error: unknown): Status => this.#statusFor(error, request);
    await this.#streams.open({ response, answer, status });
  }

  /** Every error ends here: one that got away would be an error of the whole program. */
  #settle(work: Promise<unknown>, request: Request, response: Response): void {
    const failed = work.catch((error: unknown) => this.#fail(error, request, response));
    void failed.catch((error: unknown) => {
      this.#deps.logger.error({ err: error, path: request.path }, 'a request of the API can not be answered');
      response.destroy();
    });
  }

  /** Whoever takes long, the judges of the caller, the caller with its body, or a handler: there is an answer in time. */
  async #answer<Id extends RouteId>(id: Id, route: Route, exchange: Exchange): Promise<Answered<Id>> {
    return await this.#inTime(this.#admitted(id, route, exchange), exchange.left);
  }

  async #admitted<Id extends RouteId>(id: Id, route: Route, { request, left }: Exchange): Promise<Answered<Id>> {
    const waiting = this.#deps.notReady();
    const params = parsed(route.params, request.params, 'path');
    const access = accessOf(route, params);
    const question = { method: request.method === 'HEAD' ? 'GET' : request.method, path: request.path };
    const admitted = await this.#deps.gate.admit(credentialsOf(request), access, question);
    if (waiting.length > 0) throw new Problem('NotReady', { retryAfterSeconds: 1 });
    const query = parsed(route.query, request.query, 'query');
    const body = route.body === undefined ? undefined : await this.#body(route, request);
    const call = { params, query, body } as Call<Id>;
    const handler = this.#deps.handlers[id];
    const found = await handler(call, { texts: this.#textsFor(request), admitted, signal: left.signal });
    const answer = (this.#options.checkAnswers ? route.answer.parse(found) : found) as Answer<Id>;
    return { answer, caller: admitted.caller };
  }

  /** Only whom the gate let in is listened to. */
  async #body(route: Route, request: Request): Promise<unknown> {
    const parser = express.json({ limit: MAX_BODY_BYTES, strict: true });
    if (request.is('application/json') === false) throw new Problem('UnsupportedMediaType');
    await new Promise<void>((resolve, reject) => {
      parser(request, request.res as Response, (error?: unknown) => {
        if (error === undefined) resolve();
        else reject(bodyProblem(error));
      });
    });
    return parsed(route.body, request.body, 'body');
  }

  async #inTime<T>(work: Promise<T>, left: AbortController): Promise<T> {
    return await new Promise<T>((resolve, reject) => {
      const timer = this.#deps.clock.setTimer(ANSWER_MS, () => {
        reject(new Problem('Timeout', { retryAfterSeconds: 1 }));
        left.abort();
      });
      void work.finally(() => timer.cancel()).then(resolve, reject);
    });
  }

  #textsFor(request: Request): Texts {
    return this.#translations.in(preferredLanguage(request.headers['accept-language']));
  }

  /** Another replica asks through ks-apiserver whether that lets a request through to us. */
  #answerVerdict(request: Request, response: Response, next: NextFunction): void {
    const question = { method: request.method, path: request.path };
    const answer = this.#deps.verdicts.answer(question, request.headers);
    if (answer === undefined) next();
    else if (answer === 'foreign') next(new Problem('IdentityUnavailable', { params: { server: 'porter-manager' } }));
    else response.json(answer);
  }

  #fail(error: unknown, request: Request, response: Response): void {
    // Who has gone needs no answer, and that he has is no fault.
    if (response.headersSent || error instanceof Abandoned) {
      response.destroy();
      return;
    }
    const status = this.#statusFor(error, request);
    const { retryAfterSeconds } = status.details ?? {};
    if (status.code === 401) response.set('www-authenticate', 'Bearer');
    if (retryAfterSeconds !== undefined) response.set('retry-after', String(retryAfterSeconds));
    response.set({ 'content-language': this.#textsFor(request).language, vary: 'accept-language' });
    response.status(status.code).json(status);
  }

  /** What to tell the caller of an error; what he needn't know goes to the log. */
  #statusFor(error: unknown, request: Request): Status {
    const problem = asProblem(error);
    const { code, cause } = problem;
    const id = randomUUID();
    const { logger } = this.#deps;
    const about = { code, id, path: request.path };
    if (code === 'InternalError') logger.error({ err: error, ...about }, 'a request of the API failed');
    else if (cause !== undefined) logger.warn({ err: cause, ...about }, 'a request of the API failed');
    return statusOf(problem, this.#textsFor(request), id);
  }
}

/** The target of a request as servers get it (RFC 9112, 3.2.1), of one that has it as proxies do (3.2.2). Undefined: it is none. */
function originForm(target: string): string | undefined {
  if (target.startsWith('/')) return target;
  if (!URL.canParse(target)) return undefined;
  const { pathname, search } = new URL(target);
  return pathname.startsWith('/') ? `${pathname}${search}` : undefined;
}

function statusOf({ code, params, retryAfterSeconds, causes }: Problem, texts: Texts, id: string): Status {
  const said = causes.map((cause) => ({ field: cause.field, message: texts.cause(cause), ...reasonOf(cause) }));
  const named = said.map(({ field, message }) => `${field}: ${message}`).join('; ');
  const details = {
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    ...(causes.length === 0 ? {} : { causes: said }),
  };
  return {
    ...{ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure' },
    message: texts.error(code, { ...params, id, causes: named }),
    reason: code,
    code: ERRORS[code].status,
    ...(Object.keys(details).length === 0 ? {} : { details }),
  };
}

/** What Express and its body parser throw has a status; anything else is our fault. */
function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const { status } = error as { readonly status?: unknown };
  if (status === 400) {
    // A path that can't be decoded.
    return new Problem('InvalidParameter', { causes: [{ field: 'path', what: 'encoding' }] });
  }
  return new Problem('InternalError', { cause: error });
}

function bodyProblem(error: unknown): Problem {
  const { status, type } = error as { readonly status?: unknown; readonly type?: unknown };
  if (status === 413) return new Problem('RequestEntityTooLarge', { params: { bytes: String(MAX_BODY_BYTES) } });
  if (status === 415) return new Problem('UnsupportedMediaType');
  if (type === 'entity.parse.failed') {
    return new Problem('InvalidBody', { causes: [{ field: 'body', what: 'json' }] });
  }
  return status === 400
    ? new Problem('InvalidBody', { causes: [{ field: 'body', what: 'body', params: { why: String(type) } }] })
    : asProblem(error);
}

function parsed(schema: Route['body'], value: unknown, place: 'path' | 'query' | 'body'): unknown {
  if (schema === undefined) return undefined;
  const result = schema.safeParse(value ?? {});
  if (result.success) return result.data;
  throw new Problem(place === 'body' ? 'InvalidBody' : 'InvalidParameter', {
    causes: problemsOf(result.error, place, value),
  });
}

function accessOf({ verb, resource }: Route, params: unknown): Access {
  const [name = '', subresource] = resource.split('/');
  const given = (params ?? {}) as { readonly namespace?: string; readonly name?: string };
  return { verb, resource: name, subresource, namespace: given.namespace, name: given.name };
}

function credentialsOf(request: Request): Parameters<Gate['admit']>[0] {
  const remoteUser = request.headers['x-remote-user'];
  return {
    authorization: request.headers.authorization,
    remoteUser: remoteUser === undefined ? undefined : String(remoteUser),
    from: request.socket.remoteAddress ?? '',
  };
}
