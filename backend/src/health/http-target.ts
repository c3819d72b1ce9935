import type { Clock, Connection, Dialer, Timer } from '../platform/ports.ts';
import { MAX_RESPONSE, readResponse, type HttpResponse } from './http-response.ts';
import { netFailure, type NetFailure } from './net-failure.ts';

/** How a request ended: with a response, with something that is none, or by a failure of the connection. */
export type HttpOutcome =
  | { readonly kind: 'response'; readonly status: number; readonly body: string }
  | { readonly kind: 'malformed' }
  | { readonly kind: NetFailure; readonly error: string };

export interface HttpTargetDeps {
  readonly clock: Clock;
  readonly dialer: Dialer;
}

export interface HttpTargetOptions {
  /** IP literal. */
  readonly host: string;
  readonly port: number;
}

interface Request {
  readonly path: string;
  readonly timeoutMs: number;
  readonly onOutcome: (outcome: HttpOutcome) => void;
  text: string;
  /** It went over a connection that was open before: the server may have closed it at the same moment (RFC 9112, 9.5). */
  reused: boolean;
  timer: Timer;
}

/** The dialler must not give up before the deadline of the request does, which looks twice. */
const DIAL_SPARE_MS = 1_000;

/** Asks one HTTP server, again and again over one connection (RFC 9112, 9.3), one request at a time. */
export class HttpTarget {
  readonly #deps: HttpTargetDeps;
  readonly #options: HttpTargetOptions;
  readonly #authority: string;
  #connection: Connection | undefined;
  #open = false;
  #request: Request | undefined;

  constructor(deps: HttpTargetDeps, options: HttpTargetOptions) {
    this.#deps = deps;
    this.#options = options;
    const { host, port } = options;
    this.#authority = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  }

  /**
   * Asks, and calls back exactly once, never before it returns: with the response if all of it comes within the time, else with why
   * not. A request that is under way is given up without a word.
   */
  get(path: string, timeoutMs: number, onOutcome: (outcome: HttpOutcome) => void): void {
    if (this.#request !== undefined) this.close();
    const timer = this.#deps.clock.setTimer(timeoutMs, () => this.#lastLook());
    this.#request = { path, timeoutMs, onOutcome, text: '', reused: this.#open, timer };
    if (this.#connection === undefined) this.#dial(timeoutMs);
    else this.#send();
  }

  /** Closes the connection; a request that is under way gets no outcome. */
  close(): void {
    this.#request?.timer.cancel();
    this.#request = undefined;
    this.#drop();
  }

  #dial(timeoutMs: number): void {
    const options = { ...this.#options, timeoutMs: timeoutMs + DIAL_SPARE_MS };
    const ours = (): boolean => this.#connection === connection;
    const connection: Connection = this.#deps.dialer.dial(options, {
      onConnect: () => {
        if (!ours()) return;
        this.#open = true;
        this.#send();
      },
      onData: (chunk) => {
        if (ours()) this.#receive(chunk);
      },
      onDrain: () => {},
      onClose: (error) => {
        if (ours()) this.#closed(error);
      },
    });
    this.#connection = connection;
  }

  #send(): void {
    const { path } = this.#request ?? {};
    if (path === undefined) return;
    const text = `GET ${path} HTTP/1.1\r\nHost: ${this.#authority}\r\nUser-Agent: porter-manager\r\n\r\n`;
    this.#connection?.write(Buffer.from(text, 'latin1'));
  }

  #receive(chunk: Uint8Array): void {
    const request = this.#request;
    // A server that speaks unasked is none that can be asked again.
    if (request === undefined) return this.#drop();
    // One octet more than is read at most shows that there is too much.
    const part = chunk.subarray(0, MAX_RESPONSE + 1 - request.text.length);
    request.text += Buffer.from(part.buffer, part.byteOffset, part.byteLength).toString('latin1');
    const reading = readResponse(request.text, false);
    if (reading !== 'incomplete') this.#read(reading);
  }

  #read(reading: HttpResponse | 'malformed'): void {
    if (reading === 'malformed') {
      this.#drop();
      return this.#finish({ kind: 'malformed' });
    }
    if (!reading.reusable) this.#drop();
    this.#finish({ kind: 'response', status: reading.status, body: reading.body });
  }

  #closed(error: Error | undefined): void {
    this.#connection = undefined;
    this.#open = false;
    const request = this.#request;
    if (request === undefined) return;
    if (request.text !== '') {
      const reading = readResponse(request.text, true);
      return this.#read(reading === 'incomplete' ? 'malformed' : reading);
    }
    if (request.reused) {
      request.reused = false;
      return this.#dial(request.timeoutMs);
    }
    this.#finish({ kind: netFailure(error), error: error?.message ?? 'closed without an answer' });
  }

  /**
   * When this process was held up, timers are overdue and answers unread at the same moment, and Node.js runs the timers first: what
   * has come is read before the request is given up.
   */
  #lastLook(): void {
    const request = this.#request;
    if (request !== undefined) request.timer = this.#deps.clock.setTimer(0, () => this.#giveUp(request));
  }

  #giveUp({ timeoutMs }: Request): void {
    this.#drop();
    this.#finish({ kind: 'silent', error: `no answer within ${Math.round(timeoutMs)} ms` });
  }

  #finish(outcome: HttpOutcome): void {
    const request = this.#request;
    this.#request = undefined;
    request?.timer.cancel();
    request?.onOutcome(outcome);
  }

  #drop(): void {
    const connection = this.#connection;
    this.#connection = undefined;
    this.#open = false;
    connection?.destroy();
  }
}
