import type { Clock, IncomingConnection, Listeners, ListeningSocket, Logger, Timer } from '../../platform/ports.ts';
import type { PeerConfig } from './model.ts';
import { ttlOptions } from './peer-sessions.ts';
import { canonicalText } from './wire/address.ts';

/** Where routers may connect to us. */
export interface ListenConfig {
  /** 0: nowhere. */
  readonly port: number;
  /** IP literals; empty: all addresses of the host. */
  readonly addresses: readonly string[];
}

export interface ListenProblem {
  readonly host: string;
  readonly port: number;
  readonly message: string;
}

export interface ListeningDeps {
  readonly clock: Clock;
  readonly listeners: Listeners;
  readonly logger: Logger;
  readonly onConnection: (incoming: IncomingConnection) => void;
}

/** The port may be taken by somebody who leaves, and an address may come. */
const retryMs = 10_000;

interface Place {
  socket: ListeningSocket | undefined;
  retry: Timer | undefined;
}

/** The sockets that routers connect to. What can't be listened on is logged and tried again; connecting goes on all the same. */
export class Listening {
  readonly #deps: ListeningDeps;
  readonly #places = new Map<string, Place>();
  /** The last error by address: what lasts is worth one line. */
  readonly #told = new Map<string, string>();
  #port = 0;
  #peers: readonly PeerConfig[] = [];
  /** Addresses whose passwords were last told to be in each other's way. */
  #inTheWay = '';

  constructor(deps: ListeningDeps) {
    this.#deps = deps;
  }

  /** @param peers who may connect, and what their connections need from the start */
  set({ port, addresses }: ListenConfig, peers: readonly PeerConfig[]): void {
    this.#peers = peers;
    const everywhere = addresses.length === 0 ? ['0.0.0.0', '::'] : addresses;
    const wanted = new Set(port === 0 ? [] : everywhere);
    for (const [host, place] of this.#places) {
      if (wanted.has(host) && port === this.#port) this.#tell(place);
      else this.#close(host, place);
    }
    this.#port = port;
    for (const host of wanted) if (!this.#places.has(host)) this.#open(host);
    if (port !== 0) this.#tellPasswordsInTheWay();
  }

  stop(): void {
    this.set({ port: 0, addresses: [] }, []);
  }

  /** Where it can't be listened at the moment, and why. */
  problems(): ListenProblem[] {
    return [...this.#places].flatMap(([host, { socket }]) =>
      socket === undefined ? [{ host, port: this.#port, message: this.#told.get(host) ?? '' }] : [],
    );
  }

  #open(host: string): void {
    const { clock, listeners, logger, onConnection } = this.#deps;
    const place: Place = { socket: undefined, retry: undefined };
    this.#places.set(host, place);
    const port = this.#port;
    place.socket = listeners.listen(
      { host, port },
      {
        onConnection,
        onUnfiltered: ({ message: error }) => {
          const text =
            'no room in the kernel for a filter of TTLs: the TTL of routers with ttlSecurity counts only once they are connected';
          logger.warn({ host, port, error }, text);
        },
        onError: (error) => {
          place.socket = undefined;
          const level = this.#told.get(host) === error.message ? 'debug' : 'warn';
          this.#told.set(host, error.message);
          logger[level]({ host, port, error: error.message, retryMs }, 'cannot listen for BGP connections');
          place.retry = clock.setTimer(retryMs, () => this.#open(host));
        },
      },
    );
    this.#tell(place);
  }

  #tell({ socket }: Place): void {
    const passwords = new Map<string, string>();
    for (const { address, password } of this.#peers) {
      if (password !== undefined && !passwords.has(address)) passwords.set(address, password);
    }
    socket?.setPasswords(passwords);
    // A router with GTSM (RFC 5082) drops an answer with less; to the others it makes no difference.
    socket?.setMinTtls(minTtls(this.#peers));
    socket?.setTtl(this.#peers.some(({ ttlSecurityHops }) => ttlSecurityHops !== undefined) ? 255 : undefined);
  }

  /** The kernel has one key for an address, whatever the link and the port. */
  #tellPasswordsInTheWay(): void {
    const byAddress = Map.groupBy(this.#peers, ({ address }) => address.replace(/%.*$/, ''));
    const differ = [...byAddress].filter(([, peers]) => new Set(peers.map(({ password }) => password)).size > 1);
    const addresses = differ.map(([address]) => address);
    if (addresses.join() === this.#inTheWay) return;
    this.#inTheWay = addresses.join();
    if (addresses.length === 0) return;
    const text =
      'peers with one address have different TCP-MD5 passwords: only one of them is heard when it connects to us';
    this.#deps.logger.warn({ addresses, peers: differ.flatMap(([, peers]) => peers.map(({ key }) => key)) }, text);
  }

  #close(host: string, { socket, retry }: Place): void {
    socket?.close();
    retry?.cancel();
    this.#places.delete(host);
  }
}

/** Peers of one address are one host: what all of them have is asked of it; 0: nothing, which counts too, as no listener tells links apart. A router that must be near is not heard at all if it isn't (RFC 5082 section 3). */
function minTtls(peers: readonly PeerConfig[]): Map<string, number> {
  const least = new Map<string, number>();
  for (const peer of peers) {
    const address = canonicalText(peer.address);
    const { minTtl = 0 } = ttlOptions(peer);
    least.set(address, Math.min(minTtl, least.get(address) ?? 255));
  }
  return least;
}
