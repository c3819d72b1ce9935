import { Socket } from 'node:net';
import type { Connection, ConnectionHandlers, Dialer, DialOptions } from '../ports.ts';

/** TCP connections of the host. */
export const systemDialer: Dialer = {
  dial: (options, handlers) => new TcpConnection(options, handlers),
};

class TcpConnection implements Connection {
  readonly #socket = new Socket();
  readonly #handlers: ConnectionHandlers;
  #localAddress: string | undefined;
  #remoteAddress: string | undefined;
  #error: Error | undefined;
  #waiting = false;

  constructor(options: DialOptions, handlers: ConnectionHandlers) {
    this.#handlers = handlers;
    const socket = this.#socket;
    const timer = setTimeout(() => {
      socket.destroy(new Error(`no answer from ${options.host} port ${options.port} within ${options.timeoutMs} ms`));
    }, options.timeoutMs);
    socket.setNoDelay(true);
    socket.on('connect', () => {
      clearTimeout(timer);
      this.#localAddress = socket.localAddress;
      this.#remoteAddress = socket.remoteAddress;
      handlers.onConnect();
    });
    socket.on('data', (chunk) => handlers.onData(chunk));
    // The peer has said its last word; what we still queue would not be read.
    socket.on('end', () => socket.destroy());
    socket.on('error', (error) => (this.#error = error));
    socket.on('close', () => {
      clearTimeout(timer);
      handlers.onClose(this.#error);
    });
    this.#connect(options);
  }

  get localAddress(): string | undefined {
    return this.#localAddress;
  }

  get remoteAddress(): string | undefined {
    return this.#remoteAddress;
  }

  write(bytes: Uint8Array): number {
    if (!this.#socket.writable) return 0;
    this.#socket.write(bytes, () => this.#drained());
    this.#waiting = this.#socket.writableLength > 0;
    return this.#socket.writableLength;
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #drained(): void {
    if (!this.#waiting || this.#socket.writableLength > 0 || !this.#socket.writable) return;
    this.#waiting = false;
    this.#handlers.onDrain();
  }

  #connect({ host, port, localAddress }: DialOptions): void {
    try {
      this.#socket.connect({ host, port, ...(localAddress === undefined ? {} : { localAddress }) });
    } catch (error) {
      // Options that Node.js refuses at once, such as a malformed local address.
      this.#socket.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
