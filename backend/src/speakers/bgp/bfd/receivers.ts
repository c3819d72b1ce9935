import type { HopDatagramHandlers } from '../../../platform/ports.ts';
import { SteadySocket, type SteadySocketDeps } from './steady-socket.ts';

export interface ReceiversDeps extends Omit<SteadySocketDeps, 'onMessage'> {
  readonly onMessage: (port: number, ...message: Parameters<HopDatagramHandlers['onMessage']>) => void;
}

/** Where a session's packets come to: all addresses of a family, one port. */
export interface ReceivingPlace {
  readonly host: '0.0.0.0' | '::';
  readonly port: number;
}

/** The sockets at which packets of all sessions come: one per family and port, as long as a session needs it. */
export class Receivers {
  readonly #deps: ReceiversDeps;
  readonly #sockets = new Map<string, SteadySocket>();

  constructor(deps: ReceiversDeps) {
    this.#deps = deps;
  }

  /** @param places all that are needed, some perhaps more than once */
  set(places: readonly ReceivingPlace[]): void {
    const wanted = new Map(places.map((place) => [keyOf(place), place]));
    for (const [key, socket] of this.#sockets) {
      if (wanted.has(key)) continue;
      socket.close();
      this.#sockets.delete(key);
    }
    for (const [key, { host, port }] of wanted) {
      if (this.#sockets.has(key)) continue;
      const onMessage: HopDatagramHandlers['onMessage'] = (bytes, from) => this.#deps.onMessage(port, bytes, from);
      this.#sockets.set(key, new SteadySocket({ ...this.#deps, onMessage }, { host, port: () => port }));
    }
  }

  /** Why nothing can be received there. */
  problem(place: ReceivingPlace): string | undefined {
    return this.#sockets.get(keyOf(place))?.problem;
  }

  /** Hands out what has come so far. */
  receive(): void {
    for (const socket of this.#sockets.values()) socket.receive();
  }
}

function keyOf({ host, port }: ReceivingPlace): string {
  return `${host} ${port}`;
}
