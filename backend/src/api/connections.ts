import type { IncomingMessage } from 'node:http';

const MAX_OTHERS = 1_000;
/** Connections from one address, which many can share: those who come through ks-apiserver, `kubectl port-forward`, or a node's SNAT. */
const MAX_PER_ADDRESS = 250;

export interface ConnectionsDeps {
  /** Whether there is a replica at this address. */
  readonly isReplica: (address: string) => boolean;
}

/** Connections to the API's port. However many others hold, replicas reach each other. */
export class Connections {
  readonly #deps: ConnectionsDeps;
  readonly #byAddress = new Map<string, number>();
  #others = 0;

  constructor(deps: ConnectionsDeps) {
    this.#deps = deps;
  }

  /** Takes a new connection, or ends it at once if there are too many. */
  take(socket: IncomingMessage['socket']): void {
    const address = socket.remoteAddress ?? '';
    const own = this.#byAddress.get(address) ?? 0;
    const isReplica = this.#deps.isReplica(address);
    if (own >= MAX_PER_ADDRESS || (!isReplica && this.#others >= MAX_OTHERS)) {
      socket.destroy();
      return;
    }
    this.#byAddress.set(address, own + 1);
    if (!isReplica) this.#others += 1;
    socket.once('close', () => {
      if (!isReplica) this.#others -= 1;
      const left = (this.#byAddress.get(address) ?? 1) - 1;
      if (left > 0) this.#byAddress.set(address, left);
      else this.#byAddress.delete(address);
    });
  }
}
