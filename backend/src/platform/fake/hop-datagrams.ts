import type { Clock, HopDatagramHandlers, HopDatagrams, HopDatagramSocket, HopSender } from '../ports.ts';

interface Sent extends HopSender {
  readonly bytes: Uint8Array;
  readonly to: { readonly host: string; readonly port: number };
}

interface Bound {
  readonly host: string;
  readonly handlers: HopDatagramHandlers;
  /** Has come and was not handed out yet. */
  waiting: Sent[];
}

const isUnspecified = (host: string): boolean => host === '0.0.0.0' || host === '::';
const isIPv6 = (host: string): boolean => host.includes(':');

/** UDP without a network: what is sent arrives a moment later. Sockets on all addresses send from `own`, one per family. */
export class FakeHopDatagrams implements HopDatagrams {
  /** Everything that was sent through a socket, in order. */
  readonly sent: Sent[] = [];
  readonly #clock: Clock;
  readonly #own: readonly string[];
  readonly #sockets = new Set<Bound & { readonly port: number }>();
  #stalled = false;

  constructor(clock: Clock, own: readonly string[]) {
    this.#clock = clock;
    this.#own = own;
  }

  bind(host: string, port: number, handlers: HopDatagramHandlers): HopDatagramSocket {
    const socket = { host, port, handlers, waiting: [] };
    if ([...this.#sockets].some((other) => other.port === port && overlaps(other.host, host))) {
      this.#clock.setTimer(0, () => handlers.onError(new Error('bind: address already in use (EADDRINUSE)')));
      return { send: () => undefined, receive: () => undefined, close: () => undefined };
    }
    this.#sockets.add(socket);
    return {
      send: (bytes, toPort, toHost) => {
        if (!this.#sockets.has(socket)) return;
        const from = isUnspecified(host) ? (this.#own.find((own) => isIPv6(own) === isIPv6(toHost)) ?? host) : host;
        const datagram = { host: from, port, ttl: 255, bytes: bytes.slice(), to: { host: toHost, port: toPort } };
        this.sent.push(datagram);
        if (isIPv6(host) === isIPv6(toHost)) this.arrive(datagram);
      },
      receive: () => this.#handOut(socket),
      close: () => void this.#sockets.delete(socket),
    };
  }

  /** A datagram comes to whoever has its port. */
  arrive(datagram: Sent): void {
    const { host, port } = datagram.to;
    for (const socket of this.#sockets) {
      const isHere = socket.host === host || (isEverywhere(socket.host, host) && this.#own.includes(host));
      if (socket.port !== port || !isHere) continue;
      socket.waiting.push(datagram);
      this.#clock.setTimer(0, () => {
        if (!this.#stalled) this.#handOut(socket);
      });
    }
  }

  /** Until `resume` sockets have no turn, as while the event loop hangs: what comes waits for `receive`. */
  stall(): void {
    this.#stalled = true;
  }

  resume(): void {
    this.#stalled = false;
    for (const socket of this.#sockets) this.#handOut(socket);
  }

  /** Ports that are bound, sorted. */
  get ports(): number[] {
    return [...this.#sockets].map(({ port }) => port).sort((a, b) => a - b);
  }

  /** Somebody has taken the port from its socket. */
  fail(port: number): void {
    for (const socket of this.#sockets) {
      if (socket.port !== port) continue;
      this.#sockets.delete(socket);
      socket.handlers.onError(new Error('recvmmsg: bad file descriptor (EBADF)'));
    }
  }

  #handOut(socket: Bound & { readonly port: number }): void {
    const waiting = socket.waiting.splice(0);
    for (const { bytes, host, port, ttl } of waiting) {
      if (this.#sockets.has(socket)) socket.handlers.onMessage(bytes, { host, port, ttl });
    }
  }
}

function isEverywhere(bound: string, host: string): boolean {
  return isUnspecified(bound) && isIPv6(bound) === isIPv6(host);
}

function overlaps(one: string, other: string): boolean {
  return one === other || isEverywhere(one, other) || isEverywhere(other, one);
}
