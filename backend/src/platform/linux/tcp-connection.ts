import type { Socket } from 'node:net';
import type { Connection, ConnectionHandlers, Delivery } from '../ports.ts';
import { deliveryOf, descriptorOf, setPassword } from './tcp-options.ts';

/** A TCP socket of Node.js as a `Connection`, from before it is connected or from when it was accepted. */
export class TcpConnection implements Connection {
  readonly #socket: Socket;
  readonly #handlers: ConnectionHandlers;
  #localAddress: string | undefined;
  #remoteAddress: string | undefined;
  #error: Error | undefined;
  #waiting = false;

  constructor(socket: Socket, handlers: ConnectionHandlers) {
    this.#socket = socket;
    this.#handlers = handlers;
    socket.setNoDelay(true);
    socket.on('connect', () => {
      this.#connected();
      handlers.onConnect();
    });
    socket.on('data', (chunk) => handlers.onData(chunk));
    // The peer has said its last word; what we still queue would not be read.
    socket.on('end', () => socket.destroy());
    socket.on('error', (error) => (this.#error = error));
    socket.on('close', () => handlers.onClose(this.#error));
  }

  get localAddress(): string | undefined {
    return this.#localAddress;
  }

  get remoteAddress(): string | undefined {
    return this.#remoteAddress;
  }

  get sentBytes(): number {
    // What libuv has and the kernel hasn't taken, to the octet: `writableLength` counts a chunk until the last one of it has left.
    const { _handle: handle } = this.#socket as { _handle?: { bytesWritten: number; writeQueueSize: number } | null };
    return handle ? handle.bytesWritten - handle.writeQueueSize : 0;
  }

  get delivery(): Delivery | undefined {
    const fd = this.#socket.destroyed || this.#remoteAddress === undefined ? undefined : descriptorOf(this.#socket);
    return fd === undefined ? undefined : deliveryOf(fd);
  }

  write(bytes: Uint8Array): number {
    if (!this.#socket.writable) return 0;
    this.#socket.write(bytes, () => this.#drained());
    this.#waiting = this.#socket.writableLength > 0;
    return this.#socket.writableLength;
  }

  setPassword(password: string): void {
    const fd = this.#socket.destroyed ? undefined : descriptorOf(this.#socket);
    if (fd !== undefined && this.#remoteAddress !== undefined) setPassword(fd, this.#remoteAddress, password);
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** For a socket that was accepted: connected as it is. */
  accepted(): void {
    this.#connected();
    setImmediate(() => {
      if (!this.#socket.destroyed) this.#handlers.onConnect();
    });
  }

  #connected(): void {
    this.#localAddress = this.#socket.localAddress;
    this.#remoteAddress = this.#socket.remoteAddress;
  }

  #drained(): void {
    if (!this.#waiting || this.#socket.writableLength > 0 || !this.#socket.writable) return;
    this.#waiting = false;
    this.#handlers.onDrain();
  }
}
