import { createServer, isIPv6, type Server, type Socket } from 'node:net';
import type { Connection, IncomingConnection, ListenHandlers, Listeners, ListeningSocket } from '../ports.ts';
import { TcpConnection } from './tcp-connection.ts';
import { descriptorOf, isSpecial, setOptions, setPassword, systemTtl } from './tcp-options.ts';

/** TCP ports of the host. */
export const systemListeners: Listeners = {
  listen: ({ host, port }, handlers) => new TcpListener(host, port, handlers),
};

class TcpListener implements ListeningSocket {
  readonly #server: Server;
  readonly #handlers: ListenHandlers;
  readonly #v6: boolean;
  #keys: ReadonlyMap<string, string> = new Map();
  #wanted: ReadonlyMap<string, string> = new Map();
  #ttl: number | undefined;
  #closed = false;

  constructor(host: string, port: number, handlers: ListenHandlers) {
    this.#handlers = handlers;
    this.#v6 = isIPv6(host);
    this.#server = createServer({ allowHalfOpen: false, noDelay: true }, (socket) => this.#accept(socket));
    this.#server.on('error', (error) => setImmediate(() => this.#fail(error)));
    this.#server.on('listening', () => {
      this.#applyKeys();
      if (this.#ttl !== undefined) this.#applyTtl();
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
    this.#wanted = new Map([...passwords].filter(([address]) => address.includes(':') === this.#v6));
    this.#applyKeys();
  }

  setTtl(ttl: number | undefined): void {
    if (ttl === this.#ttl) return;
    this.#ttl = ttl;
    this.#applyTtl();
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
    this.#apply((fd) => setOptions(fd, this.#v6 ? '::' : '0.0.0.0', { ttl: this.#ttl ?? systemTtl }));
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
      refuse: () => void socket.destroy(),
    };
    this.#handlers.onConnection(incoming);
  }

  #fail(error: unknown): void {
    if (this.#closed) return;
    this.close();
    this.#handlers.onError(error instanceof Error ? error : new Error(String(error)));
  }
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
