import type { IncomingMessage } from 'node:http';

type Socket = IncomingMessage['socket'];

const MAX_OTHERS = 1_000;
/** Connections from one address, which many can share: those who come through ks-apiserver, `kubectl port-forward`, or a node's SNAT. */
const MAX_PER_ADDRESS = 250;
/**
 * Connections from the address of a replica that needn't have said yet whether they are its. Pods on its node come with that address too:
 * what is beyond counts as theirs, the longest standing first; so many that have said something, and so many that have not.
 */
const MAX_UNPROVEN = 16;

export interface ConnectionsDeps {
  /** Whether there is a replica at this address. */
  readonly isReplica: (address: string) => boolean;
}

/** What both a TCP connection and the TLS on it have. */
type End = Pick<Socket, 'remoteAddress' | 'remotePort' | 'localAddress'>;

interface Connection {
  readonly socket: Socket;
  readonly address: string;
  counts: 'as unproven' | 'as another' | 'as a replica';
}

function keyOf({ remoteAddress, remotePort, localAddress }: End): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}

/** Connections to the API's port. However many others hold, from whichever address, replicas reach each other. */
export class Connections {
  readonly #deps: ConnectionsDeps;
  readonly #all = new Map<string, Connection>();
  /** By address, oldest first. */
  readonly #unproven = new Map<string, Set<Connection>>();
  readonly #othersByAddress = new Map<string, number>();
  #others = 0;

  constructor(deps: ConnectionsDeps) {
    this.#deps = deps;
  }

  /** Takes a new connection, or ends it, or another one from the same address, at once if there are too many. */
  take(socket: Socket): void {
    const { remoteAddress: address } = socket;
    if (address === undefined) {
      socket.destroy();
      return;
    }
    const connection: Connection = { socket, address, counts: 'as unproven' };
    const key = keyOf(socket);
    this.#all.set(key, connection);
    socket.once('close', () => {
      this.#uncount(connection);
      if (this.#all.get(key) === connection) this.#all.delete(key);
    });
    this.#count(connection, this.#deps.isReplica(address) ? 'as unproven' : 'as another');
  }

  /** TLS stands, and tells whether it is a replica that has connected, from whatever address. */
  proven(end: End, isReplica: boolean): void {
    const connection = this.#all.get(keyOf(end));
    if (connection === undefined) return;
    const counts = isReplica ? 'as a replica' : 'as another';
    if (connection.counts === counts) return;
    this.#uncount(connection);
    this.#count(connection, counts);
  }

  #count(connection: Connection, counts: Connection['counts']): void {
    const { address, socket } = connection;
    connection.counts = counts;
    if (counts === 'as unproven') {
      const unproven = this.#unproven.get(address) ?? new Set();
      this.#unproven.set(address, unproven.add(connection));
      this.#makeRoom(unproven);
    } else if (counts === 'as another') {
      const own = (this.#othersByAddress.get(address) ?? 0) + 1;
      this.#others += 1;
      this.#othersByAddress.set(address, own);
      if (own > MAX_PER_ADDRESS || this.#others > MAX_OTHERS) socket.destroy();
    }
  }

  /** Those that have begun their handshake and those that haven't push each other out only: a replica is soon among the former. */
  #makeRoom(unproven: ReadonlySet<Connection>): void {
    for (const isSilent of [true, false]) {
      const alike = [...unproven].filter(({ socket }) => (socket.bytesRead === 0) === isSilent);
      const [oldest] = alike;
      if (alike.length <= MAX_UNPROVEN || oldest === undefined) continue;
      this.#uncount(oldest);
      this.#count(oldest, 'as another');
    }
  }

  #uncount(connection: Connection): void {
    const { address, counts } = connection;
    if (counts === 'as unproven') {
      const unproven = this.#unproven.get(address);
      unproven?.delete(connection);
      if (unproven?.size === 0) this.#unproven.delete(address);
    } else if (counts === 'as another') {
      this.#others -= 1;
      const left = (this.#othersByAddress.get(address) ?? 1) - 1;
      if (left > 0) this.#othersByAddress.set(address, left);
      else this.#othersByAddress.delete(address);
    }
  }
}
