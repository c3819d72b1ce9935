import type {
  Clock,
  HopDatagramHandlers,
  HopDatagrams,
  HopDatagramSocket,
  Logger,
  Timer,
} from '../../../platform/ports.ts';

export interface SteadySocketDeps {
  readonly clock: Clock;
  readonly datagrams: HopDatagrams;
  readonly logger: Logger;
  readonly onMessage: HopDatagramHandlers['onMessage'];
  /** `problem` says something else. */
  readonly onChange: () => void;
}

export interface SteadySocketOptions {
  readonly host: string;
  /** Asked for each attempt. */
  readonly port: () => number;
}

/** Another program may have the port, and end; an address may come. */
const RETRY_MS = 2_000;
/** After which an attempt has succeeded if nothing was heard of it. */
const SETTLED_MS = 200;

/** A socket that is opened again and again until it can be. */
export class SteadySocket {
  readonly #deps: SteadySocketDeps;
  readonly #options: SteadySocketOptions;
  #socket: HopDatagramSocket | undefined;
  #timer: Timer | undefined;
  #problem: string | undefined;
  #closed = false;

  constructor(deps: SteadySocketDeps, options: SteadySocketOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#open();
  }

  /** Why there is none, in words. */
  get problem(): string | undefined {
    return this.#problem;
  }

  send(bytes: Uint8Array, port: number, host: string): void {
    this.#socket?.send(bytes, port, host);
  }

  /** Hands out what has come so far. */
  receive(): void {
    this.#socket?.receive();
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#socket?.close();
    this.#socket = undefined;
  }

  #open(): void {
    const { clock, datagrams, onMessage } = this.#deps;
    const { host } = this.#options;
    const port = this.#options.port();
    const socket = datagrams.bind(host, port, {
      onMessage,
      onError: ({ message }) => {
        if (this.#socket !== socket || this.#closed) return;
        this.#socket = undefined;
        this.#timer?.cancel();
        this.#timer = clock.setTimer(RETRY_MS, () => this.#open());
        this.#note(`UDP port ${port}: ${message}`);
      },
    });
    this.#socket = socket;
    if (this.#problem !== undefined) this.#timer = clock.setTimer(SETTLED_MS, () => this.#note(undefined));
  }

  #note(problem: string | undefined): void {
    if (this.#problem === problem) return;
    this.#problem = problem;
    const { logger, onChange } = this.#deps;
    if (problem !== undefined) logger.warn({ host: this.#options.host, problem }, 'no socket for BFD');
    onChange();
  }
}
