import { createServer, type Server, type Socket } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import type { Connection, IncomingConnection, ListenHandlers, Listeners, ListeningSocket } from '../ports.ts';
import { attachFilter, detachFilter, isTooLong } from './attach-filter.ts';
import { libc } from './libc.ts';
import { TcpConnection } from './tcp-connection.ts';
import { descriptorOf, isSpecial, setOptions, setPassword, systemTtl } from './tcp-options.ts';
import { ttlFilter } from './ttl-filter.ts';

/** TCP ports of the host. */
export const systemListeners: Listeners = {
  listen: ({ host, port }, handlers) => new TcpListener(host, port, handlers),
};

const partingMs = 1_000;
const mostParting = 64;

class TcpListener implements ListeningSocket {
  readonly #server: Server;
  readonly #handlers: ListenHandlers;
  readonly #host: string;
  #keys: ReadonlyMap<string, string> = new Map();
  #wanted: ReadonlyMap<string, string> = new Map();
  #ttl: number | undefined;
  #minTtls: ReadonlyMap<string, number> = new Map();
  /** Last there was no room for what `#minTtls` says. */
  #isUnfiltered = false;
  /** Connections that are refused, and still told so. */
  #parting = 0;
  #closed = false;

  constructor(host: string, port: number, handlers: ListenHandlers) {
    this.#handlers = handlers;
    this.#host = host;
    this.#server = createServer({ allowHalfOpen: false, noDelay: true }, (socket) => this.#accept(socket));
    this.#server.on('error', (error) => setImmediate(() => this.#fail(error)));
    this.#server.on('listening', () => {
      this.#applyKeys();
      if (this.#ttl !== undefined) this.#applyTtl();
      if (this.#minTtls.size > 0) this.#applyMinTtls();
    });
    try {
      this.#server.listen({ host, port, ipv6Only: true });
    } catch (error) {
      setImmediate(() => this.#fail(error));
    }
  }

  get port(): number | undefined {
    const address = this.#closed ? null : this.#server.address();
    return typeof address === 'object' ? address?.port : undefined;
  }

  setPasswords(passwords: ReadonlyMap<string, string>): void {
    this.#wanted = keysAt(this.#host, passwords);
    this.#applyKeys();
  }

  setTtl(ttl: number | undefined): void {
    if (ttl === this.#ttl) return;
    this.#ttl = ttl;
    this.#applyTtl();
  }

  setMinTtls(minTtls: ReadonlyMap<string, number>): void {
    // One that takes any counts for its address on the other links as well, so that they go only here.
    const wanted = new Map([...byLiteral(this.#host, minTtls, Math.min)].filter(([, ttl]) => ttl > 0));
    if (isDeepStrictEqual(wanted, this.#minTtls)) return;
    this.#minTtls = wanted;
    this.#applyMinTtls();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    // What didn't listen can't be closed, which is as good.
    this.#server.close(() => {});
  }

  #applyKeys(): void {
    this.#apply((fd) => {
      for (const address of this.#keys.keys()) if (!this.#wanted.has(address)) setPassword(fd, address, '');
      for (const [address, password] of this.#wanted) {
        if (this.#keys.get(address) !== password) setPassword(fd, address, password);
      }
      this.#keys = this.#wanted;
    });
  }

  #applyTtl(): void {
    this.#apply((fd) => setOptions(fd, this.#host, { ttl: this.#ttl ?? systemTtl }));
  }

  /**
   * Connections inherit the filter: each goes by what held for its address when it was asked for. For want of room there is none: who must be near is then
   * asked when the connection is opened, which is better than that nobody gets one.
   */
  #applyMinTtls(): void {
    this.#apply((fd) => {
      // While the last one is there, the kernel wants room for both.
      detachFilter(libc(), fd);
      try {
        if (this.#minTtls.size > 0) attachFilter(libc(), fd, ttlFilter(this.#host, this.#minTtls));
        this.#isUnfiltered = false;
      } catch (error) {
        if (!isTooLong(error)) throw error;
        if (!this.#isUnfiltered) setImmediate(() => this.#handlers.onUnfiltered(error));
        this.#isUnfiltered = true;
      }
    });
  }

  /** Sets what can be set once there is a socket that listens. */
  #apply(setting: (fd: number) => void): void {
    const fd = descriptorOf(this.#server);
    if (fd === undefined || this.#closed || !this.#server.listening) return;
    try {
      setting(fd);
    } catch (error) {
      setImmediate(() => this.#fail(error));
    }
  }

  #accept(socket: Socket): void {
    // Until somebody listens to it, an error must not end the process.
    const ignore = (): void => {};
    socket.on('error', ignore);
    const { remoteAddress } = socket;
    if (this.#closed || remoteAddress === undefined) return void socket.destroy();
    const incoming: IncomingConnection = {
      remoteAddress,
      open: (options, handlers): Connection => {
        const connection = new TcpConnection(socket, handlers);
        connection.accepted();
        applyOptions(socket, remoteAddress, options);
        return connection;
      },
      refuse: (farewell) => this.#refuse(socket, farewell),
    };
    this.#handlers.onConnection(incoming);
  }

  #refuse(socket: Socket, farewell: Uint8Array | undefined): void {
    // Whoever opens connections without end is not worth a descriptor each.
    if (farewell === undefined || this.#parting === mostParting) return void socket.destroy();
    this.#parting += 1;
    const timer = setTimeout(() => socket.destroy(), partingMs).unref();
    socket.on('close', () => {
      clearTimeout(timer);
      this.#parting -= 1;
    });
    // Unread input would make a reset of the close, which takes with it what is on its way.
    socket.resume();
    socket.end(farewell);
  }

  #fail(error: unknown): void {
    if (this.#closed) return;
    this.close();
    this.#handlers.onError(error instanceof Error ? error : new Error(String(error)));
  }
}

/**
 * The keys that a socket which listens on `host` needs, by address without zone: the kernel tells only VRFs apart (TCP_MD5SIG_FLAG_IFINDEX), so that
 * of routers with one link-local address on several links the first counts.
 */
export function keysAt(host: string, passwords: ReadonlyMap<string, string>): Map<string, string> {
  return byLiteral(host, passwords, (first) => first);
}

/** What concerns a socket that listens on `host`, by address without zone. @param both what holds where links have different ones */
function byLiteral<T>(host: string, byAddress: ReadonlyMap<string, T>, both: (one: T, other: T) => T): Map<string, T> {
  const values = new Map<string, T>();
  for (const [address, value] of byAddress) {
    const [literal = ''] = address.split('%');
    if (literal.includes(':') !== host.includes(':')) continue;
    const before = values.get(literal);
    values.set(literal, before === undefined ? value : both(before, value));
  }
  return values;
}

function applyOptions(socket: Socket, host: string, options: Parameters<IncomingConnection['open']>[0]): void {
  const fd = descriptorOf(socket);
  if (!isSpecial(options) || fd === undefined) return;
  try {
    setOptions(fd, host, options);
  } catch (error) {
    socket.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}
