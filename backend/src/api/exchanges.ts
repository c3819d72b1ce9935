import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock, Timer } from '../platform/ports.ts';

type Socket = IncomingMessage['socket'];

/** Questions of one connection that wait for the answer of the one before; who sends more, unasked for, is gone. */
const MAX_WAITING = 8;
/** How long a client may take to read an answer that is ready, in milliseconds; a stream of events has its own patience. */
const TAKEN_WITHIN_MS = 20_000;
/** Of all answers that are ready and not taken; who lets his wait longest is gone, in bytes. */
const MAX_UNTAKEN = 32 * 1_024 * 1_024;

interface Untaken {
  readonly socket: Socket;
  readonly timer: Timer;
}

/**
 * One question at a time on each connection, and a bound on what waits for those who don't read: HTTP allows to ask on without waiting for the
 * answer (RFC 9112, 9.3.2), and each answer would be made and kept.
 */
export class Exchanges {
  readonly #clock: Clock;
  /** What waits on connections that have a question under way. */
  readonly #waiting = new WeakMap<Socket, (() => void)[]>();
  /** Oldest first. */
  readonly #untaken = new Map<ServerResponse, Untaken>();

  constructor({ clock }: { readonly clock: Clock }) {
    this.#clock = clock;
  }

  /** Calls `serve`, which answers by `response`, when the connection has no question before it under way. */
  take(response: ServerResponse, socket: Socket, serve: () => void): void {
    const waiting = this.#waiting.get(socket);
    const begin = (): void => this.#begin(response, socket, serve);
    if (waiting === undefined) begin();
    else if (waiting.length < MAX_WAITING) waiting.push(begin);
    else socket.destroy();
  }

  /** Whether an answer is under way on it. */
  isBusy(socket: Socket): boolean {
    return this.#waiting.has(socket);
  }

  #begin(response: ServerResponse, socket: Socket, serve: () => void): void {
    if (!this.#waiting.has(socket)) this.#waiting.set(socket, []);
    response.once('prefinish', () => this.#ready(response, socket));
    response.once('close', () => {
      this.#untaken.get(response)?.timer.cancel();
      this.#untaken.delete(response);
      const next = this.#waiting.get(socket)?.shift();
      if (next === undefined || socket.destroyed) this.#waiting.delete(socket);
      else next();
    });
    serve();
  }

  #ready(response: ServerResponse, socket: Socket): void {
    const timer = this.#clock.setTimer(TAKEN_WITHIN_MS, () => socket.destroy());
    this.#untaken.set(response, { socket, timer });
    let bytes = [...this.#untaken.values()].reduce((sum, untaken) => sum + untaken.socket.writableLength, 0);
    for (const untaken of this.#untaken.values()) {
      if (bytes <= MAX_UNTAKEN) return;
      bytes -= untaken.socket.writableLength;
      untaken.socket.destroy();
    }
  }
}
