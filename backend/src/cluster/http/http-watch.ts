import type { Clock, Timer } from '../../platform/ports.ts';
import { ApiError, NetworkError } from '../errors.ts';
import type { KubeError, StatusObject } from '../errors.ts';
import type { Watch, WatchEventType, WatchHandlers } from '../kube.ts';
import type { KubeObject } from '../objects.ts';
import { LineSplitter } from './lines.ts';
import { parseJson, ResponseBody } from './response.ts';
import type { Abortable, Exchange, ResponseHeaders, Transport } from './transport.ts';

export interface HttpWatchDeps<T> {
  readonly clock: Clock;
  readonly transport: Transport;
  readonly handlers: WatchHandlers<T>;
  onUnauthorized(): void;
}

export interface HttpWatchOptions {
  readonly openTimeoutMs: number;
  readonly maxLineBytes: number;
}

interface WatchLine {
  readonly type?: string;
  readonly object?: KubeObject;
}

const maxErrorBytes = 64 * 1024;

/** One watch: a stream of JSON objects, one per line. */
export class HttpWatch<T extends KubeObject> implements Watch {
  readonly #deps: HttpWatchDeps<T>;
  readonly #options: HttpWatchOptions;
  readonly #lines: LineSplitter;
  readonly #refusal = new ResponseBody(maxErrorBytes);
  #exchange: Abortable | undefined;
  #openTimer: Timer | undefined;
  #accepted = false;
  #over = false;

  constructor(deps: HttpWatchDeps<T>, options: HttpWatchOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#lines = new LineSplitter(options.maxLineBytes, (line) => {
      if (!this.#over) this.#onLine(line);
    });
  }

  /** Starts once the credential is at hand. */
  open(prepare: () => Promise<Exchange>): void {
    this.#openTimer = this.#deps.clock.setTimer(this.#options.openTimeoutMs, () => {
      this.#end(new NetworkError('timeout', 'the watch was not accepted in time'));
    });
    prepare().then(
      (exchange) => this.#send(exchange),
      (error: unknown) => this.#end(new NetworkError('connection', 'no credential for the watch', error)),
    );
  }

  close(): void {
    this.#over = true;
    this.#openTimer?.cancel();
    this.#exchange?.abort();
  }

  #send(exchange: Exchange): void {
    if (this.#over) return;
    this.#exchange = this.#deps.transport.send(exchange, {
      onHeaders: (status, headers) => this.#onHeaders(status, headers),
      onData: (chunk) => this.#onData(chunk),
      onEnd: () => this.#onEnd(),
      onError: (error) => this.#end(error),
    });
  }

  #onHeaders(status: number, headers: ResponseHeaders): void {
    this.#openTimer?.cancel();
    this.#accepted = status === 200;
    if (this.#accepted) this.#deps.handlers.onOpen();
    else this.#refusal.begin(status, headers);
  }

  #onData(chunk: Buffer): void {
    if (!this.#accepted) {
      if (!this.#refusal.append(chunk)) this.#endRefused();
      return;
    }
    try {
      this.#lines.push(chunk);
    } catch (error) {
      if (error instanceof NetworkError) this.#end(error);
      else this.#end(new NetworkError('protocol', error instanceof Error ? error.message : 'unreadable watch', error));
    }
  }

  #onEnd(): void {
    if (!this.#accepted) this.#endRefused();
    else if (this.#lines.pendingBytes > 0) this.#end(new NetworkError('protocol', 'the watch ended within a line'));
    else this.#end();
  }

  #endRefused(): void {
    const { status, retryAfterMs } = this.#refusal;
    if (status === 401) this.#deps.onUnauthorized();
    let body: StatusObject = {};
    try {
      body = parseJson(this.#refusal.text) as StatusObject;
    } catch {
      // A proxy's page instead of a Status object: the HTTP status says enough.
    }
    this.#end(ApiError.fromStatus(body, status, retryAfterMs));
  }

  #onLine(line: string): void {
    const { type, object } = parseJson(line) as WatchLine;
    if (object === undefined) throw new NetworkError('protocol', 'a line of the watch has no object');
    if (type === 'ERROR') this.#end(ApiError.fromStatus(object));
    else if (type === 'BOOKMARK') this.#deps.handlers.onBookmark(object.metadata?.resourceVersion ?? '');
    else this.#deps.handlers.onEvent(type as WatchEventType, object as T);
  }

  #end(error?: KubeError): void {
    if (this.#over) return;
    this.close();
    this.#deps.handlers.onClose(error);
  }
}
