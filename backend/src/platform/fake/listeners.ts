import type {
  Clock,
  Connection,
  IncomingConnection,
  ListeningSocket,
  ListenHandlers,
  Listeners,
  ListenOptions,
  TcpOptions,
} from '../ports.ts';
import { FakeConnection, type RemoteEnd } from './dialer.ts';

/** The default of most systems. */
const hostTtl = 64;

const withoutZone = (host: string): string => host.replace(/%.*$/, '');

type Failure = 'refused' | 'no answer';

/** What somebody who connects to a fake port is, and what came of it. */
export interface Caller {
  readonly host: string;
  readonly password?: string;
  /** TTL of its packets when they arrive; that of most systems if left out. */
  readonly ttl?: number;
  /** What arrives with a lower TTL is dropped there (GTSM, RFC 5082). */
  readonly minTtl?: number;
  /** Called when the connection is opened on the listening side. */
  readonly onOpen: (remote: RemoteEnd) => void;
  /** Refused, or nobody answered. */
  readonly onFail?: (reason: Failure, farewell?: Uint8Array) => void;
}

/** Ports in memory, on addresses that are all this host's. As with `FakeDialer`, everything arrives with the clock's next tick. */
export class FakeListeners implements Listeners {
  readonly #clock: Clock;
  readonly #sockets = new Map<string, FakeListener>();
  #nextPort = 40_000;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  listen(options: ListenOptions, handlers: ListenHandlers): ListeningSocket {
    const port = options.port === 0 ? this.#nextPort++ : options.port;
    const key = `${options.host} ${port}`;
    const taken = this.#sockets.has(key);
    const listener = new FakeListener(this.#clock, port, handlers, () => {
      if (this.#sockets.get(key) === listener) this.#sockets.delete(key);
    });
    if (port > 65535) listener.fail(new RangeError(`port ${port} is out of range`));
    else if (taken) listener.fail(new Error(`listen EADDRINUSE: address already in use ${options.host}:${port}`));
    else this.#sockets.set(key, listener);
    return listener;
  }

  /** Somebody connects to a port; `host` is the one that was listened on. */
  call(host: string, port: number, caller: Caller): void {
    const listener = this.#sockets.get(`${host} ${port}`);
    if (listener === undefined) this.#clock.setTimer(0, () => caller.onFail?.('refused'));
    else listener.call(caller);
  }
}

class FakeListener implements ListeningSocket {
  readonly #clock: Clock;
  readonly #port: number;
  readonly #handlers: ListenHandlers;
  readonly #onClose: () => void;
  #passwords: ReadonlyMap<string, string> = new Map();
  #ttl = hostTtl;
  #minTtls: ReadonlyMap<string, number> = new Map();
  #closed = false;

  constructor(clock: Clock, port: number, handlers: ListenHandlers, onClose: () => void) {
    this.#clock = clock;
    this.#port = port;
    this.#handlers = handlers;
    this.#onClose = onClose;
  }

  get port(): number | undefined {
    return this.#closed ? undefined : this.#port;
  }

  setPasswords(passwords: ReadonlyMap<string, string>): void {
    this.#passwords = new Map(passwords);
  }

  setTtl(ttl: number | undefined): void {
    this.#ttl = ttl ?? hostTtl;
  }

  setMinTtls(minTtls: ReadonlyMap<string, number>): void {
    const least = new Map<string, number>();
    for (const [host, ttl] of minTtls) least.set(withoutZone(host), Math.min(ttl, least.get(withoutZone(host)) ?? ttl));
    this.#minTtls = least;
  }

  close(): void {
    this.#closed = true;
    this.#onClose();
  }

  fail(error: Error): void {
    this.#clock.setTimer(0, () => {
      if (this.#closed) return;
      this.#closed = true;
      this.#handlers.onError(error);
    });
  }

  call(caller: Caller): void {
    const fails = (reason: Failure, farewell?: Uint8Array): void =>
      void this.#clock.setTimer(0, () => caller.onFail?.(reason, farewell));
    const password = this.#passwords.get(caller.host);
    this.#clock.setTimer(0, () => {
      if (this.#closed) fails('refused');
      else if (caller.password !== password || !this.#isNear(caller)) fails('no answer');
      else this.#handlers.onConnection(this.#incoming(caller, password, (farewell) => fails('refused', farewell)));
    });
  }

  /** Each of both hears the other. */
  #isNear({ host, ttl = hostTtl, minTtl = 0 }: Caller): boolean {
    return this.#ttl >= minTtl && ttl >= (this.#minTtls.get(withoutZone(host)) ?? 0);
  }

  #incoming(caller: Caller, password: string | undefined, refuse: IncomingConnection['refuse']): IncomingConnection {
    const keyed = password === undefined ? {} : { password };
    return {
      remoteAddress: caller.host,
      open: (options: TcpOptions, handlers): Connection => {
        const dialled = { ...options, ...keyed, host: caller.host, port: 0, timeoutMs: 0 };
        const connection = new FakeConnection(this.#clock, dialled, handlers);
        connection.accept((remote) => caller.onOpen(remote), password);
        return connection;
      },
      refuse,
    };
  }
}
