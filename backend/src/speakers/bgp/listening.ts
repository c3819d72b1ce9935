import type { Clock, IncomingConnection, Listeners, ListeningSocket, Logger, Timer } from '../../platform/ports.ts';

/** Where routers may connect to us. */
export interface ListenConfig {
  /** 0: nowhere. */
  readonly port: number;
  /** IP literals; empty: all addresses of the host. */
  readonly addresses: readonly string[];
}

export interface ListenProblem {
  readonly host: string;
  readonly port: number;
  readonly message: string;
}

/** What the peers' sockets have in common with those that they connect to. */
export interface ForPeers {
  /** TCP-MD5 keys (RFC 2385) by address of the peer. */
  readonly passwords: ReadonlyMap<string, string>;
  /** Of the answer to who connects; the system's default if left out. */
  readonly ttl?: number;
}

export interface ListeningDeps {
  readonly clock: Clock;
  readonly listeners: Listeners;
  readonly logger: Logger;
  readonly onConnection: (incoming: IncomingConnection) => void;
}

/** The port may be taken by somebody who leaves, and an address may come. */
const retryMs = 10_000;
const nobody: ForPeers = { passwords: new Map() };

interface Place {
  socket: ListeningSocket | undefined;
  retry: Timer | undefined;
}

/** The sockets that routers connect to. What can't be listened on is logged and tried again; connecting goes on all the same. */
export class Listening {
  readonly #deps: ListeningDeps;
  readonly #places = new Map<string, Place>();
  /** The last error by address: what lasts is worth one line. */
  readonly #told = new Map<string, string>();
  #port = 0;
  #forPeers: ForPeers = nobody;

  constructor(deps: ListeningDeps) {
    this.#deps = deps;
  }

  set({ port, addresses }: ListenConfig, forPeers: ForPeers): void {
    this.#forPeers = forPeers;
    const everywhere = addresses.length === 0 ? ['0.0.0.0', '::'] : addresses;
    const wanted = new Set(port === 0 ? [] : everywhere);
    for (const [host, place] of this.#places) {
      if (wanted.has(host) && port === this.#port) this.#tell(place);
      else this.#close(host, place);
    }
    this.#port = port;
    for (const host of wanted) if (!this.#places.has(host)) this.#open(host);
  }

  stop(): void {
    this.set({ port: 0, addresses: [] }, nobody);
  }

  /** Where it can't be listened at the moment, and why. */
  problems(): ListenProblem[] {
    return [...this.#places].flatMap(([host, { socket }]) =>
      socket === undefined ? [{ host, port: this.#port, message: this.#told.get(host) ?? '' }] : [],
    );
  }

  #open(host: string): void {
    const { clock, listeners, logger, onConnection } = this.#deps;
    const place: Place = { socket: undefined, retry: undefined };
    this.#places.set(host, place);
    const port = this.#port;
    place.socket = listeners.listen(
      { host, port },
      {
        onConnection,
        onError: (error) => {
          place.socket = undefined;
          const level = this.#told.get(host) === error.message ? 'debug' : 'warn';
          this.#told.set(host, error.message);
          logger[level]({ host, port, error: error.message, retryMs }, 'cannot listen for BGP connections');
          place.retry = clock.setTimer(retryMs, () => this.#open(host));
        },
      },
    );
    this.#tell(place);
  }

  #tell({ socket }: Place): void {
    socket?.setPasswords(this.#forPeers.passwords);
    socket?.setTtl(this.#forPeers.ttl);
  }

  #close(host: string, { socket, retry }: Place): void {
    socket?.close();
    retry?.cancel();
    this.#places.delete(host);
  }
}
