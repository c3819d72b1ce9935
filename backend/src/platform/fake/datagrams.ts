import type { Clock, DatagramHandlers, Datagrams, DatagramSocket } from '../ports.ts';

/** RFC 768 and 791: 65,535 octets less both headers. */
const MAX_PAYLOAD = 65_507;

/** UDP without a network: datagrams between the sockets of one instance arrive a moment later, unless the path is cut. */
export class FakeDatagrams implements Datagrams {
  readonly #clock: Clock;
  readonly #sockets = new Map<string, DatagramHandlers>();
  readonly #cut = new Set<string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  bind(host: string, port: number, handlers: DatagramHandlers): DatagramSocket {
    const own = `${host} ${port}`;
    if (this.#sockets.has(own)) {
      this.#clock.setTimer(0, () => handlers.onError(new Error(`bind ${own}: address already in use`)));
      return { send: () => undefined, close: () => undefined };
    }
    this.#sockets.set(own, handlers);
    const isOpen = (): boolean => this.#sockets.get(own) === handlers;
    this.#clock.setTimer(0, () => {
      if (isOpen()) handlers.onBound?.();
    });
    return {
      send: (bytes, toPort, toHost) => {
        if (!isOpen() || bytes.byteLength > MAX_PAYLOAD) return;
        if (host.includes(':') !== toHost.includes(':')) {
          this.#clock.setTimer(0, () =>
            handlers.onLost?.(new Error('invalid argument'), { host: toHost, port: toPort }),
          );
          return;
        }
        const copy = bytes.slice();
        this.#clock.setTimer(1, () => {
          if (this.#cut.has(host) || this.#cut.has(toHost)) return;
          this.#sockets.get(`${toHost} ${toPort}`)?.onMessage(copy, { host, port });
        });
      },
      close: () => {
        if (isOpen()) this.#sockets.delete(own);
      },
    };
  }

  /** Loses every datagram to and from a host. */
  cut(host: string): void {
    this.#cut.add(host);
  }

  heal(host: string): void {
    this.#cut.delete(host);
  }
}
